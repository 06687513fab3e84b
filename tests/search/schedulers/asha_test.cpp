// SPDX-License-Identifier: Apache-2.0
// Asynchronous successive halving by hand: who is promoted when, in virtual time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "brood/error.hpp"
#include "brood/search.hpp"
#include "search/dice.hpp"
#include "search/samplers/sampler.hpp"

namespace brood {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TunerOptions options(int trials, Asha const& asha) {
  SearchSpace space;
  space.uniform("x", 0, 1);
  return {.space = space, .scheduler = asha, .trials = trials, .seed = 3};
}

using Jobs = std::vector<std::pair<int, int>>;  // trial, until epoch

Jobs jobs(std::vector<Ask> const& asks) {
  Jobs all;
  for (auto const& ask : asks)
    all.push_back({ask.trial, ask.until_epoch});
  return all;
}

// Li et al. 2020, Alg. 2 by hand: one worker, r = 1, R = 9, eta = 3; the loss of a trial is the
// same at every rung. The jobs are (trial, rung).
TEST(Asha, OneWorkerTakesTheJobsOfThePaper) {
  double const loss[] = {.9, .5, .7, .4, .8, .3, .6, .2};
  Tuner tuner(options(8, {.eta = 3, .min_epochs = 1, .max_epochs = 9, .workers = 1}));
  Jobs taken;
  for (int i = 0; i < 14; ++i) {
    auto const asks = tuner.ask(10);
    ASSERT_EQ(asks.size(), 1u);
    taken.push_back(jobs(asks).front());
    tuner.tell(asks[0].trial, asks[0].until_epoch, loss[asks[0].trial]);
  }
  EXPECT_EQ(taken, (Jobs{{0, 1},
                         {1, 1},
                         {2, 1},
                         {1, 3},
                         {3, 1},
                         {3, 3},
                         {4, 1},
                         {5, 1},
                         {5, 3},
                         {5, 9},
                         {6, 1},
                         {7, 1},
                         {7, 3},
                         {7, 9}}));
  EXPECT_TRUE(tuner.finished());
  EXPECT_EQ(tuner.best(), 7);
  EXPECT_EQ(tuner.trials()[1].state, TrialState::pruned);
  EXPECT_EQ(tuner.trials()[5].state, TrialState::complete);
}

TEST(Asha, AllWorkersAreAskedForAtOnce) {
  Tuner tuner(options(10, {.eta = 2, .min_epochs = 1, .max_epochs = 4, .workers = 3}));
  EXPECT_EQ(jobs(tuner.ask(10)), (Jobs{{0, 1}, {1, 1}, {2, 1}}));
  EXPECT_TRUE(tuner.ask(10).empty());
  tuner.tell(0, 1, 0.5);
  EXPECT_EQ(jobs(tuner.ask(10)), (Jobs{{3, 1}}));
  tuner.tell(1, 1, 0.1);  // the best of two: floor(2 / 2) is promoted
  EXPECT_EQ(jobs(tuner.ask(10)), (Jobs{{1, 2}}));
  tuner.tell(2, 1, 0.2);
  EXPECT_EQ(jobs(tuner.ask(10)), (Jobs{{4, 1}}));
  // 1, 3 and 4 all finish at time 2, and count in the order of trials.
  tuner.tell(4, 1, 0.3);
  tuner.tell(3, 1, 0.05);
  EXPECT_TRUE(tuner.ask(10).empty());
  tuner.tell(1, 2, 0.1);
  // 1 frees a worker: floor(3 / 2) of the first rung is 1 itself, so 5 begins. Then 3 is promoted,
  // then, as four of five results make room for two, nobody: 1 and 3 are the best two.
  EXPECT_EQ(jobs(tuner.ask(10)), (Jobs{{5, 1}, {3, 2}, {6, 1}}));
  EXPECT_EQ(tuner.now(), 2);
}

// A long job that is told first does not count first.
TEST(Asha, ResultsCountInTheOrderOfVirtualTime) {
  Tuner tuner(options(8, {.eta = 2, .min_epochs = 1, .max_epochs = 8, .workers = 2}));
  tuner.ask(2);
  tuner.tell(0, 1, 1);
  tuner.tell(1, 1, 2);
  auto const asks = tuner.ask(5);
  EXPECT_EQ(jobs(asks), (Jobs{{2, 1}, {0, 2}}));
  tuner.tell(0, 2, 1);
  EXPECT_EQ(jobs(tuner.ask(5)), (Jobs{{3, 1}}));
  EXPECT_EQ(tuner.now(), 2);
}

// Nor does a sampler see it before.
TEST(Asha, ASamplerSeesWhatCounts) {
  Tuner tuner(options(8, {.eta = 2, .min_epochs = 1, .max_epochs = 8, .workers = 2}));
  tuner.ask(2);
  tuner.tell(0, 1, 1);
  tuner.tell(1, 1, 2);
  ASSERT_EQ(jobs(tuner.ask(5)), (Jobs{{2, 1}, {0, 2}}));
  tuner.tell(2, 1, kNaN);  // 0 finishes at the same time, and comes first
  auto seen = tuner.observations();
  ASSERT_EQ(seen.size(), tuner.trials().size());
  EXPECT_TRUE(std::isnan(seen[2].score));
  EXPECT_FALSE(seen[2].diverged);
  EXPECT_EQ(seen[0].score, 1);
  EXPECT_EQ(seen[0].epoch, 1);
  EXPECT_EQ(*seen[0].config, tuner.config(0));
  tuner.tell(0, 2, 5);
  seen = tuner.observations();
  EXPECT_TRUE(seen[2].diverged);
  EXPECT_EQ(seen[0].score, 5);
  EXPECT_EQ(seen[0].epoch, 2);
  ASSERT_EQ(jobs(tuner.ask(5)), (Jobs{{3, 1}, {4, 1}}));
  tuner.tell(4, 1, 7);
  EXPECT_TRUE(std::isnan(tuner.observations()[4].score));
  tuner.tell(3, 1, 8);
  EXPECT_EQ(tuner.observations()[4].score, 7);
}

TEST(Asha, NeverPromotesADivergedTrial) {
  Tuner tuner(options(4, {.eta = 2, .min_epochs = 1, .max_epochs = 2, .workers = 4}));
  for (auto const& ask : tuner.ask(4))
    tuner.tell(ask.trial, 1, ask.trial == 2 ? 1 : kNaN);
  EXPECT_EQ(jobs(tuner.ask(4)), (Jobs{{2, 2}}));
  tuner.tell(2, 1, kNaN);
  EXPECT_TRUE(tuner.finished());
  EXPECT_EQ(tuner.best(), std::nullopt);
}

TEST(Asha, AStoppedTrialTakesItsPlaceAboveWithoutTraining) {
  Tuner tuner(options(4, {.eta = 2, .min_epochs = 1, .max_epochs = 4, .workers = 4}));
  for (auto const& ask : tuner.ask(4))
    tuner.tell(ask.trial, 1, ask.trial, ask.trial < 2);
  EXPECT_TRUE(tuner.finished());  // 0 and 1 rise to the second rung, and 0 to the third
  EXPECT_EQ(tuner.trials()[0].rung, 2);
  EXPECT_EQ(tuner.trials()[1].rung, 1);
  EXPECT_EQ(tuner.trials()[2].state, TrialState::pruned);
  EXPECT_EQ(tuner.best(), 0);
}

// Algorithm 2 word by word, with a clock: sorts a rung whenever it looks at it.
class Naive {
 public:
  Naive(TunerOptions const& options, std::vector<Rung> rungs)
      : asha_(std::get<Asha>(options.scheduler)),
        trials_(options.trials),
        maximize_(options.maximize),
        rungs_(std::move(rungs)),
        results_(rungs_.size()),
        promoted_(rungs_.size()) {}

