// SPDX-License-Identifier: Apache-2.0
// Sweep files that are right: what each key and each distribution comes to.
#include "brood/files/sweep.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "brood/error.hpp"
#include "files/sweeps.hpp"

namespace brood::files {
namespace {

using Widths = std::vector<std::int64_t>;

// ---- the example

TEST(Sweep, ReadsTheExampleToExactlyItsStudy) {
  Sweep const sweep = read_sweep(BROOD_EXAMPLES "/digits.yaml");
  EXPECT_EQ(sweep.name, "digits");
  EXPECT_TRUE(std::filesystem::equivalent(sweep.data_path, BROOD_EXAMPLES "/digits.csv"));
  EXPECT_EQ(sweep.dataset.targets, std::vector<std::string>{"digit"});
  EXPECT_TRUE(sweep.notes.empty());

  Study expected;
  expected.space.choice("hidden", {Widths{32}, Widths{64}, Widths{64, 64}, Widths{128, 64}})
      .choice("activation", {"relu", "tanh", "gelu"})
      .choice("optimizer", {"adam", "momentum"})
      .log_uniform("lr", 1e-4, 1e-1)
      .choice("batch_size", {std::int64_t{32}, std::int64_t{64}, std::int64_t{128}})
      .uniform("dropout", 0.0, 0.4)
      .log_uniform("weight_decay", 1e-6, 1e-2)
      .constant("lr_schedule", "cosine");
  expected.scheduler = SuccessiveHalving{.eta = 4, .min_epochs = 1, .max_epochs = 64};
  expected.validation = Holdout{.valid = 0.2, .test = 0.2};
  expected.metric.name = "accuracy";
  expected.trials = 1024;
  expected.seed = 7;
  expect_same(sweep.study, expected);
  EXPECT_EQ(sweep.study.space.parameters().size(), 8u);
  EXPECT_EQ(sweep.study.space.dimensions(), 7);
}

// ---- defaults

TEST(Sweep, DefaultsAreThoseOfAStudyWithoutEarlyTermination) {
  Sweep const sweep = sweep_of("");
  Study expected;
  expected.scheduler = NoEarlyTermination{.max_epochs = 50};
  expect_same(sweep.study, expected);
  EXPECT_FALSE(sweep.time_limit_seconds);
  EXPECT_FALSE(sweep.dataset.task);
  EXPECT_FALSE(sweep.read.header);
  EXPECT_EQ(sweep.data_path, "d.csv");
  EXPECT_EQ(sweep.name, "file");
}

TEST(Sweep, SaysThatNothingIsSearched) {
  ASSERT_EQ(sweep_of("").notes.size(), 1u);
  EXPECT_NE(sweep_of("").notes[0].find("all 64 trials"), std::string::npos);
  EXPECT_TRUE(sweep_of("trials: 1\n").notes.empty());
}

TEST(Sweep, JsonReadsLikeYaml) {
  Sweep const yaml = sweep_of("trials: 12\nparameters:\n  hidden: {values: [[], [8]]}\n");
  Sweep const json = parse_sweep(
      "{\"data\": {\"file\": \"d.csv\", \"target\": \"y\"}, \"trials\": 12,\n"
      "\t\"parameters\": {\"hidden\": {\"values\": [[], [8]]}}}",
      "file.json");
  expect_same(yaml, json);
}

// ---- data

TEST(Sweep, ReadsAllKeysOfData) {
  Sweep const sweep = parse_sweep(
      "data:\n  file: sub/x.npy\n  target: [a, 7, b c]\n  format: npy\n  header: false\n"
      "  drop: [id, 3]\n  labels: y.npy\n  missing_indicator: true\n  bins: 8\n  weight: w\n"
      "  columns: {c1: categorical, a.b: numeric, 5: categorical}\ntask: multi_label\n",
      "dir/s.yaml");
  EXPECT_EQ(sweep.data_path, "dir/sub/x.npy");
  EXPECT_EQ(sweep.read.labels, "dir/y.npy");
  EXPECT_EQ(sweep.dataset.targets, (std::vector<std::string>{"a", "7", "b c"}));
  EXPECT_EQ(sweep.read.format, "npy");
  EXPECT_EQ(sweep.read.header, false);
  EXPECT_EQ(sweep.dataset.drop, (std::vector<std::string>{"id", "3"}));
  EXPECT_TRUE(sweep.dataset.missing_indicator);
  EXPECT_EQ(sweep.dataset.bins, 8);
  EXPECT_EQ(sweep.dataset.weight, "w");
  ASSERT_EQ(sweep.read.kinds.size(), 3u);
  EXPECT_EQ(sweep.read.kinds.at("c1"), ColumnKind::categorical);
  EXPECT_EQ(sweep.read.kinds.at("a.b"), ColumnKind::numeric);
  EXPECT_EQ(sweep.read.kinds.at("5"), ColumnKind::categorical);
  EXPECT_EQ(sweep.dataset.task, Task::multi_label);
  EXPECT_EQ(sweep.study.metric.name, "log_loss");  // the task's default
}

TEST(Sweep, RefusesBinsThatAreNoPieces) {
  for (char const* bins : {"1", "65", "-2", "many"}) {
    try {
      parse_sweep("data: {file: d.csv, target: y, bins: " + std::string(bins) + "}", "file");
      ADD_FAILURE() << bins;
    } catch (UsageError const& error) {
      std::string const what = error.what();
      EXPECT_EQ(what.rfind("file:1:38: data.bins: ", 0), 0u) << what;
      EXPECT_NE(what.find(bins), std::string::npos) << what;
    }
  }
}

TEST(Sweep, AbsolutePathsStayAsTheyAre) {
  EXPECT_EQ(parse_sweep("data: {file: /x/d.csv, target: y}", "dir/s.yaml").data_path, "/x/d.csv");
}

TEST(Sweep, TargetsMayCountFromTheEnd) {
  Sweep const sweep = parse_sweep("data: {file: d.csv, target: -1}", "file");
  EXPECT_EQ(sweep.dataset.targets, std::vector<std::string>{"-1"});
}

TEST(Sweep, WithLabelsTheTargetIsTheirColumn) {
  Sweep const sweep = parse_sweep("data: {file: x.idx, labels: y.idx}", "file");
  EXPECT_EQ(sweep.dataset.targets, std::vector<std::string>{"label"});
}

// ---- the study

TEST(Sweep, ReadsFoldsAndHoldoutWithRepeats) {
  auto const folds =
      std::get<Folds>(sweep_of("validation: {folds: 5, repeats: 2, test: 0}\n").study.validation);
  EXPECT_EQ(folds.folds, 5);
  EXPECT_EQ(folds.repeats, 2);
  EXPECT_EQ(folds.test, 0);
  auto const holdout =
      std::get<Holdout>(sweep_of("validation: {holdout: 0.3, repeats: 4}\n").study.validation);
  EXPECT_EQ(holdout.valid, 0.3);
  EXPECT_EQ(holdout.test, 0.2);
  EXPECT_EQ(holdout.repeats, 4);
}

TEST(Sweep, FoldsMayLeaveManyTestRows) {
  auto const folds =
      std::get<Folds>(sweep_of("validation: {folds: 3, test: 0.9}\n").study.validation);
  EXPECT_EQ(folds.test, 0.9);
}

TEST(Sweep, ValidationGoesByAColumn) {
  Sweep const groups = sweep_of("validation: {folds: 3, group: patient}\n");
  EXPECT_EQ(std::get<Folds>(groups.study.validation).by, SplitBy::group);
  EXPECT_EQ(groups.dataset.group, "patient");
  EXPECT_EQ(groups.places.at("validation.folds"), "file:2:21");
  EXPECT_EQ(groups.places.at("validation.group"), "file:2:31");
  Sweep const times = sweep_of("validation: {time: 7}\n");
  EXPECT_EQ(std::get<Holdout>(times.study.validation).by, SplitBy::time);
  EXPECT_EQ(times.dataset.time, "7");
  Sweep const given = sweep_of("validation: {fold: part, repeats: 3}\n");
  EXPECT_EQ(std::get<GivenFolds>(given.study.validation).repeats, 3);
  EXPECT_EQ(given.dataset.fold, "part");
  EXPECT_EQ(std::get<Holdout>(sweep_of("").study.validation).by, SplitBy::chance);
}

TEST(Sweep, ProblemsOfTheDataGetThePlaceOfTheirKey) {
  Sweep const sweep = sweep_of("validation: {folds: 3}\nmetric: {name: auc}\n");
  UsageError const found(std::vector<std::string>{
      "validation.folds is 3, but", "validation: in fold 0", "metric.name: auc has no value",
      "column 'a' is text", "validation.test 0.2 of 3 rows"});
  EXPECT_EQ(at_places(sweep, found).problems(),
            (std::vector<std::string>{"file:2:21: validation.folds is 3, but",
                                      "file:2:13: validation: in fold 0",
                                      "file:3:16: metric.name: auc has no value",
                                      "column 'a' is text", "validation.test 0.2 of 3 rows"}));
}

TEST(Sweep, MetricsOfValidationRowsAreTheMetrics) {
  EXPECT_EQ(sweep_of("metric: {name: val_loss}\n").study.metric.name, "loss");
  EXPECT_EQ(sweep_of("metric: {name: valid_rmse, goal: minimize}\n").study.metric.name, "rmse");
  EXPECT_EQ(sweep_of("metric: {name: r2, goal: maximize}\n").study.metric.name, "r2");
}

TEST(Sweep, TheMetricOfAQuantileIsPinballUnlessAnotherIsNamed) {
  EXPECT_EQ(sweep_of("task: regression\ntrain: {loss: quantile, tau: 0.9}\n").study.metric.name,
            "pinball");
  EXPECT_EQ(sweep_of("task: regression\ntrain: {loss: mse}\n").study.metric.name, "rmse");
  EXPECT_EQ(
      sweep_of("task: regression\nmetric: {name: mae}\ntrain: {loss: pinball}\n").study.metric.name,
      "mae");
}

TEST(Sweep, GoalsAgreeWithTheStudys) {
  for (auto const& [name, task] : {std::pair{"accuracy", Task::classification},
                                   {"loss", Task::classification},
                                   {"mse", Task::regression},
                                   {"rmse", Task::regression},
                                   {"mae", Task::regression},
                                   {"pinball", Task::regression},
                                   {"r2", Task::regression}}) {
    std::string const goal = higher_is_better(name, task) ? "maximize" : "minimize";
    EXPECT_EQ(sweep_of(std::string("metric: {name: ") + name + ", goal: " + goal + "}\n")
                  .study.metric.name,
              name);
  }
}

TEST(Sweep, ReadsTrialsSeedRefitAndTask) {
  Sweep const sweep = sweep_of(
      "trials: 100\nseed: 18446744073709551615\nrefit: false\ntask: regression\nmethod: random\n");
  EXPECT_EQ(sweep.study.trials, 100);
  EXPECT_EQ(sweep.study.seed, 18446744073709551615u);
  EXPECT_EQ(sweep.study.refit, Refit::no);
  EXPECT_EQ(sweep.dataset.task, Task::regression);
  EXPECT_EQ(sweep.study.metric.name, "rmse");
}

TEST(Sweep, RunCapIsTrialsAndLearningRateIsLr) {
  Sweep const sweep = sweep_of("run_cap: 9\nparameters: {learning_rate: {value: 1}}\n");
  EXPECT_EQ(sweep.study.trials, 9);
  ASSERT_NE(sweep.study.space.find("lr"), nullptr);
  EXPECT_EQ(sweep.study.space.find("lr")->values[0], Value(1.0));
  EXPECT_NE(sweep_of("train: {learning_rate: 0.5}\n").study.space.find("lr"), nullptr);
}

TEST(Sweep, ReadsTimesInSecondsMinutesAndHours) {
  EXPECT_EQ(sweep_of("time_limit: 60s\n").time_limit_seconds, 60);
  EXPECT_EQ(sweep_of("time_limit: 10m\n").time_limit_seconds, 600);
  EXPECT_EQ(sweep_of("time_limit: 1.5h\n").time_limit_seconds, 5400);
  EXPECT_EQ(sweep_of("time_limit: 0.5\n").time_limit_seconds, 0.5);
  EXPECT_EQ(sweep_of("time_limit: 90\n").time_limit_seconds, 90);
}

TEST(Sweep, NotesEachIgnoredKeyInOneLine) {
  Sweep const sweep = sweep_of(
      "program: train.py\ncommand: [python, {x: ~}]\nproject: p\nentity: e\nname: n\n"
      "description: d\nparameters: {dropout: {min: 0.0, max: 0.5}}\n");
  ASSERT_EQ(sweep.notes.size(), 6u);
  EXPECT_EQ(sweep.notes[0], "file:2:1: program is ignored");
  EXPECT_EQ(sweep.notes[1], "file:3:1: command is ignored");
  EXPECT_EQ(sweep.notes[4], "file:6:1: name is ignored");
  EXPECT_EQ(sweep.name, "file");
}

// ---- who trains how long

SuccessiveHalving halving_of(std::string const& rest) {
  return std::get<SuccessiveHalving>(sweep_of(rest).study.scheduler);
}

TEST(Sweep, ReadsSuccessiveHalving) {
  auto const all = halving_of(
      "early_terminate: {type: successive_halving, eta: 2, min_iter: 4, max_iter: 100, "
      "survivors: ceil, strict: true}\n");
  EXPECT_EQ(all.eta, 2);
  EXPECT_EQ(all.min_epochs, 4);
  EXPECT_EQ(all.max_epochs, 100);
  EXPECT_EQ(all.survivors, SuccessiveHalving::Survivors::ceil);
  auto const none = halving_of("early_terminate: {type: successive_halving}\n");
  EXPECT_EQ(none.eta, 3);
  EXPECT_EQ(none.min_epochs, 1);
  EXPECT_EQ(none.max_epochs, 81);
  EXPECT_EQ(none.survivors, SuccessiveHalving::Survivors::floor);
}

// Bands max_iter / eta^i of Weights & Biases: 18, eta 3, s 2 -> 2, 6; 81, s 3 -> 3, 9, 27.
TEST(Sweep, BandsCountedFromTheEndAreRungs) {
  auto const rungs = [](std::string const& settings) {
    std::vector<int> epochs;
    SchedulerChoice const halving =
        halving_of("early_terminate: {type: successive_halving, " + settings + "}\n");
    for (Rung const& rung : plan_rungs(halving, 1000))
      epochs.push_back(rung.epoch);
    return epochs;
  };
  EXPECT_EQ(rungs("max_iter: 18, s: 2"), (std::vector<int>{2, 6, 18}));
  EXPECT_EQ(rungs("max_iter: 81, s: 3"), (std::vector<int>{3, 9, 27, 81}));
  EXPECT_EQ(rungs("max_iter: 2, s: 9"), (std::vector<int>{1, 2}));
  // No multiples of a first one: int(max_iter / eta^i), as wandb/sweeps has them.
  EXPECT_EQ(rungs("max_iter: 10, eta: 2, s: 3"), (std::vector<int>{1, 2, 5, 10}));
  EXPECT_EQ(rungs("max_iter: 15, eta: 2, s: 2"), (std::vector<int>{3, 7, 15}));
  EXPECT_EQ(rungs("max_iter: 19, s: 2"), (std::vector<int>{2, 6, 19}));
}

TEST(Sweep, ScalarsStandForSectionsThatTheyName) {
  EXPECT_EQ(sweep_of("metric: auc\n").study.metric.name, "auc");
  EXPECT_TRUE(std::holds_alternative<NoEarlyTermination>(
      sweep_of("early_terminate: none\n").study.scheduler));
  EXPECT_TRUE(std::holds_alternative<NoEarlyTermination>(
      sweep_of("early_terminate: null\n").study.scheduler));
  EXPECT_TRUE(
      std::holds_alternative<Hyperband>(sweep_of("early_terminate: hyperband\n").study.scheduler));
}

TEST(Sweep, HyperbandIsAllBracketsWithoutBandsAndOneBracketWithThem) {
  Sweep const all = sweep_of("early_terminate: {type: hyperband, max_iter: 27}\n");
  auto const& hyperband = std::get<Hyperband>(all.study.scheduler);
  EXPECT_EQ(hyperband.eta, 3);
  EXPECT_EQ(hyperband.max_epochs, 27);
  EXPECT_EQ(all.study.trials, 49);  // one pass, unless trials says otherwise
  ASSERT_EQ(all.notes.size(), 2u);  // the other: that nothing is searched
  EXPECT_EQ(all.notes[0],
            "file:2:25: early_terminate: hyperband is read as all 4 brackets of R = 27, 49 trials "
            "a pass; with s or min_iter it is one bracket");
  EXPECT_EQ(sweep_of("early_terminate: {type: hyperband}\ntrials: 200\n").study.trials, 200);
  EXPECT_EQ(
      std::get<Hyperband>(
          sweep_of("early_terminate: {type: hyperband}\ntrain: {epochs: 9}\n").study.scheduler)
          .max_epochs,
      9);

  // Bands of Weights & Biases, as under successive_halving.
  Sweep const bands =
      sweep_of("early_terminate: {type: hyperband, max_iter: 18, s: 2, strict: true}\n");
  auto const& halving = std::get<SuccessiveHalving>(bands.study.scheduler);
  EXPECT_EQ(halving.min_epochs, 2);
  EXPECT_EQ(halving.max_epochs, 18);
  EXPECT_EQ(bands.study.trials, 64);
  ASSERT_EQ(bands.notes.size(), 2u);
  EXPECT_EQ(bands.notes[0],
            "file:2:25: early_terminate: hyperband with s is read as one bracket whose rungs end "
            "at epochs 2, 6, 18");
  Sweep const min_iter = sweep_of("early_terminate: {type: hyperband, min_iter: 3}\n");
  EXPECT_EQ(std::get<SuccessiveHalving>(min_iter.study.scheduler).min_epochs, 3);
}

TEST(Sweep, ReadsTheOtherSchedulers) {
  auto const asha = std::get<Asha>(
      sweep_of("early_terminate: {type: asha, eta: 4, min_iter: 2, max_iter: 32, workers: 8}\n")
          .study.scheduler);
  EXPECT_EQ(asha.eta, 4);
  EXPECT_EQ(asha.min_epochs, 2);
  EXPECT_EQ(asha.max_epochs, 32);
  EXPECT_EQ(asha.workers, 8);
  EXPECT_EQ(std::get<Asha>(sweep_of("early_terminate: {type: asha}\n").study.scheduler).workers,
            64);
  auto const median =
      std::get<MedianStopping>(sweep_of("early_terminate: {type: median, max_iter: 40, interval: "
                                        "4, warmup_iter: 8, startup_trials: 7}\n")
                                   .study.scheduler);
  EXPECT_EQ(median.max_epochs, 40);
  EXPECT_EQ(median.interval, 4);
  EXPECT_EQ(median.warmup_epochs, 8);
  EXPECT_EQ(median.startup_trials, 7);
  auto const rounds = std::get<PopulationBased>(
      sweep_of("early_terminate: {type: pbt, interval: 4, quantile: 0.2, resample: 0}\n"
               "train: {epochs: 20}\n")
          .study.scheduler);
  EXPECT_EQ(rounds.max_epochs, 20);
  EXPECT_EQ(rounds.interval, 4);
  EXPECT_EQ(rounds.quantile, 0.2);
  EXPECT_EQ(rounds.resample, 0);
  EXPECT_EQ(std::get<PopulationBased>(
                sweep_of("early_terminate: {type: pbt, max_iter: 3}\n").study.scheduler)
                .interval,
            3);
}

TEST(Sweep, EpochsAreTheSchedulersAndNotInTheSpace) {
  for (char const* epochs : {"train: {epochs: 20}\n", "parameters: {epochs: {value: 20}}\n",
                             "early_terminate: {type: none}\ntrain: {epochs: 20}\n"}) {
    SCOPED_TRACE(epochs);
    Sweep const sweep = sweep_of(epochs);
    EXPECT_EQ(std::get<NoEarlyTermination>(sweep.study.scheduler).max_epochs, 20);
    EXPECT_TRUE(sweep.study.space.parameters().empty());
  }
  std::string const halving = "early_terminate: {type: successive_halving";
  EXPECT_EQ(halving_of(halving + ", max_iter: 20}\ntrain: {epochs: 20}\n").max_epochs, 20);
  EXPECT_EQ(halving_of(halving + "}\ntrain: {epochs: 20}\n").max_epochs, 20);
}

// ---- distributions

struct Law {
  char const* name;
  char const* written;
  Parameter expected;
};
std::ostream& operator<<(std::ostream& out, Law const& law) {
  return out << law.name;
}

class SweepDistribution : public testing::TestWithParam<Law> {};

TEST_P(SweepDistribution, IsReadWithItsKeys) {
  expect_same(parameter_of(GetParam().written), GetParam().expected);
}

Parameter law(std::string name, Distribution distribution) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.distribution = distribution;
  return parameter;
}
Parameter range(std::string name, Distribution distribution, double min, double max, double q = 0) {
  Parameter parameter = law(std::move(name), distribution);
  parameter.min = min;
  parameter.max = max;
  parameter.q = q;
  return parameter;
}
Parameter bell(Distribution distribution, double mu, double sigma, double q = 0) {
  Parameter parameter = law("lr", distribution);
  parameter.mu = mu;
  parameter.sigma = sigma;
  parameter.q = q;
  return parameter;
}
Parameter list(std::string name, std::vector<Value> values,
               std::vector<double> probabilities = {}) {
  Parameter parameter = law(std::move(name), Distribution::categorical);
  parameter.values = std::move(values);
  parameter.probabilities = std::move(probabilities);
  return parameter;
}
Parameter fixed(std::string name, Value value) {
  Parameter parameter = law(std::move(name), Distribution::constant);
  parameter.values = {std::move(value)};
  return parameter;
}

using enum Distribution;
constexpr std::int64_t k16 = 16, k32 = 32;

INSTANTIATE_TEST_SUITE_P(
    Laws, SweepDistribution,
    testing::Values(
        Law{"implied_constant", "lr: {value: 0.1}", fixed("lr", 0.1)},
        Law{"named_constant", "lr: {distribution: constant, value: 1}", fixed("lr", 1.0)},
        Law{"whole_real_for_integer", "batch_size: {value: 32.0}", fixed("batch_size", k32)},
        Law{"constant_text", "loss: {value: bce}", fixed("loss", "bce")},
        Law{"constant_list", "hidden: {value: []}", fixed("hidden", Widths{})},
        Law{"constant_reals", "layer_lr: {value: [1, 0.5]}",
            fixed("layer_lr", std::vector<double>{1, 0.5})},
        Law{"implied_categorical", "batch_size: {values: [16, 3.2e1]}",
            list("batch_size", {k16, k32})},
        Law{"named_categorical", "optimizer: {distribution: categorical, values: [sgd]}",
            list("optimizer", {"sgd"})},
        Law{"probabilities", "optimizer: {values: [sgd, adam], probabilities: [0.25, 0.75]}",
            list("optimizer", {"sgd", "adam"}, {0.25, 0.75})},
        Law{"lists_to_choose_from", "hidden: {values: [[], [8], [8, 4.0]]}",
            list("hidden", {Widths{}, Widths{8}, Widths{8, 4}})},
        Law{"ordinal", "batch_size: {distribution: ordinal, values: [32, 16]}",
            Parameter{
                .name = "batch_size", .distribution = Distribution::ordinal, .values = {k32, k16}}},
        Law{"implied_int_uniform", "batch_size: {min: 16, max: 32}",
            range("batch_size", int_uniform, 16, 32)},
        Law{"named_int_uniform", "batch_size: {distribution: int_uniform, min: 16.0, max: 32}",
            range("batch_size", int_uniform, 16, 32)},
        Law{"implied_uniform", "dropout: {min: 0.0, max: 0.5}", range("dropout", uniform, 0, 0.5)},
        Law{"implied_uniform_by_one_end", "dropout: {min: 0, max: 0.5}",
            range("dropout", uniform, 0, 0.5)},
        Law{"named_uniform", "lr: {distribution: uniform, min: 1, max: 2}",
            range("lr", uniform, 1, 2)},
        Law{"q_uniform", "dropout: {distribution: q_uniform, min: 0, max: 0.5, q: 0.1}",
            range("dropout", q_uniform, 0, 0.5, 0.1)},
        Law{"q_uniform_of_integers",
            "batch_size: {distribution: q_uniform, min: 16, max: 256, q: 16}",
            range("batch_size", q_uniform, 16, 256, 16)},
        Law{"log_uniform_values", "lr: {distribution: log_uniform_values, min: 1e-4, max: 0.1}",
            range("lr", log_uniform_values, 1e-4, 0.1)},
        Law{"inv_log_uniform_values",
            "lr: {distribution: inv_log_uniform_values, min: 1e-4, max: 0.1}",
            range("lr", inv_log_uniform_values, 1e-4, 0.1)},
        Law{"q_log_uniform_values",
            "batch_size: {distribution: q_log_uniform_values, min: 8, max: 512, q: 8}",
            range("batch_size", q_log_uniform_values, 8, 512, 8)},
        Law{"normal", "lr: {distribution: normal, mu: 0.1, sigma: 0.02}", bell(normal, 0.1, 0.02)},
        Law{"q_normal", "lr: {distribution: q_normal, mu: 0.5, sigma: 0.1, q: 0.01}",
            bell(q_normal, 0.5, 0.1, 0.01)},
        Law{"log_normal", "lr: {distribution: log_normal, mu: -4, sigma: 1}",
            bell(log_normal, -4, 1)}),
    [](auto const& info) { return std::string(info.param.name); });

TEST(Sweep, SaysThatWholeEndsDrawWholeNumbersOfAReal) {
  Sweep const sweep = sweep_of("parameters: {clip_norm: {min: 1, max: 5}}\n");
  EXPECT_EQ(sweep.study.space.find("clip_norm")->distribution, int_uniform);
  ASSERT_EQ(sweep.notes.size(), 1u);
  EXPECT_EQ(sweep.notes[0].substr(0, 27), "file:2:25: clip_norm: min 1");
  EXPECT_TRUE(sweep_of("parameters: {batch_size: {min: 1, max: 5}}\n").notes.empty());
}

TEST(Sweep, FixedHyperparametersFollowTheSearchedOnes) {
  Sweep const sweep = sweep_of(
      "train: {lr: 1, batch_size: 64, lr_schedule: cosine}\n"
      "network: {hidden: [64, 32], bias_init: zeros}\n"
      "parameters: {dropout: {min: 0.0, max: 0.1}, beta1: {value: 0}}\n");
  SearchSpace expected;
  expected.uniform("dropout", 0, 0.1)
      .constant("beta1", 0.0)
      .constant("hidden", Widths{64, 32})
      .constant("bias_init", "zeros")
      .constant("lr", 1.0)
      .constant("batch_size", std::int64_t{64})
      .constant("lr_schedule", "cosine");
  expect_same(sweep.study.space, expected);
}

TEST(Sweep, EveryHyperparameterCanBeFixedAtItsDefault) {
  for (HyperparameterInfo const& info : hyperparameters()) {
    if (info.default_text.starts_with("by ")) continue;
    std::string const key(info.name);
    Sweep const sweep =
        sweep_of(std::string(info.group) + ": {" + key + ": " + info.default_text + "}\n");
    if (key == "epochs") continue;
    ASSERT_NE(sweep.study.space.find(key), nullptr) << key;
    EXPECT_EQ(to_text(sweep.study.space.find(key)->values[0]), info.default_text);
  }
}

TEST(Sweep, DrawsFromEveryDistributionAreGoodHyperparameters) {
  Sweep const sweep = sweep_of(
      "parameters:\n"
      "  dropout: {distribution: q_uniform, min: 0, max: 0.9, q: 0.1}\n"
      "  lr: {distribution: log_normal, mu: -5, sigma: 1}\n"
      "  momentum: {distribution: normal, mu: 0.5, sigma: 0.1}\n"
      "  clip_norm: {min: 0, max: 9}\n"
      "  batch_size: {distribution: q_log_uniform_values, min: 1, max: 4096, q: 8}\n"
      "  patience: {distribution: q_normal, mu: 20, sigma: 4, q: 2}\n");
  SearchSpace const& space = sweep.study.space;
  for (double const at : {0.0, 0.3, 0.5, 0.999999999999}) {
    Config const config = space.decode(std::vector<double>(6, at));
    EXPECT_TRUE(check(config, Task::classification).empty())
        << check(config, Task::classification).at(0);
  }
}

// ---- files

TEST(Sweep, WidthsOfLayersAreThereWhereTheLayersAre) {
  Sweep const sweep = sweep_of(
      "parameters:\n  layers: {distribution: ordinal, values: [2, 3, 4]}\n"
      "  width_1: {min: 4, max: 8}\n  width_2: {min: 4, max: 8}\n  width_3: {min: 4, max: 8}\n"
      "  width_4: {value: 5}\n");
  auto const& space = sweep.study.space;
  EXPECT_TRUE(space.find("width_1")->when.empty());
  EXPECT_TRUE(space.find("width_2")->when.empty());
  EXPECT_EQ(space.find("width_3")->when,
            (std::vector<Condition>{{"layers", {std::int64_t{3}, std::int64_t{4}}}}));
  EXPECT_EQ(space.find("width_4")->when, (std::vector<Condition>{{"layers", {std::int64_t{4}}}}));
  EXPECT_EQ(space.size(), 25 + 125 + 125);
  Sweep const fixed = sweep_of("network: {layers: 2}\nparameters: {width_2: {min: 4, max: 8}}\n");
  EXPECT_TRUE(fixed.study.space.find("width_2")->when.empty());
}

TEST(Sweep, DropoutsOfLayersAreThereWhereTheLayersAre) {
  using Whole = std::int64_t;
  using Wholes = std::vector<Whole>;
  std::string const dropouts = "  dropout_1: {min: 0.0, max: 0.5}\n  dropout_2: {value: 0.2}\n";
  auto const when = [](Sweep const& sweep, std::string_view name) {
    return sweep.study.space.find(name)->when;
  };
  Sweep const counted =
      sweep_of("parameters:\n  layers: {min: 1, max: 3}\n  width: {value: 8}\n" + dropouts);
  EXPECT_TRUE(when(counted, "dropout_1").empty());
  EXPECT_EQ(when(counted, "dropout_2"), (std::vector<Condition>{{"layers", {Whole{2}, Whole{3}}}}));
  Sweep const listed =
      sweep_of("parameters:\n  hidden: {values: [[], [8], [8, 4], [4, 4, 2]]}\n" + dropouts);
  EXPECT_EQ(when(listed, "dropout_1"),
            (std::vector<Condition>{{"hidden", {Wholes{8}, Wholes{8, 4}, Wholes{4, 4, 2}}}}));
  EXPECT_EQ(when(listed, "dropout_2"),
            (std::vector<Condition>{{"hidden", {Wholes{8, 4}, Wholes{4, 4, 2}}}}));
  for (char const* fixed : {"network: {layers: 2}\n", "network: {hidden: [8, 8]}\n", ""}) {
    std::string const text = std::string("parameters:\n  dropout_1: {min: 0.0, max: 0.5}\n");
    EXPECT_TRUE(when(sweep_of(fixed + text), "dropout_1").empty()) << fixed;
  }
  Sweep const own = sweep_of(
      "parameters:\n  hidden: {values: [[8], [8, 4]]}\n"
      "  dropout_1: {values: [0.1, 0.2], when: {hidden: [8, 4]}}\n");
  EXPECT_EQ(when(own, "dropout_1"), (std::vector<Condition>{{"hidden", {Wholes{8, 4}}}}));
}

TEST(Sweep, RefusesAFileThatIsNotThere) {
  std::string const message = message_of([] { read_sweep("no/such/sweep.yaml"); });
  EXPECT_EQ(message.substr(0, 20), "no/such/sweep.yaml: ");
}

TEST(Sweep, TimeLimitsHaveTheUnitsOfTheCommandLine) {
  for (auto const& [text, seconds] : {std::pair{"90", 90.0},
                                      {"1e2", 100.0},
                                      {"500ms", 0.5},
                                      {"90s", 90.0},
                                      {"1.5m", 90.0},
                                      {"2h", 7200.0},
                                      {"1d", 86400.0}}) {
    EXPECT_EQ(sweep_of(std::string("time_limit: ") + text + "\n").time_limit_seconds, seconds)
        << text;
  }
}

}  // namespace
}  // namespace brood::files
