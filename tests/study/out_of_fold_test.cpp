// SPDX-License-Identifier: Apache-2.0
// What predicts, scored on the rows that chose it: what is told is corrected for the choice, so
// that noise stays noise; by rows and by groups; and the same however the study was run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "study/corrected_score.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

// Labels are a coin's, whatever the inputs are.
OwnedTable noise(int rows, std::uint32_t seed) {
  OwnedTable table = blobs(rows, 4, 2, seed);
  Uniform draw(seed + 100);
  for (float& label : table.y)
    label = static_cast<float>(draw.below(2));
  return table;
}

// Many trials, all trained as far, so that all are chosen from in the end.
Study many_trials(Validation validation = Folds{.folds = 3, .test = 0}) {
  Study study;
  study.space.constant("hidden", Widths{8})
      .log_uniform("lr", 1e-3, 0.3)
      .integer("batch_size", 4, 32);
  study.scheduler = NoEarlyTermination{4};
  study.validation = validation;
  study.trials = 40;
  study.seed = 3;
  return study;
}

Result tuned(OwnedTable const& table, Study const& study) {
  Engine engine({.device = "cpu", .threads = 2});
  return tune(engine, engine.load(table.table()), study);
}

double named(NamedScores const& scores, std::string const& name) {
  for (auto const& [each, value] : scores) {
    if (each == name) return value;
  }
  return std::nan("");
}

// Of eight tables of noise, what is chosen is right more often than chance on the rows that chose
// it; on others it cannot be. 60 rows: chance deviates by 0.065 a table, and by 0.023 in the mean.
TEST(OutOfFoldScore, OfNoiseIsNoBetterThanChance) {
  for (int const ensemble : {0, 8}) {
    SCOPED_TRACE(ensemble);
    constexpr int kTables = 8;
    double plain = 0, corrected = 0;
    int held = 0;
    for (int table = 0; table < kTables; ++table) {
      Study study = many_trials();
      study.metric.name = "accuracy";
      study.ensemble = ensemble;
      study.refit = ensemble > 0 ? Refit::no : Refit::yes;
      Result const result = tuned(noise(60, static_cast<std::uint32_t>(table)), study);
      plain += (ensemble > 0 ? result.ensemble_valid : result.valid) / kTables;
      corrected += result.out_of_fold.score / kTables;
      EXPECT_GT(result.out_of_fold.draws, 100);
      held += result.out_of_fold.low <= 0.5 && 0.5 <= result.out_of_fold.high ? 1 : 0;
    }
    EXPECT_GT(plain, 0.5 + 0.09);  // four deviations
    EXPECT_NEAR(corrected, 0.5, 2 * 0.023);
    EXPECT_GE(held, kTables - 1);
  }
}

TEST(OutOfFoldScore, OfOneTrialIsItsScore) {
  Study study = many_trials();
  study.trials = 1;
  study.calibrate.temperature = false;
  Result const result = tuned(blobs(300, 4, 2), study);
  OutOfFoldScore const& told = result.out_of_fold;
  EXPECT_EQ(told.rows, 300);
  EXPECT_EQ(told.draws, 200);
  EXPECT_LT(told.low, told.score);
  EXPECT_LT(told.score, told.high);
  // Nothing was chosen: 200 draws of a third of the rows, around the score of all.
  double const deviation = (told.high - told.low) / 4;
  EXPECT_NEAR(told.score, result.valid, 4 * deviation / std::sqrt(200));
  EXPECT_EQ(named(told.metrics, "log_loss"), told.score);
  EXPECT_GT(named(told.metrics, "accuracy"), 0.7);
}

