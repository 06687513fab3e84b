// SPDX-License-Identifier: Apache-2.0
// Random search: what a draw depends on, and that draws are uniform and independent. Seeds are
// fixed, so a test of a distribution either always passes or never; its threshold would be crossed
// by a right generator with the probability given.
#include "search/samplers/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace brood {
namespace {

TEST(RandomPoint, IsAFunctionOfSeedTrialAndNameOnly) {
  SearchSpace space;
  space.uniform("lr", 0, 1).integer("width", 1, 9);
  auto const point = point_of(Random{}, space, 7, 12);
  EXPECT_EQ(point, point_of(Random{}, space, 7, 12));
  EXPECT_NE(point, point_of(Random{}, space, 8, 12));
  EXPECT_NE(point, point_of(Random{}, space, 7 + (std::uint64_t{1} << 32), 12));
  EXPECT_NE(point, point_of(Random{}, space, 7, 13));
  EXPECT_EQ(point[0], uniform_draw(7, 12, "lr"));
  EXPECT_EQ(point[1], uniform_draw(7, 12, "width"));
}

// By an independent implementation. Written down so that a change of the counters, which changes
// every study, cannot pass unseen.
TEST(RandomPoint, KeepsItsRecordedDraws) {
  EXPECT_EQ(uniform_draw(0, 0, "lr"), 0.06739696567038556);
  EXPECT_EQ(uniform_draw(7, 1000, "weight_decay"), 0.5939469306540069);
}

TEST(RandomPoint, OfAParameterStaysWhenOthersComeAndGo) {
  SearchSpace one, three;
  one.uniform("lr", 0, 1);
  three.integer("width", 1, 9).constant("epochs", std::int64_t{5}).uniform("lr", 0, 1);
  for (int trial = 0; trial < 100; ++trial) {
    EXPECT_EQ(point_of(Random{}, one, 3, trial)[0], point_of(Random{}, three, 3, trial)[1]);
  }
}

TEST(RandomPoint, HasOneCoordinateForEachDimension) {
  SearchSpace space;
  EXPECT_TRUE(point_of(Random{}, space, 0, 0).empty());
  space.constant("a", 1.0).uniform("b", 0, 1).constant("c", 2.0).choice("d", {1.0, 2.0});
  EXPECT_EQ(point_of(Random{}, space, 0, 0).size(), 2u);
}

TEST(RandomPoint, TellsTheHyperparametersApart) {
  std::set<double> draws;
  char const* const names[] = {"hidden",      "activation",    "init",
                               "bias_init",   "dropout",       "input_dropout",
                               "loss",        "optimizer",     "lr",
                               "momentum",    "beta1",         "beta2",
                               "rho",         "eps",           "l1",
                               "l2",          "weight_decay",  "clip_value",
                               "clip_norm",   "ema",           "layer_lr",
                               "batch_size",  "epochs",        "patience",
                               "min_delta",   "lr_gamma",      "lr_schedule",
                               "lr_final",    "warmup_epochs", "lr_step_epochs",
                               "huber_delta", "class_weights", "label_smoothing"};
  for (auto const* name : names)
    draws.insert(uniform_draw(0, 0, name));
  EXPECT_EQ(draws.size(), std::size(names));
}

constexpr int kDraws = 65536;

std::vector<double> draws_of(std::string_view name, std::uint64_t seed) {
  std::vector<double> draws(kDraws);
  for (int trial = 0; trial < kDraws; ++trial) {
    draws[static_cast<std::size_t>(trial)] = uniform_draw(seed, trial, name);
  }
  return draws;
}

TEST(RandomDraws, LieStrictlyBetweenZeroAndOne) {
  for (double const u : draws_of("lr", 1)) {
    ASSERT_GT(u, 0);
    ASSERT_LT(u, 1);
  }
}

TEST(RandomDraws, FillSixtyFourCellsEvenly) {
  // The chi-square statistic of 63 degrees of freedom exceeds 131.37 with probability 1e-6.
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    std::array<int, 64> counts{};
    for (double const u : draws_of("lr", seed))
      ++counts[static_cast<std::size_t>(u * 64)];
    double statistic = 0;
    double const expected = kDraws / 64.0;
    for (int const count : counts)
      statistic += (count - expected) * (count - expected) / expected;
    EXPECT_LT(statistic, 131.37) << "seed " << seed;
  }
}

TEST(RandomDraws, OfALogarithmicRangeFollowItsLaw) {
  // Kolmogorov-Smirnov: the largest difference of the two distribution functions exceeds
  // sqrt(ln(2 / 1e-6) / (2 n)) with probability 1e-6.
  SearchSpace space;
  space.log_uniform("lr", 1e-5, 1e-1);
  std::vector<double> values;
  for (double const u : draws_of("lr", 5)) {
    values.push_back(std::get<double>(*space.decode(std::vector{u}).find("lr")));
  }
  std::sort(values.begin(), values.end());
  double farthest = 0;
  for (int i = 0; i < kDraws; ++i) {
    double const law = std::log(values[static_cast<std::size_t>(i)] / 1e-5) / std::log(1e4);
    farthest = std::max(
        {farthest, std::abs(law - i / double{kDraws}), std::abs(law - (i + 1) / double{kDraws})});
  }
  EXPECT_LT(farthest, std::sqrt(std::log(2e6) / (2.0 * kDraws)));
}

double correlation(std::vector<double> const& x, std::vector<double> const& y, std::size_t lag) {
  std::size_t const n = x.size() - lag;
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i)
    sum += (x[i] - 0.5) * (y[i + lag] - 0.5);
  return sum / static_cast<double>(n) * 12;  // the variance of a uniform draw is 1/12
}

// The correlation of n independent pairs has standard deviation 1/sqrt(n); six of them are
// exceeded with probability 2e-9.
TEST(RandomDraws, OfDifferentParametersAreUncorrelated) {
  std::vector<std::vector<double>> dimensions;
  for (auto const* name : {"lr", "l1", "l2", "beta1", "beta2", "hidden"}) {
    dimensions.push_back(draws_of(name, 9));
  }
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    for (std::size_t j = i + 1; j < dimensions.size(); ++j) {
      EXPECT_LT(std::abs(correlation(dimensions[i], dimensions[j], 0)), 6 / std::sqrt(kDraws))
          << i << ' ' << j;
    }
  }
}

TEST(RandomDraws, OfNeighbouringTrialsAndSeedsAreUncorrelated) {
  auto const draws = draws_of("lr", 9);
  EXPECT_LT(std::abs(correlation(draws, draws, 1)), 6 / std::sqrt(kDraws - 1));
  EXPECT_LT(std::abs(correlation(draws, draws_of("lr", 10), 0)), 6 / std::sqrt(kDraws));
}

}  // namespace
}  // namespace brood
