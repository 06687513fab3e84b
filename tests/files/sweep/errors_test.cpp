// SPDX-License-Identifier: Apache-2.0
// Sweep files that are wrong: each mistake is a UsageError with its place, the value and what is
// allowed; all of them at once; and no text whatever does anything else.
#include <gtest/gtest.h>

#include <iterator>

#include "brood/files/sweep.hpp"
#include "files/sweeps.hpp"

namespace brood::files {
namespace {

// `bytes` begins in line 2, after a line with data; see sweep_text.
class MalformedSweep : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedSweep, IsRefusedWithItsPlaceAndWhatIsAllowed) {
  expect_message(GetParam(), message_of([] { sweep_of(GetParam().bytes); }));
}

INSTANTIATE_TEST_SUITE_P(
    Keys, MalformedSweep,
    testing::Values(
        Malformed{"misspelt_top_key", "trails: 3\n", "file:2:1: 'trails'", "did you mean trials?"},
        Malformed{"unknown_top_key", "xyzzy: 3\n", "file:2:1: 'xyzzy'", "keys of the sweep are"},
        Malformed{"hyperparameter_on_top", "lr: 0.1\n", "file:2:1: 'lr'",
                  "belongs under parameters, network or train"},
        Malformed{"near_hyperparameter_on_top", "dropuot: 0.1\n", "file:2:1: ", "mean dropout?"},
        Malformed{"misspelt_validation", "validation: {hold_out: 0.2}\n",
                  "file:2:14: 'validation.hold_out'", "did you mean holdout?"},
        Malformed{"misspelt_metric", "metric: {nme: loss}\n", "file:2:1", "did you mean name?"},
        Malformed{"misspelt_early_terminate",
                  "early_terminate: {type: successive_halving, min_iters: 2}\n",
                  "file:2:45: 'early_terminate.min_iters'", "did you mean min_iter?"},
        Malformed{"misspelt_parameter", "parameters: {activaton: {value: relu}}\n",
                  "file:2:14: 'parameters.activaton'", "did you mean activation?"},
        Malformed{"misspelt_parameter_key", "parameters: {lr: {valeu: 1}}\n",
                  "file:2:18: ", "did you mean value?"},
        Malformed{"nested_parameters", "parameters: {lr: {parameters: {x: {value: 1}}}}\n",
                  "file:2:32: 'parameters.lr.x' is no key here", ""},
        Malformed{"nested_and_more", "parameters: {lr: {parameters: {x: {value: 1}}, value: 1}}\n",
                  "file:2:19: 'parameters.lr.parameters'", "keys of parameters.lr are value"},
        Malformed{"nested_twice",
                  "parameters: {a: {parameters: {lr: {value: 1}}}, b.lr: {value: 2}}\n",
                  "file:2:49: b.lr is another word for lr, as is a.lr at file:2:31", "keep one"},
        Malformed{"two_synonyms", "parameters: {n_layers: {value: 1}, hidden_layers: {value: 2}}\n",
                  "file:2:36: hidden_layers is another word for layers, as is n_layers at",
                  "file:2:14; keep one of them"},
        Malformed{"ambiguous_word", "parameters: {beta: {value: 0.9}}\n",
                  "file:2:14: 'parameters.beta' is no hyperparameter here; momentum",
                  "write which"},
        Malformed{"not_made_of", "parameters: {kernel_size: {values: [3, 5]}}\n",
                  "file:2:14: 'parameters.kernel_size'", "dense layers, without convolutions"},
        Malformed{"other_model", "parameters: {model: {values: [mlp, resnet]}}\n",
                  "file:2:14: 'parameters.model'", "say their shape by hidden"},
        Malformed{"metric_of_training", "metric: {name: train_loss, goal: minimize}\n",
                  "file:2:16: metric.name: 'train_loss'", "not scored on rows that they train on"},
        Malformed{"two_targets", "metric: {name: acc, target: 0.9}\nstop: {target: 0.8}\n",
                  "file:2:29: metric.target: is stop.target, which is at file:3:8", "keep one"},
        Malformed{"train_key_under_network", "network: {lr: 0.1}\n", "file:2:11: 'network.lr'",
                  "it belongs under train"},
        Malformed{"network_key_under_train", "train: {hidden: [8]}\n", "file:2:9: 'train.hidden'",
                  "it belongs under network"},
        Malformed{"alias_under_network", "network: {learning_rate: 0.1}\n",
                  "file:2:11: ", "it belongs under train"},
        Malformed{"merge_key", "<<: {trails: 3}\n", "file:2:6: 'trails'", "mean trials?"},
        Malformed{"top_is_a_list", "- a\n", "file:2:1: ", "does not go on"},
        Malformed{"duplicate", "trials: 1\ntrials: 2\n", "file:3:1: ", "twice"},
        Malformed{"both_run_cap_and_trials", "run_cap: 3\ntrials: 3\n", "file:2:1: run_cap",
                  "trials, which is at file:3:1"},
        Malformed{"both_lr_and_learning_rate",
                  "parameters: {lr: {value: 1}, learning_rate: {value: 1}}\n",
                  "file:2:30: learning_rate", "keep one of them"}),
    test_name);

INSTANTIATE_TEST_SUITE_P(
    Values, MalformedSweep,
    testing::Values(
        Malformed{"trials_zero", "trials: 0\n", "file:2:9: trials: 0", "1 .. 10000000"},
        Malformed{"trials_negative", "trials: -5\n", "file:2:9: trials: -5", "whole number"},
        Malformed{"trials_fraction", "trials: 1.5\n", "file:2:9: trials: 1.5", "whole number"},
        Malformed{"trials_text", "trials: many\n", "file:2:9: trials: 'many'", "whole number"},
        Malformed{"trials_quoted", "trials: '10'\n", "file:2:9: trials: '10'", "in quotes"},
        Malformed{"trials_empty", "trials:\nseed: 1\n", "file:2:1: trials: empty", "value"},
        Malformed{"trials_list", "trials: [1, a]\n", "file:2:9: trials: [1, 'a']", "whole number"},
        Malformed{"trials_map", "trials: {a: 1}\n", "file:2:9: trials: a map", "whole number"},
        Malformed{"trials_huge", "trials: 1e300\n", "file:2:9: trials: 1e300", "1 .. 10000000"},
        Malformed{"trials_underscores", "trials: 1_000\n", "file:2:9: ", "written 1000000"},
        Malformed{"trials_hex", "trials: 0x10\n", "file:2:9: ", "decimal"},
        Malformed{"seed_negative", "seed: -1\n", "file:2:7: seed: -1", "18446744073709551615"},
        Malformed{"seed_fraction", "seed: 1.0\n", "file:2:7: seed: 1.0", "whole number"},
        Malformed{"seed_too_large", "seed: 18446744073709551616\n", "file:2:7: seed: 1844",
                  "18446744073709551615"},
        Malformed{"seed_quoted", "seed: '1'\n", "file:2:7: seed: '1'", "in quotes"},
        Malformed{"refit_yes", "refit: yes\n", "file:2:8: refit: 'yes'", "false, true, all"},
        Malformed{"refit_number", "refit: 1\n", "file:2:8: refit: 1", "false, true, all"},
        Malformed{"refit_capital", "refit: True\n", "file:2:8: refit: 'True'", "true"},
        Malformed{"task_unknown", "task: classify\n", "file:2:7: task: 'classify'",
                  "classification, regression, multi_label"},
        Malformed{"task_misspelt", "task: regresion\n", "file:2:7: ", "did you mean regression?"},
        Malformed{"time_limit_word", "time_limit: soon\n", "file:2:13: time_limit: 'soon'", "60s"},
        Malformed{"time_limit_weeks", "time_limit: 1w\n", "file:2:13: time_limit: '1w'", "1d"},
        Malformed{"time_limit_zero", "time_limit: 0\n", "file:2:13: time_limit: 0", "above 0"},
        Malformed{"time_limit_negative", "time_limit: -1m\n", "file:2:13: ", "above 0"},
        Malformed{"time_limit_inf", "time_limit: .inf\n", "file:2:13: ", "finite"},
        Malformed{"time_limit_unit", "time_limit: s\n", "file:2:13: ", "60s"},
        Malformed{"time_limit_list", "time_limit: []\n", "file:2:13: ", "60s"},
        Malformed{"method_unknown", "method: ranodm\n", "file:2:9: method: 'ranodm'",
                  "did you mean random?"},
        Malformed{"grid_without_steps", "method: grid\nparameters: {lr: {min: 0.1, max: 0.5}}\n",
                  "file:2:9: method: lr: uniform has no step", "give values, int_uniform"},
        Malformed{"list_without_points", "method: list\n", "file:1:1: points: is missing",
                  "[{lr: 0.1, hidden: [32]}]"},
        Malformed{"points_of_random", "points: [{lr: 0.1}]\n", "file:2:9: points: does not go with",
                  "method random; write them under first"},
        Malformed{"first_of_list", "method: list\nfirst: [{lr: 1}]\npoints: [{lr: 1}]\n",
                  "file:3:8: first: does not go with method list", "points"},
        Malformed{"points_empty", "method: list\npoints: []\n",
                  "file:3:9: points: ", "one or more maps"},
        Malformed{"points_of_numbers", "method: list\npoints: [1, 2]\n",
                  "file:3:9: points: ", "one or more maps"},
        Malformed{"point_misspelt", "first: [{dropuot: 0.1}]\n",
                  "file:2:10: 'first.dropuot' is no key here", "did you mean dropout?"},
        Malformed{"point_bad_value", "method: list\npoints: [{lr: 0.1}, {lr: fast}]\n",
                  "file:3:26: lr: 'fast'", "0 < lr"},
        Malformed{"point_outside",
                  "parameters: {dropout: {min: 0.0, max: 0.5}}\nfirst: [{dropout: 0.25},\n"
                  "  {dropout: 0.75}]\n",
                  "file:4:13: first: dropout is 0.75", "the search space gives 0 .. 0.5"},
        Malformed{"point_not_searched", "first: [{dropout: 0.25}]\n", "file:2:19: first: dropout",
                  "is not a parameter of the search space"},
        Malformed{"point_of_other_value", "method: list\npoints: [{lr: 0.1}]\ntrain: {lr: 0.2}\n",
                  "file:3:15: points: lr is 0.1", "the search space gives 0.2"},
        Malformed{"point_incomplete", "method: list\npoints:\n- {lr: 0.1, l2: 0}\n- {lr: 0.2}\n",
                  "file:5:3: points: l2 is missing", "gives every parameter"},
        Malformed{"point_with_epochs", "method: list\npoints: [{epochs: 3}]\n",
                  "file:3:11: points.epochs: epochs are the scheduler's", "cannot"},
        Malformed{"point_breaks_a_condition",
                  "parameters: {optimizer: {values: [adam, momentum]}, momentum: {min: 0.5,\n"
                  "  max: 0.9, when: {optimizer: momentum}}}\nfirst:\n- {momentum: 0.6}\n",
                  "file:5:3: first: momentum is there only when optimizer is momentum",
                  "give that too"},
        Malformed{"constraints_no_map", "constraints: 100\n", "file:2:14: constraints: 100",
                  "max_parameters, max_bytes, max_flops"},
        Malformed{"constraint_misspelt", "constraints: {max_parameter: 100}\n",
                  "file:2:15: 'constraints.max_parameter' is no key here",
                  "did you mean max_parameters?"},
        Malformed{"constraint_zero", "constraints: {max_parameters: 0}\n",
                  "file:2:31: constraints.max_parameters: 0", "1 .. "},
        Malformed{"constraint_no_size", "constraints: {max_bytes: 1MX}\n",
                  "file:2:26: constraints.max_bytes: '1MX'", "64KiB or 1MiB"},
        Malformed{"constraint_negative", "constraints: {max_flops: -1}\n",
                  "file:2:26: constraints.max_flops: -1", "a number above 0"},
        Malformed{"shape_twice",
                  "parameters: {layers: {min: 1, max: 3}, hidden: {values: [[8], [4]]}}\n",
                  "file:2:40: hidden: does not go with layers", "keep one of them"},
        Malformed{"shape_twice_fixed",
                  "parameters: {width: {min: 4, max: 8}}\nnetwork: {hidden: [8]}\n",
                  "file:3:11: hidden: does not go with width", "keep one of them"},
        Malformed{"width_and_widths",
                  "parameters: {layers: {min: 1, max: 3}, width: {min: 4, max: 8},\n"
                  "  width_2: {min: 4, max: 8}}\n",
                  "file:3:3: width_2: does not go with width", "keep one of them"},
        Malformed{"width_of_no_layer",
                  "parameters: {layers: {values: [1, 2]}, width_3: {min: 4, max: 8}}\n",
                  "file:2:40: parameters.width_3: there is no such layer",
                  "layers is never 3 or more"},
        Malformed{"width_before_layers",
                  "parameters: {width_2: {min: 4, max: 8}, layers: {min: 1, max: 3}}\n",
                  "file:2:14: parameters.width_2: needs layers", "must come before it"},
        Malformed{"dropout_and_dropouts",
                  "parameters: {layers: {min: 1, max: 3}, dropout: {min: 0.0, max: 0.5},\n"
                  "  dropout_2: {min: 0.0, max: 0.5}}\n",
                  "file:3:3: dropout_2: does not go with dropout", "of the network's dropout"},
        Malformed{"dropouts_and_a_list",
                  "parameters: {layers: {min: 2, max: 3}, dropout_2: {min: 0.0, max: 0.5}}\n"
                  "network: {layer_dropout: [0.1, 0.2]}\n",
                  "file:3:11: layer_dropout: does not go with dropout_2", "keep one of them"},
        Malformed{"dropout_of_no_layer",
                  "parameters: {hidden: {values: [[8], [4, 4]]}, dropout_3: {value: 0.1}}\n",
                  "file:2:47: parameters.dropout_3: there is no such layer",
                  "the widths of hidden are never 3 or more"},
        Malformed{"dropout_before_hidden",
                  "parameters: {dropout_2: {value: 0.1}, hidden: {values: [[8], [4, 4]]}}\n",
                  "file:2:14: parameters.dropout_2: needs layers or hidden", "must come before it"},
        Malformed{"dropout_of_a_layer_beyond",
                  "parameters: {layers: {values: [1, 2]}, dropout_2: {min: 0.0, max: 0.99}}\n",
                  "file:2:67: dropout_2: 0.99 is not allowed", "0 <= dropout_2 <= 0.95"},
        Malformed{"momentum_decay_beyond", "train: {optimizer: nadam, momentum_decay: 0.5}\n",
                  "file:2:43: momentum_decay: 0.5 is not allowed", "0 <= momentum_decay <= 0.1"},
        Malformed{"layers_beyond", "parameters: {layers: {min: 1, max: 9}}\n",
                  "file:2:36: layers: 9 is not allowed", "1 <= layers <= 8"},
        Malformed{"when_is_no_map", "parameters: {l2: {values: [0, 1], when: adam}}\n",
                  "file:2:41: parameters.l2.when: 'adam'", "{optimizer: momentum}"},
        Malformed{"when_misspelt",
                  "parameters: {optimizer: {values: [adam, sgd]},\n"
                  "  l2: {values: [0, 1], when: {optimzer: adam}}}\n",
                  "file:3:31: parameters.l2.when: optimzer is not a hyperparameter",
                  "did you mean optimizer?"},
        Malformed{"when_not_searched",
                  "parameters: {l2: {values: [0, 1], when: {optimizer: adam}}}\n",
                  "file:2:42: parameters.l2.when: optimizer is not under parameters",
                  "search it there, before l2"},
        Malformed{"when_later",
                  "parameters: {l2: {values: [0, 1], when: {optimizer: adam}},\n"
                  "  optimizer: {values: [adam, sgd]}}\n",
                  "file:2:42: parameters.l2.when: optimizer comes later, at file:3:3",
                  "put it before l2"},
        Malformed{"when_never_that",
                  "parameters: {optimizer: {values: [adam, sgd]},\n"
                  "  l2: {values: [0, 1], when: {optimizer: [adam, nesterov]}}}\n",
                  "file:3:42: parameters.l2: when asks for optimizer nesterov, which it never is",
                  "it may be adam, sgd"},
        Malformed{"when_bad_value",
                  "parameters: {optimizer: {values: [adam, sgd]},\n"
                  "  l2: {values: [0, 1], when: {optimizer: adm}}}\n",
                  "file:3:42: optimizer: adm is not allowed", "did you mean adam?"},
        Malformed{"when_of_a_range",
                  "parameters: {dropout: {min: 0.0, max: 0.5},\n"
                  "  l2: {values: [0, 1], when: {dropout: 0.5}}}\n",
                  "file:3:40: parameters.l2: when names dropout, which has no values of its own",
                  "q_ distribution"},
        Malformed{"when_never_together",
                  "parameters: {optimizer: {values: [adam, momentum]}, momentum: {values:\n"
                  "  [0.5], when: {optimizer: momentum}}, l2: {values: [0, 1],\n"
                  "  when: {momentum: 0.5, optimizer: adam}}}\n",
                  "file:4:9: parameters.l2: when can never hold",
                  "momentum is 0.5 and optimizer is adam"},
        Malformed{"when_fixed_elsewhere",
                  "train: {optimizer: sgd}\n"
                  "parameters: {l2: {values: [0, 1], when: {optimizer: adam}}}\n",
                  "file:3:42: parameters.l2.when: can never hold: asks that optimizer is adam, "
                  "which is fixed as sgd, at file:2:9",
                  "leave the parameter out"},
        Malformed{"ordinal_with_probabilities",
                  "parameters: {l2: {distribution: ordinal, values: [0, 1], probabilities: [1, "
                  "0]}}\n",
                  "file:2:73: parameters.l2.probabilities: does not go with ordinal", "values"},
        Malformed{"sampler_of_random", "sampler: {startup: 5}\n", "file:2:20: sampler.startup",
                  "does not go with method random"},
        Malformed{"candidates_of_bayes", "method: bayes\nsampler: {candidates: 5}\n",
                  "file:3:23: sampler.candidates", "does not go with method bayes"},
        Malformed{"startup_zero", "method: tpe\nsampler: {startup: 0}\n",
                  "file:3:20: sampler.startup: 0", "1 .. 1000000"},
        Malformed{"sampler_misspelt", "method: tpe\nsampler: {start_up: 3}\n",
                  "file:3:11: 'sampler.start_up' is no key here", "did you mean startup?"},
        Malformed{"start_list", "start: [a]\n", "file:2:8: start: ['a'] is not allowed", "a text"},
        Malformed{"warm_start_without_runs", "method: tpe\nwarm_start: {first: 2}\n",
                  "file:3:13: warm_start.runs: is missing", "the directories of former runs"},
        Malformed{"warm_start_of_random", "warm_start: runs/a\n",
                  "file:2:13: warm_start: does not go with method random", "allowed: tpe, bayes"},
        Malformed{"warm_start_first_of_list",
                  "method: list\npoints: [{lr: 1}]\nwarm_start: {runs: a, first: 1}\n",
                  "file:4:13: warm_start: does not go with method list", "allowed: tpe, bayes"},
        Malformed{"observations_of_sobol", "method: sobol\nobservations: []\n",
                  "file:3:15: observations: does not go with method sobol", "tpe, bayes"},
        Malformed{"observations_map", "method: tpe\nobservations: {lr: 1}\n",
                  "file:3:15: observations: is not allowed so", "a list of maps"},
        Malformed{"observation_outside",
                  "method: tpe\nparameters: {lr: {min: 0.1, max: 0.2}}\n"
                  "observations: [{score: 1, epoch: 1, lr: 0.3}]\n",
                  "file:4:16: observations: lr is 0.3", "0.1 .. 0.2"},
        Malformed{"observation_incomplete",
                  "method: tpe\nparameters: {lr: {min: 0.1, max: 0.2}}\n"
                  "observations: [{score: 1, epoch: 1}]\n",
                  "file:4:16: observations: lr is missing", "every parameter that varies"},
        Malformed{"observation_of_unknown",
                  "method: tpe\nobservations: [{score: 1, epoch: 1, l: 2}]\n",
                  "file:3:37: 'observations.l' is no key here", "score, epoch"},
        Malformed{"final_repeats_few", "validation: {repeats: 3, final_repeats: 2}\n",
                  "file:2:41: validation.final_repeats: 2 is below repeats (3)", "in all"},
        Malformed{"metric_list", "metric: [accuracy]\n", "file:2:9: metric: ['accuracy']",
                  "a map with the keys name, goal"},
        Malformed{"metric_unknown", "metric: {name: kappa}\n", "file:2:16: metric.name: 'kappa'",
                  "accuracy, balanced_accuracy, precision, recall, f1, f1_macro, mcc, auc, pr_auc, "
                  "log_loss, brier, loss, mse, rmse, mae, pinball, r2"},
        Malformed{"metric_without_name", "metric: {goal: maximize}\n", "file:2:9: metric.name",
                  "is missing"},
        Malformed{"goal_contradicts", "metric: {name: val_loss, goal: maximize}\n",
                  "file:2:32: metric.goal: maximize does not fit loss", "minimize"},
        Malformed{"goal_unknown", "metric: {name: loss, goal: min}\n", "file:2:28: metric.goal",
                  "maximize, minimize"},
        Malformed{"metric_does_not_fit_task", "task: regression\nmetric: {name: accuracy}\n",
                  "file:3:16: metric.name: ", "regression"},
        Malformed{"holdout_zero", "validation: {holdout: 0}\n", "file:2:23: validation.holdout: 0",
                  "0 < holdout < 1"},
        Malformed{"holdout_one", "validation: {holdout: 1}\n", "file:2:23: ", "0 < holdout < 1"},
        Malformed{"holdout_nan", "validation: {holdout: .nan}\n", "file:2:23: ", "finite"},
        Malformed{"test_negative", "validation: {test: -0.1}\n", "file:2:20: validation.test: -0.1",
                  "0 <= test < 1"},
        Malformed{"no_rows_left", "validation: {holdout: 0.6, test: 0.4}\n",
                  "file:2:23: ", "sum must be below 1"},
        Malformed{"no_rows_left_by_default", "validation: {test: 0.8}\n",
                  "file:2:20: ", "sum must be below 1"},
        Malformed{"folds_one", "validation: {folds: 1}\n", "file:2:21: validation.folds: 1",
                  "2 .. 10000"},
        Malformed{"repeats_zero", "validation: {folds: 3, repeats: 0}\n",
                  "file:2:33: ", "1 .. 10000"},
        Malformed{"holdout_and_folds", "validation: {holdout: 0.2, folds: 5}\n",
                  "file:2:35: validation.folds", "contradicts validation.holdout"},
        Malformed{"best_of_unknown", "best_of: last\n", "file:2:10: best_of: 'last'",
                  "last_rung, any"},
        Malformed{"ensemble_negative", "ensemble: -1\n", "file:2:11: ensemble: -1", "0 .. 1000"},
        Malformed{"stop_number", "stop: 0.9\n", "file:2:7: stop: 0.9", "target, patience_rungs"},
        Malformed{"stop_patience_zero", "stop: {patience_rungs: 0}\n",
                  "file:2:24: stop.patience_rungs: 0", "1 .. 1000"},
        Malformed{"stop_target_text", "stop: {target: high}\n", "file:2:16: stop.target: 'high'",
                  "a score"},
        Malformed{"group_and_time", "validation: {group: g, time: t}\n",
                  "file:2:30: validation.time", "contradicts validation.group"},
        Malformed{"fold_and_folds", "validation: {fold: f, folds: 5}\n",
                  "file:2:30: validation.folds", "contradicts validation.fold"},
        Malformed{"fold_and_test", "validation: {fold: f, test: 0.5}\n",
                  "file:2:29: validation.test", "contradicts validation.fold"},
        Malformed{"group_is_the_target", "validation: {group: y}\n",
                  "file:2:21: validation.group: 'y'", "is the target"},
        Malformed{"group_list", "validation: {group: [a, b]}\n",
                  "file:2:21: validation.group: ['a', 'b']", "a text"},
        Malformed{"validation_list", "validation: [0.2, 0.2]\n",
                  "file:2:13: validation: [0.2, 0.2]", "a map"}),
    test_name);

INSTANTIATE_TEST_SUITE_P(
    EarlyTermination, MalformedSweep,
    testing::Values(
        Malformed{"no_type", "early_terminate: {eta: 3}\n", "file:2:18: early_terminate.type",
                  "is missing; allowed: none, successive_halving"},
        Malformed{"hyperband_eta", "early_terminate: {type: hyperband, eta: 1}\n",
                  "file:2:41: early_terminate.eta: 1", "2 .. "},
        Malformed{"hyperband_survivors", "early_terminate: {type: hyperband, survivors: ceil}\n",
                  "file:2:47: early_terminate.survivors",
                  "does not go with type hyperband; allowed there: eta, min_iter, max_iter, s"},
        Malformed{"hyperband_s_and_min_iter",
                  "early_terminate: {type: hyperband, min_iter: 1, max_iter: 81, s: 2}\n",
                  "file:2:66: early_terminate.s", "contradicts early_terminate.min_iter"},
        Malformed{"hyperband_not_strict", "early_terminate: {type: hyperband, strict: false}\n",
                  "file:2:44: early_terminate.strict", "not available"},
        Malformed{"asha_workers", "early_terminate: {type: asha, workers: 0}\n",
                  "file:2:40: early_terminate.workers: 0", "1 .. "},
        Malformed{"asha_min_iter", "early_terminate: {type: asha, min_iter: 9, max_iter: 8}\n",
                  "file:2:54: early_terminate: min_iter 9 exceeds max_iter 8", ""},
        Malformed{"median_eta", "early_terminate: {type: median, eta: 3}\n",
                  "file:2:38: early_terminate.eta", "does not go with type median"},
        Malformed{"median_interval", "early_terminate: {type: median, interval: 9, max_iter: 8}\n",
                  "file:2:43: early_terminate.interval: 9 exceeds max_iter 8", ""},
        Malformed{"pbt_quantile", "early_terminate: {type: pbt, quantile: 0.6}\n",
                  "file:2:40: early_terminate.quantile: 0.6", "0 < quantile <= 0.5"},
        Malformed{"pbt_resample", "early_terminate: {type: pbt, resample: 2}\n",
                  "file:2:40: early_terminate.resample: 2", "0 <= resample <= 1"},
        Malformed{"unknown_type", "early_terminate: {type: halving}\n",
                  "file:2:25: ", "one of none, successive_halving, hyperband, asha, median, pbt"},
        Malformed{"list", "early_terminate: [none]\n", "file:2:18: early_terminate: ['none']",
                  "a map"},
        Malformed{"word", "early_terminate: maybe\n", "file:2:18: early_terminate.type: 'maybe'",
                  "hyperband"},
        Malformed{"eta", "early_terminate: {type: successive_halving, eta: 1}\n",
                  "file:2:50: early_terminate.eta: 1", "2 .. "},
        Malformed{"eta_fraction", "early_terminate: {type: successive_halving, eta: 2.5}\n",
                  "file:2:50: early_terminate.eta: 2.5", "whole number"},
        Malformed{"min_iter", "early_terminate: {type: successive_halving, min_iter: 0}\n",
                  "file:2:55: ", "1 .. "},
        Malformed{"min_above_max",
                  "early_terminate: {type: successive_halving, min_iter: 9, max_iter: 8}\n",
                  "file:2:68: early_terminate: min_iter 9 exceeds max_iter 8", ""},
        Malformed{"min_above_default_max",
                  "early_terminate: {type: successive_halving, min_iter: 90}\n",
                  "file:2:55: early_terminate: min_iter 90 exceeds max_iter 81", ""},
        Malformed{"survivors", "early_terminate: {type: successive_halving, survivors: round}\n",
                  "file:2:56: ", "one of floor, ceil"},
        Malformed{"s_and_min_iter",
                  "early_terminate: {type: successive_halving, min_iter: 1, s: 2}\n",
                  "file:2:61: early_terminate.s", "contradicts early_terminate.min_iter"},
        Malformed{"not_strict", "early_terminate: {type: successive_halving, strict: false}\n",
                  "file:2:53: early_terminate.strict", "not available"},
        Malformed{"none_with_settings", "early_terminate: {type: none, max_iter: 9}\n",
                  "file:2:41: early_terminate.max_iter", "does not go with type none"},
        Malformed{"epochs_below_min_iter",
                  "early_terminate: {type: successive_halving, min_iter: 9}\ntrain: {epochs: 8}\n",
                  "file:2:55: early_terminate: min_iter 9 exceeds epochs 8",
                  "early_terminate.min_iter=1"}),
    test_name);

INSTANTIATE_TEST_SUITE_P(
    Parameters, MalformedSweep,
    testing::Values(
        Malformed{"not_a_map", "parameters: {lr: 0.1}\n", "file:2:18: parameters.lr: 0.1",
                  "write it under train"},
        Malformed{"parameters_list", "parameters: [lr]\n", "file:2:13: parameters: ['lr']",
                  "a map"},
        Malformed{"nothing_given", "parameters: {lr: {}}\n", "file:2:18: parameters.lr.value",
                  "values, min and max"},
        Malformed{"only_min", "parameters: {lr: {min: 0.1}}\n", "file:2:18: parameters.lr.max",
                  "uniform needs min, max"},
        Malformed{"only_q", "parameters: {lr: {q: 1}}\n", "file:2:18: ", "missing"},
        Malformed{"normal_unnamed", "parameters: {lr: {mu: 1, sigma: 0.1}}\n",
                  "file:2:18: parameters.lr.distribution", "normal, q_normal, log_normal"},
        Malformed{"value_and_values", "parameters: {lr: {value: 1, values: [1]}}\n",
                  "file:2:37: parameters.lr.values", "does not go with constant"},
        Malformed{"value_and_range", "parameters: {lr: {value: 1, min: 1, max: 2}}\n",
                  "file:2:34: parameters.lr.min", "does not go with constant"},
        Malformed{"values_and_range", "parameters: {lr: {values: [1], max: 2}}\n",
                  "file:2:37: parameters.lr.max", "does not go with categorical"},
        Malformed{"log_uniform", "parameters: {lr: {distribution: log_uniform, min: -4, max: 0}}\n",
                  "file:2:33: parameters.lr.distribution",
                  "takes exponents; write log_uniform_values"},
        Malformed{"q_log_uniform", "parameters: {lr: {distribution: q_log_uniform}}\n",
                  "file:2:33: ", "takes exponents; write q_log_uniform_values"},
        Malformed{"inv_log_uniform", "parameters: {lr: {distribution: inv_log_uniform}}\n",
                  "file:2:33: ", "takes exponents; write inv_log_uniform_values"},
        Malformed{"unknown_distribution", "parameters: {lr: {distribution: beta}}\n",
                  "file:2:33: parameters.lr.distribution: 'beta'", "one of constant, categorical"},
        Malformed{"misspelt_distribution", "parameters: {lr: {distribution: unifrom}}\n",
                  "file:2:33: ", "did you mean uniform?"},
        Malformed{"max_missing", "parameters: {lr: {distribution: q_uniform, min: 1, q: 2}}\n",
                  "file:2:18: parameters.lr.max", "q_uniform needs min, max, q"},
        Malformed{"sigma_missing", "parameters: {lr: {distribution: normal, mu: 1}}\n",
                  "file:2:18: parameters.lr.sigma", "is missing"},
        Malformed{"bound_is_text", "parameters: {lr: {min: 1e-4x, max: 1}}\n",
                  "file:2:24: parameters.lr.min: '1e-4x'", "a number"},
        Malformed{"bound_is_quoted", "parameters: {lr: {min: '1e-4', max: 1}}\n",
                  "file:2:24: ", "in quotes"},
        Malformed{"bound_is_inf", "parameters: {lr: {min: 0.1, max: .inf}}\n",
                  "file:2:34: parameters.lr.max: '.inf'", "finite"},
        Malformed{"comma_for_point", "parameters: {lr: {value: '0,1'}}\n", "file:2:26: ", "0 < lr"},
        Malformed{"empty_range", "parameters: {lr: {min: 0.5, max: 0.1}}\n", "file:2:18: lr",
                  "min must not exceed max"},
        Malformed{"log_of_zero",
                  "parameters: {dropout: {distribution: log_uniform_values, min: 0, "
                  "max: 0.1}}\n",
                  "file:2:23: dropout", "above 0"},
        Malformed{"min_not_allowed", "parameters: {lr: {min: -0.1, max: 0.1}}\n",
                  "file:2:24: lr: -0.1 is not allowed", "0 < lr"},
        Malformed{"min_of_zero_where_it_is_drawn",
                  "parameters: {lr: {distribution: q_uniform, min: 0, max: 1, q: 0.1}}\n",
                  "file:2:49: lr: 0 is not allowed", "0 < lr"},
        Malformed{"max_not_allowed", "parameters: {dropout: {min: 0.0, max: 1.5}}\n",
                  "file:2:39: dropout: 1.5 is not allowed", "the range's max"},
        Malformed{"open_max", "parameters: {momentum: {min: 0.0, max: 1.0}}\n",
                  "file:2:40: momentum: 1 is not allowed", "momentum < 1"},
        Malformed{"integer_max", "parameters: {batch_size: {min: 16, max: 8192}}\n",
                  "file:2:41: batch_size: 8192 is not allowed", "4096"},
        Malformed{"normal_reaches_too_low",
                  "parameters: {lr: {distribution: normal, mu: 0.1, sigma: 0.1}}\n",
                  "file:2:18: lr: -0.3", "0 < lr"},
        Malformed{"log_normal_reaches_too_high",
                  "parameters: {dropout: {distribution: log_normal, mu: 0, sigma: 1}}\n",
                  "file:2:23: dropout: 54.59", "dropout <= 0.95"},
        Malformed{"no_multiple",
                  "parameters: {lr: {distribution: q_uniform, min: 0.1, max: 0.2, "
                  "q: 1}}\n",
                  "file:2:18: lr", "no multiple"},
        Malformed{"fractions_for_integer", "parameters: {batch_size: {min: 16.0, max: 64.5}}\n",
                  "file:2:26: batch_size", "draws fractions"},
        Malformed{"log_for_integer",
                  "parameters: {batch_size: {distribution: log_uniform_values, "
                  "min: 16, max: 64}}\n",
                  "file:2:41: batch_size", "draws fractions"},
        Malformed{"q_fraction_for_integer",
                  "parameters: {batch_size: {distribution: q_uniform, min: 16, max: 64, q: 0.5}}\n",
                  "file:2:73: batch_size", "whole q"},
        Malformed{"range_of_choice", "parameters: {optimizer: {min: 1, max: 2}}\n",
                  "file:2:25: optimizer", "is for numbers; give values"},
        Malformed{"range_of_lists", "parameters: {hidden: {min: 8, max: 64}}\n",
                  "file:2:22: hidden", "is for numbers; give values"},
        Malformed{"values_empty", "parameters: {lr: {values: []}}\n",
                  "file:2:27: ", "a list of one or more"},
        Malformed{"values_no_list", "parameters: {lr: {values: 0.1}}\n",
                  "file:2:27: ", "a list of one or more"},
        Malformed{"choice_unknown", "parameters: {activation: {values: [relu, rleu]}}\n",
                  "file:2:42: activation: rleu", "did you mean relu?"},
        Malformed{"choice_number", "parameters: {activation: {values: [3]}}\n",
                  "file:2:36: activation: 3", "one of identity"},
        Malformed{"choice_twice",
                  "parameters: {lr: {values: [1, 1.0], probabilities: [0.5, 0.5]}}\n",
                  "file:2:18: lr", "more than once"},
        Malformed{"integer_fraction", "parameters: {batch_size: {values: [32, 48.5]}}\n",
                  "file:2:40: batch_size: 48.5", "a whole number"},
        Malformed{"integer_zero", "parameters: {batch_size: {value: 0}}\n",
                  "file:2:34: batch_size: 0", "1 <= batch_size"},
        Malformed{"real_text", "parameters: {lr: {value: fast}}\n", "file:2:26: lr: 'fast'",
                  "0 < lr"},
        Malformed{"widths_no_list", "parameters: {hidden: {values: [32, 64]}}\n",
                  "file:2:32: hidden: 32", "such as [64, 64]"},
        Malformed{"width_zero", "parameters: {hidden: {values: [[32], [0]]}}\n",
                  "file:2:38: hidden: [0]", "1 <= hidden"},
        Malformed{"width_text", "parameters: {hidden: {values: [[a]]}}\n",
                  "file:2:32: hidden: ['a']", "whole numbers"},
        Malformed{"too_many_layers", "network: {hidden: [1, 1, 1, 1, 1, 1, 1, 1, 1]}\n",
                  "file:2:19: hidden: [1, 1", "up to 8"},
        Malformed{"probabilities_sum",
                  "parameters: {lr: {values: [1, 2], probabilities: [0.5, "
                  "0.6]}}\n",
                  "file:2:18: lr", "sum to 1.1"},
        Malformed{"probabilities_count", "parameters: {lr: {values: [1, 2], probabilities: [1]}}\n",
                  "file:2:18: lr", "probabilities for 2 values"},
        Malformed{"probabilities_text",
                  "parameters: {lr: {values: [1, 2], probabilities: [0.5, half]}}\n",
                  "file:2:50: parameters.lr.probabilities: [0.5, 'half']", "list of numbers"},
        Malformed{"probabilities_alone", "parameters: {lr: {value: 1, probabilities: [1]}}\n",
                  "file:2:44: parameters.lr.probabilities", "does not go with constant"},
        Malformed{"fixed_and_searched", "train: {lr: 1}\nparameters: {lr: {value: 1}}\n",
                  "file:2:9: train.lr: is under parameters too, at file:3:14", "keep one"},
        Malformed{"fixed_not_allowed", "train: {lr: 0}\n", "file:2:13: lr: 0 is not allowed",
                  "0 < lr"},
        Malformed{"fixed_by_search", "train: {lr: {value: 1}}\n", "file:2:13: lr: a map", "0 < lr"},
        Malformed{"fixed_empty", "train: {lr: }\n", "file:2:9: lr: empty", "needs a value"}),
    test_name);

// Whole files, as `data` itself is wrong.
class MalformedData : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedData, IsRefusedWithItsPlaceAndWhatIsAllowed) {
  expect_message(GetParam(), message_of([] { parse_sweep(GetParam().bytes, "file"); }));
}

