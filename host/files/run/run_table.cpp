// SPDX-License-Identifier: Apache-2.0
#include "files/run/run_table.hpp"

#include <algorithm>
#include <utility>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"

namespace brood::files {

RunTable::RunTable(std::string path) : path_(std::move(path)), bytes_(read_file(path_)) {
  CsvProblems problems(bytes_, path_);
  cells_ = split_csv(bytes_, {}, problems);
  if (!problems.none()) {
    try {
      problems.throw_all();
    } catch (UsageError const& error) {
      throw StorageError(error.what());
    }
  }
  if (rows() == 0) return;
  for (std::int64_t column = 0; column < columns(); ++column)
    names_.push_back(text(0, column));
}

std::optional<std::int64_t> RunTable::find(std::string_view name) const {
  auto const found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return found - names_.begin();
}

std::vector<std::int64_t> RunTable::lines() const {
  std::vector<std::int64_t> lines;
  std::int64_t line = 1;
  auto at = bytes_.begin();
  for (std::int64_t row = 1; row < rows(); ++row) {
    auto const begin =
        bytes_.begin() + static_cast<std::ptrdiff_t>(cells_.offset(cells_.cell(row, 0)));
    line += std::count(at, begin, '\n');
    lines.push_back(line);
    at = begin;
  }
  return lines;
}

void RunTable::damaged(std::int64_t row, std::string const& what) const {
  std::int64_t const line = row == 0 ? 1 : lines()[static_cast<std::size_t>(row - 1)];
  throw StorageError(path_ + ":" + std::to_string(line) + ": is damaged: " + what);
}

}  // namespace brood::files
