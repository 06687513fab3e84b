// SPDX-License-Identifier: Apache-2.0
// Sweeps in the words of other tools: what they are read as, and that it is said. The sweeps at the
// end are of the kinds that public repositories have.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "brood/files/sweep.hpp"
#include "files/sweep/keys.hpp"
#include "files/sweep/synonyms.hpp"
#include "files/sweeps.hpp"

namespace brood::files {
namespace {

std::vector<Value> values_of(Sweep const& sweep, std::string_view name) {
  Parameter const* const parameter = sweep.study.space.find(name);
  EXPECT_NE(parameter, nullptr) << name;
  return parameter == nullptr ? std::vector<Value>{} : parameter->values;
}
std::vector<Value> texts(std::vector<std::string> const& words) {
  return {words.begin(), words.end()};
}
std::string notes_of(Sweep const& sweep) {
  std::string all;
  for (std::string const& note : sweep.notes)
    all += note + '\n';
  return all;
}
bool says(Sweep const& sweep, std::string const& what) {
  return notes_of(sweep).find(what) != std::string::npos;
}

// ---- the table

TEST(Synonyms, AreOfWhatThereIsAndEachHasOneMeaning) {
  std::set<std::pair<std::string, std::string>> words;  // by kind: letters
  for (Synonyms const& each : synonyms()) {
    SCOPED_TRACE(each.meant);
    bool const name = each.of == "hyperparameter", metric = each.of == "metric";
    std::string const found = name     ? hyperparameter_meant(each.meant, false)
                              : metric ? metric_meant(each.meant)
                                       : choice_meant(each.of, each.meant);
    if (each.of != "method") {
      EXPECT_EQ(found, each.meant);
    }
    std::string const list(each.words);
    for (std::size_t begin = 0; begin < list.size();) {
      std::size_t const end = std::min(list.find(' ', begin), list.size());
      std::string const letters = letters_of(list.substr(begin, end - begin));
      EXPECT_NE(letters, letters_of(each.meant)) << "needs no synonym";
      EXPECT_TRUE(words.emplace(each.of, letters).second) << letters << " is there twice";
      begin = end + 1;
    }
  }
}

TEST(Synonyms, OfHyperparametersDependOnWhatTheyTake) {
  EXPECT_EQ(hyperparameter_meant("LEARNING_RATE", false), "lr");
  EXPECT_EQ(hyperparameter_meant("learningRate", false), "lr");
  EXPECT_EQ(hyperparameter_meant("batch-size", false), "batch_size");
  EXPECT_EQ(hyperparameter_meant("hidden_size", false), "width");
  EXPECT_EQ(hyperparameter_meant("hidden_size", true), "hidden");
  EXPECT_EQ(hyperparameter_meant("n_layers", false), "layers");
  EXPECT_EQ(hyperparameter_meant("hidden_layers", true), "hidden");
  EXPECT_EQ(hyperparameter_meant("LAYER_2_UNITS", false), "width_2");
  EXPECT_EQ(hyperparameter_meant("hidden3", false), "width_3");
  EXPECT_EQ(hyperparameter_meant("hidden9", false), "");
  EXPECT_EQ(hyperparameter_meant("n_units_l2", false), "width_2");
  EXPECT_EQ(hyperparameter_meant("dropout", true), "layer_dropout");
  EXPECT_EQ(hyperparameter_meant("beta", false), "");
  EXPECT_EQ(hyperparameter_meant("", false), "");
}

TEST(Synonyms, OfDropoutMayNumberItsLayer) {
  for (char const* word :
       {"dropout2", "dropout_2", "drop2", "dropout_rate_2", "dropout_l2", "DROPOUT_LAYER_2",
        "layer_2_dropout", "fc2_dropout", "dropout_fc2", "hidden_dropout_2", "h2_drop"}) {
    EXPECT_EQ(hyperparameter_meant(word, false), "dropout_2") << word;
  }
  EXPECT_EQ(hyperparameter_meant("dropout_l0", false), "dropout_0") << "as it counts";
  for (char const* word : {"drop", "dropout_9", "l_3", "dropout_12", "input_dropout_2", "lr_2"})
    EXPECT_EQ(hyperparameter_meant(word, false), "") << word;
}

TEST(Synonyms, OfMetricsMayNameTheRows) {
  for (char const* word :
       {"accuracy", "acc", "val_acc", "valid/accuracy", "validation_accuracy", "Val Acc", "valAcc",
        "test_acc", "best_val_acc", "epoch/val_accuracy", "acc_val", "cv_accuracy_mean"}) {
    EXPECT_EQ(metric_meant(word), "accuracy") << word;
  }
  EXPECT_EQ(metric_meant("val_loss"), "loss");
  EXPECT_EQ(metric_meant("mean_squared_error"), "mse");
  EXPECT_EQ(metric_meant("val_rmse"), "rmse");
  EXPECT_EQ(metric_meant("best_macro_f1"), "f1_macro");
  EXPECT_EQ(metric_meant("val_f1"), "f1");
  EXPECT_EQ(metric_meant("val_auprc"), "pr_auc");
  EXPECT_EQ(metric_meant("average_precision"), "pr_auc");
  EXPECT_EQ(metric_meant("matthews_corrcoef"), "mcc");
  for (char const* word : {"train_loss", "val", "reward", "", "val_kappa"})
    EXPECT_EQ(metric_meant(word), "") << word;
}

TEST(Synonyms, OfMetricsThatMayMeanOtherRowsAreSaid) {
  EXPECT_TRUE(says(sweep_of("metric: {name: test_acc}\n"),
                   "file:2:16: test_acc is read as accuracy on validation rows; test rows are "
                   "looked at once, at the end"));
  EXPECT_EQ(notes_of(sweep_of("metric: val_acc\nparameters: {lr: {values: [1, 2]}}\n")), "");
}

// ---- in a sweep

TEST(Vocabulary, ReadsSynonymsAndSaysSoInOneLine) {
  Sweep const sweep = sweep_of(
      "metric: {name: val_acc, goal: maximize}\n"
      "parameters:\n"
      "  n_epochs: {value: 10}\n"
      "  hidden_layers: {values: [2, 3]}\n"
      "  hidden_size: {values: [32, 64]}\n"
      "  weight_init: {values: [xavier]}\n"
      "  LEARNING_RATE: {values: [0.01, 0.001]}\n");
  EXPECT_EQ(sweep.study.metric.name, "accuracy");
  EXPECT_EQ(values_of(sweep, "layers"), (std::vector<Value>{std::int64_t{2}, std::int64_t{3}}));
  EXPECT_EQ(values_of(sweep, "width"), (std::vector<Value>{std::int64_t{32}, std::int64_t{64}}));
  EXPECT_EQ(values_of(sweep, "init"), texts({"xavier_uniform"}));
  EXPECT_EQ(values_of(sweep, "lr"), (std::vector<Value>{0.01, 0.001}));
  EXPECT_EQ(std::get<NoEarlyTermination>(sweep.study.scheduler).max_epochs, 10);
  ASSERT_EQ(sweep.notes.size(), 1u);
  EXPECT_EQ(sweep.notes[0],
            "file:4:3: n_epochs is read as epochs, hidden_layers as layers, hidden_size as width, "
            "weight_init as init, xavier as xavier_uniform");
}

TEST(Vocabulary, OursAreReadAsTheyAreAndWithoutANote) {
  Sweep const sweep = sweep_of(
      "parameters:\n"
      "  learning_rate: {values: [0.1, 0.01]}\n"
      "  Activation: {values: [ReLU, tanh]}\n"
      "train: {batchSize: 64}\n");
  EXPECT_EQ(notes_of(sweep), "");
  EXPECT_EQ(values_of(sweep, "activation"), texts({"relu", "tanh"}));
  EXPECT_EQ(values_of(sweep, "batch_size"), std::vector<Value>{std::int64_t{64}});
}

TEST(Vocabulary, ReadsTheChoicesOfOtherTools) {
  Sweep const sweep = sweep_of(
      "method: bayesian\n"
      "parameters:\n"
      "  optimizer: {values: [SGD, nag, torch.optim.Adam, sgdm]}\n"
      "  loss: {values: [categorical_crossentropy]}\n"
      "  activation: {values: [ReLU, nn.Tanh, swish, logistic, linear]}\n"
      "  momentum: {values: [0.5, 0.9], when: {optimiser: [nag, sgdm]}}\n"
      "first: [{optimizer: Nesterov, momentum: 0.9, activation: RELU}]\n");
  EXPECT_EQ(name_of(sweep.study.sampler), "bayes");
  EXPECT_EQ(values_of(sweep, "optimizer"), texts({"sgd", "nesterov", "adam", "momentum"}));
  EXPECT_EQ(values_of(sweep, "loss"), texts({"cross_entropy"}));
  EXPECT_EQ(values_of(sweep, "activation"), texts({"relu", "tanh", "silu", "sigmoid", "identity"}));
  EXPECT_EQ(sweep.study.space.find("momentum")->when.at(0).values, texts({"nesterov", "momentum"}));
  EXPECT_EQ(*std::get<Bayes>(sweep.study.sampler).first.at(0).find("optimizer"), Value("nesterov"));
}

TEST(Vocabulary, FlattensNestedAndDottedParameters) {
  Sweep const sweep = sweep_of(
      "parameters:\n"
      "  optimizer:\n"
      "    parameters:\n"
      "      name: {values: [adam, SGD]}\n"
      "      lr: {min: 1e-4, max: 1e-1, distribution: log_uniform_values}\n"
      "  model:\n"
      "    parameters:\n"
      "      block: {parameters: {hidden_dims: {values: [[32], [64, 32]]}}}\n"
      "      dropout: {parameters: {rate: {min: 0.0, max: 0.5}}}\n"
      "  trainer.max_epochs: {value: 12}\n"
      "  data/batch_size: {value: 16}\n");
  EXPECT_EQ(values_of(sweep, "optimizer"), texts({"adam", "sgd"}));
  EXPECT_EQ(sweep.study.space.find("lr")->min, 1e-4);
  EXPECT_EQ(values_of(sweep, "hidden").size(), 2u);
  EXPECT_EQ(sweep.study.space.find("dropout")->max, 0.5);
  EXPECT_EQ(std::get<NoEarlyTermination>(sweep.study.scheduler).max_epochs, 12);
  EXPECT_TRUE(says(sweep, "optimizer.lr as lr, model.block.hidden_dims as hidden"));
}

TEST(Vocabulary, WidthsByLayerSayTheNumberOfLayers) {
  Sweep const sweep =
      sweep_of("parameters: {hidden1: {values: [8, 16]}, hidden_2: {values: [4, 8]}}\n");
  EXPECT_EQ(values_of(sweep, "layers"), std::vector<Value>{std::int64_t{2}});
  EXPECT_EQ(values_of(sweep, "width_2").size(), 2u);
}

TEST(Vocabulary, LayersThatCountFromZeroAreCountedFromOne) {
  std::string const file =
      "parameters:\n"
      "  n_layers: {values: [1, 2]}\n"
      "  n_units_l0: {values: [8, 16]}\n"
      "  n_units_l1: {values: [4, 8, 16]}\n"
      "  dropout_l0: {min: 0.0, max: 0.5}\n"
      "  dropout_l1: {min: 0.0, max: 0.3}\n";
  Sweep const sweep = sweep_of(file + "first: [{n_layers: 2, dropout_l1: 0.25}]\n");
  SearchSpace const& space = sweep.study.space;
  EXPECT_EQ(values_of(sweep, "width_1").size(), 2u);
  EXPECT_EQ(values_of(sweep, "width_2").size(), 3u);
  EXPECT_EQ(space.find("dropout_1")->max, 0.5);
  EXPECT_EQ(space.find("dropout_2")->max, 0.3);
  EXPECT_EQ(space.find("dropout_2")->when, (std::vector<Condition>{{"layers", {std::int64_t{2}}}}));
  EXPECT_EQ(*std::get<Random>(sweep.study.sampler).first[0].find("dropout_2"), Value(0.25));
  EXPECT_TRUE(says(sweep, "n_units_l0 as width_1, n_units_l1 as width_2, dropout_l0 as dropout_1"));
  // On the command line the file's words keep their meaning, and ours have it.
  EXPECT_EQ(values_of(sweep_of(file, {{"dropout_l1", "0.1"}}), "dropout_2"),
            std::vector<Value>{0.1});
  EXPECT_EQ(values_of(sweep_of(file, {{"dropout_2", "0.1"}}), "dropout_2"),
            std::vector<Value>{0.1});
  Sweep const own = sweep_of(
      "parameters: {layers: {value: 3}, dropout_0: {value: 0.1}, "
      "dropout_1: {value: 0.2}, drop3: {value: 0.3}}\n");
  EXPECT_EQ(values_of(own, "dropout_1"), std::vector<Value>{0.1});
  EXPECT_EQ(values_of(own, "dropout_2"), std::vector<Value>{0.2});
  EXPECT_EQ(values_of(own, "dropout_3"), std::vector<Value>{0.3}) << "drop3 is of other words";
}

TEST(Vocabulary, ListsOfDropoutAreOfTheLayers) {
  Sweep const sweep =
      sweep_of("network: {layers: 2}\nparameters: {dropout: {values: [[0.1, 0.2], [0.3, 0.3]]}}\n");
  EXPECT_EQ(values_of(sweep, "layer_dropout").size(), 2u);
  EXPECT_TRUE(says(sweep, "dropout is read as layer_dropout"));
}

TEST(Vocabulary, AnchorsMayHaveAPlaceOfTheirOwn) {
  Sweep const sweep = sweep_of(
      "x-range: &range {min: 0.001, max: 0.1, distribution: log_uniform_values}\n"
      ".more: &more 0.01\n"
      "parameters: {lr: *range, weight_decay: {<<: *range, max: *more}}\n");
  EXPECT_EQ(sweep.study.space.find("lr")->max, 0.1);
  EXPECT_EQ(sweep.study.space.find("weight_decay")->max, 0.01);
  EXPECT_EQ(sweep.study.space.find("weight_decay")->min, 0.001);
  EXPECT_EQ(notes_of(sweep), "file:2:1: x-range, .more are ignored\n");
}

TEST(Vocabulary, WordsStandForSectionsOnTheCommandLineToo) {
  std::string const file =
      "metric: {name: loss, goal: minimize}\nearly_terminate: {type: asha, max_iter: 9}\n";
  Sweep const sweep = sweep_of(file, {{"metric", "val_acc"}, {"early_terminate", "none"}});
  EXPECT_EQ(sweep.study.metric.name, "accuracy");
  EXPECT_TRUE(std::holds_alternative<NoEarlyTermination>(sweep.study.scheduler));
}

TEST(Vocabulary, WhatThereIsNotMayBeOff) {
  Sweep const sweep =
      sweep_of("parameters: {batch_norm: {value: false}, lr: {values: [0.1, 0.2]}}\n");
  EXPECT_TRUE(says(sweep, "batch_norm is ignored"));
  EXPECT_NE(message_of([] {
              sweep_of("parameters: {batch_norm: {values: [true, false]}}\n");
            }).find("file:2:14: 'parameters.batch_norm'"),
            std::string::npos);
}

TEST(Vocabulary, IgnoresWhatSaysNothingOfTheTrainingAndSaysSo) {
  Sweep const sweep = sweep_of(
      "project: &project demo\n"
      "parameters:\n"
      "  wandb_project: {value: *project}\n"
      "  dataset: {values: [mnist]}\n"
      "  model: {value: MLP}\n"
      "  lr: {values: [0.1, 0.2]}\n");
  EXPECT_EQ(sweep.study.space.dimensions(), 1u);
  EXPECT_TRUE(says(sweep, "file:4:3: wandb_project, dataset, model are ignored"));
}

TEST(Vocabulary, NumbersInQuotesAreNumbersWhereNothingElseCanStand) {
  Sweep const sweep = sweep_of("parameters: {width: {values: ['64', \"128\"]}}\n");
  EXPECT_EQ(values_of(sweep, "width"), (std::vector<Value>{std::int64_t{64}, std::int64_t{128}}));
}

TEST(Vocabulary, BetaBesideMomentumAndBeta1IsRmspropsDecay) {
  Sweep const sweep = sweep_of(
      "parameters: {momentum: {value: 0.9}, beta: {values: [0.8, 0.9]}, beta1: {value: 0.9}}\n");
  EXPECT_EQ(values_of(sweep, "rho").size(), 2u);
}

TEST(Vocabulary, OverridesAreReadAsTheFileIs) {
  std::string const file = "parameters: {hidden_size: {values: [32, 64]}, n_layers: {value: 2}}\n";
  EXPECT_EQ(values_of(sweep_of(file, {{"hidden_size", "16"}}), "width"),
            std::vector<Value>{std::int64_t{16}});
  EXPECT_EQ(values_of(sweep_of(file, {{"units", "[16, 8]"}}), "hidden"),
            (std::vector<Value>{std::vector<std::int64_t>{16, 8}}));
  EXPECT_EQ(values_of(sweep_of(file, {{"parameters.units.values", "[8, 9]"}}), "width"),
            (std::vector<Value>{std::int64_t{8}, std::int64_t{9}}));
  EXPECT_EQ(values_of(sweep_of(file, {{"optimiser", "NAG"}}), "optimizer"), texts({"nesterov"}));
  EXPECT_EQ(sweep_of(file, {{"seed", "9"}}).study.seed, 9u) << "the study's";
}

TEST(Vocabulary, ReadsWhatWeightsAndBiasesHasDefaultsFor) {
  Sweep const sweep = sweep_of(
      "metric: {name: acc, target: 0.95}\n"
      "parameters:\n"
      "  batch_size: {distribution: q_uniform, min: 30, max: 40}\n"
      "  lr: {min: 0, max: 0.1, distribution: uniform}\n"
      "  weight_decay: {values: [0.0, 0.0]}\n");
  EXPECT_EQ(sweep.study.stop.target, 0.95);
  EXPECT_EQ(sweep.study.space.find("batch_size")->q, 1);
  EXPECT_EQ(sweep.study.space.find("lr")->min, 1e-7);
  EXPECT_EQ(values_of(sweep, "weight_decay").size(), 1u);
  EXPECT_EQ(notes_of(sweep),
            "file:4:15: parameters.batch_size.q is 1 where none is given, as for Weights & Biases\n"
            "file:5:13: lr: min 0 is read as 1e-07, for it is above 0\n"
            "file:6:26: parameters.weight_decay.values: 0 is there twice, and counts once\n");
}

// ---- epochs

std::vector<int> rungs_of(Sweep const& sweep) {
  std::vector<int> epochs;
  for (Rung const& rung : plan_rungs(sweep.study.scheduler, 1))
    epochs.push_back(rung.epoch);
  return epochs;
}

TEST(Epochs, AreHowLongTrialsTrainWhateverMaxIterSays) {
  for (char const* epochs : {"train: {epochs: 50}\n", "parameters: {epochs: {value: 50}}\n",
                             "parameters: {n_epochs: {values: [50]}}\n"}) {
    Sweep const sweep = sweep_of(
        std::string("early_terminate: {type: successive_halving, max_iter: 64}\n") + epochs);
    EXPECT_EQ(rungs_of(sweep), (std::vector<int>{1, 3, 9, 27, 50}));
    EXPECT_TRUE(says(sweep,
                     "file:2:55: early_terminate.max_iter: 64 gives way to epochs, 50: that is how "
                     "long trials train"));
  }
  Sweep const same = sweep_of("early_terminate: {type: asha, max_iter: 9}\ntrain: {epochs: 9}\n");
  EXPECT_FALSE(says(same, "gives way"));
}

// wandb/sweeps: bands at int(27 / 3^i), whatever a run's epochs.
TEST(Epochs, LeaveBandsWhereMaxIterPutsThem) {
  auto const rungs = [](std::string const& epochs) {
    return rungs_of(
        sweep_of("early_terminate: {type: hyperband, max_iter: 27, eta: 3, s: 2}\n"
                 "train: {epochs: " +
                 epochs + "}\n"));
  };
  EXPECT_EQ(rungs("27"), (std::vector<int>{3, 9, 27}));
  EXPECT_EQ(rungs("50"), (std::vector<int>{3, 9, 50}));
  EXPECT_EQ(rungs("5"), (std::vector<int>{3, 5}));
  EXPECT_EQ(rungs("2"), std::vector<int>{2});
  // wandb/sweeps: without max_iter the bands are min_iter's, and s has no part.
  EXPECT_EQ(rungs_of(sweep_of("early_terminate: {type: hyperband, min_iter: 5, eta: 3, s: 2}\n")),
            (std::vector<int>{5, 15, 45, 81}));
}

TEST(Epochs, ThatAreSearchedAreEachTrialsOwn) {
  Sweep const sweep = sweep_of("parameters: {epochs: {values: [5, 20, 10]}}\n");
  EXPECT_EQ(std::get<NoEarlyTermination>(sweep.study.scheduler).max_epochs, 20);
  EXPECT_EQ(values_of(sweep, "epochs").size(), 3u);
  Sweep const range = sweep_of(
      "early_terminate: {type: hyperband, min_iter: 2}\nparameters: {epochs: {min: 4, max: 30}}\n");
  EXPECT_EQ(rungs_of(range), (std::vector<int>{2, 6, 18, 30}));
  EXPECT_EQ(sweep_of("parameters: {epochs: {values: [5, 9]}}\nfirst: [{epochs: 9}]\n").study.trials,
            2);
}

TEST(Epochs, OfTheCommandLineTakeThePlaceOfMaxIterAndTheOtherWayRound) {
  std::string const file =
      "early_terminate: {type: successive_halving, max_iter: 27}\ntrain: {epochs: 9}\n";
  EXPECT_EQ(rungs_of(sweep_of(file, {{"epochs", "10"}})).back(), 10);
  EXPECT_EQ(rungs_of(sweep_of(file, {{"early_terminate.max_iter", "10"}})).back(), 10);
  EXPECT_EQ(rungs_of(sweep_of(file, {{"max_iter", "10"}})).back(), 10);
  EXPECT_NE(message_of([&] { sweep_of(file, {{"eta", "4"}}); }), "") << "of halving, or lr";
}

TEST(Epochs, ThatAreSearchedAreWrittenAndReadAgain) {
  for (char const* scheduler : {"", "early_terminate: {type: asha, min_iter: 2}\n",
                                "early_terminate: {type: hyperband, s: 2, max_iter: 27}\n"}) {
    Sweep const sweep =
        sweep_of(std::string(scheduler) + "parameters: {epochs: {values: [6, 12]}}\n");
    Sweep const again = parse_sweep(resolved_yaml(sweep), "again", {});
    expect_same(again, sweep);
  }
}

// ---- keys

TEST(Keys, OfTheListsAreRead) {
  for (Key const& key : kDataKeys) {
    std::string const message =
        message_of([&] { parse_sweep("data: {" + std::string(key.name) + ": ~}\n", "file", {}); });
    EXPECT_EQ(message.find("is no key here"), std::string::npos) << key.name;
    EXPECT_FALSE(key.help.empty());
    EXPECT_FALSE(key.allowed.empty());
  }
}

// ---- sweeps as public repositories have them

struct Public {
  char const* name;
  char const* text;
  std::size_t dimensions;
};
void PrintTo(Public const& each, std::ostream* out) {
  *out << each.name;
}

class PublicSweep : public testing::TestWithParam<Public> {};

TEST_P(PublicSweep, IsReadUnedited) {
  Sweep const sweep =
      parse_sweep(GetParam().text, "file", {{"data.file", "d.csv"}, {"data.target", "y"}});
  EXPECT_EQ(sweep.study.space.dimensions(), GetParam().dimensions) << notes_of(sweep);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, PublicSweep,
    testing::Values(
        Public{
            "course",
            "program: train.py\nmethod: bayes\nmetric: {name: val_accuracy, goal: maximize}\n"
            "parameters:\n"
            "  epochs: {values: [5, 10]}\n  num_layers: {values: [3, 4, 5]}\n"
            "  hidden_size: {values: [32, 64, 128]}\n  weight_decay: {values: [0, 0.0005, 0.5]}\n"
            "  learning_rate: {values: [1e-3, 1e-4]}\n  batch_size: {values: [16, 32, 64]}\n"
            "  optimizer: {values: ['sgd', 'momentum', 'nag', 'rmsprop', 'adam']}\n"
            "  weight_init: {values: ['random', 'Xavier']}\n"
            "  activation: {values: ['sigmoid', 'tanh', 'ReLU']}\n"
            "early_terminate: {type: hyperband, min_iter: 3}\n"
            "command: ['${env}', python, '${program}', '${args}']\n",
            9},
        Public{"two_layers",
               "method: grid\nmetric: {name: best_macro_f1, goal: maximize}\n"
               "parameters:\n  model_name: {value: mlp}\n  epochs: {value: 50}\n"
               "  hidden_dim1: {values: [32, 64]}\n  hidden_dim2: {values: [16, 32]}\n"
               "  learning_rate: {values: [1e-3, 5e-4]}\n  dropout: {values: [0.3, 0.5]}\n",
               4},
        Public{"lists_of_widths",
               "program: t.py\nmethod: bayes\nmetric: {name: val_acc, goal: maximize}\n"
               "parameters:\n  config: {value: configs/mlp.yaml}\n  wandb: {value: true}\n"
               "  lr: {distribution: log_uniform_values, min: 0.00001, max: 0.01}\n"
               "  dropout_rate: {distribution: uniform, min: 0.1, max: 0.5}\n"
               "  hidden_dims:\n    values:\n      - [128, 64]\n      - [256, 128]\n"
               "early_terminate: {type: hyperband, min_iter: 5, eta: 3, s: 2}\nrun_cap: 50\n",
               3},
        Public{"numbered_from_zero",
               "method: bayes\nmetric: {name: val_loss, goal: minimize}\nparameters:\n"
               "  n_layers: {min: 1, max: 3}\n  n_units_l0: {min: 4, max: 128}\n"
               "  n_units_l1: {min: 4, max: 128}\n  n_units_l2: {min: 4, max: 128}\n"
               "  dropout_l0: {min: 0.2, max: 0.5}\n  dropout_l1: {min: 0.2, max: 0.5}\n"
               "  dropout_l2: {min: 0.2, max: 0.5}\n"
               "  optimizer: {values: [Adam, Nadam, RMSprop]}\n",
               8},
        Public{"dropouts",
               "method: random\nmetric: {name: val_accuracy, goal: maximize}\nparameters:\n"
               "  units1: {values: [64, 128]}\n  units2: {values: [16, 32]}\n"
               "  dropout1: {values: [0.2, 0.4]}\n  dropout_rate_2: {values: [0.1, 0.3]}\n"
               "  optimizer: {values: ['nadam', 'torch.optim.NAdam', 'sgd']}\n",
               5},
        Public{"capitals",
               "method: random\nmetric: {goal: minimize, name: val_loss}\n"
               "early_terminate: {type: hyperband, min_iter: 20}\n"
               "parameters:\n  RUN: {value: train}\n  MODEL: {value: mlp}\n"
               "  MAX_EPOCHS: {value: 50}\n  LEARNING_RATE: {values: [0.1, 0.01]}\n"
               "  LAYER_1_UNITS: {values: [4, 8]}\n  LAYER_2_UNITS: {values: [2, 4]}\n"
               "  PATIENCE: {value: 5}\n",
               3},
        Public{"documentation",
               "method: random\nmetric: {goal: minimize, name: loss}\n"
               "parameters:\n  batch_size: {distribution: q_log_uniform_values, max: 256, min: 32, "
               "q: 8}\n"
               "  dropout: {values: [0.3, 0.4]}\n  epochs: {value: 1}\n"
               "  fc_layer_size: {values: [128, 256]}\n"
               "  learning_rate: {distribution: uniform, max: 0.1, min: 0}\n"
               "  optimizer: {values: [\"adam\", \"sgd\"]}\n",
               5},
        Public{
            "seeds",
            "{\"method\": \"bayes\", \"metric\": {\"name\": \"validation_acc\", \"goal\": "
            "\"maximize\"},\n\"parameters\": {\"optimizer\": {\"values\": [\"adam\", \"rms\"]},\n"
            "\"num_neurons\": {\"values\": [\"64\", \"128\"]},\n"
            "\"random_seed\": {\"values\": [42, 69, 1337]}}}\n",
            3}),
    [](auto const& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace brood::files
