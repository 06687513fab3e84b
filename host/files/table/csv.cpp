// SPDX-License-Identifier: Apache-2.0
// The second half of reading csv: cells into columns. Decides whether there is a header and what
// kind each column is; every problem of the file is thrown at once.
#include <algorithm>
#include <limits>
#include <unordered_map>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/value.hpp"
#include "files/io/text.hpp"
#include "files/table/csv_cells.hpp"

namespace brood::files {

namespace {

bool is_missing(std::string_view text) {
  return text.empty() || text == "?" || text == "NA";
}

bool is_number(std::string_view text) {
  return read_number<float>(text).reading != Reading::not_a_number;
}

// A cell with doubled quotes is neither missing nor a number, so its raw text will do.
bool has_number(CsvCells const& cells, std::int64_t first_row, std::int64_t last_row) {
  auto const begin = cells.cells.begin() + first_row * cells.columns;
  auto const end = cells.cells.begin() + last_row * cells.columns;
  return std::any_of(begin, end, [&](Cell cell) { return is_number(cells.raw(cell)); });
}

// A file of one column is most likely one whose cells are separated otherwise.
void check_separator(CsvCells const& cells, CsvProblems& problems) {
  if (cells.columns != 1) return;
  Cell const first = cells.cell(0, 0);
  std::size_t const at = cells.raw(first).find_first_of(";\t");
  if (at == std::string_view::npos || cells.offset(first) != first.begin) return;
  problems.add(first.begin + at, std::string("the cells seem to be separated by ") +
                                     (cells.raw(first)[at] == ';' ? "semicolons" : "tabs") +
                                     "; write commas (or put the cell in quotes)");
}

std::vector<std::string> numbered_names(std::int64_t columns) {
  std::vector<std::string> names(static_cast<std::size_t>(columns), "c");
  for (std::size_t i = 0; i < names.size(); ++i)
    names[i] += std::to_string(i + 1);
  return names;
}

std::vector<std::string> header_names(CsvCells const& cells, CsvProblems& problems) {
  std::vector<std::string> names;
  std::unordered_map<std::string, std::int64_t> seen;
  for (std::int64_t column = 0; column < cells.columns; ++column) {
    Cell const cell = cells.cell(0, column);
    std::string name(trimmed(cells.text(cell)));
    if (name.empty()) {
      problems.add(cells.offset(cell), "column " + std::to_string(column + 1) +
                                           " has no name in the header; give it one");
    } else if (auto const [other, is_first] = seen.emplace(name, column); !is_first) {
      problems.add(cells.offset(cell), "columns " + std::to_string(other->second + 1) + " and " +
                                           std::to_string(column + 1) + " are both named " +
                                           quoted(name));
    }
    names.push_back(std::move(name));
  }
  return names;
}

void check_overrides(ReadOptions const& options, std::vector<std::string> const& names,
                     CsvProblems& problems) {
  std::vector<std::string_view> const candidates(names.begin(), names.end());
  for (auto const& [name, kind] : options.kinds) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::string const nearest = nearest_name(name, candidates);
    problems.add("data.columns." + name + ": there is no column of this name" +
                 (nearest.empty() ? "" : "; did you mean " + quoted(nearest) + "?"));
  }
}

class ColumnReader {
 public:
  ColumnReader(CsvCells const& cells, bool header, CsvProblems& problems)
      : cells_(cells), first_row_(header ? 1 : 0), problems_(problems) {}

  Column read(std::int64_t index, std::string name, ColumnKind const* kind) const {
    Column column;
    column.name = std::move(name);
    if (kind && *kind == ColumnKind::categorical) {
      read_levels(index, column);
      return column;
    }
    Numbers numbers = read_numbers(index, /*give_up_early=*/kind == nullptr);
    auto const bad = static_cast<std::int64_t>(numbers.not_numbers.size());
    // Fewer than 90 % of those that are there are numbers.
    if (!kind && 10 * bad > numbers.present) {
      read_levels(index, column);
      return column;
    }
    for (std::int64_t const row : numbers.too_large) {
      problems_.add(offset(row, index), text(row, index) + " in column " + quoted(column.name) +
                                            " is too large; numbers go to 3.4e38");
    }
    if (kind) {
      for (std::int64_t const row : numbers.not_numbers)
        add_forced_problem(row, index, column);
    } else if (bad > 0) {
      add_mixed_problem(numbers, index, column);
    }
    column.numbers = std::move(numbers.values);
    return column;
  }

 private:
  struct Numbers {
    std::vector<float> values;                         // NaN where there is none
    std::int64_t present = 0;                          // cells that are not missing
    std::vector<std::int64_t> not_numbers, too_large;  // rows
  };

