// SPDX-License-Identifier: Apache-2.0
// Members that diverge: they never stop a study, never win, never touch a neighbour, and are told
// of.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "brood/error.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

class DivergenceTest : public testing::Test {
 protected:
  DivergenceTest()
      : table_(regression(150, 4)),
        engine_({.device = "cpu", .threads = 1}),
        data_(engine_.load(table_.table())) {}

  OwnedTable table_;
  Engine engine_;
  Data data_;
};

// Learning rates up to 1e10: the small ones learn, the large ones diverge.
Study wild_study() {
  Study study{.scheduler = SuccessiveHalving{.eta = 2, .min_epochs = 1, .max_epochs = 8},
              .validation = Folds{.folds = 2, .test = 0.2},
              .trials = 24,
              .seed = 3};
  study.space.log_uniform("lr", 1e-3, 1e10)
      .choice("optimizer", {"sgd", "momentum", "adam"})
      .choice("hidden", {Widths{}, Widths{8, 8}});
  return study;
}

TEST_F(DivergenceTest, DivergedTrialsNeverWinNorGoOnNorTouchAnother) {
  Study study = wild_study();
  StudyRun run(engine_, data_, study);
  bool more = true;
  while (more) {
    more = run.advance();
    StudyState const state = run.state();
    for (int const id : state.tuner.brackets[0].alive) {
      EXPECT_TRUE(std::isfinite(state.tuner.trials[static_cast<std::size_t>(id)].score));
    }
    for (auto const& resident : state.residents)
      EXPECT_NE(resident.image.metrics.state, MemberState::diverged);
  }
  Result const result = run.finish();

  int diverged = 0;
  for (auto const& trial : result.trials) {
    SCOPED_TRACE("trial " + std::to_string(trial.id));
    if (trial.state == TrialState::diverged) {
      ++diverged;
      EXPECT_FALSE(std::isfinite(trial.score));
      EXPECT_NE(trial.id, result.best);
      EXPECT_EQ(std::count(result.leaderboard.begin(), result.leaderboard.end(), trial.id), 0);
    } else {
      EXPECT_TRUE(std::isfinite(trial.score));
      alone(engine_, study, data_, result, trial.id);
    }
  }
  // The space was chosen so that there are many of both.
  EXPECT_GE(diverged, 5);
  EXPECT_GE(24 - diverged, 5);
  EXPECT_TRUE(std::isfinite(result.valid));
  EXPECT_TRUE(std::isfinite(result.test));
}

TEST_F(DivergenceTest, ADivergedTrialSaysHowFarItWasTrained) {
  Study study = wild_study();
  study.scheduler = NoEarlyTermination{8};
  study.validation = Holdout{};
  Result const result = tune(engine_, data_, study);
  std::int64_t epochs = 0;
  for (auto const& trial : result.trials) {
    epochs += trial.epochs;
    if (trial.state == TrialState::diverged) {
      EXPECT_LT(trial.epochs, 8) << "trial " << trial.id;
    }
  }
  EXPECT_EQ(epochs, result.member_epochs);
}

TEST_F(DivergenceTest, ProgressCountsTheDiverged) {
  Study study = wild_study();
  int last = 0;
  study.on_rung = [&](Progress const& p) {
    EXPECT_GE(p.diverged, last);
    last = p.diverged;
    return Go::on;
  };
  Result const result = tune(engine_, data_, study);
  EXPECT_EQ(last, std::count_if(result.trials.begin(), result.trials.end(), [](auto const& trial) {
              return trial.state == TrialState::diverged;
            }));
}

TEST_F(DivergenceTest, WhenAllTrialsDivergeThereIsNoUsableTrial) {
  Study study = wild_study();
  study.space.constant("lr", 1e10).constant("optimizer", "sgd").constant("hidden", Widths{});
  study.trials = 6;
  StudyRun run(engine_, data_, study);
  EXPECT_TRUE(run.advance());
  EXPECT_FALSE(run.advance());  // no rung is left that anyone could train in
  EXPECT_THROW(run.finish(), NoUsableTrial);
  EXPECT_THROW(tune(engine_, data_, study), NoUsableTrial);
}

// A learning rate that warms up to far beyond what is stable: all are fine for an epoch, and all
// survivors diverge in a later rung. The best of those that were let go wins.
TEST_F(DivergenceTest, WhenAllSurvivorsDivergeTheBestOfTheRungBeforeWins) {
  Study study{.scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9},
              .validation = Holdout{},
              .trials = 9,
              .seed = 3};
  study.space.uniform("lr", 8, 10)
      .constant("optimizer", "sgd")
      .constant("warmup_epochs", 9)
      .choice("hidden", {Widths{}, Widths{8}});
  for (bool const refit : {false, true}) {
    study.refit = refit ? Refit::yes : Refit::no;
    Result const result = tune(engine_, data_, study);
    TrialResult const& best = trial_of(result, result.best);
    EXPECT_EQ(best.state, TrialState::pruned);
    EXPECT_LT(best.epochs, 9);
    EXPECT_TRUE(std::isfinite(best.score));
    EXPECT_EQ(result.refit_epochs, refit ? best.epochs : 0);
    if (!refit) {
      EXPECT_TRUE(
          same_bits(result.model.layers, alone(engine_, study, data_, result, best.id).front()));
    }
  }
}

// Learning rates at the edge: some members that are fine on their training rows diverge on all of
// them. The model is the validated one then, and the result says so.
TEST_F(DivergenceTest, WhenTheRefitDivergesTheModelIsTheValidatedOne) {
  Study study{.scheduler = NoEarlyTermination{20}, .validation = Holdout{}, .trials = 1};
  study.space.uniform("lr", 0.5, 1.2).constant("optimizer", "sgd").constant("hidden", Widths{8});
  int found = 0;
  for (study.seed = 0; study.seed < 300 && found < 2; ++study.seed) {
    study.refit = Refit::yes;
    Result result;
    try {
      result = tune(engine_, data_, study);
    } catch (NoUsableTrial const&) {
      continue;
    }
    EXPECT_TRUE(std::isfinite(result.test));
    if (!result.refit_diverged) continue;
    ++found;
    study.refit = Refit::no;
    Result const validated = tune(engine_, data_, study);
    EXPECT_FALSE(validated.refit_diverged);
    EXPECT_TRUE(same_bits(result.model.layers, validated.model.layers));
    EXPECT_TRUE(same_bits(result.model.transform.shift, validated.model.transform.shift));
    EXPECT_EQ(result.test, validated.test);
  }
  EXPECT_EQ(found, 2);
}

}  // namespace
}  // namespace brood
