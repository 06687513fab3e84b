// SPDX-License-Identifier: Apache-2.0
// The targets and weights of some rows of a table, dense, and scores against them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "brood/model.hpp"
#include "brood/table.hpp"
#include "study/predicted_rows.hpp"

namespace brood {

struct Truth {
  // of_quantile: see score().
  Truth(Table const& table, std::span<std::int32_t const> which,
        std::optional<double> of_quantile = {})
      : rows(static_cast<std::int64_t>(which.size())),
        columns(table.y.columns),
        target_unit(table.target_unit),
        quantile(of_quantile) {
    for (auto const row : which) {
      float const* const own = table.y.data + std::int64_t{row} * columns;
      y.insert(y.end(), own, own + columns);
      if (table.weights.data != nullptr) weights.push_back(table.weights.data[row]);
    }
  }
  // The rows of another of the same table after these.
  void append(Truth const& other) {
    rows += other.rows;
    y.insert(y.end(), other.y.begin(), other.y.end());
    weights.insert(weights.end(), other.weights.begin(), other.weights.end());
  }
  PredictedRows predicted(Task task, std::span<float const> predictions) const {
    auto const outputs = static_cast<std::int64_t>(predictions.size()) / rows;
    return {task,     rows,       static_cast<int>(outputs), columns, predictions, y, weights, {},
            quantile, target_unit};
  }
  double score(std::string_view metric, Task task, std::span<float const> predictions,
               std::optional<double> threshold = {}) const {
    return brood::score(metric, task, predictions, y, rows, weights, target_unit, threshold,
                        quantile);
  }
  NamedScores scores(Task task, std::span<float const> predictions,
                     std::optional<double> threshold = {}) const {
    return all_scores(task, predictions, y, rows, weights, target_unit, threshold, quantile);
  }

  std::int64_t rows;
  int columns;  // target columns
  double target_unit;
  std::optional<double> quantile;
  std::vector<float> y, weights;
};

}  // namespace brood
