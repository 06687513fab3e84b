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
  LrScheduleSettings const settings{0.3, 2, 0.05, 3.0, 5};
  oracle::ScheduleFormula const formula{TypeParam::name, 0.3, 2, 0.05, 3.0, 5};
  for (std::int64_t const per_epoch : {1, 3, 10}) {
    for (std::int64_t const epochs : {1, 2, 5, 30}) {
      std::int64_t const total = per_epoch * epochs;
      for (std::int64_t done = 0; done < total; ++done) {
        SchedulePoint const at{done, total, done / per_epoch};
        double const expected = oracle::schedule_factor(formula, done, total, at.epoch);
        // cos_pi to 1e-15, powers to their exponent's number of roundings; cycles of coslog, up to
        // 5, to 5 roundings of either writing, which pi makes larger.
        double const cycles = std::string(TypeParam::name) == "coslog" ? 5 * 10 * 0x1p-53 : 0;
        ASSERT_NEAR(TypeParam::factor(settings, at), expected,
                    3e-15 + 30 * 0x1p-53 * expected + 3.2 * cycles)
            << "step " << done << " of " << total;
      }
    }
  }
}

TYPED_TEST(LrSchedule, StaysBetweenZeroAndTheRate) {
  LrScheduleSettings const settings{0.9, 3, 0.0, 2.0, 4};
  for (std::int64_t done = 0; done < 500; ++done) {
    double const factor = TypeParam::factor(settings, {done, 500, done / 5});
    ASSERT_GE(factor, 0.0);
    ASSERT_LE(factor, 1.0);
  }
}

TEST(LrSchedule, StepFallsAtWholeNumbersOfStepEpochs) {
  LrScheduleSettings const settings{0.1, 10, 0, 2, 4};
  EXPECT_EQ(StepLr::factor(settings, {0, 100, 9}), 1.0);
  EXPECT_EQ(StepLr::factor(settings, {0, 100, 10}), 0.1);
  EXPECT_NEAR(StepLr::factor(settings, {0, 100, 25}), 0.01, 1e-17);
}

TEST(LrSchedule, CosineIsHalfwayAtHalfTime) {
  EXPECT_DOUBLE_EQ(CosineLr::factor({0.1, 10, 0.2, 2, 4}, {50, 100, 0}), 0.6);
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

// RealMLP's, to ten digits, at shares of a training of 300,000 steps.
TEST(LrSchedule, CoslogAndFlatCosineAreThePublishedOnes) {
  LrScheduleSettings const settings{0, 1, 0, 2, 4};
  std::int64_t const total = 300'000;
  struct Point {
    std::int64_t done;
    double coslog, flat_cosine;
  };
  Point const points[] = {{0, 0, 1},
                          {3'000, 0.3503812616, 1},
                          {20'000, 0, 1},
                          {30'000, 0.71835468846, 1},
                          {100'000, 0.93043097043, 1},
                          {150'000, 0.073618934186, 1},
                          {180'000, 0.71835468846, 0.90450849719},
                          {225'000, 0.87565773108, 0.5},
                          {270'000, 0.18620080013, 0.095491502813},
                          {300'000, 0, 0}};
  for (auto const& [done, coslog, flat_cosine] : points) {
    SchedulePoint const at{done, total, 0};
    EXPECT_NEAR(CoslogLr::factor(settings, at), coslog, 1e-10) << done;
    EXPECT_NEAR(FlatCosineLr::factor(settings, at), flat_cosine, 1e-10) << done;
  }
}

TEST(LrSchedule, CoslogIsZeroExactlyWhereCyclesBegin) {
  LrScheduleSettings const settings{0, 1, 0, 2, 4};
  for (std::int64_t const done : {0, 1, 3, 7, 15})
    EXPECT_EQ(CoslogLr::factor(settings, {done, 15, 0}), 0.0) << done;
}

TEST(LrSchedule, CoslogOfOneCycleGoesUpAndDownOnce) {
  LrScheduleSettings const settings{0, 1, 0, 3, 1};
  int turns = 0;
  double before = 0, rise = 1;
  for (std::int64_t done = 1; done <= 100; ++done) {
    double const now = CoslogLr::factor(settings, {done, 100, 0});
    if ((now - before) * rise < 0) ++turns, rise = -rise;
    before = now;
  }
  EXPECT_EQ(turns, 1);
}

}  // namespace
}  // namespace brood
