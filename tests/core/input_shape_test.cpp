// SPDX-License-Identifier: Apache-2.0
// Shapes of inputs against their formulas, and where those would be no number.
#include "core/input_shape.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace brood {
namespace {

constexpr double kU = 0x1p-24;

TEST(InputShape, SmoothClipIsRealMlps) {
  // pytabkit 1.8.0: x / sqrt(1 + x^2 / 9) at -10 -1 0 0.5 3 100.
  float const at[] = {-10, -1, 0, 0.5f, 3, 100};
  double const expected[] = {-2.8734788557, -0.94868329805, 0,
                             0.49319696192, 2.1213203436,   2.9986509106};
  for (int i = 0; i < 6; ++i) {
    EXPECT_NEAR(static_cast<double>(SmoothClip::apply(at[i], 0.0f, 1.0f)), expected[i],
                5 * kU * std::fabs(expected[i]) + 1e-10);
  }
}

TEST(InputShape, SmoothClipIsExactToAFewUlpEverywhere) {
  for (double x = 1e-6; x < 1e15; x *= 1.07) {
    auto const z = static_cast<float>(x);
    double const exact = double{z} / std::sqrt(1 + double{z} * z / 9);
    EXPECT_NEAR(static_cast<double>(SmoothClip::apply(z, 0.0f, 1.0f)), exact, 5 * kU * exact) << x;
    EXPECT_EQ(SmoothClip::apply(-z, 0.0f, 1.0f), -SmoothClip::apply(z, 0.0f, 1.0f));
  }
}

TEST(InputShape, WhatIsFarOutIsHeld) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (float const far : {1e20f, 3e38f, kInfinity}) {
    EXPECT_NEAR(SmoothClip::apply(far, 0.0f, 1.0f), 3.0f, 1e-6f);
    EXPECT_NEAR(SmoothClip::apply(-far, 0.0f, 1.0f), -3.0f, 1e-6f);
    EXPECT_EQ(Piece::apply(far, 0.0f, 1.0f), 1.0f);
    EXPECT_EQ(Piece::apply(-far, 0.0f, 1.0f), 0.0f);
    EXPECT_EQ(Cosine::apply(far, 0.0f, 1.0f), Cosine::apply(8192.0f, 0.0f, 1.0f));
    EXPECT_EQ(Cosine::apply(-far, 0.0f, 1.0f), Cosine::apply(-8192.0f, 0.0f, 1.0f));
  }
}

TEST(InputShape, CosineIsExactTo2e7) {
  for (float z = -8000; z < 8000; z += 1.37f) {
    EXPECT_NEAR(static_cast<double>(Cosine::apply(z, 0.25f, 1.0f)),
                std::cos(static_cast<double>(z - 0.25f)), 2e-7)
        << z;
  }
}

TEST(InputShape, OffsetsAndGainsComeAfterTheShape) {
  EXPECT_EQ(LinearInput::apply(3.0f, 1.0f, 0.5f), 1.0f);
  EXPECT_EQ(Piece::apply(0.75f, 0.25f, 4.0f), 2.0f);
  EXPECT_EQ(Piece::apply(7.0f, 0.25f, 4.0f), 3.0f);
  EXPECT_EQ(SmoothClip::apply(0.0f, 2.0f, 3.0f), -6.0f);
  EXPECT_EQ(Cosine::apply(2.0f, 2.0f, 3.0f), 3.0f);  // the offset of a cosine is its phase
}

}  // namespace
}  // namespace brood
