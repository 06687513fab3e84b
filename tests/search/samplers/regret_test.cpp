// SPDX-License-Identifier: Apache-2.0
// What samplers reach on Branin and Hartmann-6. The bounds are the upper quartiles over seeds that
// Optuna reaches with as many trials (random and TPE: 20 seeds, 4.9.0 and 5.0.0.dev): a sampler
// that is as good has a median above one by chance with probability below 2 %.
#include <gtest/gtest.h>

#include "search/objectives.hpp"

namespace brood {
namespace {

TEST(Branin, IsAsPublished) {
  auto const objective = branin();
  for (auto const& x :
       {std::vector{-std::numbers::pi, 12.275}, {std::numbers::pi, 2.275}, {9.42478, 2.475}})
    EXPECT_NEAR(objective.value(x), 0.397887, 1e-6);
}

TEST(Hartmann6, IsAsPublished) {
  EXPECT_NEAR(hartmann6().value({0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573}),
              -3.32237, 5e-6);
}

// Nothing but luck tells two random searches apart: 20 seeds have a median with a standard
// deviation of 0.1 on Hartmann-6, so there are 2000.
TEST(Regret, OfRandomSearch) {
  EXPECT_LE(median_least_value(Random{}, branin(), 100, 1, 2000), 1.134);
  EXPECT_LE(median_least_value(Random{}, hartmann6(), 100, 1, 2000), -2.015);
}

TEST(Regret, OfSobolPoints) {
  EXPECT_LE(median_least_value(Sobol{}, branin(), 100), 1.134);
  EXPECT_LE(median_least_value(Sobol{}, hartmann6(), 100), -2.015);
}

TEST(Regret, OfTpeWithJointDensities) {
  EXPECT_LE(median_least_value(Tpe{}, branin(), 100), 0.428);
  EXPECT_LE(median_least_value(Tpe{}, hartmann6(), 100), -3.146);
}

TEST(Regret, OfTpeWithDensitiesOfEachParameter) {
  Tpe const tpe{.multivariate = false};
  EXPECT_LE(median_least_value(tpe, branin(), 100), 0.502);
  EXPECT_LE(median_least_value(tpe, hartmann6(), 100), -2.840);
}

// Asked for ten at a time it is still better than random search one at a time.
TEST(Regret, OfTpeInBatches) {
  EXPECT_LE(median_least_value(Tpe{}, branin(), 100, 10), 0.534);
  EXPECT_LE(median_least_value(Tpe{}, hartmann6(), 100, 10), -2.390);
}

// On Hartmann-6 some of the seeds end in a local minimum, -3.20 the best of them: Optuna's 8 seeds
// have quartiles of -3.320 and -3.287. A median of 20 seeds is a matter of luck, so there are 60.
TEST(Regret, OfBayesianOptimization) {
  EXPECT_LE(median_least_value(Bayes{}, branin(), 50), 0.3981);
  EXPECT_LE(median_least_value(Bayes{}, hartmann6(), 50, 1, 60), -3.287);
}

TEST(Regret, OfBayesianOptimizationInBatches) {
  EXPECT_LE(median_least_value(Bayes{}, branin(), 50, 10), 0.427);
  EXPECT_LE(median_least_value(Bayes{}, hartmann6(), 50, 10), -2.840);
}

}  // namespace
}  // namespace brood
