// SPDX-License-Identifier: Apache-2.0
// Random studies: the bookkeeping of rungs holds whatever the scores, and the decisions depend
// neither on the order of asking and telling nor on being saved and restored on the way.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "brood/search.hpp"
#include "search/dice.hpp"

namespace brood {
namespace {

TunerOptions random_options(std::uint64_t seed) {
  Dice dice(seed);
  int const min = 1 + dice.below(6);
  SuccessiveHalving const halving{.eta = 2 + dice.below(4),
                                  .min_epochs = min,
                                  .max_epochs = min + dice.below(100),
                                  .survivors = dice.below(4) == 0
                                                   ? SuccessiveHalving::Survivors::ceil
                                                   : SuccessiveHalving::Survivors::floor};
  SearchSpace space;
  space.uniform("x", 0, 1);
  return {.space = space,
          .scheduler = halving,
          .trials = 1 + dice.below(60),
          .seed = seed,
          .maximize = dice.below(2) == 1};
}

struct Outcome {
  int epoch;
  double score;
  bool stopped;
};
// What training a trial through a rung comes to: a function of its arguments only. Scores are few,
// so that there are ties.
Outcome outcome(std::uint64_t seed, int rung, Ask const& ask) {
  Dice dice(seed * 1000003 + static_cast<std::uint64_t>(rung * 1000 + ask.trial));
  double const score = dice.below(20) - 10;
  int const fate = dice.below(static_cast<int>(seed % 5) + 6);
  int const early = ask.from_epoch + dice.below(ask.until_epoch - ask.from_epoch + 1);
  if (fate == 0) return {early, score, true};
  if (fate == 1) return {early, std::numeric_limits<double>::quiet_NaN(), false};
  return {ask.until_epoch, score, false};
}

void expect_same(TunerTrial const& a, TunerTrial const& b) {
  ASSERT_EQ(a.id, b.id);
  ASSERT_EQ(a.state, b.state) << a.id;
  ASSERT_EQ(a.epoch, b.epoch) << a.id;
  ASSERT_EQ(a.rung, b.rung) << a.id;
  ASSERT_TRUE(a.score == b.score || (a.score != a.score && b.score != b.score)) << a.id;
}

void finish_in_order(Tuner& tuner, std::uint64_t seed) {
  while (!tuner.finished()) {
    int const rung = tuner.rung();
    auto const asks = tuner.ask(1000);
    ASSERT_FALSE(asks.empty());
    for (auto const& ask : asks) {
      auto const [epoch, score, stopped] = outcome(seed, rung, ask);
      tuner.tell(ask.trial, epoch, score, stopped);
    }
  }
}

TEST(TunerFuzz, TwoThousandStudiesKeepTheirBooks) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto const options = random_options(seed);
    auto const& halving = std::get<SuccessiveHalving>(options.scheduler);
    Tuner tuner(options);
    auto const rungs = tuner.rungs();
    ASSERT_EQ(rungs.back().epoch, halving.max_epochs);

