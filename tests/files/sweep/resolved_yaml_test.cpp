// SPDX-License-Identifier: Apache-2.0
// A resolved sweep reads back as the same study, whatever it is of, and says what was left open.
#include <gtest/gtest.h>

#include <filesystem>

#include "brood/files/sweep.hpp"
#include "files/sweeps.hpp"

namespace brood::files {
namespace {

struct Original {
  char const* name;
  std::string text;  // after a line with data
};
std::ostream& operator<<(std::ostream& out, Original const& original) {
  return out << original.name;
}

class ResolvedSweep : public testing::TestWithParam<Original> {};

TEST_P(ResolvedSweep, ReadsBackAsTheSameStudy) {
  Sweep const original = sweep_of(GetParam().text);
  std::string const text = resolved_yaml(original);
  SCOPED_TRACE(text);
  Sweep const again = parse_sweep(text, "elsewhere/config.yaml");
  expect_same(original, again);
  EXPECT_EQ(again.data_path, std::filesystem::absolute(original.data_path).string());
  // What it says of itself does not change either, but for the study's name, which is the file's.
  Sweep renamed = again;
  renamed.name = original.name;
  EXPECT_EQ(resolved_yaml(renamed), text);
}

INSTANTIATE_TEST_SUITE_P(
    Sweeps, ResolvedSweep,
    testing::Values(
        Original{"of_defaults", ""},
        Original{"of_regression", "task: regression\nmetric: {name: val_mae}\n"},
        Original{"of_task_alone", "task: multi_label\n"},
        Original{"of_folds", "validation: {folds: 5, repeats: 3, test: 0}\nrefit: false\n"},
        Original{"on_all_rows", "refit: all\n"},
        Original{"of_groups", "validation: {folds: 4, group: patient id}\n"},
        Original{"of_times", "validation: {holdout: 0.1, time: 'no: 1', test: 0.1}\n"},
        Original{"of_given_folds", "validation: {fold: part, repeats: 2}\n"},
        Original{"of_final_repeats", "validation: {folds: 3, final_repeats: 8}\n"},
        Original{"of_start", "start: runs/former\nparameters: {lr: {min: 0.1, max: 0.2}}\n"},
        Original{"of_observations",
                 "method: bayes\nparameters: {lr: {min: 0.1, max: 0.3}, hidden: {values: [[8], "
                 "[]]}, activation: {values: [relu, tanh]}}\nobservations:\n"
                 "- {score: 0.1, epoch: 9, lr: 0.12345678901234567, hidden: [], activation: relu}\n"
                 "- {score: null, epoch: 1, lr: 0.3, hidden: [8], activation: tanh}\n"},
        Original{"of_best_of_any", "best_of: any\nstop: {target: 0.1, patience_rungs: 2}\n"},
        Original{"of_ensemble", "ensemble: 16\n"},
        Original{"of_stop", "stop: {patience_rungs: 1}\n"},
        Original{"of_holdout", "validation: {holdout: 0.123, test: 0.3, repeats: 2}\n"},
        Original{"of_seed_and_time", "seed: 18446744073709551615\ntime_limit: 0.1s\ntrials: 3\n"},
        Original{"of_epochs", "train: {epochs: 17, lr: 0.1}\nnetwork: {hidden: []}\n"},
        Original{"of_grid",
                 "method: grid\nparameters: {hidden: {values: [[8], [4]]}, batch_size: {min: 1, "
                 "max: 3}}\n"},
        Original{"of_list",
                 "method: list\npoints:\n- {lr: 1, hidden: [8, 4], lr_schedule: cosine}\n"
                 "- {hidden: [], lr: 0.1, lr_schedule: constant}\n"},
        Original{"of_conditions",
                 "parameters:\n  optimizer: {values: [adam, momentum, nesterov]}\n"
                 "  hidden: {values: [[], [8], [8, 4]]}\n"
                 "  momentum: {min: 0.5, max: 0.99, when: {optimizer: [momentum, nesterov]}}\n"
                 "  layer_lr: {value: [1, 0.5], when: {hidden: [8]}}\n"
                 "  l1: {values: [0, 1], when: {hidden: [], optimizer: adam}}\n"
                 "  l2: {values: [0, 1], when: {hidden: [[], [8, 4]]}}\n"},
        Original{"of_an_order",
                 "parameters: {batch_size: {distribution: ordinal, values: [16, 64, 32]}}\n"},
        Original{"of_layers",
                 "parameters:\n  layers: {min: 1, max: 4}\n  width_1: {min: 4, max: 64}\n"
                 "  width_3: {distribution: q_log_uniform_values, min: 8, max: 128, q: 8}\n"},
        Original{"of_dropouts",
                 "method: tpe\nparameters:\n  hidden: {values: [[], [8], [8, 4]]}\n"
                 "  dropout_1: {min: 0, max: 0.5}\n  dropout_2: {values: [0, 0.25]}\n"
                 "  optimizer: {values: [nadam, adam]}\n"
                 "  momentum_decay: {min: 0.001, max: 0.1, when: {optimizer: nadam}}\n"},
        Original{"of_a_list_of_dropouts", "network: {hidden: [8, 4], layer_dropout: [0, 0.25]}\n"},
        Original{"of_width", "parameters: {width: {min: 4, max: 64}}\nnetwork: {layers: 2}\n"},
        Original{"of_constraints",
                 "constraints: {max_parameters: 5000, max_bytes: 1.5MiB, max_flops: 2.5e6}\n"},
        Original{"of_a_constraint", "constraints: {max_flops: 1e20}\n"},
        Original{"of_sobol", "method: sobol\nparameters: {lr: {min: 0.1, max: 0.2}}\n"},
        Original{"of_tpe",
                 "method: tpe\nsampler: {startup: 7, candidates: 48, multivariate: false, "
                 "consider_endpoints: true}\nparameters: {lr: {min: 0.1, max: 0.2}}\n"
                 "first: [{lr: 0.15}, {}]\n"},
        Original{"of_bayes", "method: bayes\nsampler: {startup: 12}\n"},
        Original{"of_halving",
                 "early_terminate: {type: successive_halving, eta: 2, min_iter: 3, max_iter: 100, "
                 "survivors: ceil}\n"},
        Original{"of_bands", "early_terminate: {type: successive_halving, max_iter: 18, s: 2}\n"},
        Original{"of_hyperband", "early_terminate: {type: hyperband, eta: 2, max_iter: 50}\n"},
        Original{"of_hyperbands_bands", "early_terminate: {type: hyperband, min_iter: 2}\n"},
        Original{"of_asha",
                 "early_terminate: {type: asha, eta: 2, min_iter: 3, max_iter: 100, workers: 5}\n"},
        Original{"of_median",
                 "early_terminate: {type: median, max_iter: 30, interval: 2, warmup_iter: 6, "
                 "startup_trials: 9}\n"},
        Original{"of_pbt",
                 "early_terminate: {type: pbt, max_iter: 30, interval: 3, quantile: 0.1, "
                 "resample: 0.3}\n"},
        Original{"of_lists",
                 "parameters:\n  hidden: {values: [[], [8], [8, 4]], probabilities: [0.1, 0.2, "
                 "0.7]}\n  layer_lr: {values: [[], [1, 0.5]]}\n"
                 "  class_weights: {value: none}\n"},
        Original{"of_laws",
                 "parameters:\n  dropout: {min: 0, max: 0.5}\n  batch_size: {min: 1, max: 64}\n"
                 "  lr: {distribution: log_uniform_values, min: 1e-7, max: 0.3}\n"
                 "  input_dropout: {distribution: q_uniform, min: 0, max: 0.3, q: 0.05}\n"
                 "  patience: {distribution: q_log_uniform_values, min: 1, max: 64, q: 1}\n"
                 "  l1: {distribution: inv_log_uniform_values, min: 1e-9, max: 1e-3}\n"
                 "  momentum: {distribution: normal, mu: 0.5, sigma: 0.1}\n"
                 "  beta1: {distribution: q_normal, mu: 0.5, sigma: 0.1, q: 0.01}\n"
                 "  l2: {distribution: log_normal, mu: -9, sigma: 1.5}\n"
                 "  clip_norm: {min: 1, max: 5}\n  lr_schedule: {value: cosine}\n"}),
    [](auto const& info) { return std::string(info.param.name); });

TEST(ResolvedYaml, ReadsBackTheExampleAndTheDefaultSweep) {
  for (Sweep const& original :
       {read_sweep(BROOD_EXAMPLES "/digits.yaml"), default_sweep("d.csv", "-1", {100, 4})}) {
    SCOPED_TRACE(original.name);
    expect_same(original, parse_sweep(resolved_yaml(original), "config.yaml"));
  }
}

TEST(ResolvedYaml, KeepsNamesAndPathsThatLookLikeYaml) {
  Sweep sweep = sweep_of("");
  sweep.data_path = "/a b/[x]: #\"\\\n.csv";
  sweep.read.labels = "/y: 'z'";
  sweep.read.format = "npy";
  sweep.read.header = true;
  sweep.read.kinds = {{"null", ColumnKind::numeric}, {"a: b", ColumnKind::categorical}};
  sweep.dataset.targets = {"1e5", "true", "- x"};
  sweep.dataset.drop = {"~", "\xc3\xa9"};
  sweep.dataset.weight = "w #1";
  sweep.dataset.missing_indicator = true;
  sweep.dataset.bins = 8;
  Sweep const again = parse_sweep(resolved_yaml(sweep), "config.yaml");
  expect_same(sweep, again);
  EXPECT_EQ(again.data_path, sweep.data_path);
  EXPECT_EQ(again.read.labels, sweep.read.labels);
}

TEST(ResolvedYaml, SaysWhatIsLeftOpenAndTheDefaultsOfHyperparameters) {
  std::string const text = resolved_yaml(read_sweep(BROOD_EXAMPLES "/digits.yaml"));
  for (char const* line :
       {"  # format: from the file's name\n", "# task: found from the target\n",
        "metric: {name: accuracy, goal: maximize}\n", "seed: 7\n", "refit: true\n",
        "  lr: {distribution: log_uniform_values, min: ", "#   init: he_uniform\n",
        "#   momentum: 0.9\n", "#   loss: by task\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
  // What the study sets is no default, and epochs are the scheduler's.
  for (char const* line : {"#   lr:", "#   hidden:", " epochs"})
    EXPECT_EQ(text.find(line), std::string::npos) << line << "\n" << text;
}

}  // namespace
}  // namespace brood::files
