// SPDX-License-Identifier: Apache-2.0
// Calibrations: what they do to predictions, how each is fitted, and that a study's predictions,
// scores and intervals have them.
#include "brood/calibration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "brood/error.hpp"
#include "study/fit_calibration.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using Floats = std::vector<float>;

// ---- what it does

TEST(Calibration, DividesTheLogOddsOfClasses) {
  Calibration calibration;
  calibration.temperature = 2;
  Floats p = {0.64f, 0.32f, 0.04f, 1, 0, 0};
  calibration.apply(Task::classification, 3, p);
  double const total = 0.8 + std::sqrt(0.32) + 0.2;
  EXPECT_NEAR(p[0], 0.8 / total, 1e-7);
  EXPECT_NEAR(p[1], std::sqrt(0.32) / total, 1e-7);
  EXPECT_NEAR(p[2], 0.2 / total, 1e-7);
  // 0 is taken for 2^-24, whose root is 2^-12.
  EXPECT_NEAR(p[3], 1 / (1 + 2 * 0x1p-12), 1e-7);
  EXPECT_NEAR(p[4], 0x1p-12 / (1 + 2 * 0x1p-12), 1e-9);
}

TEST(Calibration, DividesTheLogOddsOfEachLabel) {
  Calibration calibration;
  calibration.temperature = 0.5;
  Floats p = {0.75f, 0.5f};
  calibration.apply(Task::multi_label, 2, p);
  EXPECT_NEAR(p[0], 0.9, 1e-7);  // odds of 3 become 9
  EXPECT_EQ(p[1], 0.5f);
}

TEST(Calibration, ByDefaultChangesNoBit) {
  Floats const before = {0.1f, 0.9f, 1, 0};
  Floats p = before;
  Calibration().apply(Task::classification, 2, p);
  EXPECT_EQ(p, before);
  Calibration warm;
  warm.temperature = 3;
  warm.apply(Task::regression, 1, p);
  EXPECT_EQ(p, before);
}

TEST(Calibration, DecidesByItsThreshold) {
  Calibration calibration;
  EXPECT_EQ(calibration.decide(Floats{0.4f, 0.6f}), 1u);
  EXPECT_EQ(calibration.decide(Floats{0.2f, 0.5f, 0.3f}), 1u);
  EXPECT_FALSE(calibration.is_on(0.5f));
  calibration.threshold = 0.625;
  EXPECT_EQ(calibration.decide(Floats{0.4f, 0.6f}), 0u);
  EXPECT_EQ(calibration.decide(Floats{0.375f, 0.625f}), 0u);
  EXPECT_EQ(calibration.decide(Floats{0.25f, 0.75f}), 1u);
  EXPECT_EQ(calibration.decide(Floats{0.2f, 0.5f, 0.3f}), 1u);  // of more than two, the likeliest
  EXPECT_FALSE(calibration.is_on(0.6f));
}

// ---- temperature

// Four rows of three classes, repeated.
struct Rows {
  Floats p, y;
  PredictedRows predicted() const {
    return {Task::classification, static_cast<std::int64_t>(y.size()), 3, 1, p, y, {}};
  }
};
Rows four_rows(int times) {
  double const z[4][3] = {{2, -1, 0.5}, {1.5, 1, -2}, {0, 3, -1}, {0.2, 0.1, 0}};
  double const labels[4] = {0, 2, 1, 1};
  Rows rows;
  for (int i = 0; i < 4 * times; ++i) {
    double total = 0;
    for (double const each : z[i % 4])
      total += std::exp(each);
    for (double const each : z[i % 4])
      rows.p.push_back(static_cast<float>(std::exp(each) / total));
    rows.y.push_back(static_cast<float>(labels[i % 4]));
  }
  return rows;
}

// PyTorch's minimum of the mean cross entropy of z / T is at 3.9275913133 (LBFGS in fp64); the
// search ends within 1e-4 of ln T, and of ten million rows the prior is worth as little.
TEST(FitTemperature, MinimizesTheCrossEntropy) {
  double const temperature = fit_temperature(four_rows(50).predicted(), 10'000'000);
  EXPECT_NEAR(std::log(temperature), std::log(3.9275913133), 2e-4);
}

