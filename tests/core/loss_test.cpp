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
using ElementLosses = TypeList<Bce, Mse, Mae, Huber>;  // all but the softmax one
static_assert(ElementLosses::size + 1 == Losses::size);
TYPED_TEST_SUITE(ElementLoss, TypedTests<ElementLosses>::type, ByName);

// Values of z and t that occur: probabilities for bce, standardised values for the others.
template <class Loss, class F>
void for_cases(F const& f) {
  std::vector<float> const targets = std::is_same_v<Loss, Bce>
                                         ? std::vector<float>{0.0f, 0.05f, 0.5f, 0.95f, 1.0f}
                                         : std::vector<float>{0.0f, 1.0f, -1.7f, 30.0f};
  for (float const delta : {0.5f, 1.0f, 3.0f}) {
    for (float const t : targets) {
      for (int i = -4000; i <= 4000; ++i) {
        f(static_cast<float>(i) * 0.0101f, t, delta);
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

// Roundings of the operations: the difference z - t has one of its own size, and what follows two
// or three more. bce adds terms of size |z| + 1: 6 u of that (sigmoid alone is 2.4 u).
template <class Loss>
double bound(double exact, double z) {
  double const u = oracle::kUnitRoundoff;
  bool const bce = std::is_same_v<Loss, Bce>;
  return bce ? 6 * u * (std::fabs(z) + 1) : 4 * u * std::fabs(exact);
}

TYPED_TEST(ElementLoss, ValueIsTheTextbooks) {
  auto const& formula = oracle::element_loss_formula(TypeParam::name);
  for_cases<TypeParam>([&](float z, float t, float delta) {
    double const exact = formula.value(z, t, delta);
    ASSERT_NEAR(TypeParam::apply(z, t, delta).value, exact, bound<TypeParam>(exact, z))
        << "z " << z << " t " << t << " delta " << delta;
  });
}

TYPED_TEST(ElementLoss, SlopeIsTheTextbooks) {
  auto const& formula = oracle::element_loss_formula(TypeParam::name);
  for_cases<TypeParam>([&](float z, float t, float delta) {
    double const exact = formula.slope(z, t, delta);
    ASSERT_NEAR(TypeParam::apply(z, t, delta).slope, exact, bound<TypeParam>(exact, 0))
        << "z " << z << " t " << t << " delta " << delta;
  });
}

// In double, away from kinks; |f'''| < 1, so h^2 / 6 and rounding 2^-52 |f| / h remain.
TYPED_TEST(ElementLoss, SlopeIsTheDifferenceOfTextbookValues) {
  auto const& formula = oracle::element_loss_formula(TypeParam::name);
  double const h = 1e-5;
  for (int i = -500; i <= 500; ++i) {
    double const z = i / 50.0 + 0.00713;
    double const t = std::is_same_v<TypeParam, Bce> ? 0.3 : -1.25;
    double const difference = (formula.value(z + h, t, 1) - formula.value(z - h, t, 1)) / (2 * h);
    ASSERT_NEAR(formula.slope(z, t, 1), difference, 1e-10 + 0x1p-52 * 256 / h) << "z = " << z;
  }
}

TYPED_TEST(ElementLoss, NanComesOut) {
  float const nan = std::nanf("");
  EXPECT_TRUE(std::isnan(TypeParam::apply(nan, 1.0f, 1.0f).value));
}

TEST(Loss, BceOfHugeLogitsIsFinite) {
  EXPECT_LT(Bce::apply(1000.0f, 1.0f, 1.0f).value, oracle::kTiny);
  EXPECT_EQ(Bce::apply(-1000.0f, 1.0f, 1.0f).value, 1000.0f);
  EXPECT_EQ(Bce::apply(1000.0f, 0.0f, 1.0f).slope, 1.0f);
}

TEST(Loss, MaeHasNoSlopeAtItsTarget) {
  EXPECT_EQ(Mae::apply(2.0f, 2.0f, 1.0f).slope, 0.0f);
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