TEST(OutOfFoldScore, IsThereOnlyWithoutTestRows) {
  Study study = many_trials(Holdout{});
  Result const tested = tuned(blobs(200, 4, 2), study);
  EXPECT_EQ(tested.out_of_fold.rows, 0);
  EXPECT_EQ(tested.out_of_fold.draws, 0);
  EXPECT_TRUE(std::isnan(tested.out_of_fold.score));
  EXPECT_TRUE(tested.judged.empty());
  study.validation = Holdout{.test = 0};
  Result const result = tuned(blobs(200, 4, 2), study);
  EXPECT_TRUE(std::isnan(result.test));
  EXPECT_EQ(result.out_of_fold.rows, 40);
  EXPECT_TRUE(std::isfinite(result.out_of_fold.score));
}

// A row's predictions by several repeats are of one row.
TEST(OutOfFoldScore, DrawsRowsAndNotPredictions) {
  Study study = many_trials(Folds{.folds = 3, .repeats = 4, .test = 0});
  for (int const ensemble : {0, 4}) {
    study.ensemble = ensemble;
    study.refit = ensemble > 0 ? Refit::no : Refit::yes;
    OutOfFoldScore const told = tuned(blobs(150, 5, 3), study).out_of_fold;
    EXPECT_EQ(told.rows, 150);
    // A third of 150 rows says as little, however often each was predicted.
    EXPECT_GT(told.high - told.low, 0.02);
  }
}

void expect_same_told(OutOfFoldScore const& a, OutOfFoldScore const& b) {
  EXPECT_TRUE(same_bits(a.score, b.score)) << a.score << ", " << b.score;
  EXPECT_TRUE(same_bits(a.low, b.low));
  EXPECT_TRUE(same_bits(a.high, b.high));
  EXPECT_EQ(a.draws, b.draws);
  EXPECT_EQ(a.rows, b.rows);
  ASSERT_EQ(a.metrics.size(), b.metrics.size());
  for (std::size_t i = 0; i < a.metrics.size(); ++i) {
    EXPECT_EQ(a.metrics[i].first, b.metrics[i].first);
    EXPECT_TRUE(same_bits(a.metrics[i].second, b.metrics[i].second)) << a.metrics[i].first;
  }
  EXPECT_TRUE(same_bits(a.coverage, b.coverage));
}

