// SPDX-License-Identifier: Apache-2.0
// The error bounds that host/core/math.hpp documents, measured against the C library in double.
#include "core/math.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sweep.hpp"

namespace brood {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Worst {
  double error = 0;
  float x = 0;
  void see(double error_at_x, float at) {
    if (!(error_at_x <= error)) error = error_at_x, x = at;  // a NaN counts as worst
  }
};

template <class Got, class Exact>
Worst worst_ulps(float low, float high, Got const& got, Exact const& exact) {
  Worst worst;
  for_floats(low, high, [&](float x) {
    double const y = exact(static_cast<double>(x));
    if (y != 0) worst.see(ulps(got(x), y), x);
  });
  return worst;
}

template <class Got, class Exact>
Worst worst_difference(float low, float high, Got const& got, Exact const& exact) {
  Worst worst;
  for_floats(low, high,
             [&](float x) { worst.see(std::fabs(got(x) - exact(static_cast<double>(x))), x); });
  return worst;
}

#define EXPECT_WORST(worst, bound)                 \
  {                                                \
    Worst const w = worst;                         \
    EXPECT_LE(w.error, bound) << "at x = " << w.x; \
  }

TEST(Math, ExpIsWithinItsUlps) {
  EXPECT_WORST(
      worst_ulps(
          -87.3f, 88.37f, [](float x) { return exp(x); }, [](double x) { return std::exp(x); }),
      1.2);
}

TEST(Math, ExpOfZeroIsOne) {
  EXPECT_EQ(exp(0.0f), 1.0f);
}

TEST(Math, ExpStaysFiniteAndPositiveBeyondItsRange) {
  for (float const x : {-kInfinity, -1e30f, -200.0f}) {
    EXPECT_GE(exp(x), std::numeric_limits<float>::min());
    EXPECT_LT(exp(x), 1.3e-38f);
  }
  for (float const x : {kInfinity, 1e30f, 200.0f}) {
    EXPECT_LT(exp(x), kInfinity);
    EXPECT_GT(exp(x), 2e38f);
  }
}

TEST(Math, LogIsWithinItsUlps) {
  EXPECT_WORST(
      worst_ulps(
          1.2e-38f, 3.4e38f, [](float x) { return log(x); }, [](double x) { return std::log(x); }),
      2);
}

TEST(Math, Log1pIsWithinItsUlps) {
  EXPECT_WORST(
      worst_ulps(
          0.0f, 1.0f, [](float x) { return log1p(x); }, [](double x) { return std::log1p(x); }),
      3);
}

TEST(Math, SigmoidIsWithinItsUlps) {
  EXPECT_WORST(worst_ulps(
                   -87.3f, 100.0f, [](float x) { return sigmoid(x); },
                   [](double x) { return 1 / (1 + std::exp(-x)); }),
               3);
}

TEST(Math, SoftplusIsWithinTwoUlps) {
  EXPECT_WORST(worst_ulps(
                   -87.3f, 1000.0f, [](float x) { return softplus(x); },
                   [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }),
               2);
}

TEST(Math, TanhIsWithinItsUlps) {
  EXPECT_WORST(
      worst_ulps(
          -100.0f, 100.0f, [](float x) { return tanh(x); }, [](double x) { return std::tanh(x); }),
      5);
}

TEST(Math, ErfIsWithinItsAbsoluteError) {
  EXPECT_WORST(
      worst_difference(
          -100.0f, 100.0f, [](float x) { return erf(x); }, [](double x) { return std::erf(x); }),
      3.8e-7);
}

TEST(Math, SinAndCosAreWithinTheirAbsoluteError) {
  EXPECT_WORST(worst_difference(
                   -8192.0f, 8192.0f, [](float x) { return sin_cos(x).sin; },
                   [](double x) { return std::sin(x); }),
               2e-7);
  EXPECT_WORST(worst_difference(
                   -8192.0f, 8192.0f, [](float x) { return sin_cos(x).cos; },
                   [](double x) { return std::cos(x); }),
               2e-7);
}

TEST(Math, NanGoesThroughEveryFunction) {
  for (float const y :
       {exp(kNan), log(kNan), log1p(kNan), sigmoid(kNan), softplus(kNan), tanh(kNan), erf(kNan),
        sin_cos(kNan).sin, sin_cos(kNan).cos, sign(kNan) * kNan})
    EXPECT_TRUE(std::isnan(y));
}

TEST(Math, NearestRoundsTiesToEven) {
  EXPECT_EQ(nearest(0.5f), 0.0f);
  EXPECT_EQ(nearest(1.5f), 2.0f);
  EXPECT_EQ(nearest(-2.5f), -2.0f);
  EXPECT_EQ(nearest(2.4999f), 2.0f);
  EXPECT_EQ(nearest(-4194302.5f), -4194302.0f);
}

TEST(Math, MantissaAndExponentMakeTheNumberAgain) {
  for_floats(1.2e-38f, 3.4e38f, [](float x) {
    int e = 0;
    float const m = std::frexp(x, &e);
    ASSERT_EQ(mantissa(x), m) << x;
    ASSERT_EQ(exponent(x), static_cast<float>(e)) << x;
  });
}

TEST(Math, ScaleByPowerIsLdexp) {
  for (int n = -126; n <= 127; ++n)
    EXPECT_EQ(scale_by_power(1.5f, static_cast<float>(n)), std::ldexp(1.5f, n));
}

TEST(Math, SignIsZeroAtZeros) {
  EXPECT_EQ(sign(0.0f), 0.0f);
  EXPECT_EQ(sign(-0.0f), 0.0f);
  EXPECT_EQ(sign(1e-40f), 1.0f);
  EXPECT_EQ(sign(-3.0f), -1.0f);
}

TEST(Math, LogInDoubleIsWithinOneUlp) {
  for_floats(1.2e-38f, 3.4e38f, [](float x) {
    double const t = static_cast<double>(x) * (1 + 0x1.3p-30);
    double const exact = std::log(t);  // glibc's is within 0.52 ulp
    double const ulp = std::ldexp(1.0, std::ilogb(exact) - 52);
    if (exact != 0) {
      ASSERT_LE(std::fabs(log_double(t) - exact), 1.52 * ulp) << t;
    }
  });
}

TEST(Math, CosPiIsWithinItsAbsoluteError) {
  long double const pi = std::acos(-1.0L);
  for (int i = 0; i <= 100000; ++i) {
    double const t = i / 100000.0;
    ASSERT_NEAR(cos_pi(t), static_cast<double>(std::cos(pi * t)), 1.2e-15) << t;
  }
  EXPECT_EQ(cos_pi(0), 1.0);
  EXPECT_EQ(cos_pi(0.5), 0.0);
  EXPECT_EQ(cos_pi(1), -1.0);
}

// Doubling is exact; so is what is beyond a whole number, given x.
TEST(Math, CosTwoPiRepeatsItself) {
  long double const pi = std::acos(-1.0L);
  for (int i = 0; i <= 100000; ++i) {
    double const x = i / 9000.0;
    ASSERT_NEAR(cos_two_pi(x), static_cast<double>(std::cos(2 * pi * x)), 1.2e-15) << x;
  }
  for (double const whole : {0.0, 1.0, 17.0, 2147483646.0}) {
    EXPECT_EQ(cos_two_pi(whole), 1.0);
    EXPECT_EQ(cos_two_pi(whole + 0.25), 0.0);
    EXPECT_EQ(cos_two_pi(whole + 0.5), -1.0);
    EXPECT_EQ(cos_two_pi(whole + 0.75), 0.0);
  }
}

// Squaring loses at most one rounding per factor: n u.
TEST(Math, PowerIsRepeatedMultiplication) {
  EXPECT_EQ(power(0.9, 0), 1.0);
  EXPECT_EQ(power(0.0, 0), 1.0);
  EXPECT_EQ(power(0.0, 3), 0.0);
  EXPECT_EQ(power(2.0, 40), 0x1p40);
  for (int n = 1; n < 3000; n += 7)
    EXPECT_NEAR(power(0.999, n), std::pow(0.999, n), n * 0x1p-53 * std::pow(0.999, n));
  EXPECT_EQ(power(0.5, 1'000'000'000'000), 0.0);
}

}  // namespace
}  // namespace brood
