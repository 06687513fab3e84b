// SPDX-License-Identifier: Apache-2.0
// fit_transform: column means and deviations in double, in two passes over the rows it is given and
// no others, so that a fold's scaling comes from its own training rows.
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "brood/data.hpp"
#include "brood/error.hpp"

namespace brood {
namespace {

struct ColumnStats {
  std::int64_t count = 0;  // of non-missing values
  float least = 0, most = 0;
  double mean = 0;
  double deviation = 0;  // of the population
};

void check(Table const& table, std::span<std::int32_t const> rows) {
  auto const inputs = static_cast<std::size_t>(table.x.columns);
  if (!table.as_is.empty() && table.as_is.size() != inputs) {
    throw UsageError("as_is has " + std::to_string(table.as_is.size()) + " entries for " +
                     std::to_string(inputs) + " inputs; give one for each, or none");
  }
  for (std::int32_t const row : rows) {
    if (row < 0 || row >= table.x.rows) {
      throw UsageError("row index " + std::to_string(row) +
                       " is outside the table; it has rows 0 .. " +
                       std::to_string(table.x.rows - 1));
    }
  }
}

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

// Whether standardised values would say nothing: all values equal, or so near to each other that
// rounding the mean to fp32 (by up to 2^-24 of it) moves every value by half a deviation or more,
// or a deviation below the normal fp32 numbers, which the backends flush to zero.
bool is_constant(ColumnStats const& column) {
  return column.count == 0 || column.least == column.most ||
         column.deviation <= std::ldexp(std::fabs(column.mean), -23) ||
         column.deviation < double{std::numeric_limits<float>::min()};
}

float scale_of(ColumnStats const& column, float if_constant) {
  return is_constant(column) ? if_constant : static_cast<float>(1.0 / column.deviation);
}

}  // namespace

Transform fit_transform(Table const& table, std::span<std::int32_t const> rows) {
  check(table, rows);
  Transform transform;
  auto const inputs = column_stats(table.x, rows);
  for (std::size_t c = 0; c < inputs.size(); ++c) {
    bool const as_is = !table.as_is.empty() && table.as_is[c];
    transform.shift.push_back(as_is ? 0.0f : static_cast<float>(inputs[c].mean));
    transform.scale.push_back(as_is ? 1.0f : scale_of(inputs[c], 0.0f));
  }
  if (table.task != Task::regression) return transform;
  for (auto const& target : column_stats(table.y, rows)) {
    transform.target_shift.push_back(static_cast<float>(target.mean));
    transform.target_scale.push_back(scale_of(target, 1.0f));
  }
  return transform;
}

}  // namespace brood
