// SPDX-License-Identifier: Apache-2.0
// Model: what it predicts is what the backend predicts with the member it came from, and its scores
// are those that the study recorded, for every kind of target.
#include "brood/model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "backend/describe.hpp"
#include "brood/error.hpp"
#include "brood/population.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

struct Target {
  char const* name;
  OwnedTable table;
  Config config;
  std::vector<char const*> metrics;
};
void PrintTo(Target const& target, std::ostream* out) {
  *out << target.name;
}

OwnedTable positive(OwnedTable table) {
  for (float& y : table.y)
    y = std::max(y, 0.0f);
  return table;
}

std::vector<Target> targets() {
  return {
      {"Classes", small_blobs(), {{"hidden", Widths{16, 8}}}, {"accuracy", "loss"}},
      {"WeightedClasses",
       with_row_weights(small_blobs()),
       {{"class_weights", "balanced"}, {"label_smoothing", 0.1}, {"activation", "selu"}},
       {"accuracy", "loss"}},
      {"TwoClassesByOneLogit",
       with_row_weights(blobs(150, 4, 2)),
       {{"loss", "bce"}, {"activation", "silu"}},
       {"accuracy", "loss"}},
      {"ClassesByBce", blobs(150, 4, 4), {{"loss", "bce"}, {"hidden", Widths{}}}, {"accuracy"}},
      {"Labels",
       with_row_weights(multi_label(150, 5, 3)),
       {{"activation", "mish"}, {"ema", 0.9}},
       {"accuracy", "loss"}},
      {"Values",
       with_missing(regression(150, 4), 0.1),
       {{"lr", 0.01}, {"activation", "sin"}},
       {"mse", "rmse", "mae", "r2"}},
      {"WeightedColumnsOfValues",
       with_row_weights(regression(150, 4, 3)),
       {{"lr", 0.01}, {"loss", "huber"}, {"activation", "hardswish"}},
       {"mse", "rmse", "mae", "r2"}},
      {"Numbers",
       with_missing(regression(150, 4), 0.1),
       {{"lr", 0.01}, {"scaling", "robust"}, {"pieces", 6}, {"periodic", 3}},
       {"mse", "rmse", "mae", "r2"}},
      {"PiecesOfLabels", multi_label(150, 5, 3), {{"pieces", 12}}, {"accuracy", "loss"}},
      {"ClassesOfHeads", small_blobs(), {{"heads", 8}, {"dropout", 0.1}}, {"accuracy", "loss"}},
      {"TwoClassesOfHeadsByOneLogit",
       blobs(150, 4, 2),
       {{"loss", "bce"}, {"heads", 2}},
       {"accuracy", "loss"}},
      {"ClassesOfHeadsByBce", blobs(150, 4, 4), {{"loss", "bce"}, {"heads", 4}}, {"accuracy"}},
      {"LabelsOfHeads",
       with_row_weights(multi_label(150, 5, 3)),
       {{"heads", 16}, {"ema", 0.9}},
       {"accuracy", "loss"}},
      {"NumbersOfHeads",
       with_missing(regression(150, 4, 2), 0.1),
       {{"lr", 0.01}, {"heads", 4}, {"init", "std"}, {"bias_init", "he5"}, {"periodic", 3}},
       {"mse", "rmse", "mae", "r2"}},
      {"ValuesByTheirLogarithm",
       positive(regression(150, 4, 2)),
       {{"lr", 0.01}, {"loss", "tweedie"}, {"activation", "elu"}},
       {"mse", "rmse", "mae", "r2"}},
      {"Quantiles",
       regression(150, 4, 2),
       {{"lr", 0.01}, {"loss", "pinball"}, {"tau", 0.8}},
       {"mse", "rmse", "mae", "r2"}},
      {"PatientValues",
       regression(150, 4),
       {{"lr", 0.1}, {"patience", 2}, {"activation", "softplus"}},
       {"rmse", "r2"}},
  };
}

class OfEachTarget : public testing::TestWithParam<Target> {
 protected:
  OfEachTarget() : engine_({.device = "cpu", .threads = 1}), data_(engine_.load(table().table())) {}

  OwnedTable const& table() const { return GetParam().table; }

  // A study of one trial whose model keeps its validated weights.
  Study study(std::string metric) const {
    Study study{.scheduler = NoEarlyTermination{12},
                .validation = Holdout{.valid = 0.3, .test = 0.2},
                .metric = {std::move(metric)},
                .trials = 1,
                .seed = 9,
                .refit = Refit::no};
    for (auto const& [name, value] : GetParam().config)
      study.space.constant(name, value);
    return study;
  }

  // Columns of x or y, or weights, of some rows.
  static std::vector<float> pick(std::vector<float> const& all, int columns,
                                 std::vector<std::int32_t> const& rows) {
    std::vector<float> picked;
    for (auto const row : rows)
      picked.insert(picked.end(), all.begin() + row * columns, all.begin() + (row + 1) * columns);
    return picked;
  }
  std::vector<float> x_of(std::vector<std::int32_t> const& rows) const {
    return pick(table().x, table().inputs, rows);
  }
  double score_of(Result const& result, std::string_view metric,
                  std::vector<std::int32_t> const& rows) const {
    auto const count = static_cast<std::int64_t>(rows.size());
    auto const x = x_of(rows);
    return score(metric, table().task, result.model.predict({x.data(), count, table().inputs}),
                 pick(table().y, table().targets, rows), count,
                 table().weights.empty() ? std::vector<float>{} : pick(table().weights, 1, rows));
  }

  Engine engine_;
  Data data_;
};

