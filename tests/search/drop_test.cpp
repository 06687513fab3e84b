// SPDX-License-Identifier: Apache-2.0
// Tuner::drop(): random trials are dropped at random moments from random studies of each scheduler.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/search.hpp"
#include "search/dice.hpp"

namespace brood {
namespace {

TunerOptions random_options(std::uint64_t seed) {
  Dice dice(seed);
  SearchSpace space;
  space.uniform("x", 0, 1);
  int const most = 4 + dice.below(30);
  SchedulerChoice const schedulers[] = {
      SuccessiveHalving{.eta = 2 + dice.below(3), .max_epochs = most},
      Hyperband{.eta = 2 + dice.below(2), .max_epochs = most},
      Asha{.eta = 2 + dice.below(2), .max_epochs = most, .workers = 1 + dice.below(6)},
      MedianStopping{.max_epochs = most, .interval = 1 + dice.below(4)},
      PopulationBased{.max_epochs = most, .interval = 1 + dice.below(4)},
      NoEarlyTermination{most}};
  return {.space = space,
          .scheduler = schedulers[seed % 6],
          .trials = 1 + dice.below(40),
          .seed = seed,
          .maximize = dice.below(2) == 1};
}

double score_of(std::uint64_t seed, Ask const& ask) {
  Dice dice(seed * 1000003 + static_cast<std::uint64_t>(ask.until_epoch * 1000 + ask.trial));
  return dice.below(12) == 0 ? std::numeric_limits<double>::quiet_NaN() : dice.below(20) - 10.0;
}

// Any trial that is none is refused, and nothing has changed.
bool drop(Tuner& tuner, int trial) {
  try {
    tuner.drop(trial);
    return true;
  } catch (UsageError const&) {
    return false;
  }
}

// By trial, those that were dropped as they were then.
using Dropped = std::map<int, TunerTrial>;

void expect_left_alone(Tuner const& tuner, Dropped const& dropped) {
  auto const board = tuner.leaderboard(1000);
  for (auto const& [id, then] : dropped) {
    TunerTrial const& now = tuner.trials()[static_cast<std::size_t>(id)];
    ASSERT_EQ(now.state, TrialState::dropped);
    ASSERT_EQ(now.epoch, then.epoch);
    ASSERT_EQ(now.rung, then.rung);
    ASSERT_TRUE(now.score == then.score || std::isnan(then.score));
    ASSERT_EQ(std::count(board.begin(), board.end(), id), 0);
    ASSERT_NE(tuner.best(), id);
    ASSERT_NE(tuner.best_of_any(), id);
    ASSERT_FALSE(tuner.running()[static_cast<std::size_t>(id)]);
  }
}

TEST(Drop, AnyTrialAtAnyMomentAndRestored) {
  int drops = 0;
  for (std::uint64_t seed = 0; seed < 1200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto const options = random_options(seed);
    Dice dice(seed + 777);
    Tuner tuner(options);
    Dropped dropped;
    std::vector<Ask> flying;
    int steps = 0;
    while (!tuner.finished()) {
      ASSERT_LT(++steps, 100000);
      auto const asks = tuner.ask(1 + dice.below(8));
      flying.insert(flying.end(), asks.begin(), asks.end());
      if (dice.below(4) == 0) {
        int const trial = dice.below(options.trials + 2) - 1;
        bool const again = dropped.count(trial) > 0;
        if (drop(tuner, trial) && !again) {
          dropped[trial] = tuner.trials()[static_cast<std::size_t>(trial)];
          ++drops;
        }
      }
      if (dice.below(4) == 0) {
        Tuner restored(options);
        restored.restore(tuner.state());
        tuner = std::move(restored);
        flying.clear();  // they are asked for again
        continue;
      }
      if (flying.empty()) continue;
      auto const next = flying.begin() + dice.below(static_cast<int>(flying.size()));
      tuner.tell(next->trial, next->until_epoch, score_of(seed, *next));
      flying.erase(next);
      expect_left_alone(tuner, dropped);
    }
    expect_left_alone(tuner, dropped);
    for (TunerTrial const& trial : tuner.trials())
      ASSERT_NE(trial.state, TrialState::waiting);
  }
  EXPECT_GT(drops, 500);
}

TEST(Drop, OfAllThereIsNoBest) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    auto const options = random_options(seed);
    Tuner tuner(options);
    while (!tuner.finished()) {
      for (Ask const& ask : tuner.ask(100)) {
        drop(tuner, ask.trial);
        tuner.tell(ask.trial, ask.until_epoch, 1);
      }
    }
    EXPECT_EQ(tuner.best(), std::nullopt);
    EXPECT_TRUE(tuner.leaderboard(10).empty());
  }
}

TEST(Drop, SaysWhyNot) {
  SearchSpace space;
  space.uniform("x", 0, 1);
  Tuner tuner(
      {.space = space, .scheduler = Asha{.eta = 2, .max_epochs = 4, .workers = 2}, .trials = 8});
  auto const reason = [&](int trial) -> std::string {
    try {
      tuner.drop(trial);
    } catch (UsageError const& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(reason(8), "Trial 8 does not exist; trials are 0 .. 7.");
  EXPECT_EQ(reason(7), "Trial 7 has not begun yet.");
  auto const asks = tuner.ask(2);
  tuner.tell(asks[0].trial, asks[0].until_epoch, std::nan(""));
  EXPECT_EQ(reason(asks[0].trial), "Trial 0 has ended already: it is diverged.");
  EXPECT_EQ(reason(asks[1].trial), "");
  EXPECT_EQ(reason(asks[1].trial), "");
}

}  // namespace
}  // namespace brood
