// SPDX-License-Identifier: Apache-2.0
// What samplers have in common: hand-picked points first, duplicates, exhaustion, problems.
#include "search/samplers/sampler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <set>

#include "search/asking.hpp"
#include "search/config_texts.hpp"
#include "search/samplers/random.hpp"

namespace brood {
namespace {

SearchSpace twelve() {
  SearchSpace space;
  space.integer("width", 1, 4).choice("activation", {"relu", "tanh", "gelu"});
  return space;
}

TEST(Propose, GivesRandomSearchItsRecordedPoints) {
  SearchSpace space;
  space.uniform("lr", 0, 1).constant("epochs", std::int64_t{5}).integer("width", 1, 1000000);
  auto const configs = propose(Random{}, space, 7, 100, 5, {}, false);
  ASSERT_EQ(configs.size(), 5u);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(configs[static_cast<std::size_t>(i)],
              space.decode(point_of(Random{}, space, 7, 100 + i)))
        << i;
  }
}

TEST(Propose, DrawsADuplicateAgainFromTheNextCounter) {
  auto const space = twelve();
  auto const asked = ask_all({.space = space, .trials = 12, .batch = 12, .seed = 1});
  int redrawn = 0;
  for (auto trial = asked.configs.begin(); trial != asked.configs.end(); ++trial) {
    int const id = static_cast<int>(trial - asked.configs.begin());
    std::uint32_t attempt = 0;
    Config drawn = space.decode(point_of(Random{}, space, 1, id));
    while (attempt < 60 && std::find(asked.configs.begin(), trial, drawn) != trial)
      drawn = space.decode(point_of(Random{}, space, 1, id, ++attempt));
    EXPECT_EQ(*trial, drawn) << "trial " << id << ", attempt " << attempt;
    redrawn += attempt > 0;
  }
  EXPECT_GT(redrawn, 0) << "no duplicate in 12 draws of 12: take another seed";
}

TEST(Propose, ExhaustsAFiniteSpaceAndStops) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto const asked = ask_all({.space = twelve(), .trials = 40, .batch = 7, .seed = seed});
    EXPECT_EQ(asked.configs.size(), 12u) << "seed " << seed;
    EXPECT_EQ(texts(asked.configs).size(), 12u) << "seed " << seed;
  }
}

TEST(Propose, ReachesAConfigurationThatIsHardlyEverDrawn) {
  SearchSpace space;
  space.choice("loss", {"mse", "mae", "huber"}, {1 - 1e-9, 1e-9, 0});
  auto const asked = ask_all({.space = space, .trials = 5, .batch = 5});
  ASSERT_EQ(asked.configs.size(), 2u) << "huber has no probability";
  EXPECT_EQ(*asked.configs[1].find("loss"), Value("mae"));
}

TEST(Propose, RepeatsTheOnlyConfigurationThereIs) {
  SearchSpace space;
  space.constant("lr", 0.1).choice("loss", {"mse"});
  EXPECT_EQ(ask_all({.space = space, .trials = 5, .batch = 2}).configs.size(), 5u);
}

TEST(FirstPoints, ComeBeforeTheSamplersOwn) {
  SearchSpace space;
  space.uniform("lr", 0, 10).choice("hidden", {std::vector<std::int64_t>{8}, 1.0});
  Config const whole{{"lr", std::int64_t{3}}, {"hidden", 1.0}}, part{{"lr", 0.25}};
  auto const asked =
      ask_all({.sampler = Random{.first = {whole, part}}, .space = space, .trials = 4, .batch = 3});
  ASSERT_EQ(asked.configs.size(), 4u);
  EXPECT_EQ(*asked.configs[0].find("lr"), Value(3.0)) << "a whole number for a real parameter";
  EXPECT_EQ(*asked.configs[0].find("hidden"), Value(1.0));
  Config drawn = space.decode(point_of(Random{}, space, 0, 1));
  drawn.set("lr", 0.25);
  EXPECT_EQ(asked.configs[1], drawn);
  for (int trial : {2, 3}) {
    EXPECT_EQ(asked.configs[static_cast<std::size_t>(trial)],
              space.decode(point_of(Random{}, space, 0, trial)));
  }
}

