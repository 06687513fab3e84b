// SPDX-License-Identifier: Apache-2.0
// Patience in a study: a trial ends by itself, is scored where its loss was lowest, keeps those
// weights, and is fitted again for as many epochs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "brood/population.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

// Few noisy rows and wide networks: they overfit within a few epochs.
OwnedTable noisy() {
  OwnedTable table = regression(90, 3);
  Uniform draw(8);
  for (float& y : table.y)
    y += 3 * draw.normal();
  return table;
}

// The point at which a member with patience is scored: a lower loss counts if it is lower than the
// best so far by more than min_delta.
CurvePoint const& scored_point(std::vector<CurvePoint> const& points, double min_delta = 0) {
  CurvePoint const* best = &points.front();
  for (auto const& point : points) {
    if (point.valid_loss < best->valid_loss - min_delta) best = &point;
  }
  return *best;
}

class PatienceTest : public testing::Test {
 protected:
  PatienceTest()
      : table_(noisy()),
        engine_({.device = "cpu", .threads = 1}),
        data_(engine_.load(table_.table())) {}

  Study study(SchedulerChoice scheduler, Validation validation) const {
    Study study{.scheduler = scheduler, .validation = validation, .trials = 9, .seed = 4};
    study.space.log_uniform("lr", 3e-3, 3e-2)
        .constant("patience", 3)
        .constant("hidden", Widths{48})
        .constant("batch_size", 8);
    return study;
  }
  std::vector<Split> splits(Study const& study) const {
    return make_splits(data_.table(), study.validation, study.seed).splits;
  }

  OwnedTable table_;
  Engine engine_;
  Data data_;
};

TEST_F(PatienceTest, StoppedTrialsAreScoredAtTheirBestEpoch) {
  for (Validation const& validation :
       {Validation(Holdout{}), Validation(Folds{.folds = 3, .repeats = 2})}) {
    Study const own = study(NoEarlyTermination{60}, validation);
    Result const result = tune(engine_, data_, own);
    int stopped = 0;
    for (auto const& trial : result.trials) {
      SCOPED_TRACE("trial " + std::to_string(trial.id));
      double sum = 0;
      int last = 0, members = 0;
      for (auto const& split : splits(own)) {
        auto const points = curve_of(result, trial.id, split);
        CurvePoint const& best = scored_point(points);
        sum += best.valid_metric;
        ++members;
        last = std::max(last, points.back().epoch);
        if (points.back().epoch < 60) {
          EXPECT_EQ(points.back().epoch, best.epoch + 3);
        }
      }
      EXPECT_DOUBLE_EQ(trial.score, sum / members);
      EXPECT_EQ(trial.epochs, last);
      stopped += trial.state == TrialState::stopped ? 1 : 0;
    }
    EXPECT_GE(stopped, 7);  // nearly all: the learning rates were chosen so
  }
}

TEST_F(PatienceTest, ThePlanIsAnUpperBoundAndSaysSo) {
  for (SchedulerChoice const& scheduler :
       {SchedulerChoice(NoEarlyTermination{60}),
        SchedulerChoice(SuccessiveHalving{.eta = 3, .min_epochs = 4, .max_epochs = 60})}) {
    Study const own = study(scheduler, Folds{.folds = 2});
    StudyPlan const planned = plan(engine_, data_, own);
    Result const result = tune(engine_, data_, own);
    EXPECT_TRUE(planned.upper_bound);
    EXPECT_LT(result.member_epochs, planned.member_epochs);
    EXPECT_EQ(result.member_epochs, static_cast<std::int64_t>(result.curves.size()));
    EXPECT_LE(result.refit_epochs, planned.refit_epochs);
    for (auto const& rung : planned.rungs) {
      EXPECT_LE(std::count_if(result.trials.begin(), result.trials.end(),
                              [&](auto const& trial) { return trial.epochs >= rung.epoch; }),
                rung.trials);
    }
  }
}

