// SPDX-License-Identifier: Apache-2.0
// Every activation of the list against its textbook formula, within the bounds of the tolerance
// page, and the textbook's slopes against differences of its values.
#include "core/activation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/textbook.hpp"
#include "support/tolerance.hpp"
#include "sweep.hpp"

namespace brood {
namespace {

template <class T>
class Activation : public ::testing::Test {};
TYPED_TEST_SUITE(Activation, TypedTests<Activations>::type, ByName);

constexpr float kRange = oracle::kActivationRange;

// The largest |got - exact| / bound of a sweep, and where.
struct Worst {
  double ratio = 0;
  float z = 0;
  void see(float got, double exact, float at, oracle::FunctionError const& error) {
    double const bound = error.relative * std::fabs(exact) + error.absolute +
                         error.per_input * std::fabs(at) + oracle::kTiny;
    double const here = std::fabs(got - exact) / bound;
    if (!(here <= ratio)) ratio = here, z = at;  // a NaN counts as worst
  }
};

TYPED_TEST(Activation, ValueIsTheTextbooks) {
  auto const& formula = oracle::activation_formula(TypeParam::name);
  auto const error = oracle::activation_error(TypeParam::name).value;
  Worst worst;
  for_floats(-kRange, kRange,
             [&](float z) { worst.see(TypeParam::apply(z).value, formula.value(z), z, error); });
  EXPECT_LE(worst.ratio, 1) << "at z = " << worst.z;
}

TYPED_TEST(Activation, SlopeIsTheTextbooks) {
  auto const& formula = oracle::activation_formula(TypeParam::name);
  auto const error = oracle::activation_error(TypeParam::name).slope;
  Worst worst;
  for_floats(-kRange, kRange,
             [&](float z) { worst.see(TypeParam::apply(z).slope, formula.slope(z), z, error); });
  EXPECT_LE(worst.ratio, 1) << "at z = " << worst.z;
}

// In double, away from kinks (0 and +-3), with step h: the central difference is off by
// h^2 |f'''| / 6 (|f'''| < 2 for all of them) and by rounding, 2^-52 |f| / h.
TYPED_TEST(Activation, SlopeIsTheDifferenceOfTextbookValues) {
  auto const& formula = oracle::activation_formula(TypeParam::name);
  double const h = 1e-5;
  for (int i = -800; i <= 800; ++i) {
    double const z = i / 100.0 + 0.003;
    double const difference = (formula.value(z + h) - formula.value(z - h)) / (2 * h);
    ASSERT_NEAR(formula.slope(z), difference, 1e-10 + 0x1p-52 * 16 / h) << "z = " << z;
  }
}

TYPED_TEST(Activation, NanComesOut) {
  EXPECT_TRUE(std::isnan(TypeParam::apply(std::numeric_limits<float>::quiet_NaN()).value));
}

// sin alone has nothing sensible to say of huge inputs, but stays in its range.
TYPED_TEST(Activation, HugeInputsGiveFiniteOrHugeValuesNeverNan) {
  for (float const z : {1e4f, -1e4f, 1e6f, -1e6f}) {
    auto const y = TypeParam::apply(z);
    EXPECT_TRUE(std::isfinite(y.value)) << z;
    EXPECT_TRUE(std::isfinite(y.slope)) << z;
  }
}

// PyTorch's conventions at the kinks.
TEST(Activation, SlopesAtKinksAreTheOnesOnTheLeft) {
  EXPECT_EQ(Relu::apply(0.0f).slope, 0.0f);
  EXPECT_EQ(LeakyRelu::apply(0.0f).slope, 0.01f);
  EXPECT_EQ(Elu::apply(0.0f).slope, 1.0f);
}

}  // namespace
}  // namespace brood
