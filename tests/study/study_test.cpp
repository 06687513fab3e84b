// SPDX-License-Identifier: Apache-2.0
// A study through tune() and StudyRun: what the plan says is what runs, the winner is the member
// trained straight through, and callbacks see and steer it.
#include "brood/study.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "brood/error.hpp"
#include "brood/population.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

class StudyTest : public testing::Test {
 protected:
  StudyTest() : engine_({.device = "cpu", .threads = 1}) {}

  Engine engine_;
};

// ---- promise 2

TEST_F(StudyTest, EveryTrialIsWhatItsMembersAreAlone) {
  auto const table = small_blobs();
  Data const data = engine_.load(table.table());
  Study const study = varied_study();
  Result const result = tune(engine_, data, study);
  ASSERT_EQ(result.trials.size(), 10u);
  for (auto const& trial : result.trials) {
    SCOPED_TRACE("trial " + std::to_string(trial.id));
    alone(engine_, study, data, result, trial.id);
  }
}

// Of every scheduler that promotes.
TEST_F(StudyTest, WhoeverIsPromotedIsWhatItsMembersAreAlone) {
  auto const table = small_blobs();
  Data const data = engine_.load(table.table());
  for (SchedulerChoice const& scheduler :
       {SchedulerChoice(Hyperband{.eta = 3, .max_epochs = 9}),
        SchedulerChoice(Asha{.eta = 2, .max_epochs = 8, .workers = 3}),
        SchedulerChoice(MedianStopping{.max_epochs = 6, .interval = 2})}) {
    SCOPED_TRACE("scheduler " + std::to_string(scheduler.index()));
    Study study = varied_study(Holdout{.repeats = 2});
    study.scheduler = scheduler;
    study.trials = 17;
    study.refit = Refit::no;
    Result const result = tune(engine_, data, study);
    ASSERT_EQ(result.trials.size(), 17u);
    int promoted = 0;
    for (auto const& trial : result.trials) {
      SCOPED_TRACE("trial " + std::to_string(trial.id));
      auto const weights = alone(engine_, study, data, result, trial.id);
      if (trial.id == result.best) {
        EXPECT_TRUE(same_bits(result.model.layers, weights.front()));
      }
      promoted += trial.epochs > 2 ? 1 : 0;
    }
    EXPECT_GE(promoted, 3);
  }
}

TEST_F(StudyTest, TheValidatedWinnerHasTheWeightsOfTheMemberTrainedStraight) {
  auto const table = small_blobs();
  Data const data = engine_.load(table.table());
  for (Validation const& validation :
       {Validation(Holdout{}), Validation(Folds{.folds = 3, .repeats = 2})}) {
    Study study = varied_study(validation);
    study.refit = Refit::no;
    Result const result = tune(engine_, data, study);
    EXPECT_EQ(result.refit_epochs, 0);
    EXPECT_EQ(trial_of(result, result.best).epochs, 9);
    EXPECT_TRUE(
        same_bits(result.model.layers, alone(engine_, study, data, result, result.best).front()));
  }
}

// The refit is the winner's configuration with its seed on all rows but the test rows.
TEST_F(StudyTest, TheRefitWinnerIsAMemberOnAllDevelopmentRows) {
  auto const table = small_blobs();
  Data const data = engine_.load(table.table());
  Study study = varied_study();
  study.metric.name = "accuracy";
  Result const result = tune(engine_, data, study);
  Splits const splits = make_splits(data.table(), study.validation, study.seed);
  Split const all{.fold = 0, .repeat = 0, .train = splits.development};
  Population population(engine_);
  auto const ids = population.admit(
      {member_of(study, data, trial_of(result, result.best).config, result.best, all)}, data);
  population.train(ids, 9, 0);
  EXPECT_EQ(result.refit_epochs, 9);
  EXPECT_TRUE(same_bits(result.model.layers, population.weights(ids).front()));

  std::vector<float> predictions(splits.test->size() * 3), targets;
  population.forward(ids, *splits.test, predictions);
  for (auto const row : *splits.test)
    targets.push_back(table.y[static_cast<std::size_t>(row)]);
  EXPECT_EQ(result.test, score("accuracy", Task::classification, predictions, targets,
                               static_cast<std::int64_t>(targets.size())));
}

TEST_F(StudyTest, TheScoreIsTheMeanOverFoldsAndRepeatsAtTheLastEpoch) {
  auto const table = small_blobs();
  Data const data = engine_.load(table.table());
  Study const study = varied_study();
  Result const result = tune(engine_, data, study);
  for (auto const& trial : result.trials) {
    double sum = 0;
    int members = 0;
    for (auto const& point : result.curves) {
      if (point.trial != trial.id || point.epoch != trial.epochs) continue;
      sum += point.valid_metric;
      ++members;
    }
    EXPECT_EQ(members, 6);
    EXPECT_DOUBLE_EQ(trial.score, sum / members);
  }
  EXPECT_EQ(result.leaderboard.size(), 10u);
  EXPECT_EQ(result.leaderboard.front(), result.best);
  EXPECT_EQ(result.valid, trial_of(result, result.best).score);
}