INSTANTIATE_TEST_SUITE_P(
    Files, MalformedData,
    testing::Values(
        Malformed{"empty_file", "", "file:1:1: the sweep: empty is not allowed", "a map"},
        Malformed{"only_a_comment", "# nothing\n", "file:1:1: the sweep: empty", "a map"},
        Malformed{"text", "hello\n", "file:1:1: the sweep: 'hello'", "a map"},
        Malformed{"list", "- a\n", "file:1:1: the sweep: ['a']", "a map"},
        Malformed{"no_data", "trials: 3\n", "file:1:1: data.file: is missing", "csv"},
        Malformed{"no_file", "trials: 3\ndata: {target: y}\n", "file:2:7: data.file: is missing",
                  "csv"},
        Malformed{"no_target", "data: {file: d.csv}\n", "file:1:7: data.target: is missing", "-1"},
        Malformed{"data_text", "data: d.csv\n", "file:1:7: data: 'd.csv'", "a map with the keys"},
        Malformed{"file_empty", "data: {file: '', target: y}\n", "file:1:14: data.file: ''",
                  "a text"},
        Malformed{"file_list", "data: {file: [a], target: y}\n", "file:1:14: data.file: ['a']",
                  "a text"},
        Malformed{"target_empty_list", "data: {file: d, target: []}\n",
                  "file:1:25: data.target: []", "one name or more"},
        Malformed{"target_map", "data: {file: d, target: {a: 1}}\n", "file:1:25: data.target",
                  "a text"},
        Malformed{"target_twice", "data: {file: d, target: [a, b, a]}\n", "file:1:32: data.target",
                  "each name once"},
        Malformed{"target_dropped", "data: {file: d, target: y, drop: [x, y]}\n",
                  "file:1:34: data.drop: 'y' is the target", ""},
        Malformed{"target_weighs", "data: {file: d, target: y, weight: y}\n",
                  "file:1:36: data.weight: 'y' is the target", ""},
        Malformed{"weight_dropped", "data: {file: d, target: y, weight: w, drop: w}\n",
                  "file:1:45: data.drop: 'w' is data.weight", ""},
        Malformed{"format", "data: {file: d, target: y, format: parquet}\n",
                  "file:1:36: data.format: 'parquet'", "csv, idx, npy"},
        Malformed{"header", "data: {file: d, target: y, header: no}\n",
                  "file:1:36: data.header: 'no'", "write true or false"},
        Malformed{"kind", "data: {file: d, target: y, columns: {a: text}}\n",
                  "file:1:41: data.columns.a: 'text'", "categorical, numeric"},
        Malformed{"kinds_list", "data: {file: d, target: y, columns: [a]}\n",
                  "file:1:37: data.columns: ['a']", "categorical"},
        Malformed{"misspelt_key", "data: {file: d, taget: y}\n", "file:1:7: data.target",
                  "did you mean target?"},
        Malformed{"several_classes", "data: {file: d, target: [a, b]}\ntask: classification\n",
                  "file:2:7: task: classification has one target", "multi_label"},
        Malformed{"alias", "data: *d\n", "file:1:7: ", "no anchor"},
        Malformed{"bad_yaml", "data: {file: d, target: y\n", "file:1:7: ", "never closed"}),
    test_name);

