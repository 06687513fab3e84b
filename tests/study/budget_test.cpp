// SPDX-License-Identifier: Apache-2.0
// How long training takes at a known speed, and what fits into a time, by hand; and that what is
// fitted at a measured speed stays in its bounds.
#include "study/budget.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "brood/error.hpp"
#include "brood/study.hpp"
#include "study/pace.hpp"
#include "study/repeats.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;

// A member-epoch takes a second of one of two workers.
Pace second_of_two() {
  Pace pace(2);
  pace.note(2, 1, 1);
  return pace;
}

TEST(Pace, CountsTheWorkersThatAMemberKeepsBusy) {
  Pace const pace = second_of_two();
  EXPECT_EQ(pace.seconds(2, 10), 10);
  EXPECT_EQ(pace.seconds(6, 10), 30);
  EXPECT_EQ(pace.seconds(1, 10), 10);
  EXPECT_EQ(pace.seconds(0, 10), 0);
  EXPECT_EQ(pace.slower(3).seconds(2, 10), 30);
  Pace alone(2);
  EXPECT_FALSE(alone.known());
  alone.note(4, 4, 2);  // one member, four epochs, one worker
  EXPECT_EQ(alone.seconds(4, 1), 1);
  EXPECT_EQ(alone.seconds_of_work(8, 4), 2);  // two on each of two workers, half a second each
  EXPECT_EQ(alone.seconds_of_work(8, 1), 4);
}

// Two that train side by side are waited for as long as the larger takes.
TEST(Pace, CountsWorkAndNotMembers) {
  Pace pace(2);
  pace.note(4, 3, 6);
  EXPECT_EQ(pace.seconds_of_work(1, 1), 2);
  pace.note(12, 3, 6);  // several of them, in turn
  EXPECT_EQ(pace.seconds_of_work(1, 1), 1);
}

// By hand: 100 rows in batches of 30 are four steps of 2 (2 (5 8) + 3 (8 2)) 30 each, and 40,000.
TEST(Pace, WorkIsMultiplicationsAndSteps) {
  fixtures::OwnedTable const table = fixtures::blobs(100, 5, 2);
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Config config;
  config.set("hidden", Widths{8});
  config.set("batch_size", std::int64_t{30});
  double const step = 2 * (2 * (5 * 8) + 3 * (8 * 2)) * 30 + 40e3;
  EXPECT_EQ(epoch_work(config, varied_study(), data.shape(), 100), 4 * step);
}

// Brackets 9@1 3@3 1@9 and 3@3 1@9, two members a trial, three in the last rung.
TEST(Pace, StretchesAreWhatTrainsSideBySide) {
  std::vector<std::vector<Rung>> const brackets = {{{9, 1}, {3, 3}, {1, 9}}, {{3, 3}, {1, 9}}};
  auto const stretches = stretches_of(brackets, 2, 3);
  ASSERT_EQ(stretches.size(), 3u);
  EXPECT_EQ(stretches[0].members, 18 + 6);
  EXPECT_EQ(stretches[1].members, 6 + 6);
  EXPECT_EQ(stretches[2].members, 2 + 2 + 2);  // a late one each
  EXPECT_EQ(stretches[2].late, 2);
  EXPECT_EQ(stretches[2].from, 3);
  // 24 members an epoch, 12 for two, 6 for six, and the late two for the three before.
  EXPECT_EQ(seconds_left(second_of_two(), stretches, 0), 12 + 12 + 18 + 3);
  EXPECT_EQ(seconds_left(second_of_two(), stretches, 2), 6 + 18 + 3);
  EXPECT_EQ(seconds_left(second_of_two(), stretches, 5), 12);
  EXPECT_EQ(seconds_left(second_of_two(), stretches, 9), 0);
}

// Two seconds for each, as they begin; those that begin later for themselves.
TEST(Pace, MembersTakeTimeToBegin) {
  std::vector<std::vector<Rung>> const brackets = {{{9, 1}, {3, 3}, {1, 9}}};
  auto const stretches = stretches_of(brackets, 2, 3);
  Pace pace = second_of_two();
  double const before = seconds_left(pace, stretches, 0);
  double const later = seconds_left(pace, stretches, 1), last = seconds_left(pace, stretches, 3);
  pace.note_begin(5, 10);
  EXPECT_EQ(pace.seconds_to_begin(3), 6);
  EXPECT_EQ(pace.slower(7).seconds_to_begin(3), 6);
  EXPECT_EQ(seconds_left(pace, stretches, 0), before + 2 * (18 + 1));
  EXPECT_EQ(seconds_left(pace, stretches, 1), later + 2 * 1);
  EXPECT_EQ(seconds_left(pace, stretches, 3), last + 2 * 1);
  EXPECT_EQ(seconds_left(pace, stretches, 4), seconds_left(second_of_two(), stretches, 4));
}

