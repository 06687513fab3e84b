// SPDX-License-Identifier: Apache-2.0
// Grid: which combinations, in which order.
#include <gtest/gtest.h>

#include "search/asking.hpp"
#include "search/space/enumeration.hpp"

namespace brood {
namespace {

std::string line(Config const& config) {
  std::string text;
  for (auto const& entry : config)
    text += (text.empty() ? "" : " ") + to_text(entry.second);
  return text;
}

TEST(Grid, TakesEveryCombinationTheLastParameterFastest) {
  SearchSpace space;
  space.choice("loss", {"mse", "never", "mae"}, {0.5, 0, 0.5})
      .constant("epochs", std::int64_t{7})
      .add({.name = "dropout",
            .distribution = Distribution::q_uniform,
            .min = 0,
            .max = 0.25,
            .q = 0.1})
      .integer("width", -1, 0);
  std::vector<std::string> lines;
  for (auto const& config :
       ask_all({.sampler = Grid{}, .space = space, .trials = 99, .batch = 5}).configs)
    lines.push_back(line(config));
  EXPECT_EQ(lines, (std::vector<std::string>{"mse 7 0 -1", "mse 7 0 0", "mse 7 0.1 -1",
                                             "mse 7 0.1 0", "mse 7 0.2 -1", "mse 7 0.2 0",
                                             "mae 7 0 -1", "mae 7 0 0", "mae 7 0.1 -1",
                                             "mae 7 0.1 0", "mae 7 0.2 -1", "mae 7 0.2 0"}));
}

TEST(Grid, OfOneConfigurationIsOneTrial) {
  SearchSpace space;
  space.constant("lr", 0.5).integer("width", 3, 3);
  auto const asked = ask_all({.sampler = Grid{}, .space = space, .trials = 4, .batch = 4});
  ASSERT_EQ(asked.configs.size(), 1u);
  EXPECT_EQ(line(asked.configs[0]), "0.5 3");
}

TEST(Grid, RefusesAParameterWithoutSteps) {
  SearchSpace space;
  space.integer("width", 1, 4).log_uniform("lr", 1e-4, 1e-1).uniform("dropout", 0.5, 0.5);
  EXPECT_EQ(problems(Grid{}, space),
            std::vector<std::string>{
                "lr: log_uniform_values has no step, and a grid takes every value; give values, "
                "int_uniform or a q_ distribution."});
}

TEST(Enumeration, NumbersWhatTheSpaceDecodes) {
  SearchSpace space;
  space.integer("width", -3, 3)
      .add({.name = "a",
            .distribution = Distribution::q_log_uniform_values,
            .min = 1,
            .max = 64,
            .q = 4})
      .add({.name = "b", .distribution = Distribution::q_normal, .q = 0.3, .mu = 1, .sigma = 0.2})
      .choice("c", {1.0, 2.0, 3.0});
  Enumeration const enumeration(space);
  ASSERT_EQ(enumeration.size(), space.size());
  for (std::int64_t number = 0; number < enumeration.size(); ++number)
    ASSERT_EQ(enumeration.number_of(enumeration.config(number)), number);
  for (auto const& config : propose(Random{}, space, 0, 0, 500, {}, false)) {
    auto const number = enumeration.number_of(config);
    ASSERT_TRUE(number) << line(config);
    ASSERT_EQ(enumeration.config(*number), config);
  }
  EXPECT_FALSE(enumeration.number_of(Config{{"width", std::int64_t{0}}}));
}

TEST(Enumeration, HasNoNumbersBeyondTheIntegers) {
  SearchSpace space;
  space.integer("a", 0, std::int64_t{1} << 40).integer("b", 0, std::int64_t{1} << 40);
  EXPECT_EQ(Enumeration(space).size(), 0);
  EXPECT_EQ(ask_all({.space = space, .trials = 3, .batch = 3}).configs.size(), 3u);
}

}  // namespace
}  // namespace brood
