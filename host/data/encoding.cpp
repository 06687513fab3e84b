// SPDX-License-Identifier: Apache-2.0
// Encoding: raw columns to rows of numbers, the same way for the table that was trained on and for
// any later one. Columns are found by name; nothing is learnt from the columns here.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "brood/data.hpp"
#include "brood/error.hpp"
#include "data/cells.hpp"
#include "data/dates.hpp"

namespace brood {
namespace {

int width(InputEncoding const& input) {
  if (input.categorical) return static_cast<int>(input.levels.size());
  return 1 + (input.missing_indicator ? 1 : 0) + input.pieces() +
         2 * static_cast<int>(input.cycles.size());
}

// One input's columns of the table that is being made.
struct Slice {
  float* first;         // row 0
  std::int64_t stride;  // inputs of a row
  float& at(std::int64_t row, std::int64_t column) const { return first[row * stride + column]; }
};

void write_levels(Column const& column, InputEncoding const& input, Slice const& out) {
  // Text columns of a file have the file's own codes; -1: a level that was not there in training.
  std::vector<std::int64_t> input_of_code(column.levels.size(), -1);
  for (std::size_t code = 0; code < column.levels.size(); ++code) {
    auto const found =
        std::lower_bound(input.levels.begin(), input.levels.end(), column.levels[code]);
    if (found != input.levels.end() && *found == column.levels[code]) {
      input_of_code[code] = found - input.levels.begin();
    }
  }
  for (std::int64_t row = 0; row < cell_count(column); ++row) {
    if (is_missing(column, row)) continue;
    std::int32_t const code = column.codes[static_cast<std::size_t>(row)];
    std::int64_t const hot = input_of_code[static_cast<std::size_t>(code)];
    if (hot >= 0) out.at(row, hot) = 1;
  }
}

// Rows with a text that is no level, and the first of them.
struct Unknown {
  std::int64_t rows = 0;
  std::string example = {};
};
Unknown unknown_levels(Column const& column, InputEncoding const& input) {
  std::vector<bool> known;
  for (std::string const& level : column.levels)
    known.push_back(std::binary_search(input.levels.begin(), input.levels.end(), level));
  Unknown unknown;
  for (std::int32_t const code : column.codes) {
    if (code < 0 || known[static_cast<std::size_t>(code)]) continue;
    if (unknown.rows++ == 0) unknown.example = column.levels[static_cast<std::size_t>(code)];
  }
  return unknown;
}

// As near as fp32 comes to it; what is beyond fp32, as only other rows than those trained on can
// be, is its largest number.
float in_frame(Frame const& frame, double value) {
  constexpr double kMost = std::numeric_limits<float>::max();
  double const inside = frame.is_plain() ? value : frame.inside(value);
  return static_cast<float>(std::clamp(inside, -kMost, kMost));
}

void write_numbers(Column const& column, InputEncoding const& input, Slice const& out) {
  for (std::int64_t row = 0; row < cell_count(column); ++row) {
    bool const missing = is_missing(column, row);
    // A text column gets here only if all of it is missing.
    out.at(row, 0) = missing ? std::nanf("")
                             : in_frame(input.frame, column.numbers[static_cast<std::size_t>(row)]);
    if (input.missing_indicator) out.at(row, 1) = missing ? 1.0f : 0.0f;
  }
}

// After the value and its indicator.
void write_pieces(InputEncoding const& input, std::int64_t rows, Slice const& out) {
  std::int64_t const first = input.missing_indicator ? 2 : 1;
  for (std::size_t piece = 0; piece + 1 < input.edges.size(); ++piece) {
    float const low = input.edges[piece], high = input.edges[piece + 1];
    for (std::int64_t row = 0; row < rows; ++row) {
      float const value = out.at(row, 0);  // NaN stays
      float const way = (value - low) / (high - low);
      out.at(row, first + static_cast<std::int64_t>(piece)) = way < 0 ? 0 : way > 1 ? 1 : way;
    }
  }
}

// Last.
void write_cycles(Column const& column, InputEncoding const& input, Slice const& out) {
  std::int64_t at = 1 + (input.missing_indicator ? 1 : 0) + input.pieces();
  for (Cycle const cycle : input.cycles) {
    for (std::int64_t row = 0; row < cell_count(column); ++row) {
      double angle = std::nan("");
      if (!is_missing(column, row)) {
        double const value = column.numbers[static_cast<std::size_t>(row)];
        angle = 2 * std::numbers::pi * place_in(cycle, value, input.date);
      }
      out.at(row, at) = static_cast<float>(std::sin(angle));
      out.at(row, at + 1) = static_cast<float>(std::cos(angle));
    }
    at += 2;
  }
}

// Days, seconds or just numbers.
std::string unit_of(std::string const& date) {
  return date.empty() ? "numbers" : is_clock_format(date) ? "times of day" : "dates";
}

void check_input(Column const& column, InputEncoding const& input, Problems& problems) {
  std::size_t const before = problems.size();
  check_cells(column, problems);
  // A column without a single value has no kind of its own.
  if (problems.size() > before || all_missing(column)) return;
  if (column.categorical == input.categorical) {
    std::string const here = unit_of(column.date), then = unit_of(input.date);
    if (here != then) {
      problems.push_back("column '" + input.name + "' holds " + here + ", but " + then +
                         " in training");
    }
    return;
  }
  if (input.categorical) {
    problems.push_back("column '" + input.name +
                       "' holds numbers, but was text in training; read it " +
                       "as text with data.columns." + input.name + "=categorical");
  } else {
    problems.push_back("column '" + input.name + "' is text, such as '" + column.levels.front() +
                       "', but held numbers in training");
  }
}

std::string edge_text(InputEncoding const& input, std::size_t i) {
  auto const edge = static_cast<double>(input.edges[i]);
  return number_text(input.frame.is_plain() ? edge : input.frame.outside(edge));
}

// Finds a column that is needed; if it cannot be used, adds the problem and gives null.
Column const* find_input(ColumnIndex const& index, InputEncoding const& input, Problems& problems) {
  Column const* const column = index.find(input.name);
  if (column == nullptr) {
    problems.push_back("column '" + input.name + "' is absent; the model needs it as an input");
  } else if (index.is_ambiguous(input.name)) {
    problems.push_back("several columns are called '" + input.name + "'; names must differ");
  } else {
    check_input(*column, input, problems);
  }
  return column;
}

// Class indices of a column's labels, by what is compared of them.
class ClassIndex {
 public:
  explicit ClassIndex(std::vector<std::string> const& classes) {
    for (std::size_t i = 0; i < classes.size(); ++i) {
      index_.emplace(comparable_label(classes[i]), static_cast<float>(i));
    }
  }
  // NaN if the label is none of the classes.
  float find(std::string_view label) const {
    auto const found = index_.find(comparable_label(label));
    return found == index_.end() ? std::nanf("") : found->second;
  }

