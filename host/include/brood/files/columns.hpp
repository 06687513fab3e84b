// SPDX-License-Identifier: Apache-2.0
// Readers of data files: csv, idx, npy and npz, each also as .gz. All of them give columns.
// Every malformed file is a UsageError that begins `file:line:col:` (1-based) or, for binary files,
// `file: byte N:` (from 0); never a crash, and nothing is allocated on a file's word alone.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "brood/data.hpp"

namespace brood::files {

// Whether the cells of a column are numbers or names of categories.
enum class ColumnKind { numeric, categorical };

// What a data file does not say of itself.
struct ReadOptions {
  std::string format;          // "csv", "idx", "npy"; empty: by the file's name
  std::optional<bool> header;  // csv; absent: the first line is one if none of its cells
                               // is a number and some other line has one
  std::map<std::string, ColumnKind, std::less<>> kinds;  // overrides, by column name
  // Columns that become categorical if they are there and nothing else is said of them.
  std::set<std::string, std::less<>> texts;
  std::string labels;  // idx, npy: path of the file with the labels; read as the
                       // column `label`. npz: its arrays are `x` and `y`
};

// csv: RFC 4180 with CR, LF or CRLF line ends and an optional UTF-8 mark; spaces around cells are
// trimmed outside quotes; empty, `?` and NA are missing. A column is numeric if every non-missing
// cell is a number (decimal, as std::from_chars reads it; inf and nan are not). If at least 90 %
// are, the first cell that is not is an error naming the override `data.columns.NAME=categorical`.
// Else it is categorical. Without a header, columns are c1 .. cN.
// idx: (rows, ...) becomes p1 .. pN. npy: 1 or 2 dimensions become c1 .. cN.
std::vector<Column> read_columns(std::string const& path, ReadOptions const& options = {});

// The same from bytes in memory; `name` stands for the path in messages.
std::vector<Column> parse_csv(std::string_view bytes, std::string const& name,
                              ReadOptions const& options = {});
std::vector<Column> parse_idx(std::string_view bytes, std::string const& name);
std::vector<Column> parse_npy(std::string_view bytes, std::string const& name);
std::vector<Column> parse_npz(std::string_view bytes, std::string const& name);

// Whole file, gunzipped if it begins like gzip. UsageError if it is missing, unreadable, a
// directory or larger than `most` bytes unpacked.
std::string read_file(std::string const& path, std::int64_t most = std::int64_t{1} << 34);

}  // namespace brood::files
