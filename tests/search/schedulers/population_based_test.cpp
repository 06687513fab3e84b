// SPDX-License-Identifier: Apache-2.0
// Population based training: who copies whom, what is explored, and how the training that led to a
// trial is told.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "brood/error.hpp"
#include "brood/search.hpp"
#include "search/schedulers/explore.hpp"

namespace brood {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

SearchSpace space() {
  SearchSpace space;
  space.log_uniform("lr", 1e-3, 1e-1)
      .integer("width", 4, 8)
      .choice("activation", {"relu", "tanh"})
      .constant("l2", 1e-4)
      .add({.name = "step", .distribution = Distribution::q_uniform, .min = 0, .max = 2, .q = 0.5});
  return space;
}

TunerOptions options(int trials, PopulationBased const& rounds) {
  return {.space = space(), .scheduler = rounds, .trials = trials, .seed = 7};
}

// Trains a round: the score of a trial is its id, so that trial 0 is the best.
void train_round(Tuner& tuner) {
  for (auto const& ask : tuner.ask(1000))
    tuner.tell(ask.trial, ask.until_epoch, ask.trial);
}

// Ray Tune's numbers for a quantile of 0.25: its ceiling, at most half of the population.
TEST(PopulationBased, AsManyCopyAsInRayTune) {
  std::map<int, std::size_t> const expected = {{1, 0}, {2, 1},  {3, 1},  {4, 1},  {5, 2},
                                               {8, 2}, {10, 3}, {16, 4}, {20, 5}, {100, 25}};
  for (auto const& [trials, copies] : expected) {
    Tuner tuner(options(trials, {.max_epochs = 10, .interval = 5}));
    train_round(tuner);
    EXPECT_EQ(tuner.lineage().size(), copies) << trials;
  }
  Tuner tuner(options(15, {.max_epochs = 10, .interval = 5, .quantile = 0.2}));
  train_round(tuner);
  EXPECT_EQ(tuner.lineage().size(), 3u);  // not four because 15 * 0.2 is a little more than 3
}

TEST(PopulationBased, TheWorstGoOnAsCopiesOfTheBest) {
  Tuner tuner(options(20, {.max_epochs = 15, .interval = 5}));
  EXPECT_EQ(tuner.rungs(), (std::vector<Rung>{{20, 5}, {20, 10}, {20, 15}}));
  std::vector<Config> before;
  for (int id = 0; id < 20; ++id)
    before.push_back(tuner.config(id));
  train_round(tuner);
  std::set<int> copying;
  for (Exploit const& exploit : tuner.lineage()) {
    EXPECT_GE(exploit.trial, 15);
    EXPECT_LT(exploit.from, 5);
    EXPECT_EQ(exploit.epoch, 5);
    EXPECT_EQ(exploit.before, before[static_cast<std::size_t>(exploit.trial)]);
    EXPECT_EQ(exploit.after, tuner.config(exploit.trial));
    copying.insert(exploit.trial);
  }
  EXPECT_EQ(copying.size(), 5u);
  for (auto const& ask : tuner.ask(100)) {
    EXPECT_EQ(ask.from_epoch, 5);
    EXPECT_EQ(ask.until_epoch, 10);
    EXPECT_EQ(ask.copy_from >= 0, ask.trial >= 15);
    if (ask.trial < 15) {
      EXPECT_EQ(ask.config, before[static_cast<std::size_t>(ask.trial)]);
    }
    tuner.tell(ask.trial, 10, ask.trial);
  }
  train_round(tuner);
  EXPECT_TRUE(tuner.finished());
  EXPECT_EQ(tuner.lineage().size(), 10u);  // nobody copies after the last round
  for (auto const& trial : tuner.trials())
    EXPECT_EQ(trial.state, TrialState::complete);
}

TEST(PopulationBased, EachOfTheBestIsCopied) {
  std::set<int> copied;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    TunerOptions chosen = options(20, {.max_epochs = 10, .interval = 5});
    chosen.seed = seed;
    Tuner tuner(chosen);
    train_round(tuner);
    for (Exploit const& exploit : tuner.lineage())
      copied.insert(exploit.from);
  }
  EXPECT_EQ(copied, (std::set<int>{0, 1, 2, 3, 4}));
}

