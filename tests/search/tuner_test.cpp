// SPDX-License-Identifier: Apache-2.0
// Tuner by hand: who is asked for, who goes on, what becomes of stopped and diverged trials, and
// what is refused.
#include <gtest/gtest.h>

#include <limits>

#include "brood/error.hpp"
#include "brood/search.hpp"

namespace brood {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

TunerOptions options(int trials, SchedulerChoice scheduler) {
  SearchSpace space;
  space.log_uniform("lr", 1e-4, 1e-1).integer("width", 1, 64);
  return {.space = space, .scheduler = scheduler, .trials = trials, .seed = 5};
}

std::vector<int> ids(std::vector<Ask> const& asks) {
  std::vector<int> all;
  for (auto const& ask : asks)
    all.push_back(ask.trial);
  return all;
}

// Tells every trial of the rung in progress: scores by id.
void tell_all(Tuner& tuner, std::vector<double> const& scores) {
  for (auto const& ask : tuner.ask(1000)) {
    tuner.tell(ask.trial, ask.until_epoch, scores[static_cast<std::size_t>(ask.trial)]);
  }
}

TrialState state_of(Tuner const& tuner, int id) {
  return tuner.trials()[static_cast<std::size_t>(id)].state;
}

TEST(Tuner, AsksForNewTrialsByIdInBatches) {
  Tuner tuner(options(5, SuccessiveHalving{2, 1, 4}));
  auto const first = tuner.ask(3);
  EXPECT_EQ(ids(first), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(first[1].from_epoch, 0);
  EXPECT_EQ(first[1].until_epoch, 1);
  EXPECT_EQ(first[1].config, tuner.config(1));
  EXPECT_TRUE(tuner.ask(0).empty());
  EXPECT_TRUE(tuner.ask(-1).empty());
  EXPECT_EQ(ids(tuner.ask(100)), (std::vector<int>{3, 4}));
  EXPECT_TRUE(tuner.ask(100).empty());
}

TEST(Tuner, PromotesAsManyAsItIsToldBeforeTheRungEnds) {
  Tuner tuner(options(9, SuccessiveHalving{3, 1, 9}));
  std::vector<double> const scores = {5, 1, 4, 2, 6, 3, 9, 8, 7};
  auto const first = tuner.ask(1000);
  for (std::size_t i = 0; i + 1 < first.size(); ++i)
    tuner.tell(first[i].trial, 1, scores[i]);
  tuner.promote(2);
  EXPECT_EQ(tuner.rungs(), (std::vector<Rung>{{9, 1}, {2, 3}, {1, 9}}));
  tuner.tell(8, 1, scores[8]);
  // A state knows it too.
  Tuner restored(options(9, SuccessiveHalving{3, 1, 9}));
  restored.restore(tuner.state());
  for (Tuner* each : {&tuner, &restored}) {
    EXPECT_EQ(each->rungs(), (std::vector<Rung>{{9, 1}, {2, 3}, {1, 9}}));
    auto const asks = each->ask(10);
    EXPECT_EQ(ids(asks), (std::vector<int>{1, 3}));
    each->tell(1, 3, 1);
    each->promote(0);
    each->tell(3, 3, 2);
    EXPECT_TRUE(each->finished());
    EXPECT_EQ(each->best(), 1);
    EXPECT_EQ(std::get<SuccessiveHalving>(each->scheduler()).promoted, (std::vector<int>{2, 0}));
    EXPECT_THROW(each->promote(1), UsageError);
  }
  Tuner others(options(9, Asha{}));
  EXPECT_THROW(others.promote(1), UsageError);
}

// Also where it was restored in between, and in the middle of what joined.
TEST(Tuner, TrialsThatJoinTheFirstRungMakeItTheLargerStudy) {
  std::vector<double> const scores = {5, 1, 4, 2, 6, 3, 9, 8, 7};
  Tuner larger(options(9, SuccessiveHalving{3, 1, 9}));
  for (auto const& ask : larger.ask(1000))
    larger.tell(ask.trial, 1, scores[static_cast<std::size_t>(ask.trial)]);

  Tuner tuner(options(4, SuccessiveHalving{3, 1, 9}));
  auto asks = tuner.ask(1000);
  EXPECT_EQ(ids(asks), (std::vector<int>{0, 1, 2, 3}));
  EXPECT_THROW(tuner.grow(3), UsageError);
  tuner.grow(9);
  EXPECT_EQ(tuner.trials_in_all(), 9);
  EXPECT_EQ(tuner.brackets(), larger.brackets());
  Tuner restored(options(4, SuccessiveHalving{3, 1, 9}));
  restored.restore(tuner.state());
  auto const joined = tuner.ask(1000);
  EXPECT_EQ(ids(joined), (std::vector<int>{4, 5, 6, 7, 8}));
  asks.insert(asks.end(), joined.begin(), joined.end());
  EXPECT_EQ(ids(restored.ask(1000)), ids(asks));
  for (Tuner* each : {&tuner, &restored}) {
    for (auto const& ask : asks) {
      EXPECT_EQ(ask.config, larger.config(ask.trial));
      EXPECT_EQ(ask.finish, 1);
      each->tell(ask.trial, 1, scores[static_cast<std::size_t>(ask.trial)]);
    }
    EXPECT_EQ(each->now(), larger.now());
    EXPECT_EQ(each->trials_in_all(), 9);
    EXPECT_THROW(each->grow(10), UsageError);  // the first rung is over
    Tuner copy = larger;
    EXPECT_EQ(ids(each->ask(10)), ids(copy.ask(10)));
  }
  Tuner smaller(options(4, SuccessiveHalving{3, 1, 9}));
  EXPECT_THROW(smaller.restore(larger.state()), StorageError);  // nothing joined that one
  Tuner others(options(9, Asha{}));
  EXPECT_THROW(others.grow(10), UsageError);
}

TEST(Tuner, PromotesTheBestInOrderOfRank) {
  Tuner tuner(options(6, SuccessiveHalving{2, 1, 4}));
  EXPECT_EQ(tuner.rungs(), (std::vector<Rung>{{6, 1}, {3, 2}, {1, 4}}));
  tell_all(tuner, {5, 1, 4, 2, 6, 3});
  EXPECT_EQ(tuner.rung(), 1);
  auto const asks = tuner.ask(10);
  EXPECT_EQ(ids(asks), (std::vector<int>{1, 3, 5}));
  EXPECT_EQ(asks[0].from_epoch, 1);
  EXPECT_EQ(asks[0].until_epoch, 2);
  EXPECT_EQ(state_of(tuner, 0), TrialState::pruned);
  EXPECT_EQ(state_of(tuner, 1), TrialState::waiting);
  for (auto const& ask : asks)
    tuner.tell(ask.trial, 2, -ask.trial);
  EXPECT_EQ(ids(tuner.ask(10)), (std::vector<int>{5}));
  tuner.tell(5, 4, 0.5);
  EXPECT_TRUE(tuner.finished());
  EXPECT_TRUE(tuner.ask(10).empty());
  EXPECT_EQ(tuner.rung(), 2);
  EXPECT_EQ(state_of(tuner, 5), TrialState::complete);
  EXPECT_EQ(tuner.trials()[5].epoch, 4);
  EXPECT_EQ(tuner.trials()[1].epoch, 2);
}

// Syne Tune 0.9.1's losses through Tuner: floor(9 / 3) keeps the first three of its order.
TEST(Tuner, PromotesTheSyneTuneBracketInOrder) {
  Tuner tuner(options(9, SuccessiveHalving{3, 1, 9}));
  tell_all(tuner, {3, 5, 1, 4, 9, 6, 2, 7, 8});
  auto const asks = tuner.ask(10);
  EXPECT_EQ(ids(asks), (std::vector<int>{2, 6, 0}));
  tuner.tell(2, 3, 3.1);
  tuner.tell(6, 3, 3.0);
  tuner.tell(0, 3, 2.9);
  EXPECT_EQ(ids(tuner.ask(10)), (std::vector<int>{0}));
}

TEST(Tuner, MaximizesWhenAskedTo) {
  auto chosen = options(4, SuccessiveHalving{2, 1, 2});
  chosen.maximize = true;
  Tuner tuner(chosen);
  tell_all(tuner, {0.1, 0.9, kInf, 0.8});
  EXPECT_EQ(ids(tuner.ask(10)), (std::vector<int>{1, 3}));
  EXPECT_EQ(tuner.best(), 1);
}

TEST(Tuner, TrainsEveryTrialToTheEndWithoutEarlyTermination) {
  Tuner tuner(options(3, NoEarlyTermination{20}));
  auto const asks = tuner.ask(10);
  EXPECT_EQ(asks[2].until_epoch, 20);
  for (auto const& ask : asks)
    tuner.tell(ask.trial, 20, 1);
  EXPECT_TRUE(tuner.finished());
  for (auto const& trial : tuner.trials())
    EXPECT_EQ(trial.state, TrialState::complete);
  EXPECT_EQ(tuner.best(), 0);
}

TEST(Tuner, GivesConfigsThatDependOnSeedAndTrialOnly) {
  auto chosen = options(8, NoEarlyTermination{1});
  Tuner const eight(chosen);
  chosen.trials = 2;
  chosen.scheduler = SuccessiveHalving{};
  chosen.maximize = true;
  Tuner const two(chosen);
  EXPECT_EQ(eight.config(1), two.config(1));
  EXPECT_NE(eight.config(1), eight.config(0));
  chosen.seed = 6;
  EXPECT_NE(Tuner(chosen).config(1), two.config(1));
}

TEST(Tuner, NeverPromotesADivergedTrial) {
  Tuner tuner(options(6, SuccessiveHalving{2, 1, 4}));
  tell_all(tuner, {kNaN, 3, -kInf, 2, kInf, kNaN});
  EXPECT_EQ(ids(tuner.ask(10)), (std::vector<int>{3, 1}));  // three places, two finite scores
  for (int const id : {0, 2, 4, 5})
    EXPECT_EQ(state_of(tuner, id), TrialState::diverged) << id;
}

TEST(Tuner, FinishesWhenAWholeRungDiverged) {
  Tuner tuner(options(4, SuccessiveHalving{2, 1, 4}));
  tell_all(tuner, {kNaN, kNaN, kInf, -kInf});
  EXPECT_TRUE(tuner.finished());
  EXPECT_EQ(tuner.best(), std::nullopt);
  EXPECT_EQ(tuner.best_of_any(), std::nullopt);
  EXPECT_TRUE(tuner.leaderboard(10).empty());
}

TEST(Tuner, FallsBackToTheRungBeforeWhenTheLastDiverged) {
  Tuner tuner(options(4, SuccessiveHalving{2, 1, 4}));
  tell_all(tuner, {1, 4, 2, 3});
  tell_all(tuner, {kNaN, 0, kNaN, 0});
  EXPECT_TRUE(tuner.finished());
  EXPECT_EQ(tuner.rung(), 1);
  EXPECT_EQ(tuner.best(), 3);
  EXPECT_EQ(tuner.leaderboard(10), (std::vector<int>{3, 1}));
}

TEST(Tuner, AcceptsADivergedTrialBeforeTheEndOfItsRung) {
  Tuner tuner(options(2, SuccessiveHalving{2, 4, 8}));
  tuner.ask(2);
  tuner.tell(0, 0, kNaN);
  tuner.tell(1, 4, 1);
  EXPECT_EQ(ids(tuner.ask(2)), (std::vector<int>{1}));
}

// ---- trials that their own patience ended

TEST(StoppedTrials, AmongTheBestTakeTheirPlaceWithoutBeingAskedForAgain) {
  Tuner tuner(options(8, SuccessiveHalving{2, 2, 8}));
  for (auto const& ask : tuner.ask(8)) {
    bool const patient = ask.trial != 2;
    tuner.tell(ask.trial, patient ? 2 : 1, ask.trial, !patient);
  }
  EXPECT_EQ(state_of(tuner, 2), TrialState::stopped);
  EXPECT_EQ(ids(tuner.ask(8)), (std::vector<int>{0, 1, 3}));
  tuner.tell(0, 4, 10);
  tuner.tell(1, 4, 1);
  tuner.tell(3, 4, 11);
  EXPECT_EQ(tuner.rung(), 2);
  EXPECT_EQ(ids(tuner.ask(8)), (std::vector<int>{1}));  // and 2, who keeps score and epoch
  tuner.tell(1, 8, 5);
  EXPECT_TRUE(tuner.finished());
  EXPECT_EQ(tuner.best(), 2);
  EXPECT_EQ(tuner.trials()[2].epoch, 1);
  EXPECT_EQ(tuner.trials()[2].score, 2);
  EXPECT_EQ(state_of(tuner, 2), TrialState::stopped);
  EXPECT_EQ(state_of(tuner, 1), TrialState::complete);
  EXPECT_EQ(tuner.leaderboard(3), (std::vector<int>{2, 1, 0}));
}

TEST(StoppedTrials, OutsideTheBestStayStopped) {
  Tuner tuner(options(4, SuccessiveHalving{2, 1, 4}));
  for (auto const& ask : tuner.ask(4))
    tuner.tell(ask.trial, 1, ask.trial, ask.trial == 3);
  EXPECT_EQ(state_of(tuner, 3), TrialState::stopped);
  EXPECT_EQ(state_of(tuner, 2), TrialState::pruned);
  EXPECT_EQ(ids(tuner.ask(4)), (std::vector<int>{0, 1}));
}

TEST(StoppedTrials, AloneAmongTheSurvivorsEndTheStudy) {
  Tuner tuner(options(8, SuccessiveHalving{2, 1, 8}));
  for (auto const& ask : tuner.ask(8))
    tuner.tell(ask.trial, 1, ask.trial, ask.trial < 4);
  EXPECT_TRUE(tuner.finished());
  EXPECT_EQ(tuner.rung(), 3);
  EXPECT_EQ(tuner.best(), 0);
  EXPECT_EQ(state_of(tuner, 0), TrialState::stopped);
  EXPECT_EQ(tuner.leaderboard(5), (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(StoppedTrials, WithANonFiniteScoreAreDiverged) {
  Tuner tuner(options(1, SuccessiveHalving{2, 1, 1}));
  tuner.ask(1);
  tuner.tell(0, 1, kNaN, true);
  EXPECT_EQ(state_of(tuner, 0), TrialState::diverged);
}

TEST(StoppedTrials, CarriedIntoARungThatDivergedAreItsBest) {
  Tuner tuner(options(4, SuccessiveHalving{2, 1, 4}));
  for (auto const& ask : tuner.ask(4))
    tuner.tell(ask.trial, 1, ask.trial, ask.trial == 1);
  tuner.ask(4);
  EXPECT_EQ(tuner.best(), 0);  // nobody was ranked in rung 1 yet
  tuner.tell(0, 2, kNaN);
  EXPECT_TRUE(tuner.finished());
  EXPECT_EQ(tuner.best(), 1);
}

// ---- the best

TEST(Best, IsOfTheTrialsTrainedFurthestAndBestOfAnyIsNot) {
  Tuner tuner(options(4, SuccessiveHalving{2, 1, 2}));
  EXPECT_EQ(tuner.best(), std::nullopt);
  tell_all(tuner, {1, 2, 3, 4});
  EXPECT_EQ(tuner.best(), 0);
  tuner.ask(2);
  tuner.tell(1, 2, 3.5);
  EXPECT_EQ(tuner.best(), 1);
  EXPECT_EQ(tuner.best_of_any(), 0);
  tuner.tell(0, 2, 9);
  EXPECT_EQ(tuner.best(), 1);
  EXPECT_EQ(tuner.best_of_any(), 2);
  EXPECT_EQ(tuner.leaderboard(10), (std::vector<int>{1, 0, 2, 3}));
  EXPECT_EQ(tuner.leaderboard(2), (std::vector<int>{1, 0}));
  EXPECT_TRUE(tuner.leaderboard(0).empty());
  EXPECT_TRUE(tuner.leaderboard(-1).empty());
}

// ---- what is refused

TEST(TunerTell, RefusesWhatWasNotAskedFor) {
  Tuner tuner(options(4, SuccessiveHalving{2, 1, 4}));
  EXPECT_THROW(tuner.tell(0, 1, 1), UsageError);
  tuner.ask(2);
  for (int const id : {-1, 2, 4, std::numeric_limits<int>::max()}) {
    EXPECT_THROW(tuner.tell(id, 1, 1), UsageError) << id;
  }
  tuner.tell(0, 1, 1);
  EXPECT_THROW(tuner.tell(0, 1, 1), UsageError);
  tuner.tell(1, 1, 2);
  tuner.ask(2);
  tuner.tell(2, 1, 3);
  tuner.tell(3, 1, 4);
  EXPECT_THROW(tuner.tell(3, 2, 1), UsageError);  // pruned
  EXPECT_THROW(tuner.tell(0, 2, 1), UsageError);  // promoted, but not asked for yet
}

TEST(TunerTell, RefusesAnEpochOutsideTheRungAndChangesNothing) {
  Tuner tuner(options(2, SuccessiveHalving{2, 4, 8}));
  tuner.ask(2);
  EXPECT_THROW(tuner.tell(0, 3, 1), UsageError);  // neither stopped nor diverged
  EXPECT_THROW(tuner.tell(0, 5, 1), UsageError);
  EXPECT_THROW(tuner.tell(0, -1, 1, true), UsageError);
  EXPECT_EQ(tuner.best_of_any(), std::nullopt);
  tuner.tell(0, 4, 1);
  tuner.tell(1, 4, 2);
  tuner.ask(1);
  EXPECT_THROW(tuner.tell(0, 3, 1, true), UsageError);  // it was at 4 already
  EXPECT_THROW(tuner.tell(0, 3, kNaN), UsageError);
  tuner.tell(0, 8, 1);
  EXPECT_THROW(tuner.tell(0, 8, 1), UsageError);
  EXPECT_TRUE(tuner.finished());
}

TEST(TunerOptions, AreRefusedWithEverythingThatIsWrong) {
  TunerOptions wrong = options(0, SuccessiveHalving{1, 1, 4});
  wrong.space.uniform("dropout", 1, 0);
  try {
    Tuner tuner(wrong);
    FAIL() << "no error";
  } catch (UsageError const& error) {
    ASSERT_EQ(error.problems().size(), 3u);
    EXPECT_EQ(error.problems()[0].rfind("dropout: ", 0), 0u);
    EXPECT_EQ(error.problems()[1], "eta is 1; it must be at least 2.");
    EXPECT_EQ(error.problems()[2], "trials is 0; it must be at least 1.");
  }
}

TEST(Tuner, RefusesTheConfigOfATrialThatIsNotThere) {
  Tuner const tuner(options(4, SuccessiveHalving{2, 1, 4}));
  EXPECT_THROW(tuner.config(4), UsageError);
  EXPECT_THROW(tuner.config(-1), UsageError);
}

TEST(TrialStates, HaveNames) {
  EXPECT_EQ(name_of(TrialState::waiting), "waiting");
  EXPECT_EQ(name_of(TrialState::pruned), "pruned");
  EXPECT_EQ(name_of(TrialState::complete), "complete");
  EXPECT_EQ(name_of(TrialState::stopped), "stopped");
  EXPECT_EQ(name_of(TrialState::diverged), "diverged");
}

// ---- save and restore

TEST(TunerRestore, AsksAgainForTheTrialsInFlight) {
  Tuner tuner(options(4, SuccessiveHalving{2, 1, 4}));
  tuner.ask(3);
  tuner.tell(1, 1, 0.5);
  Tuner again(options(4, SuccessiveHalving{2, 1, 4}));
  again.restore(tuner.state());
  EXPECT_EQ(ids(again.ask(10)), (std::vector<int>{0, 2, 3}));
  for (int const id : {3, 2, 0})
    again.tell(id, 1, id);
  EXPECT_EQ(ids(again.ask(10)), (std::vector<int>{0, 1}));
}

TEST(TunerRestore, RefusesAStateThatDoesNotFit) {
  Tuner tuner(options(4, SuccessiveHalving{2, 1, 4}));
  tell_all(tuner, {1, 2, 3, 4});
  tuner.ask(1);
  tuner.tell(0, 2, 1);
  Tuner::State const good = tuner.state();
  std::vector<void (*)(Tuner::State&)> const damages = {
      [](Tuner::State& state) { state = {}; },
      [](Tuner::State& state) { state.trials.pop_back(); },
      [](Tuner::State& state) { state.configs.pop_back(); },
      [](Tuner::State& state) { state.begun = 3; },
      [](Tuner::State& state) { state.begun = 5; },
      [](Tuner::State& state) { state.trials[2].id = 1; },
      [](Tuner::State& state) { state.trials[2].epoch = -1; },
      [](Tuner::State& state) { state.trials[2].epoch = 3; },
      [](Tuner::State& state) { state.trials[2].rung = 3; },
      [](Tuner::State& state) { state.trials[2].rung = -1; },
      [](Tuner::State& state) { state.trials[2].state = TrialState::waiting; },
      [](Tuner::State& state) { state.trials[1].state = TrialState::pruned; },
      [](Tuner::State& state) { state.trials[0].state = static_cast<TrialState>(9); },
      [](Tuner::State& state) { state.jobs.clear(); },
      [](Tuner::State& state) { state.jobs.push_back(state.jobs[0]); },
      [](Tuner::State& state) { state.jobs[0].trial = 3; },
      [](Tuner::State& state) { state.jobs[0].trial = 4; },
      [](Tuner::State& state) { state.jobs[0].trial = -1; },
      [](Tuner::State& state) { state.jobs[0].told = true; },
      [](Tuner::State& state) { state.jobs[0].finish = state.now - 1; },
      [](Tuner::State& state) { state.jobs[0].from_epoch = 2; },
      [](Tuner::State& state) { state.brackets.clear(); },
      [](Tuner::State& state) { state.brackets.push_back({}); },
      [](Tuner::State& state) { state.brackets[0].rung = 3; },
      [](Tuner::State& state) { state.brackets[0].rung = -1; },
      [](Tuner::State& state) { state.brackets[0].rung = 0; },
      [](Tuner::State& state) { state.brackets[0].counted = 0; },
      [](Tuner::State& state) { state.brackets[0].counted = 2; },
      [](Tuner::State& state) { state.brackets[0].alive[0] = 4; },
      [](Tuner::State& state) { state.brackets[0].alive[0] = -1; },
      [](Tuner::State& state) { state.brackets[0].alive[0] = state.brackets[0].alive[1]; },
      [](Tuner::State& state) { state.brackets[0].alive.pop_back(); },
      [](Tuner::State& state) { state.brackets[0].alive.push_back(2); },
  };
  for (std::size_t i = 0; i < damages.size(); ++i) {
    Tuner::State damaged = good;
    damages[i](damaged);
    EXPECT_THROW(tuner.restore(damaged), StorageError) << "damage " << i;
  }
  tuner.restore(good);  // and the tuner goes on unharmed
  EXPECT_EQ(ids(tuner.ask(10)), (std::vector<int>{1}));
}

}  // namespace
}  // namespace brood
