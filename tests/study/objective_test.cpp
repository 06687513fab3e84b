// SPDX-License-Identifier: Apache-2.0
// Studies whose objective takes predictions: scored at the end of each rung, by the weights that
// predict; and what has no value is refused before anything trains.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/population.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

class ObjectiveTest : public testing::TestWithParam<char const*> {
 protected:
  ObjectiveTest()
      : table_(small_blobs()), engine_({.device = "cpu", .threads = 1}), data_(load()) {}

  Data load() {
    table_.weights.clear();
    for (std::int64_t row = 0; row < table_.rows; ++row)
      table_.weights.push_back(static_cast<float>(1 + row % 3));
    return engine_.load(table_.table());
  }

  // The metric of a member, trained by itself, on some rows.
  double score_on(Population& population, MemberId id, std::string const& metric,
                  std::vector<std::int32_t> const& rows) {
    std::vector<float> p(rows.size() * static_cast<std::size_t>(data_.outputs()));
    population.forward({&id, 1}, rows, p);
    std::vector<float> y, weights;
    for (auto const row : rows) {
      y.push_back(table_.y[static_cast<std::size_t>(row)]);
      weights.push_back(table_.weights[static_cast<std::size_t>(row)]);
    }
    return score(metric, data_.task(), p, y, static_cast<std::int64_t>(rows.size()), weights);
  }

  // The mean over a trial's members, each trained by itself.
  double score_alone(Study const& study, Result const& result, int trial) {
    TrialResult const& own = trial_of(result, trial);
    double sum = 0;
    auto const splits = make_splits(data_.table(), study.validation, study.seed).splits;
    for (auto const& split : splits) {
      Population population(engine_);
      auto const ids = population.admit({member_of(study, data_, own.config, trial, split)}, data_);
      population.train(ids, own.epochs);
      sum += score_on(population, ids.front(), study.metric.name, *split.valid);
    }
    return sum / static_cast<double>(splits.size());
  }

  OwnedTable table_;
  Engine engine_;
  Data data_;
};

TEST_P(ObjectiveTest, TrialsScoreWhatTheirMembersPredict) {
  Study study = varied_study();
  study.metric.name = GetParam();
  Result const result = tune(engine_, data_, study);
  EXPECT_EQ(result.metric, GetParam());
  EXPECT_EQ(result.maximize, std::string(GetParam()) != "log_loss");
  for (int const trial : result.leaderboard) {
    EXPECT_TRUE(same_bits(trial_of(result, trial).score, score_alone(study, result, trial)))
        << "trial " << trial;
  }
}

TEST_P(ObjectiveTest, CurvesHoldItAtTheEndsOfRungsOnly) {
  Study study = varied_study();
  study.metric.name = GetParam();
  for (CurvePoint const& point : tune(engine_, data_, study).curves) {
    bool const ends_rung = point.epoch == 1 || point.epoch == 3 || point.epoch == 9;
    EXPECT_EQ(std::isfinite(point.valid_metric), ends_rung) << "epoch " << point.epoch;
  }
}

TEST_P(ObjectiveTest, WithPatienceTheBestWeightsAreScored) {
  Study study = varied_study(Holdout{});
  study.metric.name = GetParam();
  study.scheduler = NoEarlyTermination{30};
  study.space.constant("patience", 2);
  Result const result = tune(engine_, data_, study);
  int stopped = 0;
  for (TrialResult const& trial : result.trials) {
    if (trial.state == TrialState::diverged) continue;
    EXPECT_TRUE(same_bits(trial.score, score_alone(study, result, trial.id)));
    stopped += trial.state == TrialState::stopped ? 1 : 0;
  }
  EXPECT_GT(stopped, 0);
}

TEST_P(ObjectiveTest, TheTestScoreIsOfTheModelThatIsReturned) {
  Study study = varied_study();
  study.metric.name = GetParam();
  Result const result = tune(engine_, data_, study);
  auto const found = std::find_if(result.test_metrics.begin(), result.test_metrics.end(),
                                  [&](auto const& each) { return each.first == GetParam(); });
  ASSERT_NE(found, result.test_metrics.end());
  EXPECT_EQ(found->second, result.test);
  EXPECT_EQ(result.test_metrics.size(), 11u);

  auto const test = make_splits(data_.table(), study.validation, study.seed).test;
  std::vector<float> x, y, weights;
  for (auto const row : *test) {
    auto const first = table_.x.begin() + row * table_.inputs;
    x.insert(x.end(), first, first + table_.inputs);
    y.push_back(table_.y[static_cast<std::size_t>(row)]);
    weights.push_back(table_.weights[static_cast<std::size_t>(row)]);
  }
  auto const rows = static_cast<std::int64_t>(test->size());
  auto const p = result.model.predict({x.data(), rows, table_.inputs});
  // Predictions agree to 1e-4; they are far enough apart that none changes places.
  EXPECT_NEAR(score(GetParam(), data_.task(), p, y, rows, weights), result.test, 1e-3);
}

TEST_P(ObjectiveTest, GoingOnFromAStateEqualsNotHavingStopped) {
  Study study = varied_study();
  study.metric.name = GetParam();
  Result const straight = tune(engine_, data_, study);
  StudyRun first(engine_, data_, study);
  ASSERT_TRUE(first.advance());
  StudyState const state = load_state(save(first.state()));
  StudyRun second(engine_, data_, study, &state);
  while (second.advance()) {
  }
  expect_same(second.finish(), straight);
}

INSTANTIATE_TEST_SUITE_P(Metrics, ObjectiveTest,
                         testing::Values("balanced_accuracy", "f1_macro", "auc", "log_loss"));

TEST(Objective, WithoutAValueIsRefusedBeforeAnythingTrains) {
  OwnedTable table = regression(60, 3);
  for (float& y : table.y)
    y = 2;
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Study study{.validation = Folds{.folds = 2}, .metric = {"r2"}, .trials = 2};
  study.space.constant("lr", 0.01);
  try {
    plan(engine, data, study);
    FAIL();
  } catch (UsageError const& error) {
    ASSERT_EQ(error.problems().size(), 3u);  // two folds and the test rows
    EXPECT_EQ(error.problems().front(),
              "metric.name: r2 has no value on the validation rows of fold 0, repeat 0: the target "
              "is the same in all of the rows; choose another metric, or other rows by validation");
  }
  EXPECT_THROW(StudyRun(engine, data, study), UsageError);
  study.metric.name = "rmse";
  EXPECT_NO_THROW(plan(engine, data, study));
}

}  // namespace
}  // namespace brood