TEST_F(PatienceTest, TheRefitTakesTheEpochsOfTheScore) {
  Study own = study(NoEarlyTermination{60}, Holdout{});
  Result const one = tune(engine_, data_, own);
  EXPECT_EQ(one.refit_epochs, scored_point(curve_of(one, one.best, splits(own).front())).epoch);

  own.validation = Folds{.folds = 3, .repeats = 2};
  Result const folds = tune(engine_, data_, own);
  double sum = 0;
  for (auto const& split : splits(own))
    sum += scored_point(curve_of(folds, folds.best, split)).epoch;
  EXPECT_EQ(folds.refit_epochs, std::lround(sum / 6));
  // It is not itself patient: it trains just so long.
  EXPECT_EQ(*folds.model.config.find("patience"), Value{std::int64_t{3}});
}

// With min_delta the scored evaluation is not the one with the lowest loss.
TEST_F(PatienceTest, TheRefitTakesTheEpochsOfTheScoreWithMinDelta) {
  Study own = study(NoEarlyTermination{60}, Holdout{});
  own.space.constant("min_delta", 0.05);
  Result const result = tune(engine_, data_, own);
  int differ = 0;
  for (auto const& trial : result.trials) {
    auto const points = curve_of(result, trial.id, splits(own).front());
    CurvePoint const& scored = scored_point(points, 0.05);
    EXPECT_EQ(trial.score, scored.valid_metric);
    differ += scored.epoch != scored_point(points).epoch ? 1 : 0;
  }
  EXPECT_GE(differ, 5);
  auto const winner = curve_of(result, result.best, splits(own).front());
  ASSERT_NE(scored_point(winner, 0.05).epoch, scored_point(winner).epoch);
  EXPECT_EQ(result.refit_epochs, scored_point(winner, 0.05).epoch);
}

// The model without a refit holds the best weights, those of the member trained straight to the
// scored epoch.
TEST_F(PatienceTest, TheValidatedModelHoldsTheBestWeights) {
  Study own = study(NoEarlyTermination{60}, Holdout{});
  own.refit = Refit::no;
  Result const result = tune(engine_, data_, own);
  ASSERT_EQ(trial_of(result, result.best).state, TrialState::stopped);
  Split const split = splits(own).front();
  Config config = trial_of(result, result.best).config;
  config.set("patience", std::int64_t{0});
  Population population(engine_);
  auto const ids =
      population.admit({member_of(own, data_, std::move(config), result.best, split)}, data_);
  population.train(ids, scored_point(curve_of(result, result.best, split)).epoch);
  EXPECT_TRUE(same_bits(result.model.layers, population.weights(ids).front()));
}

// A stopped trial keeps its rank: it may win without ever being trained to the last rung.
TEST_F(PatienceTest, AStoppedTrialMayWinThroughRungsThatItDoesNotTrainIn) {
  Study const own =
      study(SuccessiveHalving{.eta = 3, .min_epochs = 20, .max_epochs = 180}, Holdout{});
  Result const result = tune(engine_, data_, own);
  EXPECT_EQ(trial_of(result, result.best).state, TrialState::stopped);
  EXPECT_LT(trial_of(result, result.best).epochs, 180);
  EXPECT_LE(result.refit_epochs, trial_of(result, result.best).epochs);
}

TEST_F(PatienceTest, ImpatientTrialsBesideThemTrainToTheEnd) {
  Study own = study(NoEarlyTermination{40}, Holdout{});
  own.space.choice("patience", {0, 3});
  EXPECT_TRUE(plan(engine_, data_, own).upper_bound);
  Result const result = tune(engine_, data_, own);
  for (auto const& trial : result.trials) {
    bool const patient = *trial.config.find("patience") != Value{std::int64_t{0}};
    auto const points = curve_of(result, trial.id, splits(own).front());
    if (patient) {
      EXPECT_EQ(trial.score, scored_point(points).valid_metric);
    } else {
      EXPECT_EQ(trial.state, TrialState::complete);
      EXPECT_EQ(trial.epochs, 40);
      EXPECT_EQ(trial.score, points.back().valid_metric);
    }
  }
}

}  // namespace
}  // namespace brood