TEST(OutOfFoldScore, ThreadsMemoryAndStatesChangeNothing) {
  OwnedTable const table = small_blobs();
  for (int const ensemble : {0, 6}) {
    Study study = varied_study(Folds{.folds = 3, .repeats = 2, .test = 0});
    study.trials = 12;
    study.final_repeats = 3;
    study.ensemble = ensemble;
    study.refit = ensemble > 0 ? Refit::no : Refit::yes;
    Engine one({.device = "cpu", .threads = 1});
    Data const data = one.load(table.table());
    Result const whole = tune(one, data, study);
    EXPECT_GT(whole.out_of_fold.draws, 0);
    Engine three({.device = "cpu", .threads = 3, .memory_limit = 200'000});
    expect_same_told(tune(three, three.load(table.table()), study).out_of_fold, whole.out_of_fold);
    StudyState state;
    bool goes_on = true, fresh = true;
    while (goes_on) {
      StudyRun run(one, data, study, fresh ? nullptr : &state);
      fresh = false;
      goes_on = run.advance();
      state = load_state(save(run.state()));
    }
    Result const resumed = StudyRun(one, data, study, &state).finish();
    expect_same_told(resumed.out_of_fold, whole.out_of_fold);
    EXPECT_TRUE(same_bits(resumed.trials, whole.trials));
    for (std::size_t i = 0; i < whole.trials.size(); ++i)
      EXPECT_TRUE(same_bits(resumed.trials[i].accuracy, whole.trials[i].accuracy));
  }
}

// Ten groups of thirty rows that are of one class each: by rows a group's rows would be on both
// sides, and so few groups would seem to say much.
TEST(OutOfFoldScore, DrawsWholeGroups) {
  constexpr int kGroups = 10, kEach = 30;
  OwnedTable owned = noise(kGroups * kEach, 5);
  std::vector<std::int32_t> keys;
  for (int row = 0; row < kGroups * kEach; ++row) {
    keys.push_back(row / kEach);
    owned.y[static_cast<std::size_t>(row)] = static_cast<float>(row / kEach % 2);
  }
  Table table = owned.table();
  table.keys = keys;
  Study study = many_trials(Folds{.folds = 5, .test = 0, .by = SplitBy::group});
  study.trials = 3;
  study.metric.name = "accuracy";
  Engine engine({.device = "cpu", .threads = 1});
  Result const by_group = tune(engine, engine.load(table), study);
  study.validation = Folds{.folds = 5, .test = 0};
  Result const by_row = tune(engine, engine.load(table), study);
  ASSERT_GT(by_group.out_of_fold.draws, 0);
  EXPECT_GT(by_group.out_of_fold.high - by_group.out_of_fold.low,
            1.5 * (by_row.out_of_fold.high - by_row.out_of_fold.low));
}

TEST(OutOfFoldScore, ByTimeIsNotCorrected) {
  OwnedTable owned = regression(120, 3);
  std::vector<std::int32_t> keys(120);
  std::iota(keys.begin(), keys.end(), 0);
  Table table = owned.table();
  table.keys = keys;
  Study study = many_trials(Folds{.folds = 3, .test = 0, .by = SplitBy::time});
  Engine engine({.device = "cpu", .threads = 1});
  Result const result = tune(engine, engine.load(table), study);
  EXPECT_EQ(result.out_of_fold.draws, 0);
  EXPECT_TRUE(std::isfinite(result.out_of_fold.score));
  EXPECT_TRUE(std::isnan(result.out_of_fold.low));
  EXPECT_TRUE(std::isnan(result.out_of_fold.high));
  EXPECT_EQ(result.out_of_fold.rows, 90);  // the first window only trains
}

// Intervals that are fitted on rows hold as many of others.
TEST(OutOfFoldScore, IntervalsHoldAsOftenAsIsSaid) {
  Study study = many_trials();
  study.trials = 2;
  study.ensemble = 2;
  study.refit = Refit::no;
  Result const result = tuned(regression(900, 3), study);
  auto const& intervals = result.ensemble.calibration.intervals;
  ASSERT_EQ(intervals.size(), 5u);
  ASSERT_EQ(result.out_of_fold.coverage.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_NEAR(result.out_of_fold.coverage[i], intervals[i].coverage, 0.02);
}

// The judged networks predict each row as the study did.
TEST(OutOfFoldScore, JudgedNetworksAreThoseThatWereNotTrainedOnTheRow) {
  OwnedTable const table = blobs(150, 5, 3);
  Study study = varied_study(Folds{.folds = 3, .repeats = 2, .test = 0});
  study.ensemble = 6;
  study.refit = Refit::no;
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Result const result = tune(engine, data, study);
  auto const splits = make_splits(table.table(), study.validation, study.seed).splits;
  ASSERT_FALSE(result.judged.empty());
  double weight = 0, alone = 0;
  for (JudgedNetwork const& network : result.judged) {
    bool const is_fold = std::any_of(splits.begin(), splits.end(), [&](Split const& split) {
      return *split.valid == *network.rows;
    });
    EXPECT_TRUE(is_fold);
    weight += network.weight;
    alone += network.alone;
  }
  int picks = 0;
  for (auto const& part : result.ensemble.parts)
    picks += part.count;
  // A pick is six networks, which count together as often as there are folds.
  EXPECT_DOUBLE_EQ(weight, picks / 6.0 * 3);
  EXPECT_EQ(alone, 3);
}

TEST(Redrawing, KeepsTheWorkWithinABound) {
  Redrawing const few = redrawing(32, 50, 200);
  EXPECT_EQ(few.draws, 200);
  EXPECT_EQ(few.candidates, 50u);
  Redrawing const more = redrawing(32, 50, 1000);
  EXPECT_EQ(more.draws, 62);
  EXPECT_EQ(more.candidates, 50u);
  Redrawing const many = redrawing(32, 50, 5000);
  EXPECT_EQ(many.draws, 40);
  EXPECT_EQ(many.candidates, 15u);
  EXPECT_EQ(redrawing(32, 50, 1'000'000).candidates, 5u);
  EXPECT_EQ(redrawing(32, 3, 1'000'000).candidates, 3u);
}

// ---- Refit::all

TEST(RefitAll, TheScoreStaysAndTheNetworksAreOfEveryRow) {
  OwnedTable const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  for (int const ensemble : {0, 5}) {
    Study study = varied_study(Folds{.folds = 2, .test = 0.2});
    study.ensemble = ensemble;
    Result const before = tune(engine, data, study);
    study.refit = Refit::all;
    StudyPlan const planned = plan(engine, data, study);
    Result const after = tune(engine, data, study);
    EXPECT_TRUE(same_bits(before.test, after.test));
    EXPECT_TRUE(same_bits(before.ensemble_test, after.ensemble_test));
    EXPECT_TRUE(same_bits(before.valid, after.valid));
    EXPECT_EQ(before.model.calibration, after.model.calibration);
    EXPECT_EQ(after.refit_epochs, 2 * before.refit_epochs);
    EXPECT_EQ(after.refit_epochs, planned.refit_epochs);
    EXPECT_FALSE(same_bits(before.model.layers, after.model.layers));
    EXPECT_EQ(before.trained->size(), 120u);
    EXPECT_EQ(after.trained->size(), 150u);
    // The winner's network, trained alone on every row.
    TrialResult const& best = trial_of(after, after.best);
    Config config = best.config;
    config.set("patience", std::int64_t{0});
    config.set("epochs", std::int64_t{9});
    auto const transform =
        std::make_shared<Transform const>(fit_transform(table.table(), *after.trained));
    Population population(engine);
    auto const ids =
        population.admit({{.config = config,
                           .seed = member_seed(study.seed, static_cast<std::uint32_t>(best.id), 0),
                           .table = data.id(),
                           .train_rows = after.trained,
                           .transform = transform}},
                         data);
    population.train(ids, 9, 0);
    EXPECT_TRUE(same_bits(after.model.layers, population.weights(ids).front()));
    ASSERT_EQ(before.ensemble.parts.size(), after.ensemble.parts.size());
    for (std::size_t i = 0; i < after.ensemble.parts.size(); ++i) {
      EXPECT_EQ(before.ensemble.parts[i].trial, after.ensemble.parts[i].trial);
      EXPECT_FALSE(
          same_bits(before.ensemble.parts[i].model.layers, after.ensemble.parts[i].model.layers));
    }
    // What may be looked at on the test rows are the networks before.
    ASSERT_FALSE(after.judged.empty());
    EXPECT_EQ(after.judged.front().rows->size(), 30u);
    bool const are_before =
        std::any_of(after.judged.begin(), after.judged.end(), [&](JudgedNetwork const& network) {
          return same_bits(network.model.layers, before.model.layers);
        });
    EXPECT_TRUE(are_before);
  }
}

TEST(RefitAll, WithoutTestRowsIsARefit) {
  OwnedTable const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Study study = varied_study(Folds{.folds = 2, .test = 0});
  Result const before = tune(engine, data, study);
  study.refit = Refit::all;
  expect_same(tune(engine, data, study), before);
}

TEST(RefitAll, GoingOnFromAStateGivesTheSameBits) {
  OwnedTable const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Study study = varied_study(Folds{.folds = 2, .test = 0.2});
  study.refit = Refit::all;
  study.ensemble = 4;
  Result const straight = tune(engine, data, study);
  StudyRun first(engine, data, study);
  ASSERT_TRUE(first.advance());
  StudyState const state = load_state(save(first.state()));
  StudyRun second(engine, data, study, &state);
  while (second.advance()) {
  }
  Result const resumed = second.finish();
  expect_same(resumed, straight);
  for (std::size_t i = 0; i < straight.ensemble.parts.size(); ++i) {
    EXPECT_TRUE(
        same_bits(resumed.ensemble.parts[i].model.layers, straight.ensemble.parts[i].model.layers));
  }
}

}  // namespace
}  // namespace brood
