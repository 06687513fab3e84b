// SPDX-License-Identifier: Apache-2.0
#include "data/column_stats.hpp"

#include <cmath>
#include <limits>

namespace brood {

std::vector<ColumnStats> column_stats(Matrix const& matrix, std::span<std::int32_t const> rows) {
  auto const columns = static_cast<std::size_t>(matrix.columns);
  std::vector<ColumnStats> stats(columns);
  auto const for_each_value = [&](auto const& use) {
    for (std::int32_t const row : rows) {
      float const* const values = matrix.data + std::int64_t{row} * matrix.columns;
      for (std::size_t c = 0; c < columns; ++c) {
        if (!std::isnan(values[c])) use(stats[c], values[c]);
      }
    }
  };

  for_each_value([](ColumnStats& column, float value) {
    if (column.count == 0) column.least = column.most = value;
    column.least = std::fmin(column.least, value);
    column.most = std::fmax(column.most, value);
    column.mean += value;  // a sum until the pass is over
    ++column.count;
  });
  for (auto& column : stats) {
    if (column.count > 0) column.mean /= static_cast<double>(column.count);
  }
  for_each_value([](ColumnStats& column, float value) {
    double const difference = value - column.mean;
    column.deviation += difference * difference;  // a sum of squares until the pass is over
  });
  for (auto& column : stats) {
    if (column.count > 0) {
      column.deviation = std::sqrt(column.deviation / static_cast<double>(column.count));
    }
  }
  return stats;
}

bool is_constant(ColumnStats const& column) {
  return column.count == 0 || column.least == column.most ||
         column.deviation <= std::ldexp(std::fabs(column.mean), -23) ||
         column.deviation < double{std::numeric_limits<float>::min()};
}

float scale_of(ColumnStats const& column, float if_constant) {
  return is_constant(column) ? if_constant : static_cast<float>(1.0 / column.deviation);
}

}  // namespace brood