 private:
  std::unordered_map<std::string_view, float> index_;  // views into the encoding's classes
};

// (rows): class indices; labels that are no class become problems.
std::vector<float> class_targets(Column const& column, Encoding const& encoding,
                                 Problems& problems) {
  ClassIndex const classes(encoding.classes);
  std::vector<float> class_of_code;
  for (auto const& level : column.levels)
    class_of_code.push_back(classes.find(level));
  std::unordered_map<double, float> class_of_number;

  std::vector<float> targets;
  FaultyRows unknown;
  for (std::int64_t row = 0; row < cell_count(column); ++row) {
    auto const index = static_cast<std::size_t>(row);
    float target = 0;
    if (is_missing(column, row)) {
      target = 0;  // reported by the caller
    } else if (column.categorical) {
      target = class_of_code[static_cast<std::size_t>(column.codes[index])];
    } else {
      auto const [entry, is_new] = class_of_number.try_emplace(column.numbers[index]);
      if (is_new) entry->second = classes.find(number_text(column.numbers[index]));
      target = entry->second;
    }
    if (std::isnan(target)) unknown.add(row);
    targets.push_back(target);
  }
  if (unknown.any()) {
    problems.push_back("target '" + column.name + "': label '" +
                       cell_text(column, unknown.first()) + "' in " + unknown.text() +
                       " is none of the classes, which are " + name_list(encoding.classes));
  }
  return targets;
}

// (rows): the numbers of the i-th target in its frame, if the task allows them.
std::vector<float> number_targets(Column const& column, Encoding const& encoding, std::size_t i,
                                  Problems& problems) {
  if (encoding.task == Task::multi_label) {
    check_labels_are_binary(column, problems);
  } else if (column.categorical) {
    problems.push_back("target '" + column.name + "' is text; regression needs numbers");
  }
  Frame const frame = encoding.frames.empty() ? Frame() : encoding.frames[i];
  std::vector<float> targets;
  targets.reserve(column.numbers.size());
  for (double const number : column.numbers)
    targets.push_back(in_frame(frame, number));
  return targets;
}

}  // namespace

int Encoding::input_count() const {
  int count = 0;
  for (auto const& input : inputs)
    count += width(input);
  return count;
}

std::vector<std::string> Encoding::input_names() const {
  std::vector<std::string> names;
  for (auto const& input : inputs) {
    if (input.categorical) {
      for (auto const& level : input.levels)
        names.push_back(input.name + "=" + level);
    } else {
      names.push_back(input.name);
      if (input.missing_indicator) names.push_back(input.name + " missing");
      for (std::size_t i = 0; i + 1 < input.edges.size(); ++i) {
        names.push_back(input.name + " from " + edge_text(input, i) + " to " +
                        edge_text(input, i + 1));
      }
      for (Cycle const cycle : input.cycles) {
        names.push_back("sine of " + input.name + " in the " + std::string(name_of(cycle)));
        names.push_back("cosine of " + input.name + " in the " + std::string(name_of(cycle)));
      }
    }
  }
  return names;
}

int Encoding::output_count() const {
  return static_cast<int>(task == Task::classification ? classes.size() : targets.size());
}

std::vector<float> encode_inputs(std::span<Column const> columns, Encoding const& encoding) {
  Problems problems;
  std::int64_t const rows = common_row_count(columns, problems);
  ColumnIndex const index(columns);
  std::vector<Column const*> sources;
  for (auto const& input : encoding.inputs) {
    sources.push_back(find_input(index, input, problems));
  }
  if (!problems.empty()) throw UsageError(std::move(problems));
  if (rows == 0) return {};

  std::int64_t const inputs = encoding.input_count();
  std::vector<float> x(static_cast<std::size_t>(rows * inputs), 0.0f);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    InputEncoding const& input = encoding.inputs[i];
    Slice const out{x.data() + offset, inputs};
    if (!input.categorical) {
      write_numbers(*sources[i], input, out);
      write_pieces(input, rows, out);
      write_cycles(*sources[i], input, out);
    } else if (sources[i]->categorical) {
      write_levels(*sources[i], input, out);
    }  // else: a column read as numbers, all of it missing, which is all zeros
    offset += width(input);
  }
  return x;
}

