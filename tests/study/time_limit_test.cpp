// SPDX-License-Identifier: Apache-2.0
// Studies that end at an epoch, within a rung, or because their time is over; and that what the
// clock decided repeats without it.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;

class TimeLimitTest : public testing::Test {
 protected:
  fixtures::OwnedTable table_ = small_blobs();
  Engine engine_{{.device = "cpu", .threads = 1}};
  Data data_ = engine_.load(table_.table());
};

// Rungs of 10, 3 and 1 trials end at epochs 1, 3 and 9.
TEST_F(TimeLimitTest, AnEpochWithinARungScoresItsTrialsThere) {
  Study study = varied_study(Holdout{});
  Result const whole = tune(engine_, data_, study);
  study.stop.epochs = 5;
  EXPECT_TRUE(plan(engine_, data_, study).upper_bound);
  Result const result = tune(engine_, data_, study);
  EXPECT_EQ(result.ended, Ended::epochs);
  EXPECT_TRUE(result.stopped_early);
  EXPECT_EQ(result.member_epochs, 10 + 3 * 2 + 2);
  EXPECT_EQ(result.best, whole.best);  // the only one in the last rung
  TrialResult const& winner = trial_of(result, result.best);
  EXPECT_EQ(winner.epochs, 5);
  EXPECT_EQ(name_of(winner.state), "stopped");
  Split const split = make_splits(data_.table(), study.validation, study.seed).splits.front();
  auto const curve = curve_of(result, result.best, split);
  EXPECT_EQ(curve.back().epoch, 5);
  EXPECT_EQ(curve.back().valid_metric, result.valid);
  auto const whole_curve = curve_of(whole, result.best, split);
  for (std::size_t i = 0; i < curve.size(); ++i)
    EXPECT_TRUE(same_bits(curve[i], whole_curve[i])) << i;
}

TEST_F(TimeLimitTest, AnEpochAtTheEndOfARungEndsTheStudyThere) {
  Study study = varied_study(Holdout{});
  study.stop.epochs = 3;
  Result const result = tune(engine_, data_, study);
  EXPECT_EQ(result.ended, Ended::epochs);
  EXPECT_EQ(result.member_epochs, 10 + 3 * 2);
  Study events = varied_study(Holdout{});
  events.on_rung = [](Progress const& p) { return p.rung == 1 ? Go::stop : Go::on; };
  expect_same(result, tune(engine_, data_, events));
}

TEST_F(TimeLimitTest, AnEpochThatIsNotReachedChangesNothing) {
  Study study = varied_study();
  Result const whole = tune(engine_, data_, study);
  study.stop.epochs = 9;
  Result const result = tune(engine_, data_, study);
  EXPECT_EQ(result.ended, Ended::complete);
  expect_same(result, whole);
}

TEST_F(TimeLimitTest, EveryScheduleEndsAtAnEpoch) {
  for (SchedulerChoice const& scheduler :
       {SchedulerChoice(NoEarlyTermination{.max_epochs = 9}),
        SchedulerChoice(SuccessiveHalving{.eta = 3, .max_epochs = 9}),
        SchedulerChoice(Hyperband{.eta = 3, .max_epochs = 9}),
        SchedulerChoice(Asha{.eta = 3, .max_epochs = 9, .workers = 4}),
        SchedulerChoice(MedianStopping{.max_epochs = 9, .interval = 2}),
        SchedulerChoice(PopulationBased{.max_epochs = 9, .interval = 2})}) {
    Study study = varied_study();
    study.scheduler = scheduler;
    study.final_repeats = std::holds_alternative<PopulationBased>(scheduler) ? 1 : 3;
    study.ensemble = 4;
    for (int const epochs : {1, 2, 4, 7}) {
      study.stop.epochs = epochs;
      SCOPED_TRACE(std::string(name_of(scheduler)) + " at " + std::to_string(epochs));
      Result const result = tune(engine_, data_, study);
      EXPECT_EQ(result.ended, Ended::epochs);
      EXPECT_TRUE(std::isfinite(result.valid));
      for (TrialResult const& trial : result.trials)
        EXPECT_LE(trial.epochs, epochs);
      EXPECT_FALSE(result.ensemble.empty());
    }
  }
}

// The first epoch is always trained.
TEST_F(TimeLimitTest, TimeThatIsOverEndsAfterTheFirstEpochAndRepeats) {
  for (int const max_epochs : {9, 30}) {
    Study study = varied_study();
    study.scheduler =
        SuccessiveHalving{.eta = 3, .min_epochs = max_epochs / 9, .max_epochs = max_epochs};
    study.finish_by = std::chrono::steady_clock::now();
    Result const result = tune(engine_, data_, study);
    EXPECT_EQ(result.ended, Ended::time);
    EXPECT_EQ(result.stop.epochs, 1);
    EXPECT_EQ(result.member_epochs, 10 * 6);
    study.finish_by.reset();
    study.scheduler = result.scheduler;
    study.stop = result.stop;
    Result const repeated = tune(engine_, data_, study);
    expect_same(repeated, result);
  }
}

