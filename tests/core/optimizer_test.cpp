// SPDX-License-Identifier: Apache-2.0
// Every optimizer of the list, one weight over many steps, against PyTorch's documentation written
// out once more, in double.
#include "core/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "support/number.hpp"
#include "sweep.hpp"

namespace brood {
namespace {

// fp32 settings, so that the reference has the very same numbers.
constexpr OptimizerSettings kSettings{0.9f, 0.9f, 0.999f, 0.95f, 1e-6f, false, 0.05f};
constexpr double kLr = 0.0123;

struct Reference {
  std::string name;
  OptimizerSettings s = kSettings;
  double a = 0, b = 0, product = 1;
  int t = 0;

  double momentum(int step) const {
    return static_cast<double>(s.beta1) *
           (1 - 0.5 * std::pow(0.96, step * static_cast<double>(s.momentum_decay)));
  }
  double update(double g) {
    ++t;
    double const eps = s.eps, rho = s.rho, mu = s.momentum, b1 = s.beta1, b2 = s.beta2;
    if (name == "sgd") return kLr * g;
    if (name == "momentum") return kLr * (a = mu * a + g);
    if (name == "nesterov") {
      a = mu * a + g;
      return kLr * (g + mu * a);
    }
    if (name == "adagrad") {
      a += g * g;
      return kLr * g / (std::sqrt(a) + eps);
    }
    if (name == "rmsprop") {
      a = rho * a + (1 - rho) * g * g;
      return kLr * g / (std::sqrt(a) + eps);
    }
    if (name == "adadelta") {
      a = rho * a + (1 - rho) * g * g;
      double const delta = std::sqrt(b + eps) / std::sqrt(a + eps) * g;
      b = rho * b + (1 - rho) * delta * delta;
      return kLr * delta;
    }
    a = b1 * a + (1 - b1) * g;
    b = b2 * b + (1 - b2) * g * g;
    double const first = 1 - std::pow(b1, t), second = 1 - std::pow(b2, t);
    if (name == "nadam") {
      double const next = momentum(t + 1), own = momentum(t);
      product *= own;
      double const step = kLr * ((1 - own) / (1 - product) * g + next / (1 - product * next) * a);
      return s.eps_inside ? step * std::sqrt(second) / (std::sqrt(b) + eps)
                          : step / (std::sqrt(b / second) + eps);
    }
    if (s.eps_inside) return kLr * std::sqrt(second) / first * a / (std::sqrt(b) + eps);
    return kLr * (a / first) / (std::sqrt(b / second) + eps);
  }
};

// Gradients of one sign and of like size, so that no sum cancels and errors stay relative.
std::vector<float> gradients() {
  std::vector<float> result;
  for (int i = 0; i < 200; ++i)
    result.push_back(0.3f + 0.2f * static_cast<float>(std::sin(i * 1.7)));
  return result;
}

template <class Optimizer>
void expect_textbook(OptimizerSettings const& settings) {
  Reference reference{Optimizer::name, settings};
  float a = 0, b = 0;
  std::int64_t step = 0;
  for (float const g : gradients()) {
    ++step;
    StepScalars const scalars = Optimizer::scalars(settings, kLr, step);
    double const expected = reference.update(g);
    float const got = Optimizer::update(scalars, g, a, b);
    // A state is a weighted sum of positive terms, each rounded some 3 times a step; with decay rho
    // the roundings of the last 1 / (1 - rho) steps count, and rounding errors of random sign stay
    // well below 40 of them.
    ASSERT_NEAR(got, expected, 40 * oracle::kUnitRoundoff * std::fabs(expected)) << "step " << step;
  }
}

template <class T>
class Optimizer : public ::testing::Test {};
TYPED_TEST_SUITE(Optimizer, TypedTests<Optimizers>::type, ByName);

TYPED_TEST(Optimizer, UpdatesAreTheTextbooks) {
  expect_textbook<TypeParam>(kSettings);
}

TEST(Optimizer, AdamWithEpsInsideIsScikitLearns) {
  OptimizerSettings settings = kSettings;
  settings.eps_inside = true;
  settings.eps = 1e-2f;  // large, so that its place matters
  expect_textbook<Adam>(settings);
  expect_textbook<Nadam>(settings);
  settings.eps_inside = false;
  expect_textbook<Adam>(settings);
  expect_textbook<Nadam>(settings);
}

// Where the product of momenta is cut off, and where it is not, momentum rising fast, slowly or not
// at all: each step's coefficients are those of the whole product.
TEST(Optimizer, NadamsMomentaAreMultipliedFromTheFirstStepOn) {
  for (float const beta1 : {0.0f, 0.5f, 0.9f, 0.999f, 0.9999999f}) {
    for (float const decay : {0.0f, 0.004f, 0.1f}) {
      OptimizerSettings settings = kSettings;
      settings.beta1 = beta1;
      settings.momentum_decay = decay;
      Reference reference{"nadam", settings};
      for (int step = 1; step <= 300; ++step) {
        reference.product *= reference.momentum(step);
        double const next = reference.momentum(step + 1);
        double const gradients = (1 - reference.momentum(step)) / (1 - reference.product);
        double const means = next / (1 - reference.product * next);
        double const root = std::sqrt(1 - std::pow(static_cast<double>(settings.beta2), step));
        StepScalars const scalars = Nadam::scalars(settings, kLr, step);
        SCOPED_TRACE(testing::Message() << beta1 << ", " << decay << ", step " << step);
        ASSERT_NEAR(scalars.rate, kLr * root * gradients, 1e-7 * kLr * root * gradients);
        ASSERT_NEAR(scalars.mean, means / gradients, 1e-7 * means / gradients);
      }
    }
  }
}

TYPED_TEST(Optimizer, ZeroGradientFromRestMovesNothing) {
  float a = 0, b = 0;
  StepScalars const scalars = TypeParam::scalars(kSettings, kLr, 1);
  EXPECT_EQ(TypeParam::update(scalars, 0.0f, a, b), 0.0f);
  EXPECT_EQ(a, 0.0f);
  EXPECT_EQ(b, 0.0f);
}

TYPED_TEST(Optimizer, StepsAgainstTheGradientFromRest) {
  for (float const g : {1e-3f, -1e-3f, 100.0f, -100.0f}) {
    float a = 0, b = 0;
    StepScalars const scalars = TypeParam::scalars(kSettings, kLr, 1);
    EXPECT_GT(TypeParam::update(scalars, g, a, b) * g, 0.0f);
  }
}

// The oracle's bound of a first step rests on it.
TYPED_TEST(Optimizer, FirstUpdateGrowsWithTheGradient) {
  StepScalars const scalars = TypeParam::scalars(kSettings, kLr, 1);
  float last = -INFINITY;
  for (int i = -1000; i <= 1000; ++i) {
    float a = 0, b = 0;
    float const update = TypeParam::update(scalars, static_cast<float>(i) * 1e-5f, a, b);
    // Where it has levelled off, roundings of 12 u show.
    ASSERT_GE(update, last - 12 * oracle::kUnitRoundoff * std::fabs(last)) << i;
    last = update;
  }
}

TYPED_TEST(Optimizer, UsesTheStatesItDeclares) {
  float a = 0, b = 0;
  StepScalars const scalars = TypeParam::scalars(kSettings, kLr, 1);
  TypeParam::update(scalars, 1.0f, a, b);
  EXPECT_EQ(a != 0.0f, TypeParam::kStates >= 1);
  EXPECT_EQ(b != 0.0f, TypeParam::kStates >= 2);
}

// Bias corrections far out are 1, not NaN.
TYPED_TEST(Optimizer, ScalarsStayFiniteAfterManySteps) {
  StepScalars const s = TypeParam::scalars(kSettings, kLr, 1'000'000'000);
  EXPECT_FLOAT_EQ(s.rate * (1 + s.mean), static_cast<float>(kLr));
  EXPECT_TRUE(std::isfinite(s.eps) && std::isfinite(s.one_minus_beta2));
}

}  // namespace
}  // namespace brood
