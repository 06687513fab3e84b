// SPDX-License-Identifier: Apache-2.0
// Conditional parameters: where they are there, what is refused, how configurations are counted,
// and what samplers and hand-picked points make of them.
#include <gtest/gtest.h>

#include <set>

#include "brood/error.hpp"
#include "search/asking.hpp"
#include "search/config_texts.hpp"
#include "search/dice.hpp"
#include "search/samplers/axis.hpp"
#include "search/samplers/points.hpp"
#include "search/schedulers/explore.hpp"
#include "search/space/enumeration.hpp"

namespace brood {
namespace {

// momentum with two of the optimizers, its damping only where momentum is high.
SearchSpace optimizers() {
  SearchSpace space;
  space.choice("optimizer", {"adam", "momentum", "nesterov"})
      .choice("momentum", {0.5, 0.9})
      .when("optimizer", {"momentum", "nesterov"})
      .integer("damping", 1, 3)
      .when("momentum", {0.9})
      .when("optimizer", {"momentum"});
  return space;
}

TEST(Conditions, DecideWhatAConfigurationHas) {
  auto const space = optimizers();
  EXPECT_EQ(space.dimensions(), 3);
  EXPECT_EQ(space.decode(std::vector{0.1, 0.9, 0.5}), (Config{{"optimizer", "adam"}}));
  EXPECT_EQ(space.decode(std::vector{0.5, 0.1, 0.5}),
            (Config{{"optimizer", "momentum"}, {"momentum", 0.5}}));
  EXPECT_EQ(space.decode(std::vector{0.5, 0.9, 0.5}),
            (Config{{"optimizer", "momentum"}, {"momentum", 0.9}, {"damping", std::int64_t{2}}}));
  EXPECT_EQ(space.decode(std::vector{0.9, 0.9, 0.5}),
            (Config{{"optimizer", "nesterov"}, {"momentum", 0.9}}));
}

// A parameter is not there where the one it depends on is not, whatever that would have been.
TEST(Conditions, AreOfWhatIsThere) {
  Config const full{{"optimizer", "adam"}, {"momentum", 0.9}, {"damping", std::int64_t{2}}};
  EXPECT_EQ(optimizers().active_part(full), (Config{{"optimizer", "adam"}}));
  Config const other{{"optimizer", "momentum"}, {"momentum", 0.9}, {"damping", std::int64_t{2}}};
  EXPECT_EQ(optimizers().active_part(other), other);
}

TEST(Conditions, OneAndOneAndAHalfAreNumbersOfAnyType) {
  SearchSpace space;
  space.choice("a", {1.0, 2.5}).integer("b", 1, 2).when("a", {std::int64_t{1}});
  EXPECT_TRUE(space.problems().empty());
  EXPECT_EQ(space.size(), 3);
  EXPECT_EQ(space.decode(std::vector{0.1, 0.1}).entries().size(), 2u);
}

struct Refused {
  char const* name;
  void (*add)(SearchSpace&);
  std::string says;
};

class RefusedCondition : public testing::TestWithParam<Refused> {};

TEST_P(RefusedCondition, IsAProblemOfTheSpace) {
  SearchSpace space = optimizers();
  GetParam().add(space);
  ASSERT_EQ(space.problems().size(), 1u);
  EXPECT_EQ(space.problems()[0], GetParam().says);
  EXPECT_THROW(space.size(), UsageError);
}

INSTANTIATE_TEST_SUITE_P(
    Conditions, RefusedCondition,
    testing::Values(
        Refused{"unknown", [](SearchSpace& s) { s.integer("x", 1, 2).when("optimiser", {"adam"}); },
                "x: when names optimiser, which is not a parameter of the search space; did you "
                "mean optimizer?"},
        Refused{"itself", [](SearchSpace& s) { s.integer("x", 1, 2).when("x", {1}); },
                "x: when names x itself; name a parameter that comes before."},
        Refused{"later",
                [](SearchSpace& s) {
                  s.choice("optimizer", {"adam", "momentum", "nesterov"}).when("momentum", {0.5});
                },
                "optimizer: when names momentum, which comes later in the search space; put it "
                "before optimizer."},
        Refused{"without_values_of_its_own",
                [](SearchSpace& s) { s.uniform("lr", 0, 1).integer("x", 1, 2).when("lr", {0.5}); },
                "x: when names lr, which has no values of its own (uniform); give it values, "
                "int_uniform or a q_ distribution."},
        Refused{"no_values", [](SearchSpace& s) { s.integer("x", 1, 2).when("momentum", {}); },
                "x: when gives no value of momentum; give one or more."},
        Refused{"a_value_that_it_never_has",
                [](SearchSpace& s) { s.integer("x", 1, 2).when("momentum", {0.7}); },
                "x: when asks for momentum 0.7, which it never is; it may be 0.5, 0.9."},
        Refused{"a_contradiction",
                [](SearchSpace& s) {
                  s.integer("x", 1, 2).when("damping", {1}).when("optimizer", {"nesterov"});
                },
                "x: when can never hold: damping is 1 and optimizer is nesterov, with the "
                "conditions that these parameters have themselves; change it or leave the "
                "parameter out."}),
    [](auto const& info) { return std::string(info.param.name); });

TEST(Conditions, NeedAParameter) {
  EXPECT_THROW(SearchSpace{}.when("optimizer", {"adam"}), UsageError);
}

// ---- counting

TEST(Conditions, CountConfigurationsThatDifferInWhatIsThere) {
  // adam; momentum with 0.5, and 0.9 with three; nesterov with two.
  EXPECT_EQ(optimizers().size(), 1 + 1 + 3 + 2);
  SearchSpace endless = optimizers();
  endless.uniform("x", 0, 1).when("optimizer", {"adam"});
  EXPECT_EQ(endless.size(), 0);
}

// Four to six parameters of one to five values, each with up to two conditions on earlier ones.
SearchSpace random_space(std::uint64_t seed) {
  Dice dice(seed);
  SearchSpace space;
  int const count = 4 + dice.below(3);
  for (int i = 0; i < count; ++i) {
    std::string const name(1, static_cast<char>('a' + i));
    int const values = 1 + dice.below(5);
    if (dice.below(2) == 0) {
      space.integer(name, 1, values);
    } else {
      std::vector<Value> list;
      for (int v = 1; v <= values; ++v)
        list.emplace_back(std::int64_t{v});
      space.ordinal(name, list);
    }
    for (int c = dice.below(3); i > 0 && c > 0; --c) {
      SearchSpace with = space;
      Parameter const& parent = space.parameters()[static_cast<std::size_t>(dice.below(i))];
      std::vector<Value> wanted = {std::int64_t{1}};
      if (parent.max >= 3 || parent.values.size() >= 3) wanted.emplace_back(std::int64_t{3});
      with.when(parent.name, wanted);
      if (with.problems().empty()) space = with;
    }
  }
  return space;
}

// Against all combinations of all values, each without what is not there.
TEST(Conditions, NumberEveryConfigurationOnceInOrder) {
  int conditional = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto const space = random_space(seed);
    std::vector<Config> all = {{}};
    for (auto const& parameter : space.parameters()) {
      std::vector<Config> longer;
      for (auto const& config : all) {
        int const values = parameter.values.empty() ? static_cast<int>(parameter.max)
                                                    : static_cast<int>(parameter.values.size());
        for (int v = 1; v <= values; ++v) {
          Config next = config;
          next.set(parameter.name, std::int64_t{v});
          longer.push_back(next);
        }
      }
      all = std::move(longer);
      conditional += !parameter.when.empty();
    }
    std::vector<Config> expected;
    std::set<std::string> known;
    for (auto const& config : all) {
      Config const part = space.active_part(config);
      if (known.insert(*texts({part}).begin()).second) expected.push_back(part);
    }
    ASSERT_EQ(space.size(), static_cast<std::int64_t>(expected.size()));
    if (expected.size() == 1) continue;
    Enumeration const enumeration(space);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(enumeration.config(static_cast<std::int64_t>(i)), expected[i]) << i;
      ASSERT_EQ(enumeration.number_of(expected[i]), static_cast<std::int64_t>(i));
    }
  }
  EXPECT_GT(conditional, 300);
}

