// SPDX-License-Identifier: Apache-2.0
// What dataset.cpp and encoding.cpp share: reading the cells of raw columns, the text of numbers
// and labels, and row numbers in messages. Rows are counted from 0 in code and from 1 in messages.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "brood/data.hpp"

namespace brood {

using Problems = std::vector<std::string>;

std::int64_t cell_count(Column const& column);
bool is_missing(Column const& column, std::int64_t row);
bool all_missing(Column const& column);

// The shortest text that reads back to the same value: "1.5", "1e-08"; whole numbers up to 2^53
// without an exponent. A number that fp32 holds exactly is as short as fp32 needs.
std::string number_text(double value);

// The rows in which none of the columns of these names is missing; of names that there are.
std::vector<bool> rows_with(std::span<Column const> columns, std::vector<std::string> const& names);
// The rows that are kept.
Column only_rows(Column const& column, std::vector<bool> const& kept);

// The text of a cell that is not missing: a level as it stands, a number by number_text.
std::string cell_text(Column const& column, std::int64_t row);

// What is compared of a label: without the spaces around it and one full stop at its end.
std::string_view comparable_label(std::string_view label);

// Joined by ", ", at most 20 of them: "a, b and 3 more".
std::string name_list(std::vector<std::string> const& names);

// Rows with the same fault, for one message.
class FaultyRows {
 public:
  void add(std::int64_t row);
  bool any() const { return count_ > 0; }
  std::int64_t first() const { return first_few_.front(); }
  // "row 3"; "rows 3, 4, 8"; "rows 3, 4, 8, 9, 10 and 95 more"
  std::string text() const;

 private:
  std::int64_t count_ = 0;
  std::vector<std::int64_t> first_few_;
};

// Columns by name.
class ColumnIndex {
 public:
  explicit ColumnIndex(std::span<Column const> columns);
  // Null if there is no such column; the first one if there are several.
  Column const* find(std::string_view name) const;
  bool is_ambiguous(std::string_view name) const;

 private:
  struct Entry {
    Column const* column = nullptr;
    int count = 0;
  };
  std::map<std::string_view, Entry> entries_;
};

// The number of rows, which all columns must share; else a problem.
std::int64_t common_row_count(std::span<Column const> columns, Problems& problems);

// Reports numbers that are infinite and codes that name no level. Other functions need
// columns without such cells.
void check_cells(Column const& column, Problems& problems);

// Reports rows in which the target is missing.
void check_no_missing_target(Column const& column, Problems& problems);

// Reports a target that is text, or numbers other than 0 and 1.
void check_labels_are_binary(Column const& column, Problems& problems);

}  // namespace brood
