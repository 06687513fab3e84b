// SPDX-License-Identifier: Apache-2.0
// A data file into columns: which reader a file needs, the labels beside it, and the kinds that the
// caller wants the columns of binary files to have.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/value.hpp"
#include "data/dates.hpp"
#include "files/io/text.hpp"
#include "files/table/arrow_table.hpp"
#include "files/table/foreign_formats.hpp"

namespace brood::files {

namespace {

enum class Format { csv, idx, npy, npz, arrow };

#if BROOD_WITH_ARROW
constexpr bool kReadsArrow = true;
#else
constexpr bool kReadsArrow = false;
#endif

std::optional<Format> format_of_name(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  if (name == "-") return Format::csv;  // the standard input
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  constexpr std::pair<std::string_view, Format> kEndings[] = {
      {".csv", Format::csv},   {".tsv", Format::csv}, {".tab", Format::csv}, {".psv", Format::csv},
      {".data", Format::csv},  {".dat", Format::csv}, {".txt", Format::csv}, {".idx", Format::idx},
      {"-ubyte", Format::idx}, {".npy", Format::npy}, {".npz", Format::npz}};
  for (auto const& [ending, format] : kEndings) {
    if (name.ends_with(ending)) return format;
  }
  for (std::string_view const ending : {".parquet", ".feather", ".arrow"}) {
    if (kReadsArrow && name.ends_with(ending)) return Format::arrow;
  }
  return std::nullopt;
}

Format format_of(std::string const& path, std::string const& wanted) {
  if (wanted.empty()) {
    if (auto const format = format_of_name(path)) return *format;
    std::string const foreign = foreign_format(path);
    if (!foreign.empty()) throw UsageError(path + ": " + foreign);
    throw UsageError(path + ": the name does not tell the format; say data.format=csv, idx or npy");
  }
  if (wanted == "csv") return Format::csv;
  if (wanted == "idx") return Format::idx;
  if (wanted == "npz") return Format::npz;
  if (wanted == "npy") return format_of_name(path) == Format::npz ? Format::npz : Format::npy;
  throw UsageError(path + ": data.format=" + wanted + "; the formats are csv, idx and npy");
}

std::vector<Column> parse(Format format, std::string_view bytes, std::string const& name,
                          ReadOptions const& options, TextLayout* found) {
  switch (format) {
    case Format::csv:
      return parse_csv(bytes, name, options, found);
    case Format::idx:
      return parse_idx(bytes, name);
    case Format::npy:
      return parse_npy(bytes, name);
    case Format::npz:
      return parse_npz(bytes, name);
    case Format::arrow: {
#if BROOD_WITH_ARROW
      TextLayout layout;
      auto columns = parse_arrow(bytes, name, layout.notes);
      if (found != nullptr) *found = std::move(layout);
      return columns;
#endif
    }
  }
  return {};
}

void check_options(Format format, std::string const& path, ReadOptions const& options) {
  std::vector<std::string> problems;
  if (format != Format::csv && options.header) {
    problems.push_back(path + ": data.header is for csv files; leave it out");
  }
  if (format != Format::csv &&
      (!options.separator.empty() || !options.decimal.empty() || options.missing)) {
    problems.push_back(path +
                       ": data.separator, data.decimal and data.missing are for csv files; leave "
                       "them out");
  }
  if ((format == Format::csv || format == Format::arrow) && !options.labels.empty()) {
    problems.push_back(path + ": data.labels is for idx and npy files; in a " +
                       (format == Format::csv ? "csv" : "Parquet or Arrow") +
                       " file the target is a column, named by data.target");
  }
  if (format == Format::npz && !options.labels.empty()) {
    problems.push_back(path +
                       ": data.labels is for idx and npy files; a npz file holds its labels "
                       "as the array y");
  }
  if (!problems.empty()) throw UsageError(std::move(problems));
}

Column read_labels(std::string const& path, Format format_of_inputs) {
  Format const format = format_of_name(path).value_or(format_of_inputs);
  if (format != Format::idx && format != Format::npy) {
    throw UsageError(path + ": the labels of an idx or npy file are an idx or npy file too");
  }
  std::vector<Column> columns = parse(format, read_file(path), path, {}, nullptr);
  if (columns.size() != 1) {
    throw UsageError(path + ": has " + std::to_string(columns.size()) +
                     " values in each row; labels are one value in each row");
  }
  columns[0].name = "label";
  return std::move(columns[0]);
}

// As short as fp32 needs, for a number that fp32 holds.
std::string level_text(double number) {
  char text[32];
  auto const narrow = static_cast<float>(number);
  bool const exact = static_cast<double>(narrow) == number;
  auto const end = exact ? std::to_chars(text, text + sizeof(text), narrow).ptr
                         : std::to_chars(text, text + sizeof(text), number).ptr;
  return {text, end};
}

// Each number becomes the level that is its shortest text, or its date.
void make_categorical(Column& column) {
  std::unordered_map<double, std::int32_t> codes;
  column.categorical = true;
  column.codes.reserve(column.numbers.size());
  for (double const number : column.numbers) {
    if (std::isnan(number)) {
      column.codes.push_back(-1);
      continue;
    }
    auto const [code, is_new] = codes.emplace(number, static_cast<std::int32_t>(codes.size()));
    if (is_new) {
      column.levels.push_back(column.date.empty() ? level_text(number)
                                                  : date_text(number, column.date));
    }
    column.codes.push_back(code->second);
  }
  column.numbers = {};
  column.date.clear();
}

void apply_kinds(std::vector<Column>& columns, std::string const& path,
                 ReadOptions const& options) {
  std::vector<std::string> problems;
  for (auto const& [name, kind] : options.kinds) {
    auto column = columns.begin();
    while (column != columns.end() && column->name != name)
      ++column;
    if (column == columns.end()) {
      std::vector<std::string_view> candidates;
      for (Column const& other : columns)
        candidates.push_back(other.name);
      std::string const nearest = nearest_name(name, candidates);
      problems.push_back(path + ": data.columns." + name + ": there is no column of this name" +
                         (nearest.empty() ? "" : "; did you mean " + quoted(nearest) + "?"));
    } else if (kind == ColumnKind::categorical && !column->categorical) {
      make_categorical(*column);
    }
  }
  if (!problems.empty()) throw UsageError(std::move(problems));
}

}  // namespace

std::vector<Column> read_columns(std::string const& path, ReadOptions const& options,
                                 TextLayout* found) {
  Format format = format_of(path, options.format);
  check_options(format, path, options);
  std::string const bytes = read_file(path);
  if (kReadsArrow && format == Format::csv && is_arrow(bytes)) format = Format::arrow;
  // Whatever it is called.
  std::string const foreign = format == Format::csv ? foreign_format(path, bytes) : "";
  if (!foreign.empty()) throw UsageError(name_in_messages(path) + ": " + foreign);
  std::vector<Column> columns = parse(format, bytes, name_in_messages(path), options, found);
  if (!options.labels.empty()) {
    Column labels = read_labels(options.labels, format);
    if (labels.numbers.size() != columns[0].numbers.size()) {
      throw UsageError(options.labels + ": has " +
                       counted(static_cast<std::int64_t>(labels.numbers.size()), "label") +
                       ", but " + path + " has " +
                       counted(static_cast<std::int64_t>(columns[0].numbers.size()), "row"));
    }
    columns.push_back(std::move(labels));
  }
  if (format != Format::csv) apply_kinds(columns, path, options);
  return columns;
}

}  // namespace brood::files
