// SPDX-License-Identifier: Apache-2.0
// What networks get right and wrong, counted by hand on a network whose predictions are known.
#include "brood/inspection.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numeric>

namespace brood {
namespace {

// One output layer and nothing else.
Model linear_model(Task task, int inputs, int outputs, std::vector<float> weights) {
  Model model;
  model.task = task;
  model.outputs = outputs;
  model.config = {{"hidden", std::vector<std::int64_t>{}},
                  {"loss", task == Task::classification ? "cross_entropy"
                           : task == Task::regression   ? "mse"
                                                        : "bce"}};
  model.layers = {{inputs, outputs, std::move(weights), std::vector<float>(outputs, 0.0f)}};
  return model;
}

Encoding encoding_of(Task task, int columns, int outputs) {
  Encoding encoding;
  encoding.task = task;
  for (int c = 0; c < columns; ++c)
    encoding.inputs.push_back({.name = "c" + std::to_string(c)});
  for (int k = 0; k < outputs; ++k) {
    if (task == Task::classification) encoding.classes.push_back("class " + std::to_string(k));
    if (k == 0 || task != Task::classification) encoding.targets.push_back("y" + std::to_string(k));
  }
  return encoding;
}

Rows rows(std::int32_t first, std::int32_t end) {
  std::vector<std::int32_t> list(static_cast<std::size_t>(end - first));
  std::iota(list.begin(), list.end(), first);
  return std::make_shared<std::vector<std::int32_t> const>(std::move(list));
}

// Two columns, of which the network takes the first alone; the class is that column's sign, but in
// every tenth row.
struct Signs {
  static constexpr int kRows = 200;
  std::vector<float> x, y;
  Model model = linear_model(Task::classification, 2, 2, {-4, 0, 4, 0});
  Encoding encoding = encoding_of(Task::classification, 2, 2);
  Ensemble none;

