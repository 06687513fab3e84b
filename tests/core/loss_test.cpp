// SPDX-License-Identifier: Apache-2.0
// Every elementwise loss of the list against its textbook formula.
#include "core/loss.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "support/textbook.hpp"
#include "support/tolerance.hpp"
#include "sweep.hpp"

namespace brood {
namespace {

template <class T>
class ElementLoss : public ::testing::Test {};
using ElementLosses =
    TypeList<Bce, Mse, Mae, Huber, Pinball, LogCosh, Poisson, Tweedie>;  // all but the softmax one
static_assert(ElementLosses::size + 1 == Losses::size);
TYPED_TEST_SUITE(ElementLoss, TypedTests<ElementLosses>::type, ByName);

// Values of z and t that occur: probabilities for bce, standardised values for the others.
template <class Loss, class F>
void for_cases(F const& f) {
  std::vector<float> const targets =
      std::is_same_v<Loss, Bce> ? std::vector<float>{0.0f, 0.05f, 0.5f, 0.95f, 1.0f}
      : Loss::kLogLink          ? std::vector<float>{0.0f, 1.0f, 0.3f, 30.0f}
                                : std::vector<float>{0.0f, 1.0f, -1.7f, 30.0f};
  for (LossSettings const& s : {LossSettings{0.5f, 0.9f, 1.1f}, LossSettings{1.0f, 0.5f, 1.5f},
                                LossSettings{3.0f, 0.05f, 1.9f}}) {
    for (float const t : targets) {
      for (int i = -4000; i <= 4000; ++i) {
        f(static_cast<float>(i) * 0.0101f, t, s);
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

// Roundings of the operations: the difference z - t has one of its own size, and what follows two
// or three more. bce adds terms of size |z| + 1: 6 u of that (sigmoid alone is 2.4 u); log_cosh
// such of |z - t| and 1, and its slope is tanh to 5 ulp. With a log link both terms are
// exponentials to 1.2 ulp, of arguments that are rounded where there is a power.
template <class Loss>
double bound(double exact, double z, double t, LossSettings const& s, bool value) {
  double const u = oracle::kUnitRoundoff;
  if (std::is_same_v<Loss, Bce>) return 6 * u * ((value ? std::fabs(z) : 0) + 1);
  if (std::is_same_v<Loss, LogCosh>)
    return value ? 6 * u * (std::fabs(z - t) + 1) : 10 * u * std::fabs(exact) + u;
  if (std::is_same_v<Loss, Poisson>) return 5 * u * (std::exp(z) + t * (value ? std::fabs(z) : 1));
  if (std::is_same_v<Loss, Tweedie>) {
    double const p = s.tweedie_power, wide = value ? 1 / (2 - p) + 1 / (p - 1) : 1;
    return (8 + std::fabs(z)) * u * wide * (std::exp((2 - p) * z) + t * std::exp((1 - p) * z));
  }
  return 4 * u * std::fabs(exact);
}
oracle::LossNumbers numbers_of(LossSettings const& s) {
  return {s.huber_delta, s.tau, s.tweedie_power};
}

TYPED_TEST(ElementLoss, ValueIsTheTextbooks) {
  auto const& formula = oracle::element_loss_formula(TypeParam::name);
  for_cases<TypeParam>([&](float z, float t, LossSettings const& s) {
    double const exact = formula.value(z, t, numbers_of(s));
    ASSERT_NEAR(TypeParam::apply(z, t, s).value, exact, bound<TypeParam>(exact, z, t, s, true))
        << "z " << z << " t " << t << " delta " << s.huber_delta;
  });
}

TYPED_TEST(ElementLoss, SlopeIsTheTextbooks) {
  auto const& formula = oracle::element_loss_formula(TypeParam::name);
  for_cases<TypeParam>([&](float z, float t, LossSettings const& s) {
    double const exact = formula.slope(z, t, numbers_of(s));
    ASSERT_NEAR(TypeParam::apply(z, t, s).slope, exact, bound<TypeParam>(exact, z, t, s, false))
        << "z " << z << " t " << t << " delta " << s.huber_delta;
  });
}

// In double, away from kinks; |f'''| < 1, so h^2 / 6 and rounding 2^-52 |f| / h remain.
TYPED_TEST(ElementLoss, SlopeIsTheDifferenceOfTextbookValues) {
  auto const& formula = oracle::element_loss_formula(TypeParam::name);
  double const h = 1e-5;
  for (int i = -500; i <= 500; ++i) {
    // Of exponentials, where the third one is below 4.
    double const z = (i / 50.0 + 0.00713) * (TypeParam::kLogLink ? 0.13 : 1);
    double const t = std::is_same_v<TypeParam, Bce> || TypeParam::kLogLink ? 0.3 : -1.25;
    double const difference = (formula.value(z + h, t, {}) - formula.value(z - h, t, {})) / (2 * h);
    ASSERT_NEAR(formula.slope(z, t, {}), difference, 1e-10 + 0x1p-52 * 256 / h) << "z = " << z;
  }
}

TYPED_TEST(ElementLoss, NanComesOut) {
  float const nan = std::nanf("");
  EXPECT_TRUE(std::isnan(TypeParam::apply(nan, 1.0f, {1.0f, 0.5f, 1.5f}).value));
}

constexpr LossSettings kSome{1.0f, 0.9f, 1.5f};

// RealMLP's vector, tau 0.9.
TEST(Loss, PinballIsThePublishedOne) {
  EXPECT_FLOAT_EQ(Pinball::apply(-2.0f, 0.0f, kSome).value, 1.8f);
  EXPECT_FLOAT_EQ(Pinball::apply(0.5f, 0.0f, kSome).value, 0.05f);
  EXPECT_EQ(Pinball::apply(3.0f, 3.0f, kSome).slope, 0.0f);
}

TEST(Loss, ThoseOfALogLinkAreAtTheirBestWhereTheMeanIsTheTarget) {
  for (float const t : {0.5f, 1.0f, 7.0f}) {
    EXPECT_NEAR(Poisson::apply(std::log(t), t, kSome).slope, 0, 1e-6 * t);
    EXPECT_NEAR(Tweedie::apply(std::log(t), t, kSome).slope, 0, 1e-6 * t);
  }
  for (int i = 0; i < Losses::size; ++i) {
    bool const linked = std::strcmp(Losses::names[i], "poisson") == 0 ||
                        std::strcmp(Losses::names[i], "tweedie") == 0;
    EXPECT_EQ(has_log_link(i), linked) << Losses::names[i];
  }
}

TEST(Loss, BceOfHugeLogitsIsFinite) {
  EXPECT_LT(Bce::apply(1000.0f, 1.0f, kSome).value, oracle::kTiny);
  EXPECT_EQ(Bce::apply(-1000.0f, 1.0f, kSome).value, 1000.0f);
  EXPECT_EQ(Bce::apply(1000.0f, 0.0f, kSome).slope, 1.0f);
}

TEST(Loss, MaeHasNoSlopeAtItsTarget) {
  EXPECT_EQ(Mae::apply(2.0f, 2.0f, kSome).slope, 0.0f);
}

TEST(Loss, OnlyCrossEntropyIsASoftmax) {
  for (int i = 0; i < Losses::size; ++i) {
    visit(Losses{}, i, [](auto loss) {
      EXPECT_EQ(loss.kSoftmax, std::strcmp(loss.name, "cross_entropy") == 0) << loss.name;
    });
  }
}

// The oracle's own softmax: -ln of the label's probability, and the mean over labels under full
// smoothing.
TEST(Loss, TextbookCrossEntropyOfEqualLogitsIsTheLogOfTheirNumber) {
  EXPECT_NEAR(oracle::cross_entropy({3, 3, 3, 3}, 2, 0), std::log(4.0), 1e-15);
  EXPECT_NEAR(oracle::cross_entropy({3, 3, 3, 3}, 2, 0.3), std::log(4.0), 1e-15);
  EXPECT_NEAR(oracle::cross_entropy({0, std::log(3.0)}, 1, 0), std::log(4.0 / 3), 1e-15);
}

}  // namespace
}  // namespace brood
