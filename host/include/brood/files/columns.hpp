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

// Whether the cells of a column are numbers, names of categories or dates.
enum class ColumnKind { numeric, categorical, date };

// What a data file does not say of itself.
struct ReadOptions {
  std::string format;  // "csv", "idx", "npy"; empty: by the file's name
  // csv; absent: the first line is one if none of its cells is a number and some other line has
  // one, if it names one of `targets`, or if it counts up from 0 or 1.
  std::optional<bool> header;
  // csv: "comma", "semicolon", "tab", "pipe", "space" (any run of them) or another character, and
  // "." or ","; empty: found from the first lines.
  std::string separator, decimal;
  // csv: the cells that are missing, beside empty ones. Absent: `?` and NA; and in columns whose
  // other cells are numbers NaN, null, None, N/A, - and the like.
  std::optional<std::vector<std::string>> missing;
  std::vector<std::string> targets;                      // columns that are to be predicted
  std::map<std::string, ColumnKind, std::less<>> kinds;  // overrides, by column name
  // How the columns of kind `date` are written: "dd/mm/yyyy" ...
  std::map<std::string, std::string, std::less<>> dates;
  // Cells of numbers and dates that cannot be read are missing, and counted in Column::unread; a
  // column of nothing else is refused.
  bool lenient = false;
  // Columns that become categorical if they are there and nothing else is said of them.
  std::set<std::string, std::less<>> texts;
  std::string copy;    // csv: a column whose cells are wanted as they are written, too
  std::string labels;  // idx, npy: path of the file with the labels; read as the
                       // column `label`. npz: its arrays are `x` and `y`
};

// How the text of a csv file was read, where it does not say so itself.
struct TextLayout {
  std::string separator, decimal;  // "comma" ..., "." or ","; empty for binary files
  bool header = false;
  std::vector<std::string> notes;  // a sentence each: what was found, and how to say otherwise
  std::vector<std::string> copied = {};  // the cells of ReadOptions::copy, by row
};

// csv: RFC 4180 with any separator and line end, in UTF-8, UTF-16 or Windows-1252. A column is
// numeric if every cell that is not missing is a number: as std::from_chars reads it but no inf, in
// groups of three digits, or all with one mark such as $ or %. If at least 90 % are, the others are
// missing if they are a word or a few, each in several rows, else an error naming the override
// `data.columns.NAME=categorical`. If all are dates of one format or times, it is numeric (see
// Column::date). Else it is categorical, as is a target with numbers such as 007.
// Columns without a name are c1 .. cN, and left out if they count the rows or are empty; those of
// one name are x, x.1, x.2. Blank lines are left out. found: null, or where to put what was found.
// idx: (rows, ...) becomes p1 .. pN. npy: 1 or 2 dimensions become c1 .. cN.
std::vector<Column> read_columns(std::string const& path, ReadOptions const& options = {},
                                 TextLayout* found = nullptr);

// The same from bytes in memory; `name` stands for the path in messages.
std::vector<Column> parse_csv(std::string_view bytes, std::string const& name,
                              ReadOptions const& options = {}, TextLayout* found = nullptr);
std::vector<Column> parse_idx(std::string_view bytes, std::string const& name);
std::vector<Column> parse_npy(std::string_view bytes, std::string const& name);
std::vector<Column> parse_npz(std::string_view bytes, std::string const& name);

// What messages call a file: its path, or "standard input".
std::string name_in_messages(std::string const& path);

// Whole file, or the standard input for "-", gunzipped if it begins like gzip. UsageError if it is
// missing, unreadable, a directory or larger than `most` bytes unpacked.
std::string read_file(std::string const& path, std::int64_t most = std::int64_t{1} << 34);

}  // namespace brood::files
