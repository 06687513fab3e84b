// SPDX-License-Identifier: Apache-2.0
// What holds of every scheduler, whatever the scores: bounds, nothing trained twice, decisions that
// depend neither on the order of asking and telling nor on being saved and restored.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "brood/search.hpp"
#include "search/dice.hpp"
#include "search/samplers/sampler.hpp"

namespace brood {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Kind {
  char const* name;
  // A scheduler of this kind, drawn.
  SchedulerChoice (*draw)(Dice& dice);
};
void PrintTo(Kind const& kind, std::ostream* out) {
  *out << kind.name;
}

std::vector<Kind> kinds() {
  return {
      {"None", [](Dice& d) { return SchedulerChoice(NoEarlyTermination{1 + d.below(9)}); }},
      {"Halving",
       [](Dice& d) {
         int const min = 1 + d.below(3);
         return SchedulerChoice(SuccessiveHalving{2 + d.below(3), min, min + d.below(40)});
       }},
      {"Hyperband",
       [](Dice& d) {
         return SchedulerChoice(Hyperband{2 + d.below(3), 1 + d.below(40)});
       }},
      {"Asha",
       [](Dice& d) {
         int const min = 1 + d.below(3);
         return SchedulerChoice(Asha{2 + d.below(3), min, min + d.below(40), 1 + d.below(12)});
       }},
      {"Median",
       [](Dice& d) {
         int const max = 1 + d.below(12);
         return SchedulerChoice(MedianStopping{max, 1 + d.below(max), d.below(4), 1 + d.below(5)});
       }},
      {"PopulationBased",
       [](Dice& d) {
         int const max = 1 + d.below(12);
         return SchedulerChoice(PopulationBased{max, 1 + d.below(max), 0.1 * (1 + d.below(5))});
       }},
  };
}

bool is_allowed(Config const& config) {
  return std::get<double>(*config.find("x")) < 0.4 || config.find("of_z") == nullptr;
}

class EveryScheduler : public testing::TestWithParam<Kind> {
 protected:
  // In turn by a sampler with no use for scores, by one that learns from them, and in a space that
  // may have fewer configurations than trials are wanted. A parameter has a condition, and in every
  // fourth study some configurations are not allowed.
  static TunerOptions options(std::uint64_t seed) {
    Dice dice(seed);
    SearchSpace space;
    space.uniform("x", 0, 1).log_uniform("y", 1e-3, 1).ordinal("z", {1, 2, 3});
    space.uniform("of_z", 0, 1).when("z", {2, 3});
    if (seed % 3 == 2) {
      space.choice("x", {0.25, 0.5}).choice("y", {0.01, 0.1, 1.0});
      space.choice("of_z", {0.5, 1.0}).when("z", {2, 3});
    }
    SamplerChoice sampler = Random{};
    if (seed % 3 == 1) sampler = Tpe{.startup = 4};
    return {.space = space,
            .sampler = sampler,
            .scheduler = GetParam().draw(dice),
            .trials = 1 + dice.below(40),
            .seed = seed,
            .maximize = dice.below(2) == 1,
            .ask_batch = dice.below(2) * (1 + dice.below(10)),
            .allowed = seed % 4 == 3 ? is_allowed : Allowed()};
  }
};

struct Outcome {
  int epoch = 0;
  double score = 0;
  bool stopped = false;
};
// What training comes to: a function of its arguments only. Scores are few, so that there are ties.
Outcome outcome(std::uint64_t seed, Ask const& ask) {
  Dice dice(seed * 1000003 + static_cast<std::uint64_t>(ask.until_epoch * 1000 + ask.trial));
  double const score = dice.below(20) - 10;
  int const fate = dice.below(static_cast<int>(seed % 5) + 6);
  int const early = ask.from_epoch + dice.below(ask.until_epoch - ask.from_epoch + 1);
  if (fate == 0) return {early, score, true};
  if (fate == 1) return {early, kNaN, false};
  return {ask.until_epoch, score, false};
}

void tell(Tuner& tuner, std::uint64_t seed, Ask const& ask) {
  auto const [epoch, score, stopped] = outcome(seed, ask);
  tuner.tell(ask.trial, epoch, score, stopped);
}

void finish(Tuner& tuner, std::uint64_t seed) {
  while (!tuner.finished()) {
    auto const asks = tuner.ask(1000);
    ASSERT_FALSE(asks.empty());
    for (auto const& ask : asks)
      tell(tuner, seed, ask);
  }
}

void expect_same(Tuner const& a, Tuner const& b) {
  ASSERT_EQ(a.trials().size(), b.trials().size());
  for (std::size_t id = 0; id < a.trials().size(); ++id) {
    TunerTrial const& x = a.trials()[id];
    TunerTrial const& y = b.trials()[id];
    ASSERT_EQ(x.state, y.state) << id;
    ASSERT_EQ(x.epoch, y.epoch) << id;
    ASSERT_EQ(x.rung, y.rung) << id;
    ASSERT_TRUE(x.score == y.score || (std::isnan(x.score) && std::isnan(y.score))) << id;
    ASSERT_EQ(a.config(x.id), b.config(y.id)) << id;
  }
  EXPECT_EQ(a.leaderboard(100), b.leaderboard(100));
  EXPECT_EQ(a.rung(), b.rung());
  EXPECT_EQ(a.lineage().size(), b.lineage().size());
}

constexpr std::uint64_t kStudies = 300;

TEST_P(EveryScheduler, KeepsItsBooks) {
  for (std::uint64_t seed = 0; seed < kStudies; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto const chosen = options(seed);
    int const max = std::visit([](auto const& s) { return s.max_epochs; }, chosen.scheduler);
    bool const copies = std::holds_alternative<PopulationBased>(chosen.scheduler);
    Tuner tuner(chosen);
    ASSERT_EQ(tuner.rungs().back().epoch, max);
    int const there =
        std::min(chosen.trials, most_trials(chosen.sampler, chosen.space, chosen.allowed));
    std::vector<int> trained(static_cast<std::size_t>(there), 0);
    std::vector<bool> ended(trained.size(), false);
    std::set<std::pair<int, int>> asked;  // trial and epoch: nothing is promoted twice
    while (!tuner.finished()) {
      auto const asks = tuner.ask(7);
      ASSERT_FALSE(asks.empty());
      for (auto const& ask : asks) {
        auto const id = static_cast<std::size_t>(ask.trial);
        ASSERT_LT(ask.trial, there);
        ASSERT_TRUE(asked.insert({ask.trial, ask.until_epoch}).second);
        ASSERT_LT(ask.from_epoch, ask.until_epoch);
        ASSERT_LE(ask.until_epoch, max);
        ASSERT_GE(ask.finish, tuner.now());
        if (ask.copy_from >= 0) {
          ASSERT_TRUE(copies);
          ASSERT_NE(ask.copy_from, ask.trial);
        } else {
          ASSERT_FALSE(ended[id]);
          ASSERT_EQ(ask.from_epoch, trained[id]);
        }
        double const x = std::get<double>(*ask.config.find("x"));
        double const y = std::get<double>(*ask.config.find("y"));
        ASSERT_TRUE(x >= 0 && x <= 1 && y >= 1e-3 && y <= 1);
        ASSERT_EQ(ask.config, chosen.space.active_part(ask.config));
        ASSERT_TRUE(!chosen.allowed || chosen.allowed(ask.config));
        auto const told = outcome(seed, ask);
        trained[id] = told.epoch;
        ended[id] = told.stopped || !std::isfinite(told.score);
        tell(tuner, seed, ask);
      }
    }
    EXPECT_TRUE(tuner.ask(10).empty());
    ASSERT_EQ(tuner.trials().size(), trained.size());
    double furthest = -1;
    for (auto const& trial : tuner.trials()) {
      auto const id = static_cast<std::size_t>(trial.id);
      ASSERT_NE(trial.state, TrialState::waiting);
      ASSERT_EQ(trial.epoch, trained[id]);
      ASSERT_EQ(trial.state == TrialState::diverged, !std::isfinite(trial.score));
      if (trial.state == TrialState::complete) {
        ASSERT_EQ(trial.epoch, max);
      }
      if (std::isfinite(trial.score)) furthest = std::max<double>(furthest, trial.epoch);
    }
    auto const best = tuner.best();
    ASSERT_EQ(best.has_value(), furthest >= 0);
    if (best) {
      ASSERT_EQ(tuner.leaderboard(1), std::vector<int>{*best});
      ASSERT_TRUE(std::isfinite(tuner.trials()[static_cast<std::size_t>(*best)].score));
    }
  }
}

TEST_P(EveryScheduler, DecidesTheSameInDisorderAndWhenRestored) {
  for (int const restore_one_in : {0, 4}) {
    for (std::uint64_t seed = 0; seed < kStudies; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      Tuner straight(options(seed));
      finish(straight, seed);
      Tuner tuner(options(seed));
      Dice dice(seed + 12345);
      finish_in_disorder(tuner, options(seed), restore_one_in, dice,
                         [&](Tuner& some, Ask const& ask) { tell(some, seed, ask); });
      expect_same(tuner, straight);
    }
  }
}

TEST_P(EveryScheduler, EndsWhenEverythingDiverges) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Tuner tuner(options(seed));
    while (!tuner.finished()) {
      auto const asks = tuner.ask(1000);
      ASSERT_FALSE(asks.empty());
      for (auto const& ask : asks)
        tuner.tell(ask.trial, ask.from_epoch, kNaN);
    }
    EXPECT_EQ(tuner.best(), std::nullopt);
    for (auto const& trial : tuner.trials())
      EXPECT_EQ(trial.state, TrialState::diverged);
  }
}

// Of what the plan calls exact, every trial-epoch is asked for, and no more.
TEST_P(EveryScheduler, AsksForWhatIsPlanned) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    auto const chosen = options(seed);
    Tuner tuner(chosen);
    std::int64_t epochs = 0;
    while (!tuner.finished()) {
      for (auto const& ask : tuner.ask(1000)) {
        epochs += ask.until_epoch - ask.from_epoch;
        tuner.tell(ask.trial, ask.until_epoch, (ask.trial * 7919) % 101);
      }
    }
    std::int64_t const planned = trial_epochs(tuner.brackets());
    if (std::holds_alternative<Asha>(chosen.scheduler)) {
      EXPECT_GE(epochs, planned);
    } else if (std::holds_alternative<MedianStopping>(chosen.scheduler)) {
      EXPECT_LE(epochs, planned);
    } else {
      EXPECT_EQ(epochs, planned);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Conformance, EveryScheduler, testing::ValuesIn(kinds()),
                         [](auto const& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace brood
