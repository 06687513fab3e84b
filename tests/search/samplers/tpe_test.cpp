// SPDX-License-Identifier: Apache-2.0
// TPE: how trials are divided, which epoch is modelled, what pending and diverged trials do.
#include "search/samplers/tpe.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "search/asking.hpp"
#include "search/samplers/history.hpp"
#include "search/samplers/sampler_memory.hpp"

namespace brood {
namespace {

TEST(GoodTrials, AreATenthAndAtMostTwentyFive) {
  int const n[] = {0, 1, 10, 11, 20, 25, 50, 100, 250, 1000};
  int const good[] = {0, 1, 1, 2, 2, 3, 5, 10, 25, 25};
  for (std::size_t i = 0; i < std::size(n); ++i)
    EXPECT_EQ(good_trials(n[i]), good[i]) << n[i];
}

// Trials of a space of one real parameter, with scores told at given epochs.
class Trials {
 public:
  Trials() { space.uniform("x", 0, 1); }
  void add(double x, double score, int epoch, bool diverged = false) {
    configs_.push_back(Config{{"x", x}});
    told_.push_back({.score = score, .epoch = epoch, .diverged = diverged});
  }
  std::vector<Observation> seen() {
    for (std::size_t i = 0; i < told_.size(); ++i) {
      told_[i].trial = static_cast<int>(i);
      told_[i].config = &configs_[i];
    }
    return told_;
  }
  SearchSpace space;

 private:
  std::vector<Config> configs_;
  std::vector<Observation> told_;
};

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

TEST(History, IsOfTheLargestEpochThatEnoughTrialsReached) {
  Trials trials;
  for (int i = 0; i < 6; ++i)
    trials.add(0.1 * i, i, 1);
  for (int i = 0; i < 3; ++i)
    trials.add(0.2 * i, i, 3);
  trials.add(0.9, 5, 9);
  trials.add(0.5, kNothing, 0);
  ModelSpace const space(trials.space);
  auto const seen = trials.seen();
  struct Case {
    int enough, epoch;
    std::size_t records;
  };
  for (Case const& each : {Case{1, 9, 2}, Case{2, 3, 5}, Case{4, 3, 5}, Case{5, 1, 11},
                           Case{10, 1, 11}, Case{11, 1, 11}}) {
    SamplerMemory memory;
    auto const history = history_of(seen, space, false, each.enough, memory);
    EXPECT_EQ(history.epoch, each.epoch) << each.enough;
    EXPECT_EQ(history.records.size(), each.records) << each.enough;
    EXPECT_EQ(history.told, 10);
  }
}

TEST(History, RanksLaterEpochsThenScoresThenTrialsAndDivergedLast) {
  Trials trials;
  trials.add(0.1, kNothing, 1, true);
  trials.add(0.2, 5, 1);
  trials.add(0.3, kNothing, 0);
  trials.add(0.4, 7, 1);
  trials.add(0.5, 7, 1);
  trials.add(0.6, 1, 3);
  trials.add(0.7, -std::numeric_limits<double>::infinity(), 1);
  ModelSpace const space(trials.space);
  auto const seen = trials.seen();
  SamplerMemory memory;
  EXPECT_EQ(ranking(history_of(seen, space, true, 4, memory).records, 10),
            (std::vector<std::size_t>{5, 3, 4, 1, 0, 6}));
  EXPECT_EQ(ranking(history_of(seen, space, false, 4, memory).records, 4),
            (std::vector<std::size_t>{5, 1, 3, 4}));
}

double x_of(Config const& config) {
  return std::get<double>(*config.find("x"));
}

TEST(Tpe, DrawsAtRandomUntilEnoughTrialsAreTold) {
  Trials trials;
  for (int i = 0; i < 9; ++i)
    trials.add(0.1 * i, i, 1);
  trials.add(0.95, kNothing, 0);
  auto const random = propose(Random{}, trials.space, 3, 10, 4, trials.seen(), false);
  EXPECT_EQ(propose(Tpe{}, trials.space, 3, 10, 4, trials.seen(), false), random);
  trials.add(0.97, kNothing, 1, /*diverged=*/true);
  EXPECT_NE(propose(Tpe{}, trials.space, 3, 10, 4, trials.seen(), false), random);
}

// Forty trials, the scores' best at 0.3: proposals gather there, and apart where scores are
// maximised and the best are the others.
TEST(Tpe, ProposesNearTheGoodTrials) {
  for (bool const multivariate : {true, false}) {
    Trials trials;
    for (int i = 0; i < 40; ++i)
      trials.add((i + 0.5) / 40, std::abs((i + 0.5) / 40 - 0.3), 1);
    int near = 0, far = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      Tpe const tpe{.multivariate = multivariate};
      near += std::abs(x_of(propose(tpe, trials.space, seed, 40, 1, trials.seen(), false)[0]) -
                       0.3) < 0.15;
      far += std::abs(x_of(propose(tpe, trials.space, seed, 40, 1, trials.seen(), true)[0]) - 0.3) >
             0.4;
    }
    EXPECT_GE(near, 45) << multivariate;
    EXPECT_GE(far, 45) << multivariate;
  }
}

// The mean distance of neighbours among proposals made at once: with the liar they spread out.
TEST(Tpe, KeepsApartFromPendingTrials) {
  Trials trials;
  for (int i = 0; i < 40; ++i)
    trials.add((i + 0.5) / 40, std::abs((i + 0.5) / 40 - 0.3), 1);
  auto const spread = [](std::vector<Config> const& configs) {
    double low = 1, high = 0;
    for (auto const& config : configs) {
      low = std::min(low, x_of(config));
      high = std::max(high, x_of(config));
    }
    return high - low;
  };
  std::vector<Config> alone;
  for (int i = 0; i < 64; ++i)
    alone.push_back(propose(Tpe{}, trials.space, 1, 40 + i, 1, trials.seen(), false)[0]);
  auto const together = propose(Tpe{}, trials.space, 1, 40, 64, trials.seen(), false);
  EXPECT_EQ(alone[0], together[0]);
  EXPECT_GT(spread(together), 1.5 * spread(alone));
}

TEST(Tpe, AvoidsWhereTrialsDiverge) {
  Trials trials;
  for (int i = 0; i < 40; ++i) {
    double const x = (i + 0.5) / 40;
    trials.add(x, x > 0.5 ? kNothing : -x, 1, x > 0.5);
  }
  int diverging = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed)
    diverging += x_of(propose(Tpe{}, trials.space, seed, 40, 1, trials.seen(), false)[0]) > 0.55;
  EXPECT_LE(diverging, 5);
}

TEST(Tpe, NamesWhatIsWrong) {
  EXPECT_EQ(problems(Tpe{.startup = 0, .candidates = -1}, SearchSpace{}),
            (std::vector<std::string>{"tpe: startup is 0; it must be at least 1.",
                                      "tpe: candidates is -1; it must be at least 1."}));
}

}  // namespace
}  // namespace brood