TEST(SweepErrors, TellAllNamesOnce) {
  std::string const message = message_of([] {
    sweep_of("parameters: {xyzzy: {value: 1}, plugh: {value: 1}, frobnicate: {value: 1}}\n");
  });
  std::size_t const first = message.find("the keys of parameters are hidden, ");
  EXPECT_LT(first, message.find("plugh"));
  EXPECT_EQ(message.find("the keys of parameters are", first + 1), std::string::npos);
  EXPECT_NE(message.find("'parameters.frobnicate' is no key here"), std::string::npos);
}

TEST(SweepErrors, ComeAllAtOnceInTheOrderOfTheFile) {
  try {
    sweep_of(
        "trials: 0\nmetrc: {name: loss}\nvalidation: {holdout: 2, flods: 5}\nmethod: tpee\n"
        "parameters:\n  lr: {min: 0.0, max: x}\n  hidden: {values: [[0], 3, [8]]}\n"
        "  activation: {values: [rleu]}\ntrain: {sed: 1, lr: 2}\n");
    FAIL() << "nothing was thrown";
  } catch (UsageError const& error) {
    std::vector<std::string> places;
    for (std::string const& problem : error.problems())
      places.push_back(problem.substr(0, problem.find(": ")));
    EXPECT_EQ(places, (std::vector<std::string>{"file:2:9", "file:3:1", "file:4:23", "file:4:26",
                                                "file:5:9", "file:7:23", "file:8:21", "file:8:26",
                                                "file:9:25", "file:10:9", "file:10:17"}))
        << error.what();
  }
}

