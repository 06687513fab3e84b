// SPDX-License-Identifier: Apache-2.0
// Which trials the winner is the best of, and studies that end by their scores.
#include "study/stop.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<TunerTrial> told(std::vector<double> const& scores) {
  std::vector<TunerTrial> trials;
  for (double const score : scores)
    trials.push_back({.id = static_cast<int>(trials.size()), .score = score});
  return trials;
}

TEST(Stop, TheTargetIsReachedByAnEqualOrBetterScore) {
  for (bool const maximize : {true, false}) {
    double const sign = maximize ? 1 : -1;
    Stop const stop{.target = sign * 0.75};
    StopProgress progress;
    EXPECT_FALSE(reason_to_stop(stop, progress, maximize));
    note_rung(told({sign * 0.5, kNaN}), maximize, progress);
    EXPECT_FALSE(reason_to_stop(stop, progress, maximize));
    note_rung(told({sign * 0.5, sign * 0.75}), maximize, progress);
    EXPECT_EQ(reason_to_stop(stop, progress, maximize), Ended::target);
  }
}

TEST(Stop, PatienceCountsRungsWithoutABetterScore) {
  Stop const stop{.patience_rungs = 2};
  StopProgress progress;
  auto const after = [&](double score) {
    note_rung(told({score}), true, progress);
    return reason_to_stop(stop, progress, true).has_value();
  };
  EXPECT_FALSE(after(kNaN));
  EXPECT_FALSE(after(kNaN));
  EXPECT_FALSE(after(kNaN));  // nothing was scored yet
  EXPECT_FALSE(after(0.5));
  EXPECT_FALSE(after(0.25));
  EXPECT_FALSE(after(0.75));
  EXPECT_FALSE(after(0.75));  // equal is not better
  EXPECT_TRUE(after(0.7));
  EXPECT_EQ(reason_to_stop(stop, progress, true), Ended::no_improvement);
}

TEST(Stop, WithoutARuleNothingEnds) {
  StopProgress progress;
  for (int rung = 0; rung < 50; ++rung)
    note_rung(told({0.5}), false, progress);
  EXPECT_FALSE(reason_to_stop({}, progress, false));
}

class StopStudyTest : public testing::Test {
 protected:
  fixtures::OwnedTable table_ = small_blobs();
  Engine engine_{{.device = "cpu", .threads = 1}};
  Data data_ = engine_.load(table_.table());
};

double best_after_first_rung(Result const& result) {
  double best = 0;
  for (auto const& point : result.curves)
    best = std::max(best, point.epoch == 1 ? point.valid_metric : 0);
  return best;
}

TEST_F(StopStudyTest, AStudyEndsInTheRungThatReachesTheTarget) {
  Study study = varied_study(Holdout{});
  study.metric.name = "accuracy";
  Result const whole = tune(engine_, data_, study);
  EXPECT_EQ(whole.ended, Ended::complete);
  study.stop.target = best_after_first_rung(whole);
  Result const result = tune(engine_, data_, study);
  EXPECT_EQ(result.ended, Ended::target);
  EXPECT_TRUE(result.stopped_early);
  EXPECT_EQ(result.member_epochs, 10);
  EXPECT_EQ(result.valid, *study.stop.target);
  study.stop.target = 2;  // of an accuracy
  Result const never = tune(engine_, data_, study);
  expect_same(never, whole);
  EXPECT_TRUE(plan(engine_, data_, study).upper_bound);
}

TEST_F(StopStudyTest, AStudyEndsWhenRungsBringNothing) {
  Study study = varied_study(Holdout{});
  study.metric.name = "log_loss";
  // Rates at which more epochs only harm.
  study.space = SearchSpace();
  study.space.log_uniform("lr", 5, 20).constant("optimizer", "sgd").constant("clip_norm", 1.0);
  study.stop.patience_rungs = 1;
  Result const result = tune(engine_, data_, study);
  ASSERT_EQ(result.ended, Ended::no_improvement);
  std::vector<double> best(10, kNaN);
  for (auto const& point : result.curves) {
    double& own = best.at(static_cast<std::size_t>(point.epoch));
    own = std::fmin(own, point.valid_metric);
  }
  int last = result.curves.front().epoch;
  for (auto const& point : result.curves)
    last = std::max(last, point.epoch);
  ASSERT_GT(last, 1);
  EXPECT_GE(best[static_cast<std::size_t>(last)], best[static_cast<std::size_t>(last / 3)]);
}

TEST_F(StopStudyTest, AStateKnowsThatTheStudyHasEnded) {
  Study study = varied_study(Holdout{});
  study.metric.name = "accuracy";
  study.stop.target = best_after_first_rung(tune(engine_, data_, study));
  StudyRun first(engine_, data_, study);
  EXPECT_FALSE(first.advance());
  StudyState const state = load_state(save(first.state()));
  StudyRun second(engine_, data_, study, &state);
  EXPECT_FALSE(second.advance());
  Result const again = second.finish();
  expect_same(again, first.finish());
  EXPECT_EQ(again.ended, Ended::target);
}

TEST_F(StopStudyTest, PatienceGoesOnFromAState) {
  Study study = varied_study(Holdout{});
  study.stop.patience_rungs = 1;
  Result const straight = tune(engine_, data_, study);
  StudyRun first(engine_, data_, study);
  first.advance();
  StudyState const state = load_state(save(first.state()));
  StudyRun second(engine_, data_, study, &state);
  while (second.advance()) {
  }
  expect_same(second.finish(), straight);
}

TEST_F(StopStudyTest, TheWinnerIsTheBestOfTheLastRungOrOfAll) {
  Study study = varied_study(Holdout{});
  study.metric.name = "accuracy";
  bool differed = false;
  for (study.seed = 0; study.seed < 20; ++study.seed) {
    study.best_of = BestOf::last_rung;
    Result const last = tune(engine_, data_, study);
    study.best_of = BestOf::any;
    Result const any = tune(engine_, data_, study);
    auto const without_ranks = [](std::vector<TrialResult> trials) {
      for (TrialResult& trial : trials)
        trial.rank = 0;
      return trials;
    };
    EXPECT_TRUE(same_bits(without_ranks(any.trials),
                          without_ranks(last.trials)));  // only the choice differs
    EXPECT_EQ(any.best, any.leaderboard.front());
    EXPECT_GE(any.valid, last.valid);
    for (auto const& trial : any.trials)
      EXPECT_FALSE(trial.score > any.valid);
    for (std::size_t i = 1; i < any.leaderboard.size(); ++i) {
      int const a = any.leaderboard[i - 1], b = any.leaderboard[i];
      EXPECT_TRUE(ranks_before(trial_of(any, a).score, a, trial_of(any, b).score, b, true));
    }
    differed = differed || any.best != last.best;
    if (any.best != last.best) {
      EXPECT_EQ(any.refit_epochs, trial_of(any, any.best).epochs);
    }
  }
  EXPECT_TRUE(differed);
}

TEST_F(StopStudyTest, WhatCannotBeIsRefused) {
  Study study = varied_study(Holdout{});
  study.stop = {.target = kNaN, .patience_rungs = -1};
  auto const found = problems(study, Task::classification);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0], "stop.patience_rungs: -1 is not allowed; allowed: 1 and up, or none");
  EXPECT_EQ(found[1], "stop.target: is not finite; allowed: a score of the metric");
}

}  // namespace
}  // namespace brood
