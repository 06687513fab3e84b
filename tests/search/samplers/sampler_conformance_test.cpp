// SPDX-License-Identifier: Apache-2.0
// What every sampler must do, whatever it proposes: values of the space, the same ones for the same
// arguments, however the trials are divided into calls, whatever the scores are.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "search/asking.hpp"
#include "search/samplers/points.hpp"
#include "search/samplers/random.hpp"
#include "search/samplers/sampler_memory.hpp"
#include "search/space/enumeration.hpp"

namespace brood {
namespace {

SearchSpace everything() {
  SearchSpace space;
  space.uniform("uniform", -2, 3)
      .log_uniform("log", 1e-5, 1e-1)
      .integer("integer", -3, 12)
      .integer("wide", 1, 4096)
      .choice("choice", {"relu", std::int64_t{3}, 0.5, std::vector<std::int64_t>{8, 8}})
      .choice("weighted", {"a", "never", "b"}, {0.7, 0, 0.3})
      .constant("constant", 4.0)
      .integer("single", 6, 6)
      .uniform("point", 0.5, 0.5);
  auto const add = [&](char const* name, Distribution distribution, double min, double max,
                       double q) {
    space.add({.name = name,
               .distribution = distribution,
               .min = min,
               .max = max,
               .q = q,
               .mu = 1,
               .sigma = 0.5});
  };
  add("q_uniform", Distribution::q_uniform, 0, 0.5, 0.1);
  add("q_log", Distribution::q_log_uniform_values, 8, 1024, 8);
  add("inv_log", Distribution::inv_log_uniform_values, 1e-3, 1, 0);
  add("normal", Distribution::normal, 0, 0, 0);
  add("q_normal", Distribution::q_normal, 0, 0, 0.25);
  add("log_normal", Distribution::log_normal, 0, 0, 0);
  space.ordinal("ordinal", {"small", "medium", "large"})
      .uniform("of_large", 0, 1)
      .when("ordinal", {"medium", "large"})
      .choice("of_both", {"x", "y"})
      .when("ordinal", {"large"})
      .when("weighted", {"a"})
      .log_uniform("of_a_choice", 1, 100)
      .when("of_both", {"y"});
  return space;
}

// Ninety configurations: 5 x 3 x 6.
SearchSpace product() {
  SearchSpace space;
  space.integer("integer", 1, 5)
      .choice("choice", {"relu", std::int64_t{3}, std::vector<std::int64_t>{8, 8}})
      .add({.name = "q", .distribution = Distribution::q_uniform, .min = 0, .max = 0.5, .q = 0.1});
  return space;
}

// 39 configurations: 3 with 16, 3 x 3 with 32, and 3 + 2 x 3 x 4 with 64.
SearchSpace branches() {
  SearchSpace space;
  space.ordinal("ordinal", {std::int64_t{16}, std::int64_t{32}, std::int64_t{64}})
      .integer("two", 1, 3)
      .when("ordinal", {std::int64_t{32}, std::int64_t{64}})
      .choice("three", {"a", "b", "c"})
      .integer("four", 1, 4)
      .when("two", {std::int64_t{1}, std::int64_t{3}})
      .when("ordinal", {std::int64_t{64}});
  return space;
}

// A number for any configuration, with better and worse ones.
double score_of(Config const& config) {
  double sum = 0;
  for (auto const& [name, value] : config) {
    if (auto const* whole = std::get_if<std::int64_t>(&value)) {
      sum += std::abs(static_cast<double>(*whole) - 3);
    } else if (auto const* real = std::get_if<double>(&value)) {
      sum += std::abs(*real - 0.2);
    } else {
      sum += static_cast<double>(to_text(value).size());
    }
  }
  return sum;
}

struct Named {
  SamplerChoice sampler;
  std::string name;
};

class EverySampler : public testing::TestWithParam<Named> {
 protected:
  Asking asking(SearchSpace space, int trials, int batch) const {
    return {.sampler = GetParam().sampler,
            .space = std::move(space),
            .trials = trials,
            .batch = batch,
            .seed = 3,
            .score = score_of};
  }
  bool is_grid() const { return std::holds_alternative<Grid>(GetParam().sampler); }
};

INSTANTIATE_TEST_SUITE_P(Samplers, EverySampler,
                         testing::Values(Named{Random{}, "Random"}, Named{Grid{}, "Grid"},
                                         Named{Sobol{}, "Sobol"}, Named{Tpe{}, "Tpe"},
                                         Named{Tpe{.multivariate = false}, "TpeUnivariate"},
                                         Named{Bayes{}, "Bayes"}),
                         [](auto const& info) { return info.param.name; });

TEST_P(EverySampler, StaysInTheSpace) {
  if (is_grid()) GTEST_SKIP() << "the space is not finite";
  auto const space = everything();
  ASSERT_TRUE(space.problems().empty());
  ASSERT_TRUE(problems(GetParam().sampler, space).empty());
  for (auto const& config : ask_all(asking(space, 60, 5)).configs) {
    EXPECT_EQ(space.active_part(config), config);
    EXPECT_EQ(problems_of_point(config, space, "", true), std::vector<std::string>{});
    // In the types of the space too, and a category that may be drawn.
    EXPECT_EQ(completed(config, space, 0, 0), config);
    EXPECT_NE(*config.find("weighted"), Value("never"));
  }
}

TEST_P(EverySampler, IsAFunctionOfItsArguments) {
  auto const space = is_grid() ? branches() : everything();
  auto const once = ask_all(asking(space, 40, 8)).configs;
  EXPECT_EQ(once, ask_all(asking(space, 40, 8)).configs);
  auto other = asking(space, 40, 8);
  other.seed = 4;
  EXPECT_EQ(once == ask_all(other).configs, is_grid());
}

TEST_P(EverySampler, ProposesTheSameHoweverCallsAreDivided) {
  auto const space = is_grid() ? branches() : everything();
  auto const first = ask_all(asking(space, 16, 16));
  std::vector<Observation> told;
  for (std::size_t i = 0; i < first.configs.size(); ++i) {
    told.push_back({.trial = static_cast<int>(i),
                    .config = &first.configs[i],
                    .score = first.scores[i],
                    .epoch = 1});
  }
  auto const together = propose(GetParam().sampler, space, 3, 16, 12, told, false);
  std::vector<Config> apart;
  apart.reserve(12);
  auto seen = told;
  for (int count : {5, 1, 6}) {
    for (auto& config : propose(GetParam().sampler, space, 3, 16 + static_cast<int>(apart.size()),
                                count, seen, false))
      apart.push_back(std::move(config));
    while (seen.size() < 16 + apart.size()) {
      seen.push_back({.trial = static_cast<int>(seen.size()), .config = &apart[seen.size() - 16]});
    }
  }
  EXPECT_EQ(apart, together);
}

// Scores come late, change, and are of other epochs; some trials diverge. Of what was proposed some
// is not taken, so that other trials come to be in its place.
TEST_P(EverySampler, ProposesTheSameWithAndWithoutAMemory) {
  bool const slow = std::holds_alternative<Bayes>(GetParam().sampler);
  for (auto const& space :
       is_grid() ? std::vector{branches()} : std::vector{everything(), product(), branches()}) {
    std::vector<Config> configs;
    configs.reserve(400);  // observations point into it
    std::vector<Observation> seen;
    SamplerMemory memory;
    for (int turn = 0; turn < (slow ? 12 : 60); ++turn) {
      auto const draw = [&](char const* name, int i = 0) {
        return uniform_draw(9, 1000 * turn + i, name);
      };
      int const first = static_cast<int>(seen.size()), count = 1 + static_cast<int>(8 * draw("n"));
      auto const with =
          propose(GetParam().sampler, space, 3, first, count, seen, false, {}, memory);
      ASSERT_EQ(with, propose(GetParam().sampler, space, 3, first, count, seen, false)) << turn;
      if (with.empty()) break;
      auto const taken = draw("whole") < 0.8 ? with.size() : with.size() / 2;
      for (std::size_t i = 0; i < taken; ++i) {
        configs.push_back(with[i]);
        seen.push_back({.trial = static_cast<int>(seen.size()), .config = &configs.back()});
      }
      for (auto& observation : seen) {
        if (draw("told", observation.trial) < 0.7) continue;
        observation.epoch += 1;
        observation.score = score_of(*observation.config) + draw("noise", observation.trial);
        observation.diverged = draw("diverged", observation.trial) < 0.1;
      }
    }
  }
}

TEST_P(EverySampler, ExhaustsAFiniteSpace) {
  for (auto const& [space, size] : {std::pair(product(), 90u), std::pair(branches(), 39u)}) {
    auto const asked = ask_all(asking(space, 200, 16));
    EXPECT_EQ(asked.configs.size(), size);
    std::set<std::int64_t> numbers;
    for (auto const& config : asked.configs)
      numbers.insert(*Enumeration(space).number_of(config));
    EXPECT_EQ(numbers.size(), size);
  }
}

TEST_P(EverySampler, BearsAnyScores) {
  double const strange[] = {std::numeric_limits<double>::quiet_NaN(),
                            std::numeric_limits<double>::infinity(),
                            -std::numeric_limits<double>::infinity(),
                            1e300,
                            -1e300,
                            0,
                            5e-324};
  auto const space = is_grid() ? branches() : everything();
  for (std::size_t kinds = 1; kinds <= std::size(strange); ++kinds) {
    int told = 0;
    auto any = asking(space, 40, 4);
    any.score = [&](Config const&) { return strange[static_cast<std::size_t>(told++) % kinds]; };
    for (auto const& config : ask_all(any).configs)
      EXPECT_TRUE(problems_of_point(config, space, "", true).empty()) << kinds;
  }
}

TEST_P(EverySampler, BearsEqualScoresAndEqualPoints) {
  auto const space = is_grid() ? product() : everything();
  auto same = asking(space, 30, 5);
  same.score = [](Config const&) { return 1.0; };
  EXPECT_EQ(ask_all(same).configs.size(), 30u);

  auto const one = ask_all(asking(space, 1, 1));
  std::vector<Observation> const seen(
      40, {.config = &one.configs[0], .score = 2, .epoch = 1, .diverged = false});
  EXPECT_EQ(propose(GetParam().sampler, space, 3, 40, 3, seen, true).size(), 3u);
}

TEST_P(EverySampler, ProposesNothingIfNothingIsAskedFor) {
  EXPECT_TRUE(propose(GetParam().sampler, product(), 3, 0, 0, {}, false).empty());
}

TEST_P(EverySampler, RepeatsASpaceWithoutChoices) {
  SearchSpace space;
  space.constant("lr", 0.5).integer("width", 4, 4);
  auto const configs = ask_all(asking(space, 20, 5)).configs;
  EXPECT_EQ(configs.size(), is_grid() ? 1u : 20u);
  for (auto const& config : configs)
    EXPECT_EQ(config, (Config{{"lr", 0.5}, {"width", std::int64_t{4}}}));
}

TEST_P(EverySampler, TakesFirstPoints) {
  Config const point{{"integer", std::int64_t{2}}, {"choice", "relu"}, {"q", 0.2}};
  auto with_first = asking(product(), 90, 7);
  std::visit(
      [&](auto& sampler) {
        if constexpr (requires { sampler.first; }) sampler.first = {point};
      },
      with_first.sampler);
  auto const asked = ask_all(with_first);
  EXPECT_EQ(asked.configs.front(), point);
  EXPECT_EQ(asked.configs.size(), 90u);
  EXPECT_EQ(std::count(asked.configs.begin(), asked.configs.end(), point), 1);
}

TEST(AskBatch, IsSixtyFourWhereScoresAreNeeded) {
  EXPECT_EQ(ask_batch(Tpe{}), 64);
  EXPECT_EQ(ask_batch(Bayes{}), 64);
  for (SamplerChoice const& sampler : {SamplerChoice(Random{}), SamplerChoice(List{}),
                                       SamplerChoice(Grid{}), SamplerChoice(Sobol{})})
    EXPECT_EQ(ask_batch(sampler), std::numeric_limits<int>::max()) << name_of(sampler);
}

}  // namespace
}  // namespace brood