TEST(SweepErrors, ShowTwentyAndCountTheRest) {
  std::string values = "a";
  for (int i = 1; i < 30; ++i)
    values += ", a";
  try {
    sweep_of("parameters: {lr: {values: [" + values + "]}}\n");
    FAIL() << "nothing was thrown";
  } catch (UsageError const& error) {
    ASSERT_EQ(error.problems().size(), 21u);
    EXPECT_EQ(error.problems()[20], "and 10 more problems");
  }
}

TEST(SweepErrors, NothingButAUsageErrorComesOutOfADamagedFile) {
  std::string const valid = read_file(BROOD_EXAMPLES "/digits.yaml");
  int refused = 0;
  for (int i = 0; i < 4000; ++i) {
    SCOPED_TRACE("mutation " + std::to_string(i));
    try {
      Sweep const sweep = parse_sweep(mutated(valid, static_cast<std::uint64_t>(i)), "file");
      // What was read can be run: it says no more than a good file.
      EXPECT_TRUE(sweep.study.space.problems().empty());
      EXPECT_GE(sweep.study.trials, 1);
    } catch (UsageError const& error) {
      EXPECT_EQ(std::string_view(error.what()).substr(0, 5), "file:");
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);  // else the mutations do not reach what matters
  EXPECT_LT(refused, 4000);
}

// Pieces of YAML in any order: structure that mutations of a good file seldom have.
TEST(SweepErrors, NothingButAUsageErrorComesOutOfScrambledPieces) {
  constexpr std::string_view kPieces[] = {
      "a",           "lr",  "data",     ": ",  ":",      "\n",         "\n  ",  "\n    ", "- ",
      "[",           "]",   "{",        "}",   ",",      "'",          "\"",    "# x",    "&b",
      "*b",          "!t ", "? ",       "|\n", ">\n",    "---\n",      "...\n", "1e9",    "~",
      "%YAML 1.2\n", "\\",  "\xc3\xa9", "\t",  "values", "parameters", "<<"};
  for (std::uint64_t i = 0; i < 4000; ++i) {
    Words words(i);
    std::string text;
    for (std::size_t left = words.below(40); left > 0; --left)
      text += kPieces[words.below(std::size(kPieces))];
    SCOPED_TRACE(text);
    EXPECT_THROW(parse_sweep(text, "file"), UsageError);
  }
}

}  // namespace
}  // namespace brood::files
