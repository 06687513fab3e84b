// SPDX-License-Identifier: Apache-2.0
// Predictions beside the targets, row by row: what metrics that take each row's prediction are made
// of.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "brood/table.hpp"

namespace brood {

// Predictions as Backend::forward gives them, beside the targets.
struct PredictedRows {
  Task task = Task::classification;
  std::int64_t rows = 0;
  int outputs = 1;                     // classes, or target columns
  int targets = 1;                     // target columns
  std::span<float const> predictions;  // (rows, outputs)
  std::span<float const> y;            // (rows, targets)
  std::span<float const> weights;      // (rows), or empty: all 1
  // The second of two classes is decided on above it, and each label. None: the likeliest class,
  // and labels above 0.5.
  std::optional<double> threshold = {};
  std::optional<double> quantile = {};  // that pinball is of; none: 0.5
  double target_unit = 1;               // see Table

  double weight(std::int64_t row) const {
    return weights.empty() ? 1.0 : static_cast<double>(weights[static_cast<std::size_t>(row)]);
  }
  float prediction(std::int64_t row, int output) const {
    return predictions[static_cast<std::size_t>(row * outputs + output)];
  }
  float target(std::int64_t row, int column) const {
    return y[static_cast<std::size_t>(row * targets + column)];
  }
  // Whether a row is of a class, or has a label.
  bool is_true(std::int64_t row, int output) const {
    if (task == Task::classification) return target(row, 0) == static_cast<float>(output);
    return target(row, output) > 0.5f;
  }
  bool is_on(std::int64_t row, int output) const {
    return static_cast<double>(prediction(row, output)) > threshold.value_or(0.5);
  }
  // The class that is decided on; of those that are equally likely, the first.
  int decided(std::int64_t row) const {
    if (threshold && has_positive()) return is_on(row, 1) ? 1 : 0;
    auto const own = predictions.subspan(static_cast<std::size_t>(row * outputs),
                                         static_cast<std::size_t>(outputs));
    return static_cast<int>(std::max_element(own.begin(), own.end()) - own.begin());
  }
  // Of two classes, many a metric is of the second alone, the positive one.
  bool has_positive() const { return task == Task::classification && outputs == 2; }
};

}  // namespace brood