TEST(PopulationBased, EverybodyWhoDivergedGoesOnAsACopy) {
  Tuner tuner(options(8, {.max_epochs = 10, .interval = 5}));
  for (auto const& ask : tuner.ask(8)) {
    bool const diverges = ask.trial % 2 == 1;
    tuner.tell(ask.trial, diverges ? 2 : 5, diverges ? kNaN : ask.trial);
  }
  EXPECT_EQ(tuner.lineage().size(), 4u);
  for (Exploit const& exploit : tuner.lineage()) {
    EXPECT_EQ(exploit.trial % 2, 1);
    EXPECT_TRUE(exploit.from == 0 || exploit.from == 2);
  }
  for (auto const& ask : tuner.ask(8))
    EXPECT_EQ(ask.from_epoch, 5);
}

TEST(PopulationBased, EndsWhenAllDiverged) {
  Tuner tuner(options(4, {.max_epochs = 10, .interval = 5}));
  for (auto const& ask : tuner.ask(8))
    tuner.tell(ask.trial, 1, kNaN);
  EXPECT_TRUE(tuner.finished());
  EXPECT_EQ(tuner.best(), std::nullopt);
}

TEST(PopulationBased, RefusesAStateWhoseLineageDoesNotFit) {
  Tuner tuner(options(8, {.max_epochs = 10, .interval = 5}));
  train_round(tuner);
  Tuner::State const good = tuner.state();
  ASSERT_EQ(good.lineage.size(), 2u);
  std::vector<void (*)(Tuner::State&)> const damages = {
      [](Tuner::State& state) { state.lineage.clear(); },
      [](Tuner::State& state) { state.lineage[0].trial = 8; },
      [](Tuner::State& state) { state.lineage[0].from = -1; },
      [](Tuner::State& state) { state.lineage[1].epoch = 4; },
      [](Tuner::State& state) { state.lineage[1].epoch = -1; },
      [](Tuner::State& state) { state.jobs[7].copy_from = 7; },
      [](Tuner::State& state) { state.jobs[7].copy_from = -2; },
  };
  for (std::size_t i = 0; i < damages.size(); ++i) {
    Tuner::State damaged = good;
    damages[i](damaged);
    EXPECT_THROW(tuner.restore(damaged), StorageError) << "damage " << i;
  }
  tuner.restore(good);
  for (auto const& ask : tuner.ask(8))
    EXPECT_EQ(ask.copy_from >= 0, ask.trial >= 6);
}

// What a trial had when its score was told, and what it has now.
TEST(PopulationBased, TheScoredConfigIsTheOneBeforeTheCopy) {
  Tuner tuner(options(8, {.max_epochs = 10, .interval = 5}));
  Config const before = tuner.config(7);
  train_round(tuner);
  EXPECT_EQ(tuner.scored_config(7), before);
  EXPECT_NE(tuner.config(7), before);
  EXPECT_EQ(tuner.scored_config(0), tuner.config(0));
  train_round(tuner);
  EXPECT_EQ(tuner.scored_config(7), tuner.config(7));
}

// ---- explore

TEST(Explore, MultipliesByTheFactorsClipsAndKeepsChoices) {
  PopulationBased const never{.resample = 0};
  std::set<double> lrs;
  std::set<std::int64_t> widths;
  std::set<double> steps;
  for (int round = 0; round < 200; ++round) {
    Config const config =
        explored({{"lr", 0.01}, {"width", std::int64_t{7}}, {"activation", "tanh"}, {"step", 1.5}},
                 never, space(), 3, 5, round);
    lrs.insert(std::get<double>(*config.find("lr")));
    widths.insert(std::get<std::int64_t>(*config.find("width")));
    steps.insert(std::get<double>(*config.find("step")));
    EXPECT_EQ(*config.find("activation"), Value{"tanh"});
  }
  EXPECT_EQ(lrs, (std::set<double>{0.01 * 0.8, 0.01 * 1.2}));
  EXPECT_EQ(widths, (std::set<std::int64_t>{6, 8}));  // 5.6 and 8.4
  EXPECT_EQ(steps, (std::set<double>{1.0, 2.0}));     // 1.2 and 1.8, to multiples of 0.5
}

