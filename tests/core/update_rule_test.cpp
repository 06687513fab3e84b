// SPDX-License-Identifier: Apache-2.0
// What stands around the optimizer, element by element.
#include "core/update_rule.hpp"

#include <gtest/gtest.h>

#include <array>
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
  m.layer_rate[0] = m.layer_rate[1] = m.layer_eps[0] = 1.0f;
  m.layer_eps[1] = 4.0f;
  m.bias_lr = 0.5f;
  StepScalars step{};
  step.rate = 0.125f;  // the optimizer's, which need not be lr
  step.eps = 0.5f;
  double const lr = 0.5, decay = 0.25;
  EXPECT_EQ(layer_scalars(m, 0, step, lr, decay).rate, 0.125f);
  EXPECT_EQ(layer_scalars(m, 0, step, lr, decay).eps, 0.5f);
  EXPECT_EQ(layer_scalars(m, 0, step, lr, decay).decay, 1.0f - 0.5f * 0.25f);
  EXPECT_EQ(layer_scalars(m, 0, step, lr, decay).bias_rate, 0.0625f);
  EXPECT_EQ(layer_scalars(m, 1, step, lr, decay).rate, 0.0625f);
  EXPECT_EQ(layer_scalars(m, 1, step, lr, decay).eps, 2.0f);
  EXPECT_EQ(layer_scalars(m, 1, step, lr, decay).decay, 1.0f - 0.25f * 0.25f);
  EXPECT_TRUE(is_frozen(m, 2));
  EXPECT_FALSE(is_frozen(m, 1));
  EXPECT_EQ(layer_scalars(m, 0, step, lr, 0.0).decay, 1.0f);
  // The parametrization is beside all that, and changes neither decay nor biases.
  m.layer_rate[0] = 0.25f;
  EXPECT_EQ(layer_scalars(m, 0, step, lr, decay).rate, 0.03125f);
  EXPECT_EQ(layer_scalars(m, 0, step, lr, decay).decay, 1.0f - 0.5f * 0.25f);
  EXPECT_EQ(layer_scalars(m, 0, step, lr, decay).bias_rate, 0.0625f);
}

// A linear layer of three inputs and two outputs without bias, on four rows, by Adam in double:
// as W x / sqrt(3), and as what is held.
using Weights = std::array<double, 6>;
struct AdamCourse {
  double rate, eps;
  Weights first{}, second{};

  void step(Weights& w, Weights const& g, double decay, int t) {
    for (std::size_t i = 0; i < w.size(); ++i) {
      first[i] = 0.9 * first[i] + 0.1 * g[i];
      second[i] = 0.95 * second[i] + 0.05 * g[i] * g[i];
      double const mean = first[i] / (1 - std::pow(0.9, t));
      double const size = std::sqrt(second[i] / (1 - std::pow(0.95, t)));
      w[i] = w[i] * decay - rate * mean / (size + eps);
    }
  }
};

// Of the mean square over all elements by what is multiplied with x, times `share` of it.
Weights gradient_of_mse(Weights const& w, double share) {
  constexpr double kX[4][3] = {{1, 0, -1}, {2, 1, 0}, {0, -1, 3}, {-2, 0.5, 1}};
  constexpr double kY[4][2] = {{1, -1}, {0, 2}, {0.5, 0.5}, {-1, 0}};
  Weights g{};
  for (std::size_t r = 0; r < 4; ++r) {
    for (std::size_t o = 0; o < 2; ++o) {
      double z = 0;
      for (std::size_t i = 0; i < 3; ++i)
        z += share * w[2 * i + o] * kX[r][i];
      for (std::size_t i = 0; i < 3; ++i)
        g[2 * i + o] += 2 * (z - kY[r][o]) / 8 * share * kX[r][i];
    }
  }
  return g;
}

// The vectors of the neural tangent parametrization, of pytabkit's training.
TEST(UpdateRule, TheFoldOfNtkIsExactForAdam) {
  Weights plain = {1, -0.5, 0.25, 2, -1.5, 0.75};
  Weights const expected = {0.46034346013, -0.1725810024,  0.028716318396,
                            1.2451129668,  -0.74753994773, 0.44217782842};
  double const root = std::sqrt(3.0), decay = 1 - 0.04 * 0.02;
  Weights held = plain;
  for (double& w : held)
    w /= root;
  LayerFactors const factors = ntk_factors(GradientDegree::zero, 3);
  AdamCourse of_plain{0.04, 1e-8}, of_held{0.04 * factors.rate, 1e-8 * factors.eps};
  for (int t = 1; t <= 5; ++t) {
    of_plain.step(plain, gradient_of_mse(plain, 1 / root), decay, t);
    of_held.step(held, gradient_of_mse(held, 1), decay, t);
  }
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_NEAR(held[i], expected[i], 6e-11);  // eleven digits
    EXPECT_NEAR(plain[i] / root, held[i], 1e-15);
  }
}

TEST(UpdateRule, WhatGoesWithGradientsTakesTheWholeOfN) {
  EXPECT_EQ(ntk_factors(GradientDegree::one, 4).rate, 0.25);
  EXPECT_EQ(ntk_factors(GradientDegree::zero, 4).rate, 0.5);
  EXPECT_EQ(ntk_factors(GradientDegree::zero, 4).eps, 2.0);
}

TEST(UpdateRule, AveragesWithTheOldValue) {
  EXPECT_EQ(averaged(4.0f, 8.0f, 0.75f), 5.0f);
}

}  // namespace
}  // namespace brood
