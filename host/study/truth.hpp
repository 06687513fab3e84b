// SPDX-License-Identifier: Apache-2.0
// The targets and weights of some rows of a table, dense, and scores against them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "brood/model.hpp"
#include "brood/table.hpp"

namespace brood {

struct Truth {
  Truth(Table const& table, std::span<std::int32_t const> which)
      : rows(static_cast<std::int64_t>(which.size())), target_unit(table.target_unit) {
    auto const columns = static_cast<std::int64_t>(table.y.columns);
    for (auto const row : which) {
      float const* const own = table.y.data + row * columns;
      y.insert(y.end(), own, own + columns);
      if (table.weights.data != nullptr) weights.push_back(table.weights.data[row]);
    }
  }
  double score(std::string_view metric, Task task, std::span<float const> predictions) const {
    return brood::score(metric, task, predictions, y, rows, weights, target_unit);
  }
  NamedScores scores(Task task, std::span<float const> predictions) const {
    return all_scores(task, predictions, y, rows, weights, target_unit);
  }

  std::int64_t rows;
  double target_unit;
  std::vector<float> y, weights;
};

}  // namespace brood
