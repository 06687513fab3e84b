// SPDX-License-Identifier: Apache-2.0
// Who proposes the trials of a sweep file, and how many there are.
#include <gtest/gtest.h>

#include "files/sweeps.hpp"

namespace brood::files {
namespace {

constexpr char kTwelve[] =
    "parameters: {batch_size: {min: 1, max: 4}, activation: {values: [relu, tanh, gelu]}}\n";

TEST(SweepMethod, IsRandomUnlessSaid) {
  for (auto const& [text, index] : {std::pair{"", std::size_t{0}},
                                    {"method: random\n", 0},
                                    {"method: sobol\n", 3},
                                    {"method: tpe\n", 4},
                                    {"method: bayes\n", 5}})
    EXPECT_EQ(sweep_of(text).study.sampler.index(), index) << text;
  EXPECT_EQ(name_of(sweep_of("", {{"method", "bayes"}}).study.sampler), "bayes");
}

TEST(SweepMethod, OfAGridHasAllItsTrials) {
  EXPECT_EQ(sweep_of(std::string("method: grid\n") + kTwelve).study.trials, 12);
  EXPECT_EQ(sweep_of(std::string("method: grid\ntrials: 5\n") + kTwelve).study.trials, 5);
}

TEST(SweepMethod, SaysThatThereAreFewerTrials) {
  for (std::string const method : {"random", "grid", "sobol", "tpe", "bayes"}) {
    auto const sweep = sweep_of("method: " + method + "\ntrials: 20\n" + kTwelve);
    EXPECT_EQ(sweep.study.trials, 12) << method;
    ASSERT_EQ(sweep.notes.size(), 1u) << method;
    EXPECT_EQ(sweep.notes[0],
              "trials: 20 are more than there are: 12 configurations, each proposed once");
  }
}

TEST(SweepMethod, OfAListTakesItsPointsAsTheSpace) {
  auto const sweep = sweep_of(
      "method: list\npoints:\n- {lr: 1, hidden: [8]}\n- {hidden: [], lr: 0.1}\n"
      "- {lr: 1.0, hidden: []}\nnetwork: {activation: tanh}\n");
  auto const& space = sweep.study.space;
  EXPECT_EQ(sweep.study.trials, 3);
  ASSERT_EQ(space.parameters().size(), 3u);
  EXPECT_EQ(space.find("lr")->values, (std::vector<Value>{1.0, 0.1}));
  EXPECT_EQ(space.find("hidden")->values,
            (std::vector<Value>{std::vector<std::int64_t>{8}, std::vector<std::int64_t>{}}));
  auto const& list = std::get<List>(sweep.study.sampler);
  ASSERT_EQ(list.configs.size(), 3u);
  EXPECT_EQ(*list.configs[1].find("lr"), Value(0.1));
  EXPECT_TRUE(problems(sweep.study.sampler, space).empty());
}

TEST(SweepMethod, OfAListKeepsToWhatIsSearched) {
  auto const sweep =
      sweep_of("method: list\npoints: [{lr: 0.15}]\nparameters: {lr: {min: 0.1, max: 0.2}}\n");
  EXPECT_EQ(sweep.study.space.find("lr")->distribution, Distribution::uniform);
}

TEST(SweepMethod, TakesFirstPointsInPart) {
  auto const sweep = sweep_of(std::string("first: [{batch_size: 2}, {}]\n") + kTwelve);
  auto const& first = std::get<Random>(sweep.study.sampler).first;
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0], (Config{{"batch_size", std::int64_t{2}}}));
  EXPECT_TRUE(first[1].entries().empty());
}

TEST(SweepMethod, HasSettings) {
  auto const tpe = std::get<Tpe>(
      sweep_of("method: tpe\nsampler: {startup: 7, candidates: 48, multivariate: false, "
               "consider_endpoints: true}\n")
          .study.sampler);
  EXPECT_EQ(tpe.startup, 7);
  EXPECT_EQ(tpe.candidates, 48);
  EXPECT_FALSE(tpe.multivariate);
  EXPECT_TRUE(tpe.consider_endpoints);
  EXPECT_EQ(std::get<Bayes>(sweep_of("method: bayes\n", {{"sampler.startup", "3"}}).study.sampler)
                .startup,
            3);
}

}  // namespace
}  // namespace brood::files