  // The jobs in the order in which workers take them.
  template <class Score>
  Jobs run(Score score) {
    Jobs taken;
    std::set<std::tuple<int, int, int>> running;  // finish, trial, rung
    for (int now = 0;;) {
      while (static_cast<int>(running.size()) < asha_.workers) {
        auto job = get_job();
        if (!job && running.empty()) job = last_job();
        if (!job) break;
        auto const [trial, rung] = *job;
        int const from = rung == 0 ? 0 : rungs_[static_cast<std::size_t>(rung) - 1].epoch;
        int const until = rungs_[static_cast<std::size_t>(rung)].epoch;
        taken.push_back({trial, until});
        running.insert({now + until - from, trial, rung});
      }
      if (running.empty()) return taken;
      auto const [finish, trial, rung] = *running.begin();
      running.erase(running.begin());
      now = finish;
      results_[static_cast<std::size_t>(rung)].push_back(
          {score(trial, rungs_[static_cast<std::size_t>(rung)].epoch), trial});
    }
  }

 private:
  using Job = std::optional<std::pair<int, int>>;  // trial, rung

  std::vector<std::pair<double, int>> ranked(std::size_t rung) const {
    auto all = results_[rung];
    std::sort(all.begin(), all.end(), [&](auto const& a, auto const& b) {
      return ranks_before(a.first, a.second, b.first, b.second, maximize_);
    });
    return all;
  }
  Job get_job() {
    for (std::size_t k = rungs_.size() - 1; k-- > 0;) {
      auto const all = ranked(k);
      for (std::size_t i = 0; i < all.size() / static_cast<std::size_t>(asha_.eta); ++i) {
        auto const [score, trial] = all[i];
        if (std::isfinite(score) && promoted_[k].insert(trial).second)
          return {{trial, static_cast<int>(k) + 1}};
      }
    }
    if (next_ < trials_) return {{next_++, 0}};
    return std::nullopt;
  }
  // The best of the highest rung.
  Job last_job() {
    for (std::size_t k = rungs_.size(); k-- > 0;) {
      auto const all = ranked(k);
      if (all.empty() || !std::isfinite(all.front().first)) continue;
      if (k + 1 == rungs_.size() || !promoted_[k].insert(all.front().second).second) break;
      return {{all.front().second, static_cast<int>(k) + 1}};
    }
    return std::nullopt;
  }