// ---- promise 4

struct Planned {
  char const* name;
  SchedulerChoice scheduler;
  int trials;
  Validation validation;
  bool refit;
};
void PrintTo(Planned const& planned, std::ostream* out) {
  *out << planned.name;
}

class OfEachPlan : public testing::TestWithParam<Planned> {};

TEST_P(OfEachPlan, WhatIsPlannedIsWhatRuns) {
  auto const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Study study = varied_study(GetParam().validation);
  study.scheduler = GetParam().scheduler;
  study.trials = GetParam().trials;
  study.refit = GetParam().refit ? Refit::yes : Refit::no;
  std::vector<Rung> reported;
  study.on_rung = [&](Progress const& p) {
    reported.push_back({p.trials, p.epoch});
    return Go::on;
  };
  StudyPlan const planned = plan(engine, data, study);
  Result const result = tune(engine, data, study);

  EXPECT_FALSE(planned.upper_bound);
  EXPECT_EQ(static_cast<int>(result.trials.size()), planned.trials);
  EXPECT_EQ(reported, planned.rungs);
  EXPECT_EQ(static_cast<int>(reported.size()), planned.events);
  auto first = result.trials.begin();
  for (auto const& bracket : planned.brackets) {
    auto const end = first + bracket.front().trials;
    for (auto const& rung : bracket) {
      auto const reached = std::count_if(
          first, end, [&](TrialResult const& trial) { return trial.epochs >= rung.epoch; });
      EXPECT_EQ(reached, rung.trials) << "epoch " << rung.epoch;
    }
    first = end;
  }
  // One point per member and epoch: no epoch is trained twice, and none is left out.
  std::set<std::tuple<int, int, int>> members;
  std::set<std::tuple<int, int, int, int>> epochs;
  for (auto const& point : result.curves) {
    members.insert({point.trial, point.fold, point.repeat});
    epochs.insert({point.trial, point.fold, point.repeat, point.epoch});
    EXPECT_GE(point.epoch, 1);
    EXPECT_LE(point.epoch, trial_of(result, point.trial).epochs);
  }
  EXPECT_EQ(static_cast<std::int64_t>(members.size()), planned.members);
  EXPECT_EQ(planned.members, std::int64_t{planned.trials} * planned.members_per_trial);
  EXPECT_EQ(static_cast<std::int64_t>(epochs.size()), planned.member_epochs);
  EXPECT_EQ(epochs.size(), result.curves.size());
  EXPECT_EQ(result.member_epochs, planned.member_epochs);
  EXPECT_EQ(result.refit_epochs, planned.refit_epochs);
  EXPECT_EQ(planned.refit_epochs, study.refit == Refit::yes ? planned.rungs.back().epoch : 0);
}

INSTANTIATE_TEST_SUITE_P(
    Study, OfEachPlan,
    testing::Values(
        Planned{"NoEarlyTerminationHoldout", NoEarlyTermination{4}, 5, Holdout{}, true},
        Planned{"NoEarlyTerminationFolds", NoEarlyTermination{3}, 3, Folds{4, 2, 0.1}, false},
        Planned{"OneTrial", SuccessiveHalving{3, 1, 9}, 1, Holdout{0.2, 0.2, 3}, true},
        Planned{"HalvingHoldoutRepeats", SuccessiveHalving{3, 1, 9}, 20, Holdout{0.3, 0, 2}, true},
        Planned{"HalvingFolds", SuccessiveHalving{2, 1, 6}, 11, Folds{2, 1, 0.2}, true},
        Planned{"HalvingFoldsTimesRepeats", SuccessiveHalving{3, 2, 12}, 7, Folds{3, 2, 0.2}, true},
        Planned{"CeilSurvivors", SuccessiveHalving{4, 1, 10, SuccessiveHalving::Survivors::ceil},
                18, Holdout{}, false},
        Planned{"Hyperband", Hyperband{3, 9}, 17, Holdout{}, true},
        Planned{"HyperbandSecondPassFolds", Hyperband{3, 9}, 23, Folds{2, 1, 0.1}, true},
        Planned{"PopulationBased", PopulationBased{7, 3}, 9, Folds{2, 1, 0.2}, true}),
    [](auto const& param) { return std::string(param.param.name); });

// ---- callbacks

TEST_F(StudyTest, ProgressSaysWhereItIs) {
  auto const table = small_blobs();
  Data const data = engine_.load(table.table());
  Study study = varied_study(Holdout{});
  study.metric.name = "accuracy";
  std::vector<Progress> seen;
  study.on_rung = [&](Progress const& p) {
    seen.push_back(p);
    return Go::on;
  };
  Result const result = tune(engine_, data, study);
  ASSERT_EQ(seen.size(), 3u);
  std::int64_t epochs = 0;
  int from = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    Progress const& p = seen[i];
    EXPECT_EQ(p.rung, static_cast<int>(i));
    EXPECT_EQ(p.rungs, 3);
    EXPECT_EQ(p.waves, 1);
    EXPECT_EQ(p.diverged, 0);
    EXPECT_GE(p.seconds, 0);
    epochs += std::int64_t{p.trials} * (p.epoch - from);
    from = p.epoch;
    EXPECT_EQ(p.member_epochs, epochs);
    // The best of this rung: by the curves at its epoch.
    double best = 0;
    for (auto const& point : result.curves) {
      if (point.epoch == p.epoch) best = std::max(best, point.valid_metric);
    }
    EXPECT_EQ(p.best_score, best);
    EXPECT_TRUE(std::any_of(result.curves.begin(), result.curves.end(), [&](auto const& point) {
      return point.trial == p.best_trial && point.epoch == p.epoch && point.valid_metric == best;
    }));
  }
  EXPECT_EQ(seen.back().best_trial, result.best);
  EXPECT_EQ(seen.back().best_score, result.valid);
  EXPECT_FALSE(result.stopped_early);
}