// The prior's deviation of ln T is 0.5: of 200 rows the sum of losses, 200 (1.0466 - 1.3505) at
// best, is weighed against (ln T)^2 2, so that T comes out nearer to 1.
TEST(FitTemperature, HasAPriorThatFewRowsFeel) {
  double const few = fit_temperature(four_rows(50).predicted(), 200);
  EXPECT_GT(few, 2.5);
  EXPECT_LT(few, 3.85);
  EXPECT_EQ(fit_temperature(four_rows(50).predicted(), 199), 1);
}

// Labels that are drawn with the probabilities that are predicted: no temperature is better by more
// than chance.
TEST(FitTemperature, LeavesWhatIsCalibrated) {
  Floats p, y;
  for (int i = 0; i < 1000; ++i) {
    float const chance = 0.1f * static_cast<float>(i % 10) + 0.05f;
    p.insert(p.end(), {1 - chance, chance});
    y.push_back((i / 10) % 20 < static_cast<int>(std::lround(20 * chance)) ? 1.0f : 0.0f);
  }
  EXPECT_EQ(fit_temperature({Task::classification, 1000, 2, 1, p, y, {}}, 1000), 1);
  Floats sure;
  for (float const each : p)
    sure.push_back(each * each * each);
  for (std::size_t i = 0; i < sure.size(); i += 2) {
    float const total = sure[i] + sure[i + 1];
    sure[i] /= total, sure[i + 1] /= total;
  }
  // Three times the log odds: a temperature of 3 undoes that.
  EXPECT_NEAR(fit_temperature({Task::classification, 1000, 2, 1, sure, y, {}}, 1'000'000), 3, 0.05);
}

