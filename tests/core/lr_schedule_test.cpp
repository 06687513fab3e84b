// SPDX-License-Identifier: Apache-2.0
// Every schedule of the list, at every step of some trainings, against its textbook formula.
#include "core/lr_schedule.hpp"

#include <gtest/gtest.h>

#include "support/textbook.hpp"
#include "sweep.hpp"

namespace brood {
namespace {

template <class T>
class LrSchedule : public ::testing::Test {};
TYPED_TEST_SUITE(LrSchedule, TypedTests<LrSchedules>::type, ByName);

TYPED_TEST(LrSchedule, FactorIsTheTextbooksAtEveryStep) {
  LrScheduleSettings const settings{0.3, 2, 0.05};
  oracle::ScheduleFormula const formula{TypeParam::name, 0.3, 2, 0.05};
  for (std::int64_t const per_epoch : {1, 3, 10}) {
    for (std::int64_t const epochs : {1, 2, 5, 30}) {
      std::int64_t const total = per_epoch * epochs;
      for (std::int64_t done = 0; done < total; ++done) {
        SchedulePoint const at{done, total, done / per_epoch};
        double const expected = oracle::schedule_factor(formula, done, total, at.epoch);
        // cos_pi to 1e-15, powers to their exponent's number of roundings.
        ASSERT_NEAR(TypeParam::factor(settings, at), expected, 3e-15 + 30 * 0x1p-53 * expected)
            << "step " << done << " of " << total;
      }
    }
  }
}

TYPED_TEST(LrSchedule, StaysBetweenZeroAndTheRate) {
  LrScheduleSettings const settings{0.9, 3, 0.0};
  for (std::int64_t done = 0; done < 500; ++done) {
    double const factor = TypeParam::factor(settings, {done, 500, done / 5});
    ASSERT_GE(factor, 0.0);
    ASSERT_LE(factor, 1.0);
  }
}

TEST(LrSchedule, StepFallsAtWholeNumbersOfStepEpochs) {
  LrScheduleSettings const settings{0.1, 10, 0};
  EXPECT_EQ(StepLr::factor(settings, {0, 100, 9}), 1.0);
  EXPECT_EQ(StepLr::factor(settings, {0, 100, 10}), 0.1);
  EXPECT_NEAR(StepLr::factor(settings, {0, 100, 25}), 0.01, 1e-17);
}

TEST(LrSchedule, CosineIsHalfwayAtHalfTime) {
  EXPECT_DOUBLE_EQ(CosineLr::factor({0.1, 10, 0.2}, {50, 100, 0}), 0.6);
}

TEST(LrSchedule, OneCycleStartsLowPeaksAndEndsNearZero) {
  LrScheduleSettings const settings{};
  EXPECT_NEAR(OneCycleLr::factor(settings, {0, 100, 0}), 1.0 / 25, 1e-16);
  EXPECT_EQ(OneCycleLr::factor(settings, {29, 100, 0}), 1.0);
  EXPECT_NEAR(OneCycleLr::factor(settings, {99, 100, 0}), 1.0 / 25e4, 1e-16);
}

TEST(LrSchedule, OneCycleOfASingleStepHasARate) {
  double const factor = OneCycleLr::factor({}, {0, 1, 0});
  EXPECT_GT(factor, 0.0);
  EXPECT_LE(factor, 1.0);
}

}  // namespace
}  // namespace brood
