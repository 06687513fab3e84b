// SPDX-License-Identifier: Apache-2.0
// StudyRun::drop(): what comes of it depends on the trial and the rung alone, not on the moment,
// and not on whether the study was saved and gone on with.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

struct Kind {
  char const* name;
  Study study;
};
void PrintTo(Kind const& kind, std::ostream* out) {
  *out << kind.name;
}

Study with(SchedulerChoice scheduler, int trials, std::function<void(Study&)> const& change = {}) {
  Study study = varied_study(Holdout{.test = 0.2});
  study.scheduler = scheduler;
  study.trials = trials;
  if (change) change(study);
  return study;
}

std::vector<Kind> kinds() {
  return {
      {"Halving", with(SuccessiveHalving{.eta = 2, .min_epochs = 1, .max_epochs = 8}, 9)},
      {"FoldsAndEnsemble", with(SuccessiveHalving{.eta = 2, .min_epochs = 1, .max_epochs = 8}, 9,
                                [](Study& study) {
                                  study.validation = Folds{.folds = 2, .test = 0.2};
                                  study.ensemble = 4;
                                  study.best_of = BestOf::any;
                                })},
      {"AllBrackets", with(Hyperband{.eta = 3, .max_epochs = 9}, 20)},
      {"Asynchronous", with(Asha{.eta = 2, .max_epochs = 8, .workers = 4}, 9)},
      {"Median", with(MedianStopping{.max_epochs = 6, .interval = 2}, 9)},
      {"PopulationBased", with(PopulationBased{.max_epochs = 6, .interval = 2}, 8)},
      {"OneRung", with(NoEarlyTermination{3}, 6)},
  };
}

class OfEachScheduler : public testing::TestWithParam<Kind> {
 protected:
  // Where in a rung a trial is dropped.
  enum class Where { before, within, at_the_last_moment };

  // A study on an engine of its own, in which `trial` is dropped in the rung with this index.
  struct Session {
    Session(Study study, int trial, int rung, Where where, StudyState const* from = nullptr)
        : trial(trial), rung(rung), where(where), table(small_blobs()) {
      study.on_training = [this](Training const& training) {
        if (this->where == Where::before || training.rung != this->rung) return;
        if (this->where == Where::within || training.share == 1) drop();
      };
      study.stop_requested = [] { return false; };
      run.emplace(engine, engine.load(table.table()), study, from);
    }
    void drop() {
      if (saved) return;
      run->drop(trial);
      run->drop(trial);  // again: nothing
      saved = save(run->state());
    }
    Result to_the_end() {
      for (int next = first_rung;; ++next) {
        if (where == Where::before && next == rung) drop();
        if (!run->advance()) break;
      }
      return run->finish();
    }
    int trial, rung;
    Where where;
    int first_rung = 0;
    OwnedTable table;
    Engine engine{{.device = "cpu", .threads = 1}};
    std::optional<StudyRun> run;
    std::optional<std::string> saved;  // with the drop
  };

  // A trial that trains in the second rung that is reported (the first, if there is but one), and
  // that would be the best of all there.
  static std::pair<int, int> whom_and_when(Study study) {
    std::vector<std::vector<int>> alive;
    study.on_rung = [&](Progress const& progress) {
      alive.push_back(progress.alive);
      return Go::on;
    };
    OwnedTable const table = small_blobs();
    Engine engine({.device = "cpu", .threads = 1});
    Result const result = tune(engine, engine.load(table.table()), study);
    for (std::size_t rung = 0; rung < alive.size(); ++rung) {
      auto const& ids = alive[rung];
      if (std::find(ids.begin(), ids.end(), result.best) != ids.end())
        return {result.best, static_cast<int>(rung) + 1};
    }
    return {result.best, 0};
  }
};

TEST_P(OfEachScheduler, AtWhateverMomentOfARung) {
  auto const [trial, rung] = whom_and_when(GetParam().study);
  Session before(GetParam().study, trial, rung, Where::before);
  Result const result = before.to_the_end();
  ASSERT_TRUE(before.saved);
  TrialResult const& dropped = trial_of(result, trial);
  EXPECT_EQ(dropped.state, TrialState::dropped);
  EXPECT_EQ(dropped.rank, 0);
  EXPECT_NE(result.best, trial);
  EXPECT_EQ(std::count(result.leaderboard.begin(), result.leaderboard.end(), trial), 0);
  for (auto const& part : result.ensemble.parts)
    EXPECT_NE(part.trial, trial);
  for (Where const where : {Where::within, Where::at_the_last_moment}) {
    Session session(GetParam().study, trial, rung, where);
    expect_same(session.to_the_end(), result);
    EXPECT_TRUE(session.saved);
  }
}

TEST_P(OfEachScheduler, GoingOnFromWhereItWasSaved) {
  auto const [trial, rung] = whom_and_when(GetParam().study);
  for (Where const where : {Where::before, Where::within, Where::at_the_last_moment}) {
    Session whole(GetParam().study, trial, rung, where);
    Result const result = whole.to_the_end();
    ASSERT_TRUE(whole.saved);
    StudyState const state = load_state(*whole.saved);
    EXPECT_EQ(save(state), *whole.saved);
    Session resumed(GetParam().study, trial, /*rung=*/-1, where, &state);
    expect_same(resumed.to_the_end(), result);
  }
}

