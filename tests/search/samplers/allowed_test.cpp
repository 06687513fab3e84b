// SPDX-License-Identifier: Apache-2.0
// Configurations that are not allowed: no sampler proposes one, whatever it would have proposed,
// and a tuner says when there is none that is.
#include <gtest/gtest.h>

#include <set>

#include "brood/error.hpp"
#include "search/asking.hpp"
#include "search/samplers/survey.hpp"
#include "search/schedulers/explore.hpp"

namespace brood {
namespace {

std::int64_t whole(Config const& config, char const* name) {
  return std::get<std::int64_t>(*config.find(name));
}

// A hundred configurations, of which 19 are allowed: those with a 3.
SearchSpace finite() {
  SearchSpace space;
  space.integer("a", 0, 9).integer("b", 0, 9);
  return space;
}
bool has_a_three(Config const& config) {
  return whole(config, "a") == 3 || whole(config, "b") == 3;
}

SearchSpace endless() {
  SearchSpace space;
  space.uniform("x", 0, 1).integer("layers", 1, 4).uniform("y", 0, 1);
  space.when("layers", {std::int64_t{2}, std::int64_t{3}});
  return space;
}
// About 3 %.
bool is_small(Config const& config) {
  return std::get<double>(*config.find("x")) < 0.05 &&
         (config.find("y") == nullptr || std::get<double>(*config.find("y")) < 0.2);
}

struct Named {
  SamplerChoice sampler;
  std::string name;
};

class EverySamplerIfAllowed : public testing::TestWithParam<Named> {
 protected:
  Tuner tuner(SearchSpace space, Allowed allowed, int trials, int batch = 0) const {
    return Tuner({.space = std::move(space),
                  .sampler = GetParam().sampler,
                  .scheduler = NoEarlyTermination{1},
                  .trials = trials,
                  .seed = 3,
                  .ask_batch = batch,
                  .allowed = std::move(allowed)});
  }
  static std::vector<Config> finish(Tuner& tuner) {
    std::vector<Config> configs;
    while (!tuner.finished()) {
      for (auto const& ask : tuner.ask(7)) {
        configs.push_back(ask.config);
        tuner.tell(ask.trial, 1, static_cast<double>(to_text(ask.config.begin()->second).size()));
      }
    }
    return configs;
  }
};

INSTANTIATE_TEST_SUITE_P(Samplers, EverySamplerIfAllowed,
                         testing::Values(Named{Random{}, "Random"}, Named{Grid{}, "Grid"},
                                         Named{Sobol{}, "Sobol"}, Named{Tpe{}, "Tpe"},
                                         Named{Tpe{.multivariate = false}, "TpeUnivariate"},
                                         Named{Bayes{}, "Bayes"}),
                         [](auto const& info) { return info.param.name; });

TEST_P(EverySamplerIfAllowed, ProposesAllThatIsAllowedOfAFiniteSpace) {
  auto all = tuner(finite(), has_a_three, 64, 5);
  EXPECT_EQ(all.rungs().front().trials, 19);
  std::set<std::pair<std::int64_t, std::int64_t>> known;
  for (auto const& config : finish(all)) {
    EXPECT_TRUE(has_a_three(config));
    known.insert({whole(config, "a"), whole(config, "b")});
  }
  EXPECT_EQ(known.size(), 19u);
}

TEST_P(EverySamplerIfAllowed, ProposesOnlyWhatIsAllowedOfAnEndlessSpace) {
  if (std::holds_alternative<Grid>(GetParam().sampler)) GTEST_SKIP() << "the space is not finite";
  auto one = tuner(endless(), is_small, 40, 5), same = tuner(endless(), is_small, 40, 5);
  auto const configs = finish(one);
  EXPECT_EQ(configs.size(), 40u);
  for (auto const& config : configs)
    EXPECT_TRUE(is_small(config));
  EXPECT_EQ(finish(same), configs);
}

TEST_P(EverySamplerIfAllowed, ProposesTheSameHoweverCallsAreDivided) {
  auto const space = finite();
  auto const together = propose(GetParam().sampler, space, 3, 0, 12, {}, false, has_a_three);
  std::vector<Config> apart;
  apart.reserve(12);
  std::vector<Observation> seen;
  for (int count : {5, 1, 6}) {
    for (auto& config : propose(GetParam().sampler, space, 3, static_cast<int>(apart.size()), count,
                                seen, false, has_a_three))
      apart.push_back(std::move(config));
    while (seen.size() < apart.size()) {
      seen.push_back({.trial = static_cast<int>(seen.size()), .config = &apart[seen.size()]});
    }
  }
  EXPECT_EQ(apart, together);
}

TEST_P(EverySamplerIfAllowed, IsRefusedIfNothingIs) {
  try {
    tuner(
        finite(), [](Config const&) { return false; }, 10);
    FAIL() << "accepted";
  } catch (UsageError const& error) {
    EXPECT_EQ(error.problems(),
              std::vector<std::string>{"No configuration of the search space is allowed: none of "
                                       "all 100; allow more, or change the space."});
  }
}

TEST(Allowed, IsAskedOfHandPickedPoints) {
  Config const good{{"a", std::int64_t{3}}, {"b", std::int64_t{1}}};
  Config const half{{"a", std::int64_t{1}}};  // with b = 3
  Config const bad{{"a", std::int64_t{1}}, {"b", std::int64_t{1}}};
  auto const options = [&](SamplerChoice sampler) {
    return TunerOptions{
        .space = finite(), .sampler = std::move(sampler), .trials = 5, .allowed = has_a_three};
  };
  Tuner tuner(options(Random{.first = {good, half}}));
  EXPECT_EQ(tuner.config(0), good);
  EXPECT_EQ(tuner.config(1), (Config{{"a", std::int64_t{1}}, {"b", std::int64_t{3}}}));
  for (auto const& sampler :
       {SamplerChoice(Random{.first = {good, bad}}), SamplerChoice(List{.configs = {good, bad}})}) {
    try {
      Tuner refused(options(sampler));
      FAIL() << "accepted";
    } catch (UsageError const& error) {
      ASSERT_EQ(error.problems().size(), 1u);
      EXPECT_NE(error.problems()[0].find("oint 2 is not allowed"), std::string::npos);
    }
  }
}

TEST(Allowed, IsKeptByWhoExplores) {
  auto const space = endless();
  Config config{{"x", 0.04}, {"layers", std::int64_t{1}}};
  int changed = 0;
  for (int round = 0; round < 100; ++round) {
    Config const after = explored(config, {}, space, 5, 2, round, is_small);
    ASSERT_TRUE(is_small(after));
    changed += after != config;
    config = after;
  }
  EXPECT_GT(changed, 50);
}

TEST(Survey, SeesAllOfASmallSpaceAndDrawsOfAnother) {
  auto const nothing = [](Config const&) { return false; };
  Survey const all = survey(finite(), nothing);
  EXPECT_TRUE(all.complete && !all.found);
  EXPECT_EQ(all.seen, 100);
  EXPECT_EQ(count_allowed(finite(), has_a_three), 19);
  Survey const drawn = survey(endless(), nothing);
  EXPECT_TRUE(!drawn.complete && !drawn.found);
  EXPECT_EQ(drawn.seen, 10000);
  EXPECT_EQ(count_allowed(endless(), is_small), std::nullopt);
  // The first with a 3 is 0, 3. Of the others 3 % are small: none of 1,000 with probability e^-30.
  EXPECT_EQ(survey(finite(), has_a_three).seen, 4);
  Survey const some = survey(endless(), is_small);
  EXPECT_TRUE(some.found);
  EXPECT_LT(some.seen, 1000);
}

}  // namespace
}  // namespace brood