  Signs() {
    for (int row = 0; row < kRows; ++row) {
      float const sign = row % 2 == 0 ? -1.0f : 1.0f;
      x.push_back(sign);
      x.push_back(static_cast<float>(row));
      bool const is_wrong = row % 10 == 0;
      y.push_back((sign > 0) != is_wrong ? 1.0f : 0.0f);
    }
  }
  Table table() const {
    return {.x = {x.data(), kRows, 2}, .y = {y.data(), kRows, 1}, .classes = 2};
  }
  Inspected inspected() const {
    return {.predictor = none,
            .winner = model,
            .encoding = encoding,
            .metric = "accuracy",
            .maximize = true,
            .seed = 1};
  }
};

TEST(Inspection, CountsClassesOfTheTestRowsAlone) {
  Signs const signs;
  Inspection const found =
      inspect(signs.inspected(), signs.table(), rows(0, 100), /*with_columns=*/false, 1);
  EXPECT_EQ(found.rows, 100);
  // Of rows 100 .. 199, ten (100, 110, ...) are said to be of class 0 and are of class 1.
  EXPECT_EQ(found.confusion, (std::vector<std::vector<std::int64_t>>{{40, 0}, {10, 50}}));
  ASSERT_EQ(found.reliability.size(), 1u);
  EXPECT_EQ(found.reliability[0].rows, 100);
  EXPECT_DOUBLE_EQ(found.reliability[0].right, 0.9);
  EXPECT_NEAR(found.reliability[0].predicted, 1 / (1 + std::exp(-8.0)), 1e-6);
  EXPECT_TRUE(found.columns.empty());
}

TEST(Inspection, OnlyColumnsThatCountAreImportant) {
  Signs const signs;
  Inspection const found =
      inspect(signs.inspected(), signs.table(), rows(0, 100), /*with_columns=*/true, 1);
  ASSERT_EQ(found.columns.size(), 2u);
  EXPECT_EQ(found.columns[0].name, "c0");
  // Of shuffled signs half are right: 0.4 less than 0.9, within four standard errors of 300 rows.
  EXPECT_NEAR(found.columns[0].mean, 0.4, 4 * 0.5 / std::sqrt(300));
  EXPECT_EQ(found.columns[1].mean, 0);
  EXPECT_EQ(found.column_rows, 100);
  EXPECT_EQ(found.column_repeats, 3);
  EXPECT_FALSE(found.by_winner);
}

TEST(Inspection, IsTheSameByAnyNumberOfThreads) {
  Signs const signs;
  EXPECT_EQ(inspect(signs.inspected(), signs.table(), rows(0, 100), true, 1),
            inspect(signs.inspected(), signs.table(), rows(0, 100), true, 3));
}

// Two networks, of which each may be judged by half of the rows: one that is always right by the
// sign, and one that is always wrong.
TEST(Inspection, WithoutTestRowsNetworksAreJudgedByRowsThatTheyWereNotTrainedOn) {
  Signs const signs;
  Model const opposite = linear_model(Task::classification, 2, 2, {4, 0, -4, 0});
  std::vector<JudgedNetwork> const judged = {
      {.model = signs.model, .rows = rows(0, 120)},
      {.model = opposite, .rows = rows(120, 200)},
      {.model = signs.model, .weight = 0, .alone = 0, .rows = rows(120, 200)}};
  Inspected inspected = signs.inspected();
  Inspected const with = {.predictor = inspected.predictor,
                          .winner = inspected.winner,
                          .judged = judged,
                          .encoding = inspected.encoding,
                          .metric = inspected.metric,
                          .maximize = true,
                          .seed = 1};
  Inspection const found = inspect(with, signs.table(), rows(0, 200), true, 1);
  EXPECT_TRUE(found.validated);
  EXPECT_EQ(found.rows, 200);
  // Of the first 120 rows 12 are wrong, all of class 1 and said to be 0; of the other 80, 72.
  EXPECT_EQ(found.confusion, (std::vector<std::vector<std::int64_t>>{{48, 32}, {12 + 40, 60 + 8}}));
  ASSERT_EQ(found.columns.size(), 2u);
  EXPECT_EQ(found.columns[1].mean, 0);
  EXPECT_EQ(found.column_rows, 200);
  EXPECT_EQ(inspect(with, signs.table(), rows(0, 200), true, 3), found);
  // Where there are test rows, they may be those.
  std::vector<JudgedNetwork> const before = {{.model = opposite, .rows = rows(100, 200)}};
  Inspected const trained_since = {.predictor = inspected.predictor,
                                   .winner = inspected.winner,
                                   .judged = before,
                                   .encoding = inspected.encoding,
                                   .metric = inspected.metric,
                                   .maximize = true,
                                   .seed = 1};
  Inspection const tested = inspect(trained_since, signs.table(), rows(0, 100), false, 1);
  EXPECT_FALSE(tested.validated);
  EXPECT_EQ(tested.rows, 100);
  EXPECT_EQ(tested.confusion, (std::vector<std::vector<std::int64_t>>{{0, 40}, {50, 10}}));
}

TEST(Inspection, IsEmptyWithoutTestRows) {
  Signs const signs;
  Inspection const found = inspect(signs.inspected(), signs.table(), rows(0, 200), true, 1);
  EXPECT_EQ(found, Inspection{});
}

// Of a wide ensemble, the winner alone is asked; and of a network that is too wide, nothing.
TEST(Inspection, WorkIsBounded) {
  constexpr int kColumns = 600, kRows = 400;
  std::vector<float> x(static_cast<std::size_t>(kColumns) * kRows, 1.0f), y(kRows, 0.0f);
  Table const table{
      .x = {x.data(), kRows, kColumns}, .y = {y.data(), kRows, 1}, .task = Task::regression};
  auto const model_of = [&](int outputs) {
    return linear_model(Task::regression, kColumns, outputs,
                        std::vector<float>(static_cast<std::size_t>(kColumns * outputs), 0.01f));
  };
  Encoding const encoding = encoding_of(Task::regression, kColumns, 1);
  Model const small = model_of(1);
  Ensemble large;
  for (int part = 0; part < 20; ++part)
    large.parts.push_back({.trial = part, .model = small});
  Inspected inspected{.predictor = large, .winner = small, .encoding = encoding, .metric = "rmse"};
  Inspection found = inspect(inspected, table, rows(0, 100), true, 1);
  EXPECT_TRUE(found.by_winner);
  EXPECT_EQ(found.columns.size(), 600u);
  EXPECT_LE(found.column_repeats * found.column_rows * 600.0 * 600, 3e8);
  // A hidden layer of 16,000 in front: 10 million multiplications a row, 600 times.
  Model wide = small;
  wide.config.set("hidden", std::vector<std::int64_t>{16'000});
  wide.layers = {
      {kColumns, 16'000, std::vector<float>(9'600'000, 0.0f), std::vector<float>(16'000)},
      {16'000, 1, std::vector<float>(16'000, 0.0f), {0.0f}}};
  Ensemble const none;
  Inspected const too_wide{
      .predictor = none, .winner = wide, .encoding = encoding, .metric = "rmse"};
  found = inspect(too_wide, table, rows(0, 398), true, 1);
  EXPECT_TRUE(found.columns.empty());
  EXPECT_EQ(found.residuals.size(), 1u);
  // Its predictions too: a billion multiplications are those of some 100 of 400 rows.
  found = inspect(too_wide, table, rows(0, 0), true, 1);
  EXPECT_GT(found.rows, 90);
  EXPECT_LT(found.rows, 110);
  EXPECT_EQ(found.residuals[0].truth.size(), static_cast<std::size_t>(found.rows));
  // And without columns, as under a time limit, no more than the fewest.
  EXPECT_EQ(inspect(too_wide, table, rows(0, 0), false, 1).rows, 50);
}

TEST(Inspection, CountsLabelsAndMeasuresErrors) {
  std::vector<float> const x = {-1, 1, 2, -3}, labels = {0, 1, 1, 1, 0, 0, 1, 0};
  Ensemble const none;
  Model const two = linear_model(Task::multi_label, 1, 2, {1, -1});
  Encoding const encoding = encoding_of(Task::multi_label, 1, 2);
  Table table{.x = {x.data(), 4, 1}, .y = {labels.data(), 4, 2}, .task = Task::multi_label};
  Inspection found = inspect({.predictor = none,
                              .winner = two,
                              .encoding = encoding,
                              .metric = "accuracy",
                              .maximize = true},
                             table, rows(0, 0), false, 1);
  // Predicted: 01, 10, 10, 01; true: 01, 11, 00, 10.
  ASSERT_EQ(found.labels.size(), 2u);
  EXPECT_EQ(found.labels[0], (Inspection::LabelCounts{1, 1, 1, 1}));
  EXPECT_EQ(found.labels[1], (Inspection::LabelCounts{1, 1, 1, 1}));

  std::vector<float> const y = {-1, 2, 2, -3};
  Model const same = linear_model(Task::regression, 1, 1, {1});
  Encoding const values = encoding_of(Task::regression, 1, 1);
  table = {.x = {x.data(), 4, 1}, .y = {y.data(), 4, 1}, .task = Task::regression};
  found = inspect({.predictor = none, .winner = same, .encoding = values, .metric = "rmse"}, table,
                  rows(0, 0), false, 1);
  ASSERT_EQ(found.residuals.size(), 1u);
  EXPECT_DOUBLE_EQ(found.residuals[0].mean, -0.25);
  EXPECT_DOUBLE_EQ(found.residuals[0].deviation, std::sqrt(3 * 0.0625 + 0.5625) / 2);
  EXPECT_EQ(found.residuals[0].truth, (std::vector<double>{-1, 2, 2, -3}));
  EXPECT_EQ(found.residuals[0].predicted, (std::vector<double>{-1, 1, 2, -3}));
}

}  // namespace
}  // namespace brood