  Asha const asha_;
  int const trials_;
  bool const maximize_;
  std::vector<Rung> const rungs_;
  int next_ = 0;
  std::vector<std::vector<std::pair<double, int>>> results_;
  std::vector<std::set<int>> promoted_;
};

TEST(Asha, TakesTheJobsOfTheNaiveAlgorithm) {
  std::size_t most = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    int const min = 1 + dice.below(3);
    Asha const asha{2 + dice.below(3), min, min + dice.below(60), 1 + dice.below(20)};
    TunerOptions chosen = options(1 + dice.below(80), asha);
    chosen.maximize = dice.below(2) == 1;
    auto const score = [&](int trial, int epoch) {
      Dice own(seed * 1000003 + static_cast<std::uint64_t>(epoch * 1000 + trial));
      return own.below(10) == 0 ? kNaN : own.below(30);
    };
    Tuner tuner(chosen);
    Jobs taken;
    std::vector<Ask> flying;
    while (!tuner.finished()) {
      for (auto& ask : tuner.ask(1000)) {
        taken.push_back({ask.trial, ask.until_epoch});
        flying.push_back(std::move(ask));
      }
      Ask const ask = flying.back();  // the last first: they count in their own order
      flying.pop_back();
      tuner.tell(ask.trial, ask.until_epoch, score(ask.trial, ask.until_epoch));
    }
    EXPECT_EQ(taken, Naive(chosen, tuner.rungs()).run(score));
    most = std::max(most, taken.size());
  }
  EXPECT_GT(most, 100u);
}

