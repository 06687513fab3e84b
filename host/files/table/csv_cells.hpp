// SPDX-License-Identifier: Apache-2.0
// The first half of reading csv: bytes into cells, in one pass and without copying a cell. What is
// wrong with the text (quotes, ragged rows, bytes that are not text) is noted, the row left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "files/table/csv_dialect.hpp"

namespace brood::files {

// The problems of one text, by offset; thrown together as `name:line:column: ...` in the order of
// the text. The first 20 are told, the rest counted.
class CsvProblems {
 public:
  CsvProblems(std::string_view bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  void add(std::size_t offset, std::string what);
  // About no place in the text: `name: ...`.
  void add(std::string what) { add(std::string_view::npos, std::move(what)); }
  bool none() const { return count_ == 0; }
  // Throws UsageError.
  [[noreturn]] void throw_all();

 private:
  struct Problem {
    std::size_t offset;
    std::string what;
  };
  std::string_view bytes_, name_;
  std::vector<Problem> told_;
  std::int64_t count_ = 0;
};

// Where a cell's text lies: trimmed, or between its quotes. Packed, since there is one for each
// cell of the file.
struct Cell {
  std::uint64_t begin : 40;
  std::uint64_t size : 23;
  std::uint64_t escaped : 1;  // holds doubled quotes
};
static_assert(sizeof(Cell) == 8);

struct CsvCells {
  std::string_view bytes;
  std::vector<Cell> cells;  // (rows, columns), row-major
  std::int64_t columns = 0;
  bool complete = true;       // false: the first row is bad, or the text after some quote is lost
  std::int64_t comments = 0;  // lines
  std::int64_t blanks = 0;    // lines, but of a file of one column

  std::int64_t rows() const {
    return columns == 0 ? 0 : static_cast<std::int64_t>(cells.size()) / columns;
  }
  Cell cell(std::int64_t row, std::int64_t column) const {
    return cells[static_cast<std::size_t>(row * columns + column)];
  }
  // As written, doubled quotes included.
  std::string_view raw(Cell cell) const { return {bytes.data() + cell.begin, cell.size}; }
  std::string text(Cell cell) const;
  // Of its first byte, or of its opening quote.
  std::size_t offset(Cell cell) const;
};

// `bytes` without a byte order mark. A line that begins with # and has another number of cells than
// the dialect's lines is a comment. The first row gets the cell that it lacks, empty.
CsvCells split_csv(std::string_view bytes, CsvDialect const& dialect, CsvProblems& problems);

}  // namespace brood::files
