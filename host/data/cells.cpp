// SPDX-License-Identifier: Apache-2.0
// Reading the cells of raw columns, and words about them for messages.
#include "data/cells.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace brood {
namespace {

constexpr std::size_t kRowsShown = 5;
constexpr std::size_t kNamesShown = 20;

template <typename Number>
std::string shortest_text(Number value) {
  char buffer[64];
  bool const whole = std::fabs(value) <= Number(0x1p53) && std::trunc(value) == value;
  // As an integer, -0 reads 0 and 100000 does not read 1e+05.
  auto const result =
      whole ? std::to_chars(buffer, buffer + sizeof buffer, static_cast<std::int64_t>(value))
            : std::to_chars(buffer, buffer + sizeof buffer, value);
  return std::string(buffer, result.ptr);
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

}  // namespace

std::int64_t cell_count(Column const& column) {
  return static_cast<std::int64_t>(column.categorical ? column.codes.size()
                                                      : column.numbers.size());
}

bool is_missing(Column const& column, std::int64_t row) {
  auto const index = static_cast<std::size_t>(row);
  return column.categorical ? column.codes[index] == -1 : std::isnan(column.numbers[index]);
}

bool all_missing(Column const& column) {
  std::int64_t const rows = cell_count(column);
  for (std::int64_t row = 0; row < rows; ++row) {
    if (!is_missing(column, row)) return false;
  }
  return true;
}

std::vector<bool> rows_with(std::span<Column const> columns,
                            std::vector<std::string> const& names) {
  std::vector<bool> kept;
  for (Column const& column : columns) {
    if (std::find(names.begin(), names.end(), column.name) == names.end()) continue;
    kept.resize(static_cast<std::size_t>(cell_count(column)), true);
    for (std::size_t row = 0; row < kept.size(); ++row) {
      if (is_missing(column, static_cast<std::int64_t>(row))) kept[row] = false;
    }
  }
  return kept;
}

Column only_rows(Column const& column, std::vector<bool> const& kept) {
  Column result = column;
  result.numbers.clear();
  result.codes.clear();
  for (std::size_t row = 0; row < kept.size(); ++row) {
    if (!kept[row]) continue;
    if (column.categorical) {
      result.codes.push_back(column.codes[row]);
    } else {
      result.numbers.push_back(column.numbers[row]);
    }
  }
  return result;
}

std::string number_text(double value) {
  bool const fits = std::fabs(value) <= static_cast<double>(std::numeric_limits<float>::max());
  auto const narrow = fits ? static_cast<float>(value) : 0.0f;
  return fits && static_cast<double>(narrow) == value ? shortest_text(narrow)
                                                      : shortest_text(value);
}

std::string cell_text(Column const& column, std::int64_t row) {
  auto const index = static_cast<std::size_t>(row);
  return column.categorical ? column.levels[static_cast<std::size_t>(column.codes[index])]
                            : number_text(column.numbers[index]);
}

std::string_view comparable_label(std::string_view label) {
  label = trimmed(label);
  if (!label.empty() && label.back() == '.') label = trimmed(label.substr(0, label.size() - 1));
  return label;
}

std::string name_list(std::vector<std::string> const& names) {
  std::string text;
  std::size_t const shown = std::min(names.size(), kNamesShown);
  for (std::size_t i = 0; i < shown; ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

void FaultyRows::add(std::int64_t row) {
  ++count_;
  if (first_few_.size() < kRowsShown) first_few_.push_back(row);
}

std::string FaultyRows::text() const {
  std::string text = count_ == 1 ? "row " : "rows ";
  for (std::size_t i = 0; i < first_few_.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(first_few_[i] + 1);
  }
  auto const shown = static_cast<std::int64_t>(first_few_.size());
  if (count_ > shown) text += " and " + std::to_string(count_ - shown) + " more";
  return text;
}

ColumnIndex::ColumnIndex(std::span<Column const> columns) {
  for (Column const& column : columns) {
    Entry& entry = entries_[column.name];
    if (entry.count++ == 0) entry.column = &column;
  }
}

Column const* ColumnIndex::find(std::string_view name) const {
  auto const found = entries_.find(name);
  return found == entries_.end() ? nullptr : found->second.column;
}

bool ColumnIndex::is_ambiguous(std::string_view name) const {
  auto const found = entries_.find(name);
  return found != entries_.end() && found->second.count > 1;
}

std::int64_t common_row_count(std::span<Column const> columns, Problems& problems) {
  if (columns.empty()) return 0;
  std::int64_t const rows = cell_count(columns.front());
  for (Column const& column : columns) {
    if (cell_count(column) == rows) continue;
    problems.push_back("column '" + column.name + "' has " + std::to_string(cell_count(column)) +
                       " rows, but column '" + columns.front().name + "' has " +
                       std::to_string(rows) + "; all columns must have the same number of rows");
  }
  return rows;
}

void check_cells(Column const& column, Problems& problems) {
  FaultyRows faulty;
  std::int64_t const rows = cell_count(column);
  for (std::int64_t row = 0; row < rows; ++row) {
    auto const index = static_cast<std::size_t>(row);
    if (column.categorical) {
      auto const levels = static_cast<std::int64_t>(column.levels.size());
      if (column.codes[index] < -1 || column.codes[index] >= levels) faulty.add(row);
    } else if (std::isinf(column.numbers[index])) {
      faulty.add(row);
    }
  }
  if (!faulty.any()) return;
  auto const first = static_cast<std::size_t>(faulty.first());
  if (column.categorical) {
    problems.push_back("column '" + column.name + "': code " + std::to_string(column.codes[first]) +
                       " in " + faulty.text() +
                       "; codes must be -1 (missing) or the index of one of its " +
                       std::to_string(column.levels.size()) + " levels");
  } else {
    problems.push_back("column '" + column.name + "': number " +
                       number_text(column.numbers[first]) + " in " + faulty.text() +
                       "; numbers must be finite: correct them, or leave the cells empty");
  }
}

void check_no_missing_target(Column const& column, Problems& problems) {
  FaultyRows missing;
  for (std::int64_t row = 0; row < cell_count(column); ++row) {
    if (is_missing(column, row)) missing.add(row);
  }
  if (missing.any()) {
    problems.push_back("target '" + column.name + "' is missing in " + missing.text() +
                       "; fill in or remove these rows");
  }
}

void check_labels_are_binary(Column const& column, Problems& problems) {
  if (column.categorical) {
    problems.push_back("target '" + column.name +
                       "' is text; a multi-label target must be a column of 0 and 1");
    return;
  }
  FaultyRows faulty;
  std::int64_t const rows = cell_count(column);
  for (std::int64_t row = 0; row < rows; ++row) {
    double const value = column.numbers[static_cast<std::size_t>(row)];
    if (!std::isnan(value) && value != 0 && value != 1) faulty.add(row);
  }
  if (!faulty.any()) return;
  problems.push_back("target '" + column.name + "' is " + cell_text(column, faulty.first()) +
                     " in " + faulty.text() + "; a multi-label target must be 0 or 1");
}

}  // namespace brood