TEST(FitTemperature, OfLabelsIsThatOfEachAsTwoClasses) {
  Rows const rows = four_rows(50);
  Floats p, classes, y;
  for (std::size_t i = 0; i < rows.p.size(); ++i) {
    p.push_back(rows.p[i]);
    classes.insert(classes.end(), {1 - rows.p[i], rows.p[i]});
    y.push_back(static_cast<std::size_t>(rows.y[i / 3]) == i % 3 ? 1.0f : 0.0f);
  }
  auto const count = static_cast<std::int64_t>(y.size());
  double const labels = fit_temperature({Task::multi_label, count / 3, 3, 3, p, y, {}}, 100'000);
  double const two = fit_temperature({Task::classification, count, 2, 1, classes, y, {}}, 100'000);
  EXPECT_GT(std::abs(std::log(labels)), 0.1);
  EXPECT_NEAR(labels, two, 1e-9);
}

TEST(FitTemperature, GoesByWeights) {
  Rows rows = four_rows(50);
  Floats weights(rows.y.size(), 1.0f);
  for (std::size_t i = 1; i < weights.size(); i += 4)
    weights[i] = 0;  // the one that is wrong
  PredictedRows predicted = rows.predicted();
  predicted.weights = weights;
  EXPECT_LT(fit_temperature(predicted, 1000), 1);
}

// ---- threshold

TEST(FitThreshold, IsHalfWayBetweenTheProbabilitiesThatItParts) {
  Floats const p = {0.9f, 0.1f, 0.8f, 0.2f, 0.75f, 0.25f, 0.7f, 0.3f};
  Floats const y = {0, 0, 1, 1};
  PredictedRows const rows{Task::classification, 4, 2, 1, p, y, {}};
  EXPECT_NEAR(*fit_threshold(rows, ThresholdBy::f1), 0.225, 1e-7);
  EXPECT_NEAR(*fit_threshold(rows, ThresholdBy::accuracy), 0.225, 1e-7);
  EXPECT_EQ(fit_threshold(rows, ThresholdBy::none), std::nullopt);
}

TEST(FitThreshold, StaysWhereNoneIsBetter) {
  Floats const p = {0.9f, 0.1f, 0.8f, 0.2f, 0.25f, 0.75f, 0.3f, 0.7f};
  Floats const y = {0, 0, 1, 1};
  PredictedRows const rows{Task::classification, 4, 2, 1, p, y, {}};
  EXPECT_EQ(fit_threshold(rows, ThresholdBy::mcc), 0.5);
  Floats const one = {0.5f, 0.5f};
  EXPECT_EQ(fit_threshold({Task::classification, 1, 2, 1, one, Floats{1}, {}}, ThresholdBy::f1),
            0.5);
}

TEST(FitThreshold, OfLabelsIsOneForAll) {
  Floats const p = {0.1f, 0.3f, 0.35f, 0.2f};
  Floats const y = {0, 1, 1, 0};
  PredictedRows const rows{Task::multi_label, 2, 2, 2, p, y, {}};
  EXPECT_NEAR(*fit_threshold(rows, ThresholdBy::f1), 0.25, 1e-7);
}

// ---- intervals

TEST(FitIntervals, HoldAShareOfOneRowMore) {
  Floats p, y;
  for (int i = 1; i <= 9; ++i) {
    p.push_back(0);
    y.push_back(static_cast<float>(i % 2 == 0 ? i : -i));
  }
  PredictedRows const rows{Task::regression, 9, 1, 1, p, y, {}};
  // Of 10: the 5th, the 8th, the 9th; nine rows cannot tell of 95 %.
  EXPECT_EQ(fit_intervals(rows), (std::vector<Interval>{{0.5, {5}}, {0.8, {8}}, {0.9, {9}}}));
  EXPECT_EQ(coverage(fit_intervals(rows), rows), (std::vector<double>{5 / 9.0, 8 / 9.0, 1}));

  Floats weights(9, 1.0f);
  weights[8] = 0;
  PredictedRows weighted = rows;
  weighted.weights = weights;
  // Of eight rows: (1 + 1/8) 0.5 of 8 is 4.5, 0.8 is 7.2; 0.9 would be 8.1.
  EXPECT_EQ(fit_intervals(weighted), (std::vector<Interval>{{0.5, {5}}, {0.8, {8}}}));
}

TEST(FitIntervals, AreOfEachTargetByItself) {
  Floats const p = {0, 0, 0, 0, 0, 0}, y = {1, 10, -2, 30, 3, 20};
  PredictedRows const rows{Task::regression, 3, 2, 2, p, y, {}};
  EXPECT_EQ(fit_intervals(rows), (std::vector<Interval>{{0.5, {2, 20}}}));
  EXPECT_EQ(coverage(fit_intervals(rows), rows), (std::vector<double>{4 / 6.0}));
  EXPECT_TRUE(fit_intervals({Task::classification, 1, 2, 1, p, y, {}}).empty());
}

// ---- of studies

class CalibratedStudy : public testing::Test {
 protected:
  // Blobs of which every third label is another: no network can be sure of any, and one that is
  // trained for long on a tenth of the rows is.
  static fixtures::OwnedTable doubtful_blobs() {
    fixtures::OwnedTable table = fixtures::blobs(600, 5, 3);
    for (std::size_t row = 0; row < table.y.size(); row += 3)
      table.y[row] = static_cast<float>((static_cast<int>(table.y[row]) + 1) % 3);
    return table;
  }
  static Study study() {
    Study study;
    study.space.constant("hidden", Widths{32}).log_uniform("lr", 0.02, 0.1);
    study.scheduler = NoEarlyTermination{60};
    study.validation = Folds{.folds = 2, .test = 0.2};
    study.metric.name = "log_loss";
    study.trials = 4;
    study.ensemble = 3;
    return study;
  }
  std::pair<Floats, Floats> test_rows(Study const& study) {
    Floats x, y;
    auto const test = make_splits(data_.table(), study.validation, study.seed).test;
    for (auto const row : *test) {
      auto const first = table_.x.begin() + row * table_.inputs;
      x.insert(x.end(), first, first + table_.inputs);
      y.push_back(table_.y[static_cast<std::size_t>(row)]);
    }
    return {x, y};
  }
  fixtures::OwnedTable table_ = doubtful_blobs();
  Engine engine_{{.device = "cpu", .threads = 1}};
  Data data_ = engine_.load(table_.table());
};

TEST_F(CalibratedStudy, PredictsAndScoresWithItsTemperature) {
  Study own = study();
  Result const result = tune(engine_, data_, own);
  EXPECT_GT(result.model.calibration.temperature, 1.05);
  EXPECT_GT(result.ensemble.calibration.temperature, 1.01);
  own.calibrate.temperature = false;
  Result const raw = tune(engine_, data_, own);
  EXPECT_EQ(raw.model.calibration, Calibration());
  EXPECT_EQ(raw.ensemble.calibration, Calibration());
  EXPECT_LT(result.test, raw.test);
  EXPECT_LT(result.ensemble_test, raw.ensemble_test);
  expect_same_but_test(result, raw);

  auto const [x, y] = test_rows(own);
  auto const rows = static_cast<std::int64_t>(y.size());
  Matrix const matrix{x.data(), rows, table_.inputs};
  // Probabilities agree to 1e-4, and their logarithms to 1e-3 above 0.1.
  EXPECT_NEAR(score("log_loss", data_.task(), result.model.predict(matrix), y, rows), result.test,
              2e-3);
  EXPECT_NEAR(score("log_loss", data_.task(), result.ensemble.predict(matrix), y, rows),
              result.ensemble_test, 2e-3);
}

TEST_F(CalibratedStudy, RefusesAThresholdOfThreeClasses) {
  Study own = study();
  own.calibrate.threshold = ThresholdBy::f1;
  try {
    tune(engine_, data_, own);
    FAIL() << "was not refused";
  } catch (UsageError const& error) {
    EXPECT_EQ(std::string(error.what()),
              "calibrate.threshold: is for two classes or for labels; here are 3 classes; leave it "
              "out");
  }
}

TEST_F(CalibratedStudy, TheThresholdIsScoredOnTestRows) {
  for (float& label : table_.y)
    label = label == 0 ? 1.0f : 0.0f;
  table_.classes = 2;
  data_ = engine_.load(table_.table());
  Study own = study();
  own.metric.name = "accuracy";
  own.calibrate.threshold = ThresholdBy::f1;
  Result const result = tune(engine_, data_, own);
  ASSERT_TRUE(result.model.calibration.threshold);
  double const threshold = *result.model.calibration.threshold;
  EXPECT_LT(threshold, 0.5);  // a third of the rows are positive
  auto const [x, y] = test_rows(own);
  auto const rows = static_cast<std::int64_t>(y.size());
  auto const p = result.model.predict({x.data(), rows, table_.inputs});
  for (auto const& [metric, value] : result.test_metrics) {
    EXPECT_NEAR(score(metric, data_.task(), p, y, rows, {}, 1, threshold), value, 2e-3) << metric;
    if (metric == "accuracy") {
      EXPECT_EQ(value, result.test);
    }
  }
}

TEST(CalibratedValues, TestRowsLieInTheIntervalsAsOftenAsIsSaid) {
  fixtures::OwnedTable const table = fixtures::regression(2000, 3);
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Study study;
  study.space.constant("hidden", Widths{8}).constant("lr", 0.02);
  study.scheduler = NoEarlyTermination{5};
  study.validation = Folds{.folds = 3, .test = 0.3};
  study.trials = 1;
  Result const result = tune(engine, data, study);
  auto const& intervals = result.model.calibration.intervals;
  ASSERT_EQ(intervals.size(), 5u);
  ASSERT_EQ(result.test_coverage.size(), 5u);
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    // Of 600 test rows and 1,400 others: four deviations of a share.
    double const c = intervals[i].coverage;
    double const deviation = std::sqrt(c * (1 - c) * (1.0 / 600 + 1.0 / 1400));
    EXPECT_NEAR(result.test_coverage[i], c, 4 * deviation + 0.001);
    if (i > 0) {
      EXPECT_GT(intervals[i].half_widths[0], intervals[i - 1].half_widths[0]);
    }
  }
}

}  // namespace
}  // namespace brood
