// SPDX-License-Identifier: Apache-2.0
// fit_transform: column means and deviations in double, in two passes over the rows it is given and
// no others, so that a fold's scaling comes from its own training rows.
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brood/data.hpp"
#include "brood/error.hpp"
#include "data/column_stats.hpp"

namespace brood {
namespace {

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

float inverse_mean(ColumnStats const& target) {
  auto const inverse = static_cast<float>(1.0 / target.mean);
  return std::isnormal(inverse) ? inverse : 1.0f;
}

}  // namespace

Transform fit_transform(Table const& table, std::span<std::int32_t const> rows,
                        TargetScaling targets) {
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
    bool const by_mean = targets == TargetScaling::by_mean;
    transform.target_shift.push_back(by_mean ? 0.0f : static_cast<float>(target.mean));
    transform.target_scale.push_back(by_mean ? inverse_mean(target) : scale_of(target, 1.0f));
  }
  return transform;
}

}  // namespace brood