// The plan says how many are promoted at least.
TEST(Asha, PromotesAtLeastThePlannedNumber) {
  Asha const asha{.eta = 3, .min_epochs = 1, .max_epochs = 27, .workers = 7};
  for (int const trials : {1, 5, 30, 100}) {
    Tuner tuner(options(trials, asha));
    std::vector<std::set<int>> reached(tuner.rungs().size());
    while (!tuner.finished()) {
      for (auto const& ask : tuner.ask(3)) {
        std::size_t rung = 0;
        while (tuner.rungs()[rung].epoch != ask.until_epoch)
          ++rung;
        EXPECT_TRUE(reached[rung].insert(ask.trial).second);
        tuner.tell(ask.trial, ask.until_epoch, std::get<double>(*ask.config.find("x")));
      }
    }
    int fewest = trials;
    for (std::size_t rung = 0; rung < reached.size(); ++rung) {
      EXPECT_GE(static_cast<int>(reached[rung].size()), fewest) << trials << " in " << rung;
      fewest = static_cast<int>(reached[rung].size()) / 3;
    }
    EXPECT_EQ(tuner.events(), 0);
  }
}

TEST(Asha, RefusesAStateThatDoesNotFit) {
  Asha const asha{.eta = 2, .min_epochs = 1, .max_epochs = 4, .workers = 3};
  Tuner tuner(options(6, asha));
  for (int const count : {3, 2}) {
    auto const asks = tuner.ask(count);
    for (auto const& ask : asks)
      tuner.tell(ask.trial, ask.until_epoch, ask.trial);
  }
  Tuner::State const good = tuner.state();
  ASSERT_EQ(good.rungs.size(), 3u);
  ASSERT_GE(good.rungs[0].results.size(), 3u);
  ASSERT_TRUE(good.rungs[0].results[0].promoted);
  std::vector<void (*)(Tuner::State&)> const damages = {
      [](Tuner::State& state) { state.rungs.pop_back(); },
      [](Tuner::State& state) { state.rungs.push_back({}); },
      [](Tuner::State& state) { state.rungs[0].promoted = 9; },
      [](Tuner::State& state) { state.rungs[0].promoted = 3; },
      [](Tuner::State& state) { state.rungs[0].results.pop_back(); },
      [](Tuner::State& state) { state.rungs[0].results[0].promoted = false; },
      [](Tuner::State& state) { state.rungs[0].results[2].promoted = true; },
      [](Tuner::State& state) { state.rungs[0].results[0].trial = 6; },
      [](Tuner::State& state) { state.rungs[0].results[0].trial = -1; },
      [](Tuner::State& state) { state.rungs[0].results[1] = state.rungs[0].results[0]; },
      [](Tuner::State& state) { std::swap(state.rungs[0].results[0], state.rungs[0].results[1]); },
      [](Tuner::State& state) { state.rungs[0].results[0].score = 100; },
      [](Tuner::State& state) { state.trials[0].rung = 2; },
  };
  for (std::size_t i = 0; i < damages.size(); ++i) {
    Tuner::State damaged = good;
    damages[i](damaged);
    EXPECT_THROW(tuner.restore(damaged), StorageError) << "damage " << i;
  }
  tuner.restore(good);
}

TEST(AshaProblems, NameTheValueAndWhatIsAllowed) {
  EXPECT_EQ(problems(Asha{.eta = 1, .min_epochs = 3, .max_epochs = 2, .workers = 0}),
            (std::vector<std::string>{"eta is 1; it must be at least 2.",
                                      "workers is 0; it must be at least 1."}));
  EXPECT_EQ(
      problems(Asha{.min_epochs = 3, .max_epochs = 2}),
      (std::vector<std::string>{"max_epochs is 2; it must be at least min_epochs, which is 3."}));
}

}  // namespace
}  // namespace brood
