// SPDX-License-Identifier: Apache-2.0
// A trial trained again by itself is what it was in its study, to the last bit, whatever scheduled
// it; and what a study reports of each trial.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;

struct Alone {
  char const* name;
  SchedulerChoice scheduler;
  Validation validation = Folds{.folds = 3, .repeats = 2, .test = 0.2};
  int final_repeats = 1;
  bool patient = false;
  bool refit = true;
  char const* metric = "";
  std::optional<int> stop_epochs = {};
  bool numbers = false;
};

class TrainAlone : public testing::TestWithParam<Alone> {
 protected:
  TrainAlone()
      : table_(small_blobs()),
        engine_({.device = "cpu", .threads = 1}),
        data_(engine_.load(table_.table())) {}

  Study study() const {
    Study study = varied_study(GetParam().validation);
    if (GetParam().numbers) study = with_numbers(study);
    study.scheduler = GetParam().scheduler;
    study.final_repeats = GetParam().final_repeats;
    study.refit = GetParam().refit ? Refit::yes : Refit::no;
    study.metric.name = GetParam().metric;
    study.stop.epochs = GetParam().stop_epochs;
    if (GetParam().patient) study.space.constant("patience", 1);
    return study;
  }

  fixtures::OwnedTable table_;
  Engine engine_;
  Data data_;
};

TEST_P(TrainAlone, EachTrialIsWhatItWasInTheStudy) {
  Study const own = study();
  Result const whole = tune(engine_, data_, own);
  for (TrialResult const& trial : whole.trials) {
    SCOPED_TRACE("trial " + std::to_string(trial.id));
    // What trials.csv holds of it is enough.
    TrialResult const former{
        .id = trial.id, .state = trial.state, .epochs = trial.epochs, .config = trial.config};
    Result const alone = train_alone(engine_, data_, own, former);
    ASSERT_EQ(alone.trials.size(), 1u);
    TrialResult expected = trial;
    expected.rank = 1;
    EXPECT_TRUE(same_bits(alone.trials.front(), expected))
        << alone.trials.front().score << ", " << trial.score;
    EXPECT_TRUE(same_bits(alone.valid, trial.score));
    std::vector<CurvePoint> points;
    std::copy_if(whole.curves.begin(), whole.curves.end(), std::back_inserter(points),
                 [&](CurvePoint const& point) { return point.trial == trial.id; });
    // The study computes the others at every rung, and has lines of members that do not count.
    if (own.metric.name.empty() && !own.stop.epochs) {
      EXPECT_TRUE(same_bits(alone.curves, points));
    }
    EXPECT_EQ(alone.best, trial.id);
    if (trial.id != whole.best) continue;
    EXPECT_TRUE(same_bits(alone.model.layers, whole.model.layers)) << "the winner's network";
    EXPECT_TRUE(same_bits(alone.model.transform.shift, whole.model.transform.shift));
    EXPECT_EQ(alone.model.config, whole.model.config);
    EXPECT_EQ(alone.refit_epochs, whole.refit_epochs);
    EXPECT_TRUE(same_bits(alone.test, whole.test));
  }
}