INSTANTIATE_TEST_SUITE_P(Drop, OfEachScheduler, testing::ValuesIn(kinds()),
                         [](auto const& param) { return std::string(param.param.name); });

class DropTest : public testing::Test {
 protected:
  DropTest() : table_(small_blobs()), data_(engine_.load(table_.table())) {}
  OwnedTable table_;
  Engine engine_{{.device = "cpu", .threads = 1}};
  Data data_;
  Study study_ = with(SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9}, 9);
};

TEST_F(DropTest, KeepsTheScoreOfItsLastRungAndTheOthersTheirBits) {
  Result const whole = tune(engine_, data_, study_);
  StudyRun run(engine_, data_, study_);
  run.advance();
  auto const trials = run.state().tuner.trials;
  run.drop(whole.best);
  while (run.advance()) {
  }
  Result const result = run.finish();
  TrialResult const& dropped = trial_of(result, whole.best);
  EXPECT_EQ(dropped.epochs, 1);
  EXPECT_TRUE(same_bits(dropped.score, trials[static_cast<std::size_t>(whole.best)].score));
  for (TrialResult const& each : result.trials) {
    TrialResult const& other = trial_of(whole, each.id);
    if (each.epochs != other.epochs) continue;
    EXPECT_TRUE(same_bits(each.score, other.score)) << each.id;
  }
}

TEST_F(DropTest, AllOfAStudy) {
  StudyRun run(engine_, data_, study_);
  run.advance();
  for (int trial : {0, 1, 2, 3, 4, 5, 6, 7, 8}) {
    try {
      run.drop(trial);
    } catch (UsageError const&) {  // it was not promoted
    }
  }
  while (run.advance()) {
  }
  // Those that were not promoted have their scores.
  EXPECT_EQ(trial_of(run.found(), run.found().best).epochs, 1);
}

TEST_F(DropTest, BeforeAnyScoreThereIsNone) {
  study_.scheduler = NoEarlyTermination{3};
  bool dropped = false;
  StudyRun* running = nullptr;
  study_.on_training = [&](Training const&) {
    if (!dropped) running->drop(4);
    dropped = true;
  };
  StudyRun run(engine_, data_, study_);
  running = &run;
  while (run.advance()) {
  }
  TrialResult const trial = trial_of(run.finish(), 4);
  EXPECT_EQ(trial.state, TrialState::dropped);
  EXPECT_EQ(trial.epochs, 0);
  EXPECT_TRUE(std::isnan(trial.score));
}

TEST_F(DropTest, WhoCannotBe) {
  StudyRun run(engine_, data_, study_);
  auto const refused = [&](int trial) -> std::string {
    try {
      run.drop(trial);
    } catch (UsageError const& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refused(-1), "Trial -1 does not exist; trials are 0 .. 8.");
  EXPECT_EQ(refused(9), "Trial 9 does not exist; trials are 0 .. 8.");
  run.advance();
  auto const trials = run.state().tuner.trials;
  auto const pruned = std::find_if(trials.begin(), trials.end(), [](TunerTrial const& trial) {
    return trial.state == TrialState::pruned;
  });
  ASSERT_NE(pruned, trials.end());
  EXPECT_EQ(refused(pruned->id),
            "Trial " + std::to_string(pruned->id) + " has ended already: it is pruned.");
  while (run.advance()) {
  }
  EXPECT_NE(refused(0), "");
}

TEST_F(DropTest, AStudyThatIsExtendedLeavesItOut) {
  StudyRun run(engine_, data_, study_);
  run.advance();
  int const trial = tune(engine_, data_, study_).best;
  run.drop(trial);
  while (run.advance()) {
  }
  StudyState const state = load_state(save(run.state()));
  Study more = study_;
  more.trials = 12;
  StudyRun extended(engine_, data_, more, &state);
  while (extended.advance()) {
  }
  Result const result = extended.finish();
  EXPECT_EQ(result.trials.size(), 12u);
  EXPECT_EQ(trial_of(result, trial).state, TrialState::dropped);
  EXPECT_EQ(trial_of(result, trial).epochs, 1);
}

// What callbacks are told of.
TEST_F(DropTest, AliveAndNewBest) {
  study_.metric.name = "accuracy";
  std::vector<Progress> seen;
  study_.on_rung = [&](Progress const& progress) {
    seen.push_back(progress);
    return Go::on;
  };
  Result const result = tune(engine_, data_, study_);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_TRUE(seen[0].new_best);
  EXPECT_EQ(seen[0].alive.size(), 3u);
  EXPECT_EQ(seen[1].alive, std::vector<int>{result.best});
  EXPECT_TRUE(seen[2].alive.empty());
  double best = seen[0].top_score;
  for (std::size_t i = 1; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].new_best, seen[i].top_score > best);
    best = std::max(best, seen[i].top_score);
  }
}

}  // namespace
}  // namespace brood
