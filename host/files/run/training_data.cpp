// SPDX-License-Identifier: Apache-2.0
#include "brood/files/training_data.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace brood::files {

namespace {

using Row = std::span<float const>;

Row row_of(Matrix const& matrix, std::int32_t row) {
  auto const columns = static_cast<std::size_t>(matrix.columns);
  return {matrix.data + static_cast<std::size_t>(row) * columns, columns};
}

void add(double value, ColumnExtent& extent) {
  if (!(extent.low <= value)) extent.low = value;
  if (!(extent.high >= value)) extent.high = value;
}

// Of the first input on, which are those of the column.
void add_inputs(InputEncoding const& input, Row inputs, ColumnExtent& extent) {
  if (input.categorical) {
    auto const levels = inputs.first(input.levels.size());
    extent.missing += std::all_of(levels.begin(), levels.end(), [](float x) { return !(x > 0); });
  } else if (std::isnan(inputs.front())) {
    ++extent.missing;
  } else {
    add(static_cast<double>(inputs.front()), extent);
  }
}

}  // namespace

TrainingData training_data(Table const& table, Encoding const& encoding, Rows const& rows) {
  TrainingData data{.rows = std::ssize(*rows)};
  std::size_t at = 0;
  for (InputEncoding const& input : encoding.inputs) {
    ColumnExtent extent;
    for (std::int32_t const row : *rows)
      add_inputs(input, row_of(table.x, row).subspan(at), extent);
    extent.low = input.frame.outside(extent.low);
    extent.high = input.frame.outside(extent.high);
    data.columns.push_back(extent);
    Encoding one;
    one.inputs = {input};
    at += static_cast<std::size_t>(one.input_count());
  }
  if (encoding.task == Task::regression) {
    data.targets.resize(encoding.targets.size());
  } else {
    data.classes.resize(static_cast<std::size_t>(encoding.output_count()));
  }
  for (std::int32_t const row : *rows) {
    Row const y = row_of(table.y, row);
    if (encoding.task == Task::classification) ++data.classes[static_cast<std::size_t>(y.front())];
    for (std::size_t i = 0; i < y.size() && encoding.task != Task::classification; ++i) {
      if (encoding.task == Task::regression) {
        add(encoding.in_user_units(i, y[i]), data.targets[i]);
      } else {
        data.classes[i] += y[i] > 0.5f;
      }
    }
  }
  return data;
}

}  // namespace brood::files