TEST_P(TrainAlone, WhatIsReportedOfTrialsHangsTogether) {
  Study const own = study();
  Result const result = tune(engine_, data_, own);
  auto const planned = plan(engine_, data_, own);
  std::size_t const folds = std::holds_alternative<Folds>(own.validation)
                                ? static_cast<std::size_t>(std::get<Folds>(own.validation).folds)
                                : 0;
  std::vector<int> by_rank(result.trials.size() + 1, -1), in_bracket(planned.brackets.size(), 0);
  for (TrialResult const& trial : result.trials) {
    ASSERT_EQ(trial.fold_scores.size(), folds);
    if (folds > 0) {
      double const sum = std::accumulate(trial.fold_scores.begin(), trial.fold_scores.end(), 0.0);
      EXPECT_NEAR(sum / static_cast<double>(folds), trial.score, 1e-12);
    }
    EXPECT_EQ(trial.seed, member_seed(own.seed, static_cast<std::uint32_t>(trial.id), 0));
    ++in_bracket.at(static_cast<std::size_t>(trial.bracket));
    by_rank.at(static_cast<std::size_t>(trial.rank)) = trial.id;
    auto const splits = make_splits(data_.table(), own.validation, own.seed).splits;
    auto const first =
        fit_transform(data_.table(), *splits.front().train, numbers_of(trial.config), own.seed);
    std::int64_t parameters = 0, inputs = std::ssize(first.shift);
    for (std::int64_t const width : std::get<Widths>(*trial.config.find("hidden"))) {
      parameters += (inputs + 1) * width;
      inputs = width;
    }
    EXPECT_EQ(trial.parameters, parameters + (inputs + 1) * data_.outputs());
  }
  for (std::size_t i = 0; i < result.leaderboard.size(); ++i)
    EXPECT_EQ(by_rank[i + 1], result.leaderboard[i]);
  EXPECT_EQ(by_rank[1], result.best);
  for (std::size_t b = 0; b < in_bracket.size(); ++b)
    EXPECT_EQ(in_bracket[b], planned.brackets[b].front().trials);
}

INSTANTIATE_TEST_SUITE_P(
    Studies, TrainAlone,
    testing::Values(
        Alone{"halving", SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9}},
        Alone{.name = "holdout",
              .scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9},
              .validation = Holdout{}},
        Alone{.name = "numbers",
              .scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9},
              .numbers = true},
        Alone{.name = "numbers_without_refit",
              .scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9},
              .refit = false,
              .numbers = true},
        Alone{.name = "without_refit",
              .scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9},
              .refit = false},
        Alone{.name = "auc",
              .scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9},
              .metric = "auc"},
        Alone{.name = "final_repeats",
              .scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9},
              .final_repeats = 3},
        Alone{.name = "patience_and_final_repeats",
              .scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 3, .max_epochs = 27},
              .final_repeats = 3,
              .patient = true},
        // In the last rung, where those that joined it late are not as far as the others.
        Alone{.name = "cut_with_final_repeats",
              .scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9},
              .final_repeats = 3,
              .stop_epochs = 5},
        Alone{.name = "hyperband_cut_with_final_repeats",
              .scheduler = Hyperband{.eta = 3, .max_epochs = 9},
              .final_repeats = 3,
              .stop_epochs = 5},
        Alone{.name = "hyperband",
              .scheduler = Hyperband{.eta = 3, .max_epochs = 9},
              .final_repeats = 3},
        Alone{.name = "asha",
              .scheduler = Asha{.eta = 3, .min_epochs = 1, .max_epochs = 9, .workers = 3}},
        Alone{.name = "median", .scheduler = MedianStopping{.max_epochs = 6}},
        Alone{.name = "none", .scheduler = NoEarlyTermination{.max_epochs = 3}}),
    [](auto const& info) { return info.param.name; });

TEST(TrainAloneRefuses, TrialsThatWereCopiesAndThoseThatAreNone) {
  fixtures::OwnedTable const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Study study = varied_study(Holdout{});
  Result const result = tune(engine, data, study);
  TrialResult former = result.trials.front();
  former.id = study.trials;
  EXPECT_THROW(train_alone(engine, data, study, former), UsageError);
  former = result.trials.front();
  former.epochs = 10;
  EXPECT_THROW(train_alone(engine, data, study, former), UsageError);
  study.scheduler = PopulationBased{.max_epochs = 9, .interval = 2};
  EXPECT_THROW(train_alone(engine, data, study, result.trials.front()), UsageError);
}

TEST(TrainAloneRefuses, TrialsThatDiverge) {
  fixtures::OwnedTable const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Study study = varied_study(Holdout{});
  TrialResult former{.id = 0, .epochs = 3, .config = {{"lr", 1e9}, {"optimizer", "sgd"}}};
  EXPECT_THROW(train_alone(engine, data, study, former), NoUsableTrial);
}

}  // namespace
}  // namespace brood