std::vector<std::string> notes_on_unknown(std::span<Column const> columns,
                                          Encoding const& encoding) {
  ColumnIndex const index(columns);
  std::vector<std::string> notes;
  for (InputEncoding const& input : encoding.inputs) {
    Column const* const column = index.find(input.name);
    if (column == nullptr) continue;
    Unknown const unknown = input.categorical ? unknown_levels(*column, input)
                                              : Unknown{column->unread, column->unread_text};
    if (unknown.rows == 0) continue;
    std::string const what = input.categorical    ? "a text that the model does not know"
                             : input.date.empty() ? "no number"
                                                  : "no date as " + input.date;
    notes.push_back("column '" + input.name + "': " + what + " in " + std::to_string(unknown.rows) +
                    (unknown.rows == 1 ? " row" : " rows") + ", such as '" + unknown.example +
                    (unknown.rows == 1 ? "'; it counts as missing" : "'; they count as missing"));
  }
  return notes;
}

double Encoding::in_user_units(std::size_t target, float prediction) const {
  auto const value = static_cast<double>(prediction);
  return frames.empty() ? value : frames[target].outside(value);
}

std::optional<std::vector<float>> encode_targets(std::span<Column const> columns,
                                                 Encoding const& encoding) {
  Problems problems;
  std::int64_t const rows = common_row_count(columns, problems);
  ColumnIndex const index(columns);
  std::vector<Column const*> sources;
  bool any_value = false;
  for (auto const& target : encoding.targets) {
    Column const* const column = index.find(target);
    if (column == nullptr) return std::nullopt;
    any_value = any_value || !all_missing(*column);
    sources.push_back(column);
  }
  if (!any_value) return std::nullopt;

  std::vector<std::vector<float>> values;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    Column const* const column = sources[i];
    if (index.is_ambiguous(column->name)) {
      problems.push_back("several columns are called '" + column->name + "'; names must differ");
    }
    std::size_t const before = problems.size();
    check_cells(*column, problems);
    check_no_missing_target(*column, problems);
    if (problems.size() > before) continue;
    values.push_back(encoding.task == Task::classification
                         ? class_targets(*column, encoding, problems)
                         : number_targets(*column, encoding, i, problems));
  }
  if (!problems.empty()) throw UsageError(std::move(problems));

  std::vector<float> y;
  y.reserve(static_cast<std::size_t>(rows) * values.size());
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    for (auto const& column : values)
      y.push_back(column[row]);
  }
  return y;
}

}  // namespace brood