  // Giving up early leaves the rest unread once the column can only be categorical.
  Numbers read_numbers(std::int64_t index, bool give_up_early) const {
    Numbers result;
    std::int64_t const rows = cells_.rows() - first_row_;
    result.values.assign(static_cast<std::size_t>(rows), std::numeric_limits<float>::quiet_NaN());
    for (std::int64_t row = first_row_; row < cells_.rows(); ++row) {
      std::string_view const cell = cells_.raw(cells_.cell(row, index));
      if (is_missing(cell)) continue;
      ++result.present;
      auto const number = read_number<float>(cell);
      if (number.reading == Reading::number) {
        result.values[static_cast<std::size_t>(row - first_row_)] = number.value;
      } else if (number.reading == Reading::too_large) {
        result.too_large.push_back(row);
      } else {
        result.not_numbers.push_back(row);
        auto const bad = static_cast<std::int64_t>(result.not_numbers.size());
        if (give_up_early && 10 * bad > rows) break;
      }
    }
    return result;
  }

  void read_levels(std::int64_t index, Column& column) const {
    struct Hash : std::hash<std::string_view> {
      using is_transparent = void;
    };
    std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> codes;
    column.categorical = true;
    column.codes.reserve(static_cast<std::size_t>(cells_.rows() - first_row_));
    std::string unescaped;
    for (std::int64_t row = first_row_; row < cells_.rows(); ++row) {
      Cell const cell = cells_.cell(row, index);
      std::string_view level = cells_.raw(cell);
      if (is_missing(level)) {
        column.codes.push_back(-1);
        continue;
      }
      if (cell.escaped) level = unescaped = cells_.text(cell);
      auto found = codes.find(level);
      if (found == codes.end()) {
        found = codes.emplace(level, static_cast<std::int32_t>(column.levels.size())).first;
        column.levels.emplace_back(level);
      }
      column.codes.push_back(found->second);
    }
  }

  std::size_t offset(std::int64_t row, std::int64_t index) const {
    return cells_.offset(cells_.cell(row, index));
  }
  std::string text(std::int64_t row, std::int64_t index) const {
    return quoted(cells_.text(cells_.cell(row, index)));
  }

  void add_forced_problem(std::int64_t row, std::int64_t index, Column const& column) const {
    problems_.add(offset(row, index), text(row, index) + " is not a number, and data.columns." +
                                          column.name +
                                          "=numeric (missing cells are empty, ? or NA)");
  }

  void add_mixed_problem(Numbers const& numbers, std::int64_t index, Column const& column) const {
    std::int64_t const row = numbers.not_numbers.front();
    auto const bad = static_cast<std::int64_t>(numbers.not_numbers.size());
    std::string what = text(row, index) + " in column " + quoted(column.name) +
                       " is not a number, as " + std::to_string(numbers.present - bad) +
                       " of its " + counted(numbers.present, "cell") +
                       " are; correct it (missing cells are empty, ? or NA), or read the column "
                       "as text with data.columns." +
                       column.name + "=categorical";
    if (row == 0) what += ", or say data.header=true if this line is the header";
    problems_.add(offset(row, index), std::move(what));
  }

  CsvCells const& cells_;
  std::int64_t first_row_;
  CsvProblems& problems_;
};

}  // namespace

std::vector<Column> parse_csv(std::string_view bytes, std::string const& name,
                              ReadOptions const& options) {
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  CsvProblems problems(bytes, name);
  CsvCells const cells = split_csv(bytes, problems);
  std::int64_t const rows = cells.rows();
  if (rows == 0 && problems.none()) problems.add(std::size_t{0}, "the file is empty");
  if (rows == 0 || !cells.complete) problems.throw_all();
  check_separator(cells, problems);

  bool const words_first = !has_number(cells, 0, 1);
  bool const header = options.header.value_or(words_first && has_number(cells, 1, rows));
  std::vector<std::string> names =
      header ? header_names(cells, problems) : numbered_names(cells.columns);
  check_overrides(options, names, problems);
  if (rows == 1 && problems.none()) {
    if (header) problems.add(bytes.size(), "there are no rows after the header");
    if (!options.header && words_first) {
      problems.add(bytes.size(),
                   "there are no rows after what looks like a header; say data.header=false if it "
                   "is a row");
    }
  }
  if (rows == 1 && !problems.none()) problems.throw_all();

  ColumnReader const reader(cells, header, problems);
  std::vector<Column> columns;
  columns.reserve(names.size());
  for (std::int64_t i = 0; i < cells.columns; ++i) {
    std::string& column_name = names[static_cast<std::size_t>(i)];
    constexpr ColumnKind kText = ColumnKind::categorical;
    auto const kind = options.kinds.find(column_name);
    ColumnKind const* const asked = kind != options.kinds.end()        ? &kind->second
                                    : options.texts.count(column_name) ? &kText
                                                                       : nullptr;
    columns.push_back(reader.read(i, std::move(column_name), asked));
  }
  if (!problems.none()) problems.throw_all();
  return columns;
}

}  // namespace brood::files