TEST(Conditions, HaveNoNumberForWhatIsNotOfTheSpace) {
  SearchSpace const space = optimizers();
  Enumeration const enumeration(space);
  EXPECT_EQ(enumeration.number_of({{"optimizer", "adam"}, {"momentum", 0.5}}), std::nullopt);
  EXPECT_EQ(enumeration.number_of({{"optimizer", "momentum"}}), std::nullopt);
}

TEST(Conditions, CountRangesOfManyValues) {
  SearchSpace space;
  space.integer("n", 1, 1'000'000'000)
      .integer("m", 1, 10)
      .when("n", {std::int64_t{5}, std::int64_t{999'999'999}});
  EXPECT_EQ(space.size(), 1'000'000'000 + 2 * 9);
  Enumeration const enumeration(space);
  for (std::int64_t const number : {0, 3, 4, 13, 14, 999'999'998, 1'000'000'017}) {
    EXPECT_EQ(enumeration.number_of(enumeration.config(number)), number);
  }
  EXPECT_EQ(enumeration.config(13), (Config{{"n", std::int64_t{5}}, {"m", std::int64_t{10}}}));
  EXPECT_EQ(enumeration.config(14), (Config{{"n", std::int64_t{6}}}));
}

// ---- samplers

TEST(Conditions, MakeAGridWithoutDuplicates) {
  auto const asked = ask_all({.sampler = Grid{}, .space = optimizers(), .trials = 100});
  EXPECT_EQ(asked.configs.size(), 7u);
  EXPECT_EQ(texts(asked.configs).size(), 7u);
}

TEST(Conditions, OfPointsMustBeMet) {
  auto const space = optimizers();
  Config const good{{"optimizer", "nesterov"}, {"momentum", 0.5}};
  EXPECT_TRUE(problems_of_point(good, space, "Here", true).empty());
  EXPECT_EQ(problems_of_point({{"momentum", 0.5}}, space, "Here", false),
            (std::vector<std::string>{"Here: momentum is there only when optimizer is one of "
                                      "momentum, nesterov; give that too, or leave it out."}));
  EXPECT_EQ(problems_of_point({{"optimizer", "nesterov"}}, space, "Here", true),
            (std::vector<std::string>{"Here: momentum is missing; each point of a list gives every "
                                      "parameter that varies."}));
  EXPECT_TRUE(problems_of_point({{"optimizer", "adam"}}, space, "Here", true).empty());
  for (int trial = 0; trial < 20; ++trial) {
    Config const config = completed({{"optimizer", "momentum"}}, space, 5, trial);
    EXPECT_NE(config.find("momentum"), nullptr);
    EXPECT_EQ(space.active_part(config), config);
  }
}

TEST(Conditions, AreKeptWhenATrialExplores) {
  SearchSpace space;
  space.ordinal("depth", {1, 2, 3}).uniform("second", 0, 1).when("depth", {2, 3});
  Config config{{"depth", std::int64_t{2}}, {"second", 0.5}};
  int without = 0, with = 0;
  for (int round = 0; round < 200; ++round) {
    config = explored(config, {}, space, 9, 4, round);
    ASSERT_TRUE(problems_of_point(config, space, "", true).empty()) << round;
    (config.find("second") == nullptr ? without : with) += 1;
  }
  EXPECT_GT(without, 20);
  EXPECT_GT(with, 20);
}

TEST(Conditions, GroupTheAxesOfModels) {
  SearchSpace space = optimizers();
  space.uniform("lr", 0, 1).uniform("factor", 0, 1).when("optimizer", {"momentum", "nesterov"});
  ModelSpace const model(space);
  EXPECT_EQ(model.groups(), (std::vector<std::vector<std::size_t>>{{0, 3}, {1, 4}, {2}}));
  auto const point = *model.point_of({{"optimizer", "adam"}, {"lr", 0.25}});
  EXPECT_EQ(point[0], 0);
  EXPECT_TRUE(std::isnan(point[1]) && std::isnan(point[2]) && std::isnan(point[4]));
  EXPECT_EQ(model.config_at(point), (Config{{"optimizer", "adam"}, {"lr", 0.25}}));
}

// The loss is that of a branch's own parameter; the good values of two branches lie apart, so that
// a model that mixed them up would look between.
double branch_loss(Config const& config) {
  bool const first = *config.find("branch") == Value("first");
  double const x = std::get<double>(*config.find(first ? "a" : "b"));
  return first ? 1 + std::abs(x - 0.1) : std::abs(x - 0.9);
}

TEST(Conditions, ModelsLearnWhatIsInABranch) {
  SearchSpace space;
  space.choice("branch", {"first", "second"})
      .uniform("a", 0, 1)
      .when("branch", {"first"})
      .uniform("b", 0, 1)
      .when("branch", {"second"});
  for (SamplerChoice const& sampler :
       {SamplerChoice(Tpe{}), SamplerChoice(Tpe{.multivariate = false}), SamplerChoice(Bayes{})}) {
    SCOPED_TRACE(name_of(sampler));
    auto const asked = ask_all(
        {.sampler = sampler, .space = space, .trials = 60, .seed = 1, .score = branch_loss});
    int second = 0;
    double best = 2;
    for (std::size_t i = 30; i < 60; ++i) {
      second += asked.configs[i].find("b") != nullptr;
      best = std::min(best, asked.scores[i]);
    }
    // Of thirty random draws about fifteen are of the second branch, and the best is 0.03 off.
    EXPECT_GE(second, 22);
    EXPECT_LT(best, 0.03);
  }
}

}  // namespace
}  // namespace brood
