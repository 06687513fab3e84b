// SPDX-License-Identifier: Apache-2.0
// What stands around the optimizer, element by element.
#include "core/update_rule.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace brood {
namespace {

TEST(UpdateRule, ClipsToBothSides) {
  EXPECT_EQ(clipped(3.0f, 2.0f), 2.0f);
  EXPECT_EQ(clipped(-3.0f, 2.0f), -2.0f);
  EXPECT_EQ(clipped(-1.5f, 2.0f), -1.5f);
  EXPECT_TRUE(std::isnan(clipped(std::numeric_limits<float>::quiet_NaN(), 2.0f)));
}

TEST(UpdateRule, WithoutClipValueNothingIsClipped) {
  Member m{};
  constexpr float kMax = std::numeric_limits<float>::max();
  EXPECT_EQ(clipped(-kMax, clip_bound(m)), -kMax);
  m.clip_value = 0.25f;
  EXPECT_EQ(clipped(-kMax, clip_bound(m)), -0.25f);
}

TEST(UpdateRule, ClipsTheNormByOneFactor) {
  EXPECT_EQ(clip_factor(1.0f, 0.5f), 1.0f);
  EXPECT_EQ(clip_factor(1.0f, 0.0f), 1.0f);
  EXPECT_FLOAT_EQ(clip_factor(1.0f, 4.0f), 0.25f);
  EXPECT_EQ(clip_factor(1.0f, std::numeric_limits<float>::infinity()), 0.0f);
}

TEST(UpdateRule, PenaltiesPullTowardsZero) {
  EXPECT_EQ(penalized(0.0f, 2.0f, 0.5f, 0.25f), 1.0f);
  EXPECT_EQ(penalized(0.0f, -2.0f, 0.5f, 0.25f), -1.0f);
  EXPECT_EQ(penalized(3.0f, 0.0f, 0.5f, 0.25f), 3.0f);
}

TEST(UpdateRule, LayersHaveTheirOwnRateAndDecay) {
  Member m{};
  m.layer_lr[0] = 1.0f;
  m.layer_lr[1] = 0.5f;
  m.layer_lr[2] = 0.0f;
  m.weight_decay = 0.25f;
  StepScalars step{};
  step.rate = 0.125f;  // the optimizer's, which need not be lr
  double const lr = 0.5;
  EXPECT_EQ(layer_scalars(m, 0, step, lr).rate, 0.125f);
  EXPECT_EQ(layer_scalars(m, 0, step, lr).decay, 1.0f - 0.5f * 0.25f);
  EXPECT_EQ(layer_scalars(m, 1, step, lr).rate, 0.0625f);
  EXPECT_EQ(layer_scalars(m, 1, step, lr).decay, 1.0f - 0.25f * 0.25f);
  EXPECT_TRUE(is_frozen(m, 2));
  EXPECT_FALSE(is_frozen(m, 1));
  m.weight_decay = 0.0f;
  EXPECT_EQ(layer_scalars(m, 0, step, lr).decay, 1.0f);
}

TEST(UpdateRule, AveragesWithTheOldValue) {
  EXPECT_EQ(averaged(4.0f, 8.0f, 0.75f), 5.0f);
}

}  // namespace
}  // namespace brood
