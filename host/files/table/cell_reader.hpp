// SPDX-License-Identifier: Apache-2.0
// What a cell of a csv file is: a word for a missing value, or a number, however it is written.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brood/files/columns.hpp"
#include "files/io/text.hpp"
#include "files/table/csv_dialect.hpp"

namespace brood::files {

// Spaces around a cell that were in its quotes are neither part of a number nor of such a word.
class CellReader {
 public:
  CellReader(ReadOptions const& options, CsvDialect const& dialect)
      : missing_(options.missing), dialect_(dialect) {}

  // Missing in any column, and in one whose other cells are numbers or dates.
  bool is_missing(std::string_view text) const;
  bool is_missing_number(std::string_view text) const;
  // With decimals as in the rest of the file.
  Number<double> number(std::string_view text) const;
  // With groups of digits, or the mark of a unit.
  Number<double> written_otherwise(std::string_view text) const;
  // Either of them.
  bool is_number(std::string_view text) const {
    return number(text).reading != Reading::not_a_number ||
           written_otherwise(text).reading == Reading::number;
  }

 private:
  std::optional<std::vector<std::string>> const& missing_;
  CsvDialect dialect_;
};

}  // namespace brood::files
