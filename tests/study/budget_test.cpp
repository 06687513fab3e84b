// SPDX-License-Identifier: Apache-2.0
// The one number that comes from a clock: which trials fit at a given speed, by hand, and that a
// measured speed stays in its bounds.
#include "study/budget.hpp"

#include <gtest/gtest.h>

#include "brood/error.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;

// Rungs of n, n / 10 and n / 100 trials to epochs 1, 10 and 100: 1 + 0.9 + 0.9 epochs a trial.
Study of_tenths(Validation const& validation, bool refit) {
  Study study{.scheduler = SuccessiveHalving{.eta = 10, .max_epochs = 100},
              .validation = validation,
              .refit = refit};
  study.space.log_uniform("lr", 1e-3, 1e-1);
  return study;
}

int fitting(double member_epoch, int workers, Study const& study, double seconds) {
  auto const table = small_blobs();
  return trials_at(member_epoch, workers, study, splits_of(study, table.table()), seconds);
}

// 85 % of the time are planned for: 0.85 x 2,800 s of 2.8 member-epochs of 1 s each are 850 trials.
// A hundred epochs of refit on one of two workers take as long as 200 of all members, 71.4 trials.
TEST(TrialsAt, FillTheTimeThatIsPlannedFor) {
  EXPECT_EQ(fitting(1, 2, of_tenths(Holdout{}, false), 2800.01), 850);
  EXPECT_EQ(fitting(1, 2, of_tenths(Holdout{}, true), 2800.01), 778);
  EXPECT_EQ(fitting(1, 2, of_tenths(Folds{.folds = 2}, false), 2800.01), 425);
  EXPECT_EQ(fitting(0.5, 2, of_tenths(Holdout{}, false), 2800.01), 1700);
}

TEST(TrialsAt, MoreTimeAndMoreSpeedNeverMeanFewer) {
  Study const study = of_tenths(Holdout{}, true);
  int last = 9;
  for (double seconds = 1; seconds < 1e6; seconds *= 1.25) {
    int const fit = fitting(1, 2, study, seconds);
    EXPECT_GE(fit, last);
    EXPECT_GE(fitting(0.9, 2, study, seconds), fit);
    last = fit;
  }
  EXPECT_EQ(last, 10000);
  EXPECT_EQ(fitting(1, 2, study, 1), 9);
}

TEST(TrialsAt, AreNoMoreThanTheSpaceHas) {
  Study study = of_tenths(Holdout{}, false);
  study.sampler = Grid{};
  study.space = SearchSpace();
  study.space.choice("lr", {0.1, 0.01}).choice("dropout", {0.0, 0.1, 0.2, 0.3, 0.4, 0.5});
  EXPECT_EQ(fitting(1, 1, study, 1e9), 12);
}

TEST(TrialsWithin, StaysWithinItsBounds) {
  auto const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Study const study = varied_study();
  EXPECT_EQ(trials_within(engine, data, study, 1e-9), 9);
  EXPECT_EQ(trials_within(engine, data, study, 1e9), 10000);
}

TEST(TrialsWithin, RefusesWhatCannotBeTrained) {
  auto const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Study study = varied_study();
  study.space.constant("dropout", 2.0);
  EXPECT_THROW(trials_within(engine, data, study, 1), UsageError);
}

}  // namespace
}  // namespace brood
