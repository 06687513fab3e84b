// SPDX-License-Identifier: Apache-2.0
#include "files/table/csv_header.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "data/dates.hpp"
#include "files/io/text.hpp"

namespace brood::files {

// A cell with doubled quotes is neither missing nor a number, so its raw text will do.
bool has_number(CsvCells const& cells, CellReader const& reader, std::int64_t first_row,
                std::int64_t last_row) {
  auto const begin = cells.cells.begin() + first_row * cells.columns;
  auto const end = cells.cells.begin() + last_row * cells.columns;
  return std::any_of(begin, end, [&](Cell cell) { return reader.is_number(cells.raw(cell)); });
}

namespace {

bool has_date(CsvCells const& cells, std::int64_t row) {
  for (std::int64_t i = 0; i < cells.columns; ++i) {
    std::string_view const cell = trimmed(cells.raw(cells.cell(row, i)));
    for (std::string_view const format : date_formats()) {
      if (read_date(cell, format)) return true;
    }
  }
  return false;
}

// Whether the first line counts up from 0 or 1: names that a program gave to columns without any.
bool counts_up(CsvCells const& cells) {
  constexpr std::int64_t kFewest = 3;
  if (cells.columns < kFewest || cells.rows() < 2) return false;
  std::string_view const first = cells.raw(cells.cell(0, 0));
  if (first != "0" && first != "1") return false;
  for (std::int64_t i = 0; i < cells.columns; ++i) {
    if (cells.raw(cells.cell(0, i)) != std::to_string(i + (first == "1" ? 1 : 0))) return false;
  }
  return true;
}

constexpr std::int64_t kRowsLookedAt = 200;

// Whether a column holds numbers and nothing else from a row on, as far as one looks.
bool is_numeric_from(CsvCells const& cells, CellReader const& reader, std::int64_t row,
                     std::int64_t column) {
  bool any = false;
  for (std::int64_t end = std::min(cells.rows(), row + kRowsLookedAt); row < end; ++row) {
    std::string_view const cell = cells.raw(cells.cell(row, column));
    if (reader.is_missing(cell) || reader.is_missing_number(cell)) continue;
    if (!reader.is_number(cell)) return false;
    any = true;
  }
  return any;
}

bool is_word(CsvCells const& cells, CellReader const& reader, std::int64_t row,
             std::int64_t column) {
  std::string_view const cell = cells.raw(cells.cell(row, column));
  return !reader.is_missing(cell) && !reader.is_missing_number(cell) && !reader.is_number(cell);
}

// A word of the first line above nothing but numbers, where the numbers beside it are such as are
// names (years, say): whole, and each once.
std::optional<std::string> word_above_numbers(CsvCells const& cells, CellReader const& reader) {
  constexpr std::int64_t kFewestRows = 3;
  if (cells.rows() < kFewestRows) return std::nullopt;
  std::set<std::string_view> names;
  std::optional<std::string> word;
  for (std::int64_t i = 0; i < cells.columns; ++i) {
    std::string_view const cell = cells.raw(cells.cell(0, i));
    bool const whole =
        !cell.empty() && cell.find_first_not_of("0123456789") == std::string_view::npos;
    if (reader.is_number(cell) && !whole) return std::nullopt;
    if (!cell.empty() && !names.insert(cell).second) return std::nullopt;
    if (!word && is_word(cells, reader, 0, i) && is_numeric_from(cells, reader, 1, i)) word = cell;
  }
  return word;
}

// A second line of names, such as units: a row without a number, with words in columns (two or
// more) that else hold numbers.
std::optional<std::string> second_line_of_names(CsvCells const& cells, CellReader const& reader) {
  constexpr std::int64_t kFewestRows = 4;
  if (cells.rows() < kFewestRows || has_number(cells, reader, 1, 2)) return std::nullopt;
  std::optional<std::string> word;
  std::int64_t numeric = 0;
  for (std::int64_t i = 0; i < cells.columns; ++i) {
    if (!is_numeric_from(cells, reader, 2, i)) continue;
    if (!is_word(cells, reader, 1, i)) continue;  // missing
    ++numeric;
    if (!word) word = cells.text(cells.cell(1, i));
  }
  return numeric >= 2 ? word : std::nullopt;
}

// Whether a cell of the first line is a column that the caller asked for.
std::string const* named_in_first_line(CsvCells const& cells, ReadOptions const& options) {
  for (std::int64_t i = 0; i < cells.columns; ++i) {
    std::string const text(trimmed(cells.text(cells.cell(0, i))));
    auto const target = std::find(options.targets.begin(), options.targets.end(), text);
    if (!text.empty() && target != options.targets.end()) return &*target;
    auto const kind = options.kinds.find(text);
    if (kind != options.kinds.end()) return &kind->first;
  }
  return nullptr;
}

// Whether the first line is the header, and why where that is not plain to see.
bool find_header(CsvCells const& cells, CellReader const& reader, ReadOptions const& options,
                 std::vector<std::string>& notes) {
  if (options.header) return *options.header;
  bool const words_first = !has_number(cells, reader, 0, 1);
  if (words_first && has_number(cells, reader, 1, cells.rows())) return true;
  if (words_first && cells.rows() > 1 && !has_date(cells, 0) && has_date(cells, 1)) return true;
  if (std::string const* name = named_in_first_line(cells, options)) {
    notes.push_back("the first line is read as the header, as it names " + quoted(*name) +
                    "; if it is a row, say data.header=false");
    return true;
  }
  if (auto const word = words_first ? std::nullopt : word_above_numbers(cells, reader)) {
    notes.push_back("the first line is read as the header, as " + quoted(*word) +
                    " stands above numbers; if it is a row, say data.header=false");
    return true;
  }
  if (counts_up(cells)) {
    notes.push_back(
        "the first line is read as the header, as it counts up; if it is a row, say "
        "data.header=false");
    return true;
  }
  return false;
}

// At most five of them.
std::string list_of_few(std::vector<std::string> const& texts) {
  constexpr std::size_t kMost = 5;
  std::string list;
  for (std::size_t i = 0; i < std::min(texts.size(), kMost); ++i)
    list += (i == 0 ? "" : ", ") + texts[i];
  if (texts.size() > kMost) list += " and " + std::to_string(texts.size() - kMost) + " more";
  return list;
}

}  // namespace

std::int64_t header_lines(CsvCells const& cells, CellReader const& reader,
                          ReadOptions const& options, std::vector<std::string>& notes) {
  if (!find_header(cells, reader, options, notes)) return 0;
  auto const word = second_line_of_names(cells, reader);
  if (!word) return 1;
  notes.push_back("the line below the header is left out, as it has words such as " +
                  quoted(*word) + " where the others have numbers");
  return 2;
}

std::vector<std::string> numbered_names(std::int64_t columns) {
  std::vector<std::string> names(static_cast<std::size_t>(columns), "c");
  for (std::size_t i = 0; i < names.size(); ++i)
    names[i] += std::to_string(i + 1);
  return names;
}

std::vector<std::string> header_names(CsvCells const& cells, CsvProblems& problems,
                                      std::vector<std::string>& notes) {
  std::vector<std::string> names, renamed;
  std::set<std::string> seen;
  for (std::int64_t column = 0; column < cells.columns; ++column)
    names.emplace_back(trimmed(cells.text(cells.cell(0, column))));
  std::set<std::string> const given(names.begin(), names.end());
  std::unordered_map<std::string, std::int64_t> copies;
  for (std::string& name : names) {
    if (name.empty() || seen.insert(name).second) continue;
    std::int64_t& copy = copies[name];
    std::string other;
    do {
      other = name + '.' + std::to_string(++copy);
    } while (given.contains(other) || seen.contains(other));
    renamed.push_back(quoted(other));
    name = other;
    seen.insert(std::move(other));
  }
  if (!renamed.empty()) {
    notes.push_back("of columns of one name the later ones are called " + list_of_few(renamed));
  }
  for (std::int64_t column = 0; column < cells.columns; ++column) {
    std::string& name = names[static_cast<std::size_t>(column)];
    if (!name.empty()) continue;
    name = 'c' + std::to_string(column + 1);
    if (seen.contains(name)) {
      problems.add(cells.offset(cells.cell(0, column)), "column " + std::to_string(column + 1) +
                                                            " has no name in the header, and " +
                                                            name + " is another one; give it one");
    }
  }
  return names;
}

}  // namespace brood::files