class TrialsInTest : public testing::Test {
 protected:
  // Rungs of n, n / 10 and n / 100 trials to epochs 1, 10 and 100: 1 + 0.9 + 0.9 epochs a trial.
  static Study of_tenths(bool refit) {
    Study study{.scheduler = SuccessiveHalving{.eta = 10, .max_epochs = 100},
                .validation = Holdout{},
                .trials = 10000,
                .refit = refit ? Refit::yes : Refit::no};
    study.space.log_uniform("lr", 1e-3, 1e-1);
    return study;
  }
  int fitting(double seconds, Study const& study, int members, Pace const& pace) const {
    Splits const splits = splits_of(study, data_.table());
    return trials_in(seconds, study, members, members, pace,
                     FinishTime(study, data_, splits, splits.splits.size()));
  }

  fixtures::OwnedTable table_ = small_blobs();
  Engine engine_{{.device = "cpu", .threads = 1}};
  Data data_ = engine_.load(table_.table());
};

// Of 1,000 trials 2,800 member-epochs of a second on two workers.
TEST_F(TrialsInTest, FillTheTime) {
  EXPECT_EQ(fitting(1400.01, of_tenths(false), 1, second_of_two()), 1000);
  EXPECT_EQ(fitting(1399.01, of_tenths(false), 1, second_of_two()), 999);
  EXPECT_EQ(fitting(2800.01, of_tenths(false), 2, second_of_two()), 1000);
  EXPECT_EQ(fitting(700.01, of_tenths(false), 1, second_of_two().slower(0.5)), 1000);
  // The refit is 100 epochs of one member on the 120 rows of which 90 train.
  EXPECT_EQ(fitting(1400 + 100 * 120.0 / 90 + 0.01, of_tenths(true), 1, second_of_two()), 1000);
}

TEST_F(TrialsInTest, MoreTimeAndMoreSpeedNeverMeanFewer) {
  Study const study = of_tenths(true);
  int last = 1;
  for (double seconds = 1; seconds < 1e6; seconds *= 1.25) {
    int const fit = fitting(seconds, study, 1, second_of_two());
    EXPECT_GE(fit, last);
    EXPECT_GE(fitting(seconds, study, 1, second_of_two().slower(0.9)), fit);
    last = fit;
  }
  EXPECT_EQ(last, 10000);
  EXPECT_EQ(fitting(1, study, 1, second_of_two()), 1);
}

class FitToTimeTest : public TrialsInTest {
 protected:
  static std::chrono::steady_clock::time_point in(double seconds) {
    return std::chrono::steady_clock::now() +
           std::chrono::duration_cast<std::chrono::steady_clock::duration>(
               std::chrono::duration<double>(seconds));
  }
  static int epochs_of(Study const& study) {
    return std::get<SuccessiveHalving>(study.scheduler).max_epochs;
  }
};

TEST_F(FitToTimeTest, EnoughTimeChangesNothing) {
  for (Fit const fit : {Fit::trials, Fit::shape}) {
    Study const study = fit_to_time(engine_, data_, varied_study(), in(1e6), fit);
    EXPECT_EQ(study.trials, 10);
    EXPECT_EQ(study.grow_to, 0);
    EXPECT_EQ(epochs_of(study), 9);
    EXPECT_EQ(std::get<Folds>(study.validation).repeats, 2);
  }
}

TEST_F(FitToTimeTest, NoTimeLeavesTheLeast) {
  Study const trials = fit_to_time(engine_, data_, varied_study(), in(0), Fit::trials);
  EXPECT_EQ(trials.trials, 1);
  EXPECT_EQ(trials.grow_to, 10);
  EXPECT_EQ(epochs_of(trials), 9);
  EXPECT_EQ(std::get<Folds>(trials.validation).repeats, 2);
  Study const shape = fit_to_time(engine_, data_, varied_study(), in(0), Fit::shape);
  EXPECT_EQ(shape.trials, 1);
  EXPECT_EQ(epochs_of(shape), 1);
  EXPECT_EQ(std::get<Holdout>(shape.validation).test, 0.2);
}

TEST_F(FitToTimeTest, RungsMayEndBeforeTheFirstThatWasAskedFor) {
  Study study = varied_study();
  study.scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 3, .max_epochs = 9};
  Study const shape = fit_to_time(engine_, data_, study, in(0), Fit::shape);
  EXPECT_EQ(epochs_of(shape), 1);
  EXPECT_EQ(std::get<SuccessiveHalving>(shape.scheduler).min_epochs, 1);
}

TEST_F(FitToTimeTest, NoMoreTrialsThanTheSpaceHas) {
  Study study = of_tenths(false);
  study.sampler = Grid{};
  study.space = SearchSpace();
  study.space.choice("lr", {0.1, 0.01}).choice("dropout", {0.0, 0.1, 0.2, 0.3, 0.4, 0.5});
  EXPECT_EQ(fit_to_time(engine_, data_, study, in(1e6), Fit::trials).trials, 12);
}

TEST_F(FitToTimeTest, RefusesWhatCannotBeTrained) {
  Study study = varied_study();
  study.space.constant("dropout", 2.0);
  EXPECT_THROW(fit_to_time(engine_, data_, study, in(1), Fit::trials), UsageError);
}

}  // namespace
}  // namespace brood
