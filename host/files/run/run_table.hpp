// SPDX-License-Identifier: Apache-2.0
// A table that a run wrote (trials.csv, curves.csv), split into cells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/table/csv_cells.hpp"

namespace brood::files {

class RunTable {
 public:
  // Throws UsageError if there is no such file, StorageError `file:line:column: ...` if it is no
  // table.
  explicit RunTable(std::string path);
  RunTable(RunTable const&) = delete;  // its cells point into its bytes
  RunTable& operator=(RunTable const&) = delete;

  std::string const& path() const { return path_; }
  std::int64_t rows() const { return cells_.rows(); }  // with that of the names
  std::int64_t columns() const { return cells_.columns; }
  std::string text(std::int64_t row, std::int64_t column) const {
    return cells_.text(cells_.cell(row, column));
  }
  // As it is written: without a copy.
  std::string_view raw(std::int64_t row, std::int64_t column) const {
    return cells_.raw(cells_.cell(row, column));
  }
  // Those of row 0.
  std::vector<std::string> const& names() const { return names_; }
  std::optional<std::int64_t> find(std::string_view name) const;
  // The lines of the file that the rows after the names begin at, from 1.
  std::vector<std::int64_t> lines() const;
  // StorageError `file:line: is damaged: what`.
  [[noreturn]] void damaged(std::int64_t row, std::string const& what) const;

 private:
  std::string path_, bytes_;
  CsvCells cells_;
  std::vector<std::string> names_;
};

}  // namespace brood::files