TEST(Explore, StaysInTheSpace) {
  for (int round = 0; round < 200; ++round) {
    Config const config =
        explored({{"lr", 0.09}, {"width", std::int64_t{8}}, {"activation", "relu"}, {"step", 2.0}},
                 {.resample = 0.3}, space(), 3, 5, round);
    double const lr = std::get<double>(*config.find("lr"));
    EXPECT_GE(lr, 1e-3);
    EXPECT_LE(lr, 1e-1);
    EXPECT_LE(std::get<std::int64_t>(*config.find("width")), 8);
    EXPECT_LE(std::get<double>(*config.find("step")), 2.0);
  }
}

// One in four is drawn anew: of 1000, 250 with a deviation of 13.7; six of these are 82.
TEST(Explore, DrawsAnewWithTheGivenProbability) {
  int anew = 0;
  for (int trial = 0; trial < 1000; ++trial) {
    Config const config = explored({{"lr", 0.01}}, {}, space(), 3, trial, 1);
    double const lr = std::get<double>(*config.find("lr"));
    anew += lr != 0.01 * 0.8 && lr != 0.01 * 1.2 ? 1 : 0;
  }
  EXPECT_NEAR(anew, 250, 82);
}

TEST(Explore, LeavesWhatIsInherited) {
  Config const config{{"lr", 0.01}, {"width", std::int64_t{7}}};
  for (int round = 0; round < 20; ++round) {
    Config const after =
        explored(config, {.resample = 0.5, .inherited = {"width"}}, space(), 3, 5, round);
    EXPECT_EQ(*after.find("width"), *config.find("width"));
    EXPECT_NE(*after.find("lr"), *config.find("lr"));
  }
}

TEST(Explore, DrawsEachSourceEquallyOften) {
  std::vector<int> drawn(5, 0);
  for (int trial = 0; trial < 5000; ++trial)
    ++drawn[static_cast<std::size_t>(drawn_source(3, trial, 2, 5))];
  // 1000 each with a deviation of 28.3; six of these are 170.
  for (int const count : drawn)
    EXPECT_NEAR(count, 1000, 170);
}

// ---- the training that led to a trial

TEST(Segments, AreASingleOneForATrialThatWasNeverACopy) {
  Tuner tuner(options(20, {.max_epochs = 10, .interval = 5}));
  train_round(tuner);
  train_round(tuner);
  auto const segments = tuner.segments(0);
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0].trial, 0);
  EXPECT_EQ(segments[0].config, tuner.config(0));
  EXPECT_EQ(segments[0].until_epoch, 10);
}

// Followed by hand: a model of every trial as the list of what it was trained with.
TEST(Segments, TellTheTrainingOfEveryTrial) {
  using History = std::vector<std::pair<int, Config>>;  // by round: the trial and its config
  Tuner tuner(options(12, {.max_epochs = 40, .interval = 5, .quantile = 0.5}));
  std::map<int, History> histories;
  for (int round = 0; !tuner.finished(); ++round) {
    auto const asks = tuner.ask(100);
    auto const before = histories;
    for (auto const& ask : asks) {
      if (ask.copy_from >= 0) histories[ask.trial] = before.at(ask.copy_from);
      histories[ask.trial].push_back({ask.trial, ask.config});
    }
    for (auto const& ask : asks)
      tuner.tell(ask.trial, ask.until_epoch, (ask.trial * 7 + round * 5) % 12);
  }
  std::size_t longest = 0;
  for (auto const& [trial, history] : histories) {
    History told;
    int epoch = 0;
    for (Segment const& segment : tuner.segments(trial)) {
      for (; epoch < segment.until_epoch; epoch += 5)
        told.push_back({segment.trial, segment.config});
    }
    EXPECT_EQ(told, history) << trial;
    longest = std::max(longest, tuner.segments(trial).size());
  }
  EXPECT_GE(longest, 4u);  // copies of copies
}

TEST(PopulationBasedProblems, NameTheValueAndWhatIsAllowed) {
  EXPECT_EQ(
      problems(PopulationBased{.max_epochs = 4, .interval = 0, .quantile = 0.6, .resample = 1.5}),
      (std::vector<std::string>{"interval is 0; it must be from 1 to max_epochs, which is 4.",
                                "quantile is 0.6; it must be above 0 and at most 0.5.",
                                "resample is 1.5; it must be from 0 to 1."}));
}

}  // namespace
}  // namespace brood