TEST_P(OfEachTarget, PredictsWhatTheBackendPredicts) {
  Study const one = study("");
  Result const result = tune(engine_, data_, one);
  Split const split = make_splits(data_.table(), one.validation, one.seed).splits.front();
  Population population(engine_);
  auto const ids =
      population.admit({member_of(one, data_, trial_of(result, 0).config, 0, split)}, data_);
  population.train(ids, 12);
  ASSERT_TRUE(same_bits(result.model.layers, population.weights(ids).front()));

  auto const all = *rows_between(0, table().rows);
  std::vector<float> there(all.size() * static_cast<std::size_t>(data_.outputs()));
  population.forward(ids, all, there);
  auto const here = result.model.predict({table().x.data(), table().rows, table().inputs});
  ASSERT_EQ(here.size(), there.size());
  for (std::size_t i = 0; i < here.size(); ++i) {
    // The documented bound, relative to the value; where a probability is all but zero, to fp32's
    // resolution of the one it was subtracted from.
    EXPECT_NEAR(here[i], there[i], 1e-4 * std::abs(there[i]) + 1e-7) << "at " << i;
  }
}

TEST_P(OfEachTarget, ScoresWhatTheStudyRecorded) {
  for (auto const* const metric : GetParam().metrics) {
    SCOPED_TRACE(metric);
    Study const one = study(metric);
    Result const result = tune(engine_, data_, one);
    Splits const splits = make_splits(data_.table(), one.validation, one.seed);
    // Predictions agree to 1e-4, and so do sums of their errors; r2 is a difference from 1. No row
    // of these tables is so undecided that its predicted class would change.
    EXPECT_NEAR(score_of(result, metric, *splits.splits.front().valid), result.valid,
                1e-4 * std::max(1.0, std::abs(result.valid)));
    EXPECT_NEAR(score_of(result, metric, *splits.test), result.test,
                1e-4 * std::max(1.0, std::abs(result.test)));
  }
}

// Valid and test are the same sums over different rows, whatever units a loss is in.
TEST_P(OfEachTarget, TestIsScoredAsValidationIs) {
  Study const one = study("loss");
  Result const result = tune(engine_, data_, one);
  Splits const splits = make_splits(data_.table(), one.validation, one.seed);
  Population population(engine_);
  auto const ids = population.admit(
      {member_of(one, data_, trial_of(result, 0).config, 0, splits.splits.front())}, data_);
  population.train(ids, 12);
  EXPECT_EQ(population.evaluate(ids, *splits.splits.front().valid).front().loss, result.valid);
  EXPECT_EQ(population.evaluate(ids, *splits.test).front().loss, result.test);
}

TEST_P(OfEachTarget, KnowsItsConfigurationAndShape) {
  Result const result = tune(engine_, data_, study(""));
  EXPECT_EQ(result.model.task, table().task);
  EXPECT_EQ(result.model.inputs(), table().inputs);
  EXPECT_EQ(result.model.outputs, data_.outputs());
  for (auto const& [name, value] : GetParam().config)
    EXPECT_EQ(*result.model.config.find(name), value) << name;
  EXPECT_EQ(*result.model.config.find("epochs"), Value{std::int64_t{12}});
  // All but layers, width and the eight widths of layers, which hidden says, the eight dropouts of
  // layers and the list of them, which dropout says, nadam's momentum_decay and the trial's seed;
  // periodic_sigma where there are no cosines; heads where there is one; tau and tweedie_power of
  // other losses.
  std::size_t const periodic = numbers_of(result.model.config).periodic > 0 ? 1 : 0;
  std::size_t const heads = head_count(result.model.config) > 1 ? 1 : 0;
  auto const loss = to_text(*result.model.config.find("loss"));
  std::size_t const of_loss = loss == "pinball" || loss == "tweedie" ? 1 : 0;
  EXPECT_EQ(result.model.config.entries().size(),
            hyperparameters().size() - 25 + periodic + heads + of_loss);
}

// Blocks of rows, whole or not, and threads that share them: each row is as if it came alone.
TEST_P(OfEachTarget, PredictsEachRowAsIfAlone) {
  Result const result = tune(engine_, data_, study(""));
  auto const outputs = static_cast<std::size_t>(data_.outputs());
  auto const inputs = static_cast<std::size_t>(table().inputs);
  std::vector<float> alone;
  for (int r = 0; r < table().rows; ++r) {
    auto const row = result.model.predict(
        {table().x.data() + static_cast<std::size_t>(r) * inputs, 1, table().inputs});
    alone.insert(alone.end(), row.begin(), row.end());
  }
  for (int const rows : {1, 2, 15, 16, 17, 31, 33, table().rows}) {
    for (int const threads : {1, 2, 3, 64, 0}) {
      auto const together = result.model.predict({table().x.data(), rows, table().inputs}, threads);
      std::vector<float> const expected(
          alone.begin(),
          alone.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(rows) * outputs));
      ASSERT_EQ(std::memcmp(together.data(), expected.data(), 4 * expected.size()), 0)
          << rows << " rows, " << threads << " threads";
    }
  }
}

TEST_P(OfEachTarget, RefusesOtherColumns) {
  Result const result = tune(engine_, data_, study(""));
  std::vector<float> const x(100, 0.0f);
  EXPECT_THROW(result.model.predict({x.data(), 2, table().inputs + 1}), UsageError);
  EXPECT_THROW(result.model.predict({x.data(), 2, table().inputs - 1}), UsageError);
  EXPECT_THROW(Model{}.predict({x.data(), 2, 0}), UsageError);
  EXPECT_TRUE(result.model.predict({x.data(), 0, table().inputs}).empty());
}

INSTANTIATE_TEST_SUITE_P(Model, OfEachTarget, testing::ValuesIn(targets()),
                         [](auto const& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace brood