    std::vector<int> trained(static_cast<std::size_t>(options.trials), 0);
    std::vector<bool> ended(trained.size(), false);
    std::int64_t epochs = 0;
    int rung = -1, before = options.trials;
    while (!tuner.finished()) {
      ASSERT_GT(tuner.rung(), rung);
      bool const skipped = tuner.rung() > rung + 1;  // nobody had anything left to train there
      rung = tuner.rung();
      auto const alive = tuner.state().brackets[0].alive;
      int const size = static_cast<int>(alive.size());
      ASSERT_EQ(std::set<int>(alive.begin(), alive.end()).size(), alive.size());
      ASSERT_LE(size, rungs[static_cast<std::size_t>(rung)].trials);
      if (rung > 0 && !skipped) {
        bool const ceil = halving.survivors == SuccessiveHalving::Survivors::ceil;
        ASSERT_LE(size, std::max(1, (before + (ceil ? halving.eta - 1 : 0)) / halving.eta));
      }
      before = size;

      std::set<int> asked;
      for (;;) {
        auto const asks = tuner.ask(7);
        if (asks.empty()) break;
        for (auto const& ask : asks) {
          auto const id = static_cast<std::size_t>(ask.trial);
          ASSERT_TRUE(asked.insert(ask.trial).second);
          ASSERT_FALSE(ended[id]);
          ASSERT_EQ(ask.from_epoch, trained[id]);
          ASSERT_EQ(ask.until_epoch, rungs[static_cast<std::size_t>(rung)].epoch);
          ASSERT_LT(ask.from_epoch, ask.until_epoch);
          auto const [epoch, score, stopped] = outcome(seed, rung, ask);
          epochs += epoch - trained[id];
          trained[id] = epoch;
          ended[id] = stopped || !std::isfinite(score);
          tuner.tell(ask.trial, epoch, score, stopped);
        }
        if (tuner.rung() != rung || tuner.finished()) break;
      }
      // A trial that was not asked for again in this rung had its place as stopped.
      for (int const id : alive) {
        ASSERT_TRUE(asked.count(id) ||
                    tuner.trials()[static_cast<std::size_t>(id)].state == TrialState::stopped);
      }
    }

    ASSERT_LE(epochs, trial_epochs(rungs));  // the plan is an upper bound
    int last = -1;
    for (auto const& trial : tuner.trials()) {
      ASSERT_NE(trial.state, TrialState::waiting);
      ASSERT_EQ(trial.epoch, trained[static_cast<std::size_t>(trial.id)]);
      ASSERT_EQ(trial.state == TrialState::complete,
                trial.epoch == halving.max_epochs && !ended[static_cast<std::size_t>(trial.id)]);
      if (std::isfinite(trial.score)) last = std::max(last, trial.rung);
    }
    auto const best = tuner.best();
    ASSERT_EQ(best.has_value(), last >= 0);
    if (!best) continue;
    ASSERT_EQ(tuner.leaderboard(1), std::vector<int>{*best});
    TunerTrial const winner = tuner.trials()[static_cast<std::size_t>(*best)];
    for (auto const& trial : tuner.trials()) {
      if (trial.id == winner.id || trial.rung < last || !std::isfinite(trial.score)) continue;
      ASSERT_TRUE(ranks_before(winner.score, winner.id, trial.score, trial.id, options.maximize));
    }
  }
}

void tell_outcome(std::uint64_t seed, Tuner& tuner, Ask const& ask) {
  auto const [epoch, score, stopped] = outcome(seed, tuner.rung(), ask);
  tuner.tell(ask.trial, epoch, score, stopped);
}

TEST(TunerFuzz, DecisionsDoNotDependOnTheOrderOfAskingAndTelling) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Tuner straight(random_options(seed)), disordered(random_options(seed));
    finish_in_order(straight, seed);
    Dice dice(seed + 12345);
    finish_in_disorder(disordered, random_options(seed), 0, dice,
                       [&](Tuner& tuner, Ask const& ask) { tell_outcome(seed, tuner, ask); });
    for (std::size_t id = 0; id < straight.trials().size(); ++id) {
      expect_same(straight.trials()[id], disordered.trials()[id]);
    }
    EXPECT_EQ(straight.leaderboard(100), disordered.leaderboard(100));
  }
}

TEST(TunerFuzz, RestoringInMidRungChangesNothing) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Tuner straight(random_options(seed)), restored(random_options(seed));
    finish_in_order(straight, seed);
    Dice dice(seed + 54321);
    finish_in_disorder(restored, random_options(seed), 5, dice,
                       [&](Tuner& tuner, Ask const& ask) { tell_outcome(seed, tuner, ask); });
    for (std::size_t id = 0; id < straight.trials().size(); ++id) {
      expect_same(straight.trials()[id], restored.trials()[id]);
    }
    EXPECT_EQ(straight.best(), restored.best());
    EXPECT_EQ(straight.rung(), restored.rung());
  }
}