TEST(FirstPoints, AreNotProposedAgain) {
  Config const point{{"width", std::int64_t{2}}, {"activation", "tanh"}};
  for (SamplerChoice const& sampler : {SamplerChoice(Random{{point}}), SamplerChoice(Grid{{point}}),
                                       SamplerChoice(Sobol{{point}})}) {
    auto const asked =
        ask_all({.sampler = sampler, .space = twelve(), .trials = 40, .batch = 5, .seed = 3});
    EXPECT_EQ(asked.configs.size(), 12u) << name_of(sampler);
    EXPECT_EQ(texts(asked.configs).size(), 12u) << name_of(sampler);
    EXPECT_EQ(asked.configs[0], point) << name_of(sampler);
  }
}

TEST(FirstPoints, MustLieInTheSpace) {
  SearchSpace space;
  space.uniform("lr", 0.1, 1)
      .integer("width", 1, 4)
      .choice("loss", {"mse", "mae"})
      .add({.name = "dropout",
            .distribution = Distribution::q_uniform,
            .min = 0,
            .max = 0.5,
            .q = 0.1})
      .add({.name = "l2", .distribution = Distribution::log_normal, .mu = 0, .sigma = 0.5})
      .constant("epochs", std::int64_t{3});
  Config const bad{{"lr", 2.0}, {"width", 1.5},  {"loss", "bce"}, {"dropout", 0.25},
                   {"l2", 8.0}, {"epochs", 4.0}, {"lrr", 1.0}};
  auto const found = problems(Random{.first = {Config{{"lr", 0.5}}, bad}}, space);
  ASSERT_EQ(found.size(), 7u);
  EXPECT_EQ(found[0], "First point 2: lr is 2; the search space gives 0.1 .. 1.");
  EXPECT_EQ(found[1], "First point 2: width is 1.5; the search space gives 1 .. 4.");
  EXPECT_EQ(found[2], "First point 2: loss is bce; the search space gives mse, mae.");
  EXPECT_EQ(found[3],
            "First point 2: dropout is 0.25; the search space gives 0 .. 0.5 in multiples of 0.1.");
  EXPECT_EQ(found[4].find("First point 2: l2 is 8; the search space gives 0.13533528323661"), 0u);
  EXPECT_EQ(found[5], "First point 2: epochs is 4; the search space gives 3.");
  EXPECT_EQ(found[6], "First point 2: lrr is not a parameter of the search space; add it there.");
  Config const good{{"lr", std::int64_t{1}},          {"width", 4.0}, {"loss", "mae"},
                    {"dropout", 0.30000000000000004}, {"l2", 1.0},    {"epochs", 3.0}};
  EXPECT_TRUE(problems(Random{.first = {good}}, space).empty());
  auto const config = propose(Random{.first = {good}}, space, 0, 0, 1, {}, false).front();
  EXPECT_EQ(*config.find("dropout"), Value(0.3));
  EXPECT_EQ(*config.find("width"), Value(std::int64_t{4}));
}

TEST(MostTrials, AreThoseThatProposeGives) {
  auto const space = twelve();
  SearchSpace infinite = space, single;
  infinite.uniform("lr", 0, 1);
  single.choice("loss", {"mse"});
  EXPECT_EQ(most_trials(Random{}, infinite), INT_MAX);
  EXPECT_EQ(most_trials(Random{}, single), INT_MAX);
  EXPECT_EQ(most_trials(Grid{}, single), 1);
  EXPECT_EQ(most_trials(Random{}, space), 12);
  EXPECT_EQ(most_trials(List{{Config{}, Config{}}}, space), 2);
  Config const point{{"width", std::int64_t{2}}, {"activation", "tanh"}};
  for (SamplerChoice const& sampler :
       {SamplerChoice(Random{{point, point}}), SamplerChoice(Grid{{point, point, point}}),
        SamplerChoice(Sobol{{point}}), SamplerChoice(Random{{Config{{"width", 3.0}}}})}) {
    auto const asked = ask_all({.sampler = sampler, .space = space, .trials = 40, .batch = 40});
    EXPECT_EQ(static_cast<int>(asked.configs.size()), most_trials(sampler, space));
  }
}

}  // namespace
}  // namespace brood
