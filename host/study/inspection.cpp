// SPDX-License-Identifier: Apache-2.0
#include "brood/inspection.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "study/column_importance.hpp"
#include "study/row_predictor.hpp"
#include "study/truth.hpp"

namespace brood {

namespace {

std::vector<std::int32_t> rows_without(std::int64_t rows,
                                       std::vector<std::int32_t> const& left_out) {
  std::vector<std::int32_t> kept;
  auto next = left_out.begin();
  for (std::int32_t row = 0; row < rows; ++row) {
    if (next != left_out.end() && *next == row) {
      ++next;
    } else {
      kept.push_back(row);
    }
  }
  return kept;
}

constexpr double kWork = 1e9, kQuickWork = 1e8;  // multiplications

std::int64_t rows_within(double most_work, double row_work, std::int64_t rows) {
  constexpr double kFewest = 50;
  double const most = std::max(most_work / row_work, kFewest);
  return static_cast<std::int64_t>(std::min(static_cast<double>(rows), most));
}

void count_classes(std::vector<float> const& predictions, Calibration const& calibration,
                   Truth const& truth, std::size_t classes, Inspection& inspection) {
  constexpr std::size_t kTenths = 10;
  std::vector<Inspection::Reliability> tenths(kTenths);
  inspection.confusion.assign(classes, std::vector<std::int64_t>(classes, 0));
  for (std::size_t row = 0; row < truth.y.size(); ++row) {
    auto const own = std::span(predictions).subspan(row * classes, classes);
    std::size_t const predicted = calibration.decide(own);
    auto const actual = static_cast<std::size_t>(truth.y[row]);
    ++inspection.confusion[actual][predicted];
    double const probability = static_cast<double>(own[predicted]);
    auto& tenth = tenths[std::min(static_cast<std::size_t>(probability * kTenths), kTenths - 1)];
    tenth.predicted += probability;
    tenth.right += predicted == actual;
    ++tenth.rows;
  }
  for (Inspection::Reliability& tenth : tenths) {
    if (tenth.rows == 0) continue;
    tenth.predicted /= static_cast<double>(tenth.rows);
    tenth.right /= static_cast<double>(tenth.rows);
    inspection.reliability.push_back(tenth);
  }
}

void count_labels(std::vector<float> const& predictions, Calibration const& calibration,
                  Truth const& truth, std::size_t labels, Inspection& inspection) {
  inspection.labels.resize(labels);
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    bool const predicted = calibration.is_on(predictions[i]), actual = truth.y[i] > 0.5f;
    Inspection::LabelCounts& counts = inspection.labels[i % labels];
    ++(predicted ? actual ? counts.true_positive : counts.false_positive
       : actual  ? counts.false_negative
                 : counts.true_negative);
  }
}

Inspection::Residuals residuals_of(std::vector<double> const& truth,
                                   std::vector<double> const& predicted) {
  constexpr std::size_t kMost = 400;
  Inspection::Residuals residuals;
  auto const rows = static_cast<double>(truth.size());
  for (std::size_t i = 0; i < truth.size(); ++i)
    residuals.mean += (predicted[i] - truth[i]) / rows;
  double squares = 0;
  for (std::size_t i = 0; i < truth.size(); ++i)
    squares += std::pow(predicted[i] - truth[i] - residuals.mean, 2);
  residuals.deviation = std::sqrt(squares / rows);
  std::size_t const shown = std::min(truth.size(), kMost);
  for (std::size_t i = 0; i < shown; ++i) {
    std::size_t const row = i * truth.size() / shown;
    residuals.truth.push_back(truth[row]);
    residuals.predicted.push_back(predicted[row]);
  }
  return residuals;
}

void take_residuals(std::vector<float> const& predictions, Truth const& truth,
                    Encoding const& encoding, Inspection& inspection) {
  std::size_t const targets = encoding.targets.size();
  for (std::size_t target = 0; target < targets; ++target) {
    std::vector<double> actual, predicted;
    for (std::size_t i = target; i < truth.y.size(); i += targets) {
      actual.push_back(encoding.in_user_units(target, truth.y[i]));
      predicted.push_back(encoding.in_user_units(target, predictions[i]));
    }
    inspection.residuals.push_back(residuals_of(actual, predicted));
  }
}

}  // namespace

Inspection inspect(Inspected const& inspected, Table const& table, Rows const& development,
                   bool with_columns, int threads) {
  Inspection inspection;
  auto const test_rows = rows_without(table.x.rows, *development);
  inspection.validated = test_rows.empty() && !inspected.judged.empty();
  auto const all_rows = inspected.judged.empty() ? test_rows : rows_of(inspected.judged);
  if (all_rows.empty()) return inspection;
  RowPredictor const predictor(inspected, table, threads);
  double const work = predictor.work(/*by_winner=*/false);
  inspection.rows = rows_within(with_columns ? kWork : kQuickWork, work, std::ssize(all_rows));
  auto const rows = chosen(all_rows, inspection.rows);
  Truth const truth(table, rows);
  std::vector<float> const predictions =
      predictor.predict(rows, rows_of(table.x, rows), /*by_winner=*/false);
  Calibration const& calibration =
      inspected.predictor.empty() ? inspected.winner.calibration : inspected.predictor.calibration;
  auto const outputs = static_cast<std::size_t>(inspected.encoding.output_count());
  switch (table.task) {
    case Task::classification:
      count_classes(predictions, calibration, truth, outputs, inspection);
      break;
    case Task::multi_label:
      count_labels(predictions, calibration, truth, outputs, inspection);
      break;
    case Task::regression:
      take_residuals(predictions, truth, inspected.encoding, inspection);
      break;
  }
  if (with_columns) measure_columns(inspected, predictor, table, all_rows, inspection);
  return inspection;
}

}  // namespace brood