// All brackets of Hyperband side by side: each keeps its own books.
TEST(TunerFuzz, EveryBracketKeepsItsOwnBooks) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    auto options = random_options(seed);
    Hyperband const hyperband{.eta = 2 + dice.below(3), .max_epochs = 1 + dice.below(100)};
    options.scheduler = hyperband;
    options.trials = 1 + dice.below(300);
    Tuner tuner(options);
    auto const brackets = tuner.brackets();
    std::vector<std::vector<std::set<int>>> asked;  // by bracket and rung
    std::vector<int> bracket_of;
    for (auto const& bracket : brackets) {
      asked.emplace_back(bracket.size());
      bracket_of.insert(bracket_of.end(), static_cast<std::size_t>(bracket.front().trials),
                        static_cast<int>(asked.size()) - 1);
    }
    ASSERT_EQ(static_cast<int>(bracket_of.size()), options.trials);
    while (!tuner.finished()) {
      for (auto const& ask : tuner.ask(1 + dice.below(50))) {
        auto const b = static_cast<std::size_t>(bracket_of[static_cast<std::size_t>(ask.trial)]);
        std::size_t rung = 0;
        while (brackets[b][rung].epoch != ask.until_epoch)
          ++rung;
        ASSERT_TRUE(asked[b][rung].insert(ask.trial).second);
        ASSERT_TRUE(rung == 0 || asked[b][rung - 1].count(ask.trial));
        auto const [epoch, score, stopped] = outcome(seed, static_cast<int>(rung), ask);
        tuner.tell(ask.trial, epoch, score, stopped);
      }
    }
    for (std::size_t b = 0; b < brackets.size(); ++b) {
      for (std::size_t rung = 0; rung < brackets[b].size(); ++rung) {
        ASSERT_LE(static_cast<int>(asked[b][rung].size()), brackets[b][rung].trials);
        if (rung == 0) continue;
        ASSERT_LE(brackets[b][rung].trials,
                  std::max(1, brackets[b][rung - 1].trials / hyperband.eta));
      }
    }
  }
}

TEST(TunerFuzz, AHundredThousandTrialsTakeNoTime) {
  // Asked for in small batches and told backwards: anything quadratic would take minutes.
  SearchSpace space;
  space.uniform("x", 0, 1);
  int const trials = 100000;
  Tuner tuner({.space = space, .scheduler = SuccessiveHalving{10, 1, 1000}, .trials = trials});
  while (!tuner.finished()) {
    std::vector<Ask> asks;
    for (auto batch = tuner.ask(64); !batch.empty(); batch = tuner.ask(64)) {
      asks.insert(asks.end(), batch.begin(), batch.end());
    }
    for (auto ask = asks.rbegin(); ask != asks.rend(); ++ask) {
      tuner.tell(ask->trial, ask->until_epoch, std::get<double>(*ask->config.find("x")));
    }
  }
  // The same score at every rung: the winner has the lowest of all.
  EXPECT_EQ(tuner.best(), tuner.best_of_any());
}

TEST(TunerFuzz, ThirtyThousandTrialsOfAshaTakeNoTime) {
  SearchSpace space;
  space.uniform("x", 0, 1);
  int const trials = 30000;
  Tuner tuner({.space = space,
               .scheduler = Asha{.eta = 3, .min_epochs = 1, .max_epochs = 81, .workers = 1000},
               .trials = trials});
  while (!tuner.finished()) {
    for (auto const& ask : tuner.ask(64))
      tuner.tell(ask.trial, ask.until_epoch, std::get<double>(*ask.config.find("x")));
  }
  EXPECT_EQ(tuner.best(), tuner.best_of_any());
}

}  // namespace
}  // namespace brood