TEST_F(StudyTest, StopEndsTheStudyWithTheBestSoFar) {
  auto const table = small_blobs();
  Data const data = engine_.load(table.table());
  Study study = varied_study(Holdout{});
  Result const whole = tune(engine_, data, study);
  study.refit = Refit::no;
  study.on_rung = [](Progress const& p) { return p.rung == 1 ? Go::stop : Go::on; };
  StudyRun run(engine_, data, study);
  EXPECT_TRUE(run.advance());
  EXPECT_FALSE(run.advance());
  EXPECT_FALSE(run.advance());
  Result const result = run.finish();
  EXPECT_TRUE(result.stopped_early);
  EXPECT_EQ(result.trials.size(), 10u);
  EXPECT_EQ(trial_of(result, result.best).epochs, 3);
  EXPECT_EQ(trial_of(result, result.best).state, TrialState::stopped);  // not complete, not pruned
  EXPECT_TRUE(
      same_bits(result.model.layers, alone(engine_, study, data, result, result.best).front()));
  // What was trained is the beginning of the whole study.
  std::vector<CurvePoint> begin;
  for (auto const& point : whole.curves) {
    if (point.epoch <= 3) begin.push_back(point);
  }
  EXPECT_TRUE(same_bits(result.curves, begin));
}

TEST_F(StudyTest, StopAfterTheLastRungIsNotEarly) {
  auto const table = small_blobs();
  Data const data = engine_.load(table.table());
  Study study = varied_study(Holdout{});
  study.on_rung = [](Progress const& p) { return p.rung + 1 == p.rungs ? Go::stop : Go::on; };
  EXPECT_FALSE(tune(engine_, data, study).stopped_early);
}

// A session that goes on from a state does not know yet how fast it is, and begins with 64 epochs
// of members; the rung has 33 members and two epochs. So the second poll falls within it, when some
// are trained further than they were scored.
TEST_F(StudyTest, AStopWithinARungDropsTheRung) {
  auto const table = small_blobs();
  Data const data = engine_.load(table.table());
  Study study = varied_study(Holdout{});
  study.trials = 99;
  for (bool const refit : {false, true}) {
    study.refit = refit ? Refit::yes : Refit::no;
    study.on_rung = [](Progress const&) { return Go::stop; };
    StudyRun first(engine_, data, study);
    first.advance();
    StudyState const state = first.state();

    int polls = 0;
    study.on_rung = nullptr;
    study.stop_requested = [&] { return ++polls == 2; };
    StudyRun stopped(engine_, data, study, &state);
    EXPECT_FALSE(stopped.advance());
    EXPECT_EQ(polls, 2);
    int ahead = 0;
    for (auto const& resident : stopped.state().residents)
      ahead += resident.image.metrics.epoch > 1 ? 1 : 0;
    EXPECT_GT(ahead, 0);
    expect_same(stopped.finish(), first.finish());
    study.stop_requested = nullptr;
  }
}

TEST_F(StudyTest, AStopBeforeTheFirstRungHasEndedLeavesNoUsableTrial) {
  auto const table = small_blobs();
  Data const data = engine_.load(table.table());
  Study study = varied_study(Holdout{});
  study.stop_requested = [] { return true; };
  StudyRun run(engine_, data, study);
  EXPECT_FALSE(run.advance());
  EXPECT_THROW(run.finish(), NoUsableTrial);
}

TEST_F(StudyTest, TheMetricSaysWhichWayIsBetter) {
  auto const table = with_row_weights(regression(150, 4, 2));
  Data const data = engine_.load(table.table());
  Study study = varied_study(Holdout{});
  for (auto const* const metric : {"rmse", "mse", "mae", "r2", "loss"}) {
    SCOPED_TRACE(metric);
    study.metric.name = metric;
    Result const result = tune(engine_, data, study);
    EXPECT_EQ(result.metric, metric);
    EXPECT_EQ(result.maximize, study.metric.name == "r2");
    for (auto const& trial : result.trials) {
      if (trial.epochs < 9) continue;
      if (result.maximize) {
        EXPECT_LE(trial.score, result.valid);
      } else {
        EXPECT_GE(trial.score, result.valid);
      }
    }
  }
  study.metric.name = "";
  EXPECT_EQ(tune(engine_, data, study).metric, "rmse");
}

}  // namespace
}  // namespace brood