// Whenever the clock stops a study, trials in the middle of their rungs included: here, after an
// event when there is no time for another epoch.
TEST_F(TimeLimitTest, WhatTheClockEndsBetweenEpochsRepeats) {
  for (SchedulerChoice const& scheduler :
       {SchedulerChoice(SuccessiveHalving{.eta = 3, .max_epochs = 9}),
        SchedulerChoice(Hyperband{.eta = 3, .max_epochs = 9}),
        SchedulerChoice(Asha{.eta = 3, .max_epochs = 9, .workers = 4}),
        SchedulerChoice(MedianStopping{.max_epochs = 9, .interval = 2}),
        SchedulerChoice(PopulationBased{.max_epochs = 9, .interval = 2})}) {
    for (int const event : {0, 1, 2, 5}) {
      SCOPED_TRACE(std::string(name_of(scheduler)) + " after event " + std::to_string(event));
      Study study = varied_study();
      study.scheduler = scheduler;
      study.ensemble = 3;
      auto const over = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
      study.finish_by = over;
      study.on_rung = [&](Progress const& progress) {
        if (progress.rung == event) std::this_thread::sleep_until(over);
        return Go::on;
      };
      Result const result = tune(engine_, data_, study);
      study.finish_by.reset();
      study.on_rung = nullptr;
      if (!std::holds_alternative<PopulationBased>(scheduler)) study.scheduler = result.scheduler;
      study.stop = result.stop;
      expect_same(tune(engine_, data_, study), result);
    }
  }
}

TEST_F(TimeLimitTest, TimeThatIsNotOverChangesNothing) {
  Study study = varied_study();
  Result const whole = tune(engine_, data_, study);
  study.finish_by = std::chrono::steady_clock::now() + std::chrono::hours(24 * 365);
  int calls = 0;
  study.on_training = [&](Training const& training) {
    ++calls;
    EXPECT_GT(training.share, 0);
    EXPECT_LE(training.share, 1);
    EXPECT_GE(training.epoch, 1);
  };
  Result const result = tune(engine_, data_, study);
  EXPECT_EQ(result.ended, Ended::complete);
  EXPECT_GE(calls, 3);
  expect_same(result, whole);
}

// Trials join the first rung where there is time, and make it the study that begins with them.
TEST_F(TimeLimitTest, TrialsJoinTheFirstRungWhereThereIsTime) {
  for (int const min_epochs : {1, 3, 9}) {
    Study study = varied_study();
    study.scheduler = SuccessiveHalving{.eta = 3, .min_epochs = min_epochs, .max_epochs = 9};
    study.final_repeats = 3;
    study.ensemble = 3;
    Result const larger = tune(engine_, data_, study);
    EXPECT_EQ(larger.trials_in_all, 10);
    study.trials = 4;
    study.grow_to = 10;
    EXPECT_EQ(tune(engine_, data_, study).trials.size(), 4u);  // no clock is asked
    study.finish_by = std::chrono::steady_clock::now() + std::chrono::hours(24 * 365);
    Result const grown = tune(engine_, data_, study);
    EXPECT_EQ(grown.trials_in_all, 10);
    expect_same(grown, larger);
    study.finish_by = std::chrono::steady_clock::now();
    EXPECT_EQ(tune(engine_, data_, study).trials_in_all, 4);
  }
}

// Model-based samplers would have proposed others; other schedulers have no first rung.
TEST_F(TimeLimitTest, NoneJoinWhereThatWouldBeAnotherStudy) {
  Study study = varied_study(Holdout{});
  study.trials = 4;
  study.grow_to = 10;
  study.finish_by = std::chrono::steady_clock::now() + std::chrono::hours(24 * 365);
  Study models = study;
  models.sampler = Tpe{};
  EXPECT_EQ(tune(engine_, data_, models).trials.size(), 4u);
  study.scheduler = Hyperband{.eta = 3, .max_epochs = 9};
  EXPECT_EQ(tune(engine_, data_, study).trials.size(), 4u);
}

// Interrupted while those that joined train, and gone on with without a limit.
TEST_F(TimeLimitTest, GoesOnWithTrialsThatHaveJoined) {
  Study study = varied_study();
  Result const larger = tune(engine_, data_, study);
  study.trials = 4;
  Study limited = study;
  limited.grow_to = 10;
  limited.finish_by = std::chrono::steady_clock::now() + std::chrono::hours(24 * 365);
  int joined = 0;
  limited.on_training = [&](Training const& training) { joined += training.trials == 6 ? 1 : 0; };
  limited.stop_requested = [&] { return joined > 0; };
  StudyRun run(engine_, data_, limited);
  while (run.advance()) {
  }
  EXPECT_EQ(joined, 1);
  StudyState const state = load_state(save(run.state()));
  StudyRun rest(engine_, data_, study, &state);
  while (rest.advance()) {
  }
  expect_same(rest.finish(), larger);
}

// So many go on, as the clock may have decided.
TEST_F(TimeLimitTest, PromotedTrialsAreASetting) {
  Study study = varied_study(Holdout{});
  auto& halving = std::get<SuccessiveHalving>(study.scheduler);
  halving.promoted = {5, 2};
  EXPECT_EQ(plan_rungs(study.scheduler, 10), (std::vector<Rung>{{10, 1}, {5, 3}, {2, 9}}));
  EXPECT_EQ(tune(engine_, data_, study).member_epochs, 10 + 5 * 2 + 2 * 6);
  halving.promoted = {4};  // then by halves again
  EXPECT_EQ(plan_rungs(study.scheduler, 10), (std::vector<Rung>{{10, 1}, {4, 3}, {1, 9}}));
  halving.promoted = {4, 0};
  EXPECT_EQ(plan_rungs(study.scheduler, 10), (std::vector<Rung>{{10, 1}, {4, 3}}));
  EXPECT_EQ(tune(engine_, data_, study).ended, Ended::complete);
  halving.promoted = {40, 30, 20, 10};
  EXPECT_EQ(plan_rungs(study.scheduler, 10), (std::vector<Rung>{{10, 1}, {10, 3}, {10, 9}}));
}

}  // namespace
}  // namespace brood
