// SPDX-License-Identifier: Apache-2.0
#include "files/table/cell_reader.hpp"

#include <algorithm>
#include <iterator>

#include "files/table/csv_marks.hpp"

namespace brood::files {

namespace {

// What is read as missing where the caller does not say: in every column the first, and in a column
// whose other cells are numbers the second, too. (In one of texts `None` may be a category.)
constexpr std::string_view kMissing[] = {"", "?", "NA"};
constexpr std::string_view kMissingNumbers[] = {
    "N/A",  "n/a",  "#N/A", "<NA>",   "NaN",     "nan",     "NAN",   "null",   "NULL", "Null",
    "None", "none", "NONE", "-",      "--",      ".",       "..",    "nil",    "NIL",  "missing",
    "NaT",  "n.a.", "N.A.", "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!"};

template <class Words>
bool is_one_of(Words const& words, std::string_view text) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

}  // namespace

bool CellReader::is_missing(std::string_view text) const {
  text = trimmed(text);
  return missing_ ? text.empty() || is_one_of(*missing_, text) : is_one_of(kMissing, text);
}

bool CellReader::is_missing_number(std::string_view text) const {
  return !missing_ && is_one_of(kMissingNumbers, trimmed(text));
}

Number<double> CellReader::number(std::string_view text) const {
  text = trimmed(text);
  bool const comma = dialect_.decimal == ',' && text.find(',') != std::string_view::npos &&
                     text.find('.') == std::string_view::npos;
  return read_number<double>(comma ? plain_number(text, ',') : text);
}

Number<double> CellReader::written_otherwise(std::string_view text) const {
  text = trimmed(text);
  auto const plain = read_number<double>(plain_number(text, dialect_.decimal));
  if (plain.reading == Reading::number) return plain;
  MarkedNumber const marked = without_mark(text);
  if (marked.mark.empty()) return {};
  auto const rest = number(marked.number);
  return rest.reading == Reading::number
             ? rest
             : read_number<double>(plain_number(marked.number, dialect_.decimal));
}

}  // namespace brood::files
