// SPDX-License-Identifier: Apache-2.0
// Metrics of the probabilities themselves.
#include <algorithm>
#include <cmath>

#include "study/prediction_metric.hpp"

namespace brood {

namespace {

double minus_log(float probability) {
  constexpr double kEpsilon = 0x1p-23;
  return -std::log(std::clamp(static_cast<double>(probability), kEpsilon, 1 - kEpsilon));
}

}  // namespace

double log_loss(PredictedRows const& p) {
  double sum = 0, weight = 0;
  for (std::int64_t row = 0; row < p.rows; ++row) {
    double const w = p.weight(row);
    if (w == 0) continue;
    weight += w;
    if (p.task == Task::classification) {
      sum += w * minus_log(p.prediction(row, static_cast<int>(p.target(row, 0))));
      continue;
    }
    for (int k = 0; k < p.outputs; ++k) {
      float const q = p.prediction(row, k);
      sum += w / p.outputs * minus_log(p.is_true(row, k) ? q : 1 - q);
    }
  }
  return sum / weight;
}

double brier(PredictedRows const& p) {
  double sum = 0, weight = 0;
  bool const labels = p.task == Task::multi_label;
  for (std::int64_t row = 0; row < p.rows; ++row) {
    double squares = 0;
    for (int k = p.has_positive() ? 1 : 0; k < p.outputs; ++k) {
      double const off = static_cast<double>(p.prediction(row, k)) - (p.is_true(row, k) ? 1 : 0);
      squares += off * off;
    }
    sum += p.weight(row) * (labels ? squares / p.outputs : squares);
    weight += p.weight(row);
  }
  return sum / weight;
}

}  // namespace brood
