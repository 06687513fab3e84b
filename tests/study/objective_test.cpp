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
  EXPECT_EQ(result.maximize, std::string(GetParam()) != "brier");
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
                         testing::Values("balanced_accuracy", "f1_macro", "auc", "brier"));

// ---- log loss, which takes no predictions of members whose loss it is

struct LogLossCase {
  char const* name;
  OwnedTable table;
  std::vector<std::pair<char const*, Value>> constants;
  bool by_loss;
};
void PrintTo(LogLossCase const& each, std::ostream* out) {
  *out << each.name;
}

class LogLossTest : public testing::TestWithParam<LogLossCase> {};

TEST_P(LogLossTest, IsTheEvaluationsLossAtEveryEpoch) {
  LogLossCase const& own = GetParam();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(own.table.table());
  Study study;
  study.space.constant("hidden", Widths{8}).log_uniform("lr", 1e-3, 0.05);
  for (auto const& [name, value] : own.constants)
    study.space.constant(name, value);
  study.scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9};
  study.validation = Folds{.folds = 2};
  study.trials = 9;
  Result const result = tune(engine, data, study);
  EXPECT_EQ(result.metric, "log_loss");
  EXPECT_FALSE(result.maximize);
  for (CurvePoint const& point : result.curves) {
    if (own.by_loss) {
      EXPECT_EQ(point.valid_metric, point.valid_loss) << "epoch " << point.epoch;
    } else {
      bool const ends_rung = point.epoch == 1 || point.epoch == 3 || point.epoch == 9;
      EXPECT_EQ(std::isfinite(point.valid_metric), ends_rung) << "epoch " << point.epoch;
    }
  }
  // What it is of predictions, the accuracy likewise.
  for (int const trial : result.leaderboard) {
    TrialResult const& told = trial_of(result, trial);
    double loss = 0, accuracy = 0;
    auto const splits = make_splits(data.table(), study.validation, study.seed).splits;
    for (Split const& split : splits) {
      Population population(engine);
      auto const ids = population.admit({member_of(study, data, told.config, trial, split)}, data);
      population.train(ids, told.epochs);
      auto const rows = static_cast<std::int64_t>(split.valid->size());
      std::vector<float> p(split.valid->size() * static_cast<std::size_t>(data.outputs())), y, w;
      population.forward(ids, *split.valid, p);
      for (auto const row : *split.valid) {
        for (int k = 0; k < own.table.targets; ++k)
          y.push_back(own.table.y[static_cast<std::size_t>(row * own.table.targets + k)]);
        if (!own.table.weights.empty())
          w.push_back(own.table.weights[static_cast<std::size_t>(row)]);
      }
      auto const count = static_cast<double>(splits.size());
      loss += score("log_loss", data.task(), p, y, rows, w) / count;
      accuracy += score("accuracy", data.task(), p, y, rows, w) / count;
    }
    // No probability is clipped: they are rounded to a relative 2^-24 several times, and so are
    // logarithms, of at most 8 here.
    EXPECT_NEAR(told.score, loss, 8 * 8 * 0x1p-24);
    EXPECT_NEAR(told.accuracy, accuracy, 1e-12);
  }
}

INSTANTIATE_TEST_SUITE_P(
    , LogLossTest,
    testing::Values(LogLossCase{"CrossEntropy", with_row_weights(small_blobs()), {}, true},
                    LogLossCase{"Smoothed", small_blobs(), {{"label_smoothing", 0.2}}, true},
                    LogLossCase{"Weighted", small_blobs(), {{"class_weights", "balanced"}}, true},
                    LogLossCase{"Patient", small_blobs(), {{"patience", std::int64_t{2}}}, true},
                    LogLossCase{"BceOfTwo", blobs(150, 4, 2), {{"loss", "bce"}}, true},
                    LogLossCase{"BceOfFour", blobs(150, 4, 4), {{"loss", "bce"}}, false},
                    LogLossCase{"Labels", multi_label(150, 5, 3), {}, true}),
    [](auto const& param) { return std::string(param.param.name); });

// Where the network is sure and wrong, the loss goes on growing, and predictions are clipped.
TEST(LogLoss, OfPredictionsIsClipped) {
  std::vector<float> const p = {1, 0, 1, 0}, y = {0, 1};
  EXPECT_NEAR(score("log_loss", Task::classification, p, y, 2), 23 * std::log(2.0) / 2, 1e-6);
}

TEST(LogLoss, OfAnotherMetricThereIsNoAccuracyBesideIt) {
  OwnedTable const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Study study = varied_study();
  study.metric.name = "auc";
  for (TrialResult const& trial : tune(engine, engine.load(table.table()), study).trials)
    EXPECT_TRUE(std::isnan(trial.accuracy));
}

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
