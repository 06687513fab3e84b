// SPDX-License-Identifier: Apache-2.0
// Metrics from sums and from predictions, by hand-worked numbers.
#include "study/metric.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/model.hpp"
#include "brood/study.hpp"
#include "study/plan.hpp"

namespace brood {
namespace {

using Floats = std::vector<float>;

TEST(Metric, ValuesFollowFromTheSums) {
  Evaluation e;
  e.loss = 0.25;
  e.weight = 8;
  e.correct = 6;
  EXPECT_EQ(metric_value("accuracy", e, {}), 0.75);
  EXPECT_EQ(metric_value("loss", e, {}), 0.25);
  e.correct = 20;  // of 8 rows with 4 labels
  EXPECT_EQ(metric_value("accuracy", e, {.task = Task::multi_label, .targets = 4}), 0.625);

  e.squared_error = 72;
  e.absolute_error = 24;
  MetricContext const two{.task = Task::regression, .targets = 2, .target_variation = 96};
  EXPECT_EQ(metric_value("mse", e, two), 4.5);
  EXPECT_EQ(metric_value("rmse", e, two), std::sqrt(4.5));
  EXPECT_EQ(metric_value("mae", e, two), 1.5);
  EXPECT_EQ(metric_value("r2", e, two), 0.25);
}

TEST(Metric, LogLossIsTheLossOfMembersThatAreTrainedByIt) {
  Evaluation e;
  e.loss = 0.25;
  EXPECT_EQ(metric_value("log_loss", e, {}), 0.25);
  Config config;
  EXPECT_TRUE(loss_is_log_loss(config, Task::classification, 3));
  EXPECT_TRUE(loss_is_log_loss(config, Task::multi_label, 3));
  EXPECT_FALSE(loss_is_log_loss(config, Task::regression, 1));
  config.set("loss", "cross_entropy");
  EXPECT_TRUE(loss_is_log_loss(config, Task::classification, 3));
  config.set("loss", "bce");
  EXPECT_TRUE(loss_is_log_loss(config, Task::classification, 2));
  // Each class by itself: what is predicted of more is their share.
  EXPECT_FALSE(loss_is_log_loss(config, Task::classification, 3));
  EXPECT_TRUE(loss_is_log_loss(config, Task::multi_label, 3));
}

TEST(Metric, VariationIsAroundTheWeightedMeanOfEachColumn) {
  Floats const y = {1, 10, 2, 10, 100, 100, 6, 40};
  Table table{.y = {y.data(), 4, 2}, .task = Task::regression};
  std::vector<std::int32_t> const rows = {0, 1, 3};
  // Means 3 and 20: 4 + 1 + 9 and 100 + 100 + 400.
  EXPECT_EQ(target_variation(table, rows), 614);
  Floats const weights = {1, 0, 9, 1};
  table.weights = {weights.data(), 4, 1};
  // Means 3.5 and 25 of rows 0 and 3.
  EXPECT_EQ(target_variation(table, rows), 2 * 2.5 * 2.5 + 2 * 225);
  EXPECT_EQ(target_variation(table, {}), 0);
}

TEST(Metric, DirectionAndFitFollowFromTheName) {
  EXPECT_TRUE(higher_is_better("accuracy", Task::classification));
  EXPECT_TRUE(higher_is_better("accuracy", Task::multi_label));
  EXPECT_FALSE(higher_is_better("loss", Task::multi_label));
  EXPECT_FALSE(higher_is_better("loss", Task::regression));
  EXPECT_TRUE(higher_is_better("r2", Task::regression));
  EXPECT_TRUE(higher_is_better("balanced_accuracy", Task::classification));
  EXPECT_TRUE(higher_is_better("f1_macro", Task::multi_label));
  EXPECT_TRUE(higher_is_better("auc", Task::multi_label));
  EXPECT_FALSE(higher_is_better("log_loss", Task::classification));
  EXPECT_FALSE(higher_is_better("brier", Task::multi_label));
  for (auto const* const name : {"precision", "recall", "f1", "mcc", "pr_auc"})
    EXPECT_TRUE(higher_is_better(name, Task::classification));
  for (auto const* const name : {"mse", "rmse", "mae"})
    EXPECT_FALSE(higher_is_better(name, Task::regression));
  EXPECT_EQ(default_metric(Task::classification), "log_loss");
  EXPECT_EQ(default_metric(Task::multi_label), "log_loss");
  EXPECT_EQ(default_metric(Task::regression), "rmse");
}

TEST(Metric, WhatDoesNotFitIsRefusedWithWhatIsAllowed) {
  EXPECT_EQ(metric_problem("rmse", Task::classification),
            "metric: rmse does not fit classification; allowed: accuracy, balanced_accuracy, "
            "precision, recall, f1, f1_macro, mcc, auc, pr_auc, log_loss, brier, loss");
  EXPECT_EQ(metric_problem("accuracy", Task::regression),
            "metric: accuracy does not fit regression; allowed: loss, mse, rmse, mae, pinball, r2");
  EXPECT_EQ(
      metric_problem("acuracy", Task::multi_label),
      "metric: acuracy is not known; allowed: accuracy, precision, recall, f1, f1_macro, mcc, "
      "auc, pr_auc, log_loss, brier, loss; did you mean accuracy?");
  EXPECT_EQ(metric_problem("", Task::multi_label),
            "metric:  is not known; allowed: accuracy, precision, recall, f1, f1_macro, mcc, auc, "
            "pr_auc, log_loss, brier, loss");
  EXPECT_EQ(metric_problem("mae", Task::regression), "");
  EXPECT_THROW(higher_is_better("mae", Task::classification), UsageError);
  Floats const one = {1};
  EXPECT_THROW(score("mae", Task::classification, one, one, 1), UsageError);
}

TEST(Score, OfClassesIsTheShareOfRowsWhereTheirClassIsTheLikeliest) {
  Floats const p = {0.7f, 0.2f, 0.1f, 0.3f, 0.4f, 0.3f, 0.125f, 0.375f, 0.5f, 0.25f, 0.5f, 0.25f};
  Floats const y = {0, 1, 1, 0};
  EXPECT_EQ(score("accuracy", Task::classification, p, y, 4), 0.5);
  Floats const weights = {3, 1, 0, 4};
  EXPECT_EQ(score("accuracy", Task::classification, p, y, 4, weights), 0.5);
  Floats const others = {5, 1, 0, 2};
  EXPECT_EQ(score("accuracy", Task::classification, p, y, 4, others), 0.75);
  // -ln of 0.7, 0.4, 0.375 and 0.25; probabilities are fp32, so to its precision.
  EXPECT_NEAR(score("loss", Task::classification, p, y, 4), -std::log(0.7 * 0.4 * 0.375 * 0.25) / 4,
              1e-7);
}

TEST(Score, OfACertainMistakeIsFinite) {
  Floats const p = {1, 0};
  Floats const y = {1};
  double const loss = score("loss", Task::classification, p, y, 1);
  EXPECT_TRUE(std::isfinite(loss));
  EXPECT_GT(loss, 80);
}

TEST(Score, OfLabelsIsOverRowsAndLabels) {
  Floats const p = {0.75f, 0.25f, 0.5f, 1.0f};
  Floats const y = {1, 1, 0, 1};
  EXPECT_EQ(score("accuracy", Task::multi_label, p, y, 2), 0.75);
  EXPECT_DOUBLE_EQ(score("loss", Task::multi_label, p, y, 2),
                   -(std::log(0.75) + std::log(0.25) + std::log(0.5)) / 4);
}

TEST(Score, OfValuesIsInTheirUnits) {
  Floats const p = {1, 10, 3, 20, 5, 60};
  Floats const y = {2, 10, 3, 10, 7, 40};  // means 4 and 20, variation 14 + 600
  EXPECT_EQ(score("mse", Task::regression, p, y, 3), (1 + 100 + 4 + 400) / 6.0);
  EXPECT_EQ(score("rmse", Task::regression, p, y, 3), std::sqrt((1 + 100 + 4 + 400) / 6.0));
  EXPECT_EQ(score("mae", Task::regression, p, y, 3), (1 + 10 + 2 + 20) / 6.0);
  EXPECT_DOUBLE_EQ(score("r2", Task::regression, p, y, 3), 1 - 505.0 / 614);
  Floats const weights = {0, 1, 0};
  EXPECT_EQ(score("mse", Task::regression, p, y, 3, weights), 50);
}

// sklearn.metrics.mean_pinball_loss(y, p, alpha=0.9): errors 1, 0, 0, -10, 2 and -20.
TEST(Score, PinballIsOfAQuantile) {
  Floats const p = {1, 10, 3, 20, 5, 60};
  Floats const y = {2, 10, 3, 10, 7, 40};
  auto const pinball = [&](double quantile, Floats const& weights = {}, double unit = 1) {
    return score("pinball", Task::regression, p, y, 3, weights, unit, {}, quantile);
  };
  EXPECT_DOUBLE_EQ(pinball(0.9), (0.9 + 1 + 1.8 + 2) / 6);
  EXPECT_DOUBLE_EQ(pinball(0.1), (0.1 + 9 + 0.2 + 18) / 6);
  EXPECT_DOUBLE_EQ(pinball(0.5), score("mae", Task::regression, p, y, 3) / 2);
  EXPECT_DOUBLE_EQ(score("pinball", Task::regression, p, y, 3), pinball(0.5));
  EXPECT_DOUBLE_EQ(pinball(0.9, {0, 1, 0}), 0.5);
  EXPECT_DOUBLE_EQ(pinball(0.9, {}, 8), 8 * pinball(0.9));
  std::vector<std::string> names, with_quantile;
  for (auto const& each : all_scores(Task::regression, p, y, 3))
    names.push_back(each.first);
  for (auto const& each : all_scores(Task::regression, p, y, 3, {}, 1, {}, 0.9))
    with_quantile.push_back(each.first);
  EXPECT_EQ(names, (std::vector<std::string>{"mse", "rmse", "mae", "r2"}));
  EXPECT_EQ(with_quantile, (std::vector<std::string>{"mse", "rmse", "mae", "pinball", "r2"}));
}

TEST(Metric, PinballIsTheDefaultOfAStudyOfNothingElse) {
  Study study;
  EXPECT_EQ(metric_name(study, Task::regression), "rmse");
  study.space.constant("loss", "pinball");
  EXPECT_EQ(metric_name(study, Task::regression), "pinball");
  EXPECT_EQ(quantile_of("pinball", study.space), 0.5);
  study.space.constant("tau", 0.9);
  EXPECT_EQ(quantile_of("pinball", study.space), 0.9);
  EXPECT_EQ(quantile_of("rmse", study.space), std::nullopt);
  EXPECT_EQ(quantile_of("pinball", Config{{"tau", 0.25}}), 0.25);
  study.metric.name = "mae";
  EXPECT_EQ(metric_name(study, Task::regression), "mae");
  Study mixed;
  mixed.space.choice("loss", {"pinball", "mse"});
  EXPECT_EQ(metric_name(mixed, Task::regression), "rmse");
}

TEST(Score, OfNoRowsIsNotANumber) {
  EXPECT_TRUE(std::isnan(score("rmse", Task::regression, {}, {}, 0)));
}

// ---- of predictions; scikit-learn's numbers are in golden/metric_test.cpp

TEST(Score, BalancedAccuracyIsOverTheClassesThatAreThere) {
  Floats const p = {0.75f, 0.25f, 0, 0.75f, 0.25f, 0, 0.25f, 0.75f, 0, 0.75f, 0.25f, 0};
  Floats const y = {0, 0, 1, 1};  // recalls 1 and 1/2; the third class has no row
  EXPECT_EQ(score("balanced_accuracy", Task::classification, p, y, 4), 0.75);
  Floats const weights = {1, 1, 3, 1};
  EXPECT_EQ(score("balanced_accuracy", Task::classification, p, y, 4, weights), 0.875);
}

TEST(Score, F1IsOverTheClassesThatAreThereOrPredicted) {
  Floats const p = {0.75f, 0.25f, 0, 0, 0.75f, 0.25f, 0, 0, 0.25f, 0.75f, 0, 0, 0, 0, 1, 0};
  Floats const y = {0, 1, 1, 1};
  // Class 0: tp 1, fp 1; class 1: tp 1, fn 2; class 2: fp 1; class 3 is neither.
  EXPECT_DOUBLE_EQ(score("f1_macro", Task::classification, p, y, 4), (2.0 / 3 + 0.5 + 0) / 3);
}

TEST(Score, OfTwoClassesPrecisionRecallAndF1AreOfTheSecond) {
  Floats const p = {0.25f, 0.75f, 0.25f, 0.75f, 0.75f, 0.25f, 0.75f, 0.25f, 0.25f, 0.75f};
  Floats const y = {1, 0, 1, 0, 1};  // of three that are predicted two are true, of three true two
  EXPECT_DOUBLE_EQ(score("precision", Task::classification, p, y, 5), 2.0 / 3);
  EXPECT_DOUBLE_EQ(score("recall", Task::classification, p, y, 5), 2.0 / 3);
  Floats const weights = {1, 3, 2, 1, 1};
  EXPECT_DOUBLE_EQ(score("precision", Task::classification, p, y, 5, weights), 2.0 / 5);
  EXPECT_DOUBLE_EQ(score("recall", Task::classification, p, y, 5, weights), 2.0 / 4);
  EXPECT_DOUBLE_EQ(score("f1", Task::classification, p, y, 5, weights), 4.0 / 9);
  // Above 0.8 nothing is predicted.
  EXPECT_EQ(score("precision", Task::classification, p, y, 5, {}, 1, 0.8), 0);
  EXPECT_EQ(score("f1", Task::classification, p, y, 5, {}, 1, 0.8), 0);
  EXPECT_EQ(score("mcc", Task::classification, p, y, 5, {}, 1, 0.8), 0);
  EXPECT_EQ(score("accuracy", Task::classification, p, y, 5, {}, 1, 0.8), 0.4);
  EXPECT_EQ(score("recall", Task::classification, p, y, 5, {}, 1, 0.2), 1);
}

TEST(Score, PrAucIsThePrecisionWhereverRecallGrows) {
  Floats const p = {0.1f, 0.9f, 0.2f, 0.8f, 0.3f, 0.7f, 0.3f, 0.7f, 0.6f, 0.4f};
  Floats const y = {1, 0, 1, 0, 1};
  // 1 of 1, then 2 of 4 (two are tied), then 3 of 5; each adds a third of the recall.
  EXPECT_DOUBLE_EQ(score("pr_auc", Task::classification, p, y, 5), (1 + 0.5 + 0.6) / 3);
}

TEST(Score, AucIsTheShareOfPairsInOrder) {
  Floats const p = {0.9f, 0.1f, 0.6f, 0.4f, 0.65f, 0.35f, 0.6f, 0.4f};
  Floats const y = {0, 0, 1, 1};
  // Of four pairs two are in order (0.35 and 0.4 over 0.1), one is tied and one is not.
  EXPECT_EQ(score("auc", Task::classification, p, y, 4), 2.5 / 4);
  Floats const weights = {1, 3, 1, 2};
  EXPECT_EQ(score("auc", Task::classification, p, y, 4, weights), (1 + 2 + 0.5 * 6) / 12);
}

TEST(Score, AucLeavesOutWhatIsTheSameInEveryRow) {
  Floats const p = {0.5f, 0.25f, 0.25f, 0.25f, 0.5f, 0.25f, 0.5f, 0.125f, 0.375f};
  Floats const y = {0, 1, 1};
  // Class 0: over 0.25 but tied with 0.5: 3/4; class 1: its 0.5 is over 0.25, its 0.125 is not.
  EXPECT_EQ(score("auc", Task::classification, p, y, 3), (0.75 + 0.5) / 2);
  Floats const same = {1, 1, 1};
  EXPECT_TRUE(std::isnan(score("auc", Task::classification, p, same, 3)));
}

TEST(Score, LogLossOfACertainMistakeIsThatOfAnFp32Epsilon) {
  Floats const p = {1, 0};
  Floats const y = {1};
  EXPECT_DOUBLE_EQ(score("log_loss", Task::classification, p, y, 1), 23 * std::log(2));
}

TEST(Score, AllOfThemAreThoseOfTheTask) {
  Floats const p = {0.75f, 0.25f, 0.25f, 0.75f};
  Floats const y = {0, 0};
  auto const scores = all_scores(Task::classification, p, y, 2);
  std::vector<std::string> names;
  for (auto const& [name, value] : scores) {
    names.push_back(name);
    if (name == "auc" || name == "pr_auc") {
      EXPECT_TRUE(std::isnan(value));
    } else {
      EXPECT_EQ(value, score(name, Task::classification, p, y, 2));
    }
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"accuracy", "balanced_accuracy", "precision", "recall", "f1",
                                      "f1_macro", "mcc", "auc", "pr_auc", "log_loss", "brier"}));
}

TEST(Metric, WithoutAValueOnSomeRowsSaysWhy) {
  Floats const y = {0, 1, 0, 0};
  Floats const weights = {1, 0, 1, 0};
  Table table{.y = {y.data(), 4, 1}, .task = Task::classification, .classes = 2};
  std::vector<std::int32_t> const both = {0, 1}, one = {0, 2}, light = {1, 3};
  EXPECT_EQ(undefined_reason("auc", table, both), "");
  EXPECT_EQ(undefined_reason("auc", table, one), "all of the rows are of one class");
  EXPECT_EQ(undefined_reason("pr_auc", table, one), "all of the rows are of one class");
  EXPECT_EQ(undefined_reason("accuracy", table, one), "");
  table.weights = {weights.data(), 4, 1};
  EXPECT_EQ(undefined_reason("auc", table, both), "all of the rows are of one class");
  EXPECT_EQ(undefined_reason("accuracy", table, light), "the rows weigh nothing");
  table.task = Task::regression;
  EXPECT_EQ(undefined_reason("r2", table, one), "the target is the same in all of the rows");
  EXPECT_EQ(undefined_reason("rmse", table, one), "");
}

}  // namespace
}  // namespace brood
