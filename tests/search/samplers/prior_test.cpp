// SPDX-License-Identifier: Apache-2.0
// Trials of former studies: samplers that learn are shown them first, others propose as ever, and
// none of them keeps a configuration from being proposed here.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/search.hpp"
#include "search/samplers/sampler.hpp"

namespace brood {
namespace {

SearchSpace line() {
  SearchSpace space;
  space.uniform("lr", 0, 1);
  return space;
}

// The nearer to 0.3, the better; beyond 0.9 it diverges.
std::vector<PriorTrial> former_trials() {
  std::vector<PriorTrial> trials;
  for (int i = 0; i < 40; ++i) {
    double const lr = i / 40.0;
    double const score = lr > 0.9 ? std::nan("") : -std::abs(lr - 0.3);
    trials.push_back({.config = {{"lr", lr}}, .score = score, .epoch = 9});
  }
  return trials;
}

TunerOptions options(SamplerChoice sampler, std::vector<PriorTrial> prior) {
  return {.space = line(),
          .sampler = std::move(sampler),
          .scheduler = NoEarlyTermination{9},
          .trials = 20,
          .seed = 4,
          .maximize = true,
          .prior = std::move(prior)};
}

std::vector<double> first_proposals(TunerOptions const& options) {
  Tuner tuner(options);
  std::vector<double> proposed;
  for (auto const& ask : tuner.ask(20))
    proposed.push_back(std::get<double>(*ask.config.find("lr")));
  return proposed;
}

// Without them the first trials are drawn uniformly: 20 of them lie within 0.15 of the best, each
// with probability 0.3, at least 13 times with probability 1.3e-3.
TEST(PriorTrials, AreLearnedFromBeforeTheFirstTrial) {
  for (SamplerChoice const& sampler : {SamplerChoice(Tpe{}), SamplerChoice(Bayes{})}) {
    int near = 0;
    for (double const lr : first_proposals(options(sampler, former_trials())))
      near += std::abs(lr - 0.3) < 0.15 ? 1 : 0;
    EXPECT_GE(near, 13) << name_of(sampler);
    EXPECT_EQ(first_proposals(options(sampler, former_trials())),
              first_proposals(options(sampler, former_trials())));
  }
}

TEST(PriorTrials, AreObservationsBeforeThoseOfTheStudy) {
  Tuner tuner(options(Tpe{}, former_trials()));
  auto const seen = tuner.observations();
  ASSERT_EQ(seen.size(), 60u);
  for (std::size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(seen[i].trial, -1);
    EXPECT_EQ(seen[i].epoch, 9);
    EXPECT_EQ(seen[i].diverged, i > 36);
  }
  EXPECT_EQ(seen[40].trial, 0);
}

TEST(PriorTrials, ChangeNothingForThoseWhoDoNotLearn) {
  for (SamplerChoice const& sampler : {SamplerChoice(Random{}), SamplerChoice(Sobol{})}) {
    EXPECT_EQ(first_proposals(options(sampler, former_trials())),
              first_proposals(options(sampler, {})));
  }
}

TEST(PriorTrials, MayBeProposedAgain) {
  for (SamplerChoice const& sampler :
       {SamplerChoice(Random{}), SamplerChoice(Grid{}), SamplerChoice(Tpe{})}) {
    TunerOptions finite = options(sampler, {});
    finite.space = {};
    finite.space.choice("activation", {"relu", "tanh"});
    for (auto const* const name : {"relu", "tanh"})
      finite.prior.push_back({.config = {{"activation", name}}, .score = 0.5, .epoch = 9});
    EXPECT_EQ(Tuner(finite).ask(20).size(), 2u) << name_of(sampler);
  }
}

TEST(PriorTrials, OfAnotherSpaceAreRefused) {
  for (Config const& config : {Config{{"lr", 2.0}}, Config{}, Config{{"lr", 0.5}, {"l2", 0.1}}}) {
    TunerOptions bad = options(Tpe{}, former_trials());
    bad.prior[3].config = config;
    try {
      Tuner tuner(bad);
      FAIL() << "was taken";
    } catch (UsageError const& error) {
      EXPECT_EQ(error.problems().size(), 1u);
      EXPECT_EQ(error.problems().front().rfind("prior trial 3: ", 0), 0u);
    }
  }
}

// A tuner that is restored goes on with them.
TEST(PriorTrials, AreShownAfterARestore) {
  TunerOptions long_study = options(Tpe{}, former_trials());
  long_study.trials = 80;
  auto run = [&](bool restored) {
    Tuner tuner(long_study);
    for (auto const& ask : tuner.ask(64))
      tuner.tell(ask.trial, ask.until_epoch, -std::get<double>(*ask.config.find("lr")));
    Tuner other(long_study);
    other.restore(tuner.state());
    return (restored ? other : tuner).ask(16);
  };
  auto const a = run(false), b = run(true);
  ASSERT_EQ(a.size(), 16u);
  ASSERT_EQ(b.size(), 16u);
  for (std::size_t i = 0; i < a.size(); ++i)
    EXPECT_EQ(a[i].config, b[i].config);
}

}  // namespace
}  // namespace brood
