// SPDX-License-Identifier: Apache-2.0
// Ordinal parameters: values in an order, which models see as whole numbers.
#include <gtest/gtest.h>

#include "search/asking.hpp"
#include "search/samplers/axis.hpp"
#include "search/samplers/points.hpp"
#include "search/schedulers/explore.hpp"
#include "search/space/distribution.hpp"

namespace brood {
namespace {

SearchSpace sizes() {
  SearchSpace space;
  space.ordinal("size", {"tiny", "small", "medium", "large", "huge"});
  return space;
}

TEST(Ordinal, DrawsEachValueFromItsFifthInOrder) {
  auto const space = sizes();
  EXPECT_EQ(space.size(), 5);
  char const* const names[] = {"tiny", "small", "medium", "large", "huge"};
  for (int i = 0; i < 5; ++i) {
    for (double const at : {0.001, 0.199}) {
      EXPECT_EQ(*space.decode(std::vector{0.2 * i + at}).find("size"), Value(names[i]));
    }
  }
}

TEST(Ordinal, IsAnAxisOfSteps) {
  auto const space = sizes();
  ModelSpace const model(space);
  ASSERT_EQ(model.axes().size(), 1u);
  Axis const& axis = model.axes()[0];
  EXPECT_TRUE(axis.kind == Axis::Kind::steps && !axis.log);
  EXPECT_EQ(axis.first, 0);
  EXPECT_EQ(axis.last, 4);
  EXPECT_EQ(axis.low, -0.5);
  EXPECT_EQ(axis.high, 4.5);
  EXPECT_EQ(axis.prior_mean, 2);
  EXPECT_EQ(axis.prior_sigma, 5);
  EXPECT_EQ(model.point_of({{"size", "large"}}), std::vector{3.0});
  EXPECT_EQ(model.config_at(std::vector{3.0}), (Config{{"size", "large"}}));
}

TEST(Ordinal, TakesItsValuesInAPoint) {
  SearchSpace space;
  space.ordinal("batch_size", {std::int64_t{16}, std::int64_t{64}});
  EXPECT_TRUE(problems_of_point({{"batch_size", 64.0}}, space, "", true).empty());
  EXPECT_EQ(completed({{"batch_size", 64.0}}, space, 0, 0),
            (Config{{"batch_size", std::int64_t{64}}}));
  EXPECT_EQ(problems_of_point({{"batch_size", 32.0}}, space, "Here", true),
            (std::vector<std::string>{"Here: batch_size is 32; the search space gives 16, 64."}));
}

TEST(Ordinal, ExploresItsNeighbours) {
  auto const space = sizes();
  int lower = 0, higher = 0;
  for (int trial = 0; trial < 100; ++trial) {
    Config const config = explored({{"size", "medium"}}, {.resample = 0}, space, 3, trial, 1);
    Value const value = *config.find("size");
    lower += value == Value("small");
    higher += value == Value("large");
  }
  EXPECT_EQ(lower + higher, 100);
  EXPECT_GT(lower, 20);
  EXPECT_GT(higher, 20);
  for (int trial = 0; trial < 20; ++trial) {
    Config const config = explored({{"size", "huge"}}, {.resample = 0}, space, 3, trial, 1);
    Value const value = *config.find("size");
    EXPECT_TRUE(value == Value("large") || value == Value("huge"));
  }
}

TEST(Ordinal, RefusesNoValuesAndTheSameTwice) {
  SearchSpace none;
  none.ordinal("size", {});
  EXPECT_EQ(none.problems().size(), 1u);
  SearchSpace twice;
  twice.ordinal("size", {1, 2, 1});
  EXPECT_EQ(twice.problems().size(), 1u);
}

// Of 40 values each is seen at most once; who takes the neighbours for alike finds the best.
TEST(Ordinal, ModelsUseTheOrder) {
  std::vector<Value> values;
  for (int i = 0; i < 40; ++i)
    values.emplace_back("v" + std::to_string(i));
  auto const loss = [](Config const& config) {
    return std::abs(std::stod(std::get<std::string>(*config.find("size")).substr(1)) - 28);
  };
  auto const trials_until_best = [&](SearchSpace const& space, SamplerChoice const& sampler) {
    int total = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      auto const asked =
          ask_all({.sampler = sampler, .space = space, .trials = 40, .seed = seed, .score = loss});
      total += static_cast<int>(std::find(asked.scores.begin(), asked.scores.end(), 0.0) -
                                asked.scores.begin());
    }
    return total / 10.0;
  };
  SearchSpace ordered, unordered;
  ordered.ordinal("size", values);
  unordered.choice("size", values);
  for (SamplerChoice const& sampler :
       {SamplerChoice(Tpe{.startup = 5}), SamplerChoice(Bayes{.startup = 5})}) {
    SCOPED_TRACE(name_of(sampler));
    // Without the order it is a draw without replacement: 19.5 trials before it on average.
    EXPECT_LT(trials_until_best(ordered, sampler) + 4, trials_until_best(unordered, sampler));
  }
}

}  // namespace
}  // namespace brood
