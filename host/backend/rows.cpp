// SPDX-License-Identifier: Apache-2.0
#include "backend/rows.hpp"

#include <string>

#include <numeric>

#include "brood/error.hpp"

namespace brood {

std::int64_t size_of(Rows const& rows) {
  return rows == nullptr ? 0 : static_cast<std::int64_t>(rows->size());
}

std::vector<std::int32_t> all_rows(std::int64_t count) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

Table table_to_predict(Matrix x, TableShape const& shape) {
  int const targets = shape.task == Task::classification ? 1 : shape.outputs;
  return {.x = x,
          .y = {nullptr, x.rows, targets},
          .weights = {},
          .task = shape.task,
          .classes = shape.outputs};
}

void check_rows(std::span<std::int32_t const> rows, std::int64_t table_rows, char const* what) {
  for (auto const row : rows) {
    if (row >= 0 && row < table_rows) continue;
    throw UsageError(std::string(what) + ": row " + std::to_string(row) +
                     " is outside the table's 0 .. " + std::to_string(table_rows - 1));
  }
}

namespace {

// A list of inputs fits together, and to the table.
void check_inputs(Transform const& transform, TableShape const& shape) {
  std::size_t const inputs = transform.source.size();
  if (transform.shape.size() != inputs || transform.offset.size() != inputs ||
      transform.gain.size() != inputs) {
    throw UsageError("transform: has " + std::to_string(inputs) + " sources, " +
                     std::to_string(transform.shape.size()) + " shapes, " +
                     std::to_string(transform.offset.size()) + " offsets and " +
                     std::to_string(transform.gain.size()) + " gains; give each input one of each");
  }
  if (transform.columns != shape.inputs) {
    throw UsageError("transform: its inputs are made of " + std::to_string(transform.columns) +
                     " columns; the table has " + std::to_string(shape.inputs));
  }
  for (std::int32_t const source : transform.source) {
    if (source >= 0 && source < transform.columns) continue;
    throw UsageError("transform: the source " + std::to_string(source) +
                     " is no column of the table's 0 .. " + std::to_string(transform.columns - 1));
  }
}

}  // namespace

void check_transform(Transform const* transform, TableShape const& shape) {
  if (transform == nullptr) return;
  if (!transform->is_plain()) check_inputs(*transform, shape);
  auto const inputs =
      transform->is_plain() ? static_cast<std::size_t>(shape.inputs) : transform->source.size();
  if (transform->shift.size() != inputs || transform->scale.size() != inputs) {
    throw UsageError("transform: has " + std::to_string(transform->shift.size()) + " shifts and " +
                     std::to_string(transform->scale.size()) + " scales; " +
                     (transform->is_plain() ? "the table has " : "its list is of ") +
                     std::to_string(inputs) + (transform->is_plain() ? " columns" : " inputs"));
  }
  if (shape.task != Task::regression || transform->target_shift.empty()) return;
  auto const outputs = static_cast<std::size_t>(shape.outputs);
  if (transform->target_shift.size() != outputs || transform->target_scale.size() != outputs) {
    throw UsageError("transform: has " + std::to_string(transform->target_shift.size()) +
                     " target shifts; the table has " + std::to_string(outputs) +
                     " target columns");
  }
}

std::vector<float> balanced_weights(std::span<float const> labels,
                                    std::span<std::int32_t const> rows, int classes) {
  std::vector<double> count(static_cast<std::size_t>(classes), 0.0);
  for (auto const row : rows)
    count[static_cast<std::size_t>(labels[static_cast<std::size_t>(row)])] += 1.0;
  std::vector<float> weights(count.size(), 0.0f);
  double const share = static_cast<double>(rows.size()) / static_cast<double>(classes);
  for (std::size_t c = 0; c < count.size(); ++c) {
    if (count[c] > 0) weights[c] = static_cast<float>(share / count[c]);
  }
  return weights;
}

}  // namespace brood
