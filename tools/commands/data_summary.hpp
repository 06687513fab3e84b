// SPDX-License-Identifier: Apache-2.0
// What was read from a data file and what becomes of it: for describe, and in front of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "brood/files/sweep.hpp"

namespace brood::tools {

struct ColumnSummary {
  std::string name, type;  // "number", "text", "date" or "time"
  std::string becomes;
  std::int64_t rows = 0, missing = 0;
  std::int64_t levels = 0;         // different values
  std::optional<double> min, max;  // of numbers, dates and times
  std::string date = {};           // how dates are written
};

struct DataSummary {
  std::vector<ColumnSummary> columns;                         // in file order
  std::optional<Task> task;                                   // none: no dataset can be made
  std::string why;                                            // of the task
  std::vector<std::pair<std::string, std::int64_t>> classes;  // rows of each, in order
  std::int64_t rows() const { return columns.empty() ? 0 : columns.front().rows; }
};

// task_was_said: by the sweep, so that it was not found from the target.
DataSummary summarize(std::vector<Column> const& columns, files::Sweep const& sweep,
                      bool task_was_said, Dataset const* dataset);

// "FILE: 60 rows, 4 columns; separator: comma, header: yes", a line for each of at most so many
// columns, and the task; no line is wider than `width`.
std::string text_of(DataSummary const& summary, files::Sweep const& sweep, std::size_t most_columns,
                    std::size_t width);

// The text of a least or largest value.
std::string value_text(std::optional<double> value, ColumnSummary const& column);

}  // namespace brood::tools
