// SPDX-License-Identifier: Apache-2.0
// make_dataset: decides what each raw column is (target, weight, input), what the task is and how
// columns become numbers. Goes through all of it before it throws, so that one run names every
// problem.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brood/data.hpp"
#include "brood/error.hpp"
#include "brood/value.hpp"
#include "data/cells.hpp"
#include "data/dates.hpp"
#include "data/frame.hpp"
#include "data/row_keys.hpp"

namespace brood {
namespace {

constexpr std::size_t kMaxClassNumbers = 20;
// The most frequent texts of a column are inputs whatever their rows; others if they have so many.
constexpr std::size_t kSureLevels = 256, kMaxLevels = 1024;
constexpr std::int64_t kRowsOfALevel = 4;
// ... and the column's inputs are no more numbers than these (400 MB).
constexpr std::size_t kMaxCells = 100'000'000;
// Whole numbers are a scale, not classes, if there are so many and one of them in fewer rows.
constexpr std::size_t kFewestOfAScale = 6;
constexpr std::int64_t kFewRowsOfANumber = 5;
// In tables of up to this many rows, texts may all differ.
constexpr std::int64_t kFewRows = 20;

struct Roles {
  std::vector<Column const*> targets;
  std::vector<Column const*> inputs;  // in file order
  Column const* weight = nullptr;
  Column const* key = nullptr;  // what validation goes by
};

std::string columns_are(std::span<Column const> columns) {
  std::vector<std::string> names;
  for (auto const& column : columns)
    names.push_back(column.name);
  return "the columns are: " + name_list(names);
}

bool contains(std::vector<std::string> const& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_named_columns(std::span<Column const> columns, DatasetOptions const& options,
                         KeyOption const& key, ColumnIndex const& index, Problems& problems) {
  auto const check_exists = [&](std::string const& name, std::string const& option) {
    if (name.empty()) {
      problems.push_back(option + " has an empty name; " + columns_are(columns));
    } else if (index.find(name) == nullptr) {
      std::vector<std::string_view> names;
      for (Column const& column : columns)
        names.push_back(column.name);
      problems.push_back(option + ": there is no column '" + name + "'; " + columns_are(columns) +
                         did_you_mean(name, names));
    }
  };
  if (options.targets.empty()) {
    problems.push_back("data.target is empty; name the column to predict; " + columns_are(columns));
  }
  std::set<std::string_view> seen;
  for (auto const& name : options.targets) {
    check_exists(name, "data.target");
    if (!seen.insert(name).second) {
      problems.push_back("data.target names column '" + name + "' twice; name it once");
    }
    if (contains(options.drop, name)) {
      problems.push_back("column '" + name +
                         "' is in both data.target and data.drop; take it from one");
    }
  }
  for (auto const& name : options.drop)
    check_exists(name, "data.drop");
  if (!key.option.empty()) {
    check_exists(key.column, key.option);
    bool const is_target = contains(options.targets, key.column);
    if (is_target || key.column == options.weight) {
      problems.push_back(key.option + ": column '" + key.column + "' is " +
                         (is_target ? "data.target" : "data.weight") +
                         " too; it can be one of them");
    }
    if (contains(options.drop, key.column)) {
      problems.push_back(key.option + ": column '" + key.column +
                         "' is in data.drop too; it is never an input, so take it from data.drop");
    }
  }
  if (options.weight.empty()) return;
  check_exists(options.weight, "data.weight");
  if (contains(options.targets, options.weight)) {
    problems.push_back("column '" + options.weight +
                       "' is both data.weight and data.target; it can be one of them");
  }
  if (contains(options.drop, options.weight)) {
    problems.push_back("column '" + options.weight +
                       "' is both data.weight and in data.drop; a column of weights is never an "
                       "input, so take it from data.drop");
  }
}

Roles assign_roles(std::span<Column const> columns, DatasetOptions const& options,
                   KeyOption const& key, Problems& problems) {
  ColumnIndex const index(columns);
  check_named_columns(columns, options, key, index, problems);

  Roles roles;
  for (auto const& name : options.targets) {
    if (Column const* const column = index.find(name)) roles.targets.push_back(column);
  }
  if (!options.weight.empty()) roles.weight = index.find(options.weight);
  if (!key.option.empty()) roles.key = index.find(key.column);
  std::set<std::string_view> reported;
  for (auto const& column : columns) {
    if (contains(options.drop, column.name)) continue;
    if (index.is_ambiguous(column.name) && reported.insert(column.name).second) {
      problems.push_back("several columns are called '" + column.name + "'; names must differ");
    }
    bool const has_role = column.name == options.weight || column.name == key.column ||
                          contains(options.targets, column.name);
    if (!has_role) {
      roles.inputs.push_back(&column);
    }
  }
  if (roles.inputs.empty()) {
    problems.push_back("no input columns are left beside target, weight and data.drop; " +
                       columns_are(columns));
  }
  return roles;
}

// Whether the cells can be read; else the reason is among the problems.
bool is_sound(Column const& column, Problems& problems) {
  std::size_t const before = problems.size();
  check_cells(column, problems);
  return problems.size() == before;
}

// The texts that occur, sorted.
std::vector<std::string> used_levels(Column const& column) {
  std::vector<bool> used(column.levels.size(), false);
  for (std::int32_t const code : column.codes) {
    if (code >= 0) used[static_cast<std::size_t>(code)] = true;
  }
  std::set<std::string> levels;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) levels.insert(column.levels[i]);
  }
  return {levels.begin(), levels.end()};
}

std::vector<double> sorted_numbers(Column const& column) {
  std::vector<double> numbers;
  for (double const number : column.numbers) {
    if (!std::isnan(number)) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// The numbers that occur, in order.
std::vector<double> distinct_numbers(Column const& column) {
  auto numbers = sorted_numbers(column);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

// Whether all cells are there and the same.
bool is_constant(Column const& column) {
  auto const same = [](auto const& cells) {
    return std::all_of(cells.begin(), cells.end(),
                       [&](auto const& cell) { return cell == cells.front(); });
  };
  return column.categorical ? same(column.codes) : same(column.numbers);
}

bool more_than_half(std::size_t distinct, std::int64_t rows) {
  return rows > kFewRows && 2 * static_cast<std::int64_t>(distinct) > rows;
}

// The quantiles that divide the numbers, in their frame, into so many pieces, values that occur,
// each once; nothing if that leaves fewer than two pieces.
std::vector<float> quantiles(Column const& column, Frame const& frame, int pieces) {
  auto const numbers = sorted_numbers(column);
  if (numbers.empty()) return {};
  std::vector<float> edges;
  for (int i = 0; i <= pieces; ++i) {
    std::size_t const last = numbers.size() - 1;
    std::size_t const at = last * static_cast<std::size_t>(i) / static_cast<std::size_t>(pieces);
    edges.push_back(static_cast<float>(frame.inside(numbers[at])));
  }
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  if (edges.size() < 3) edges.clear();
  return edges;
}

// Of many texts those that are inputs, sorted: the most frequent, of those that are as frequent the
// first in that order.
std::vector<std::string> most_frequent(Column const& column, std::vector<std::string> levels) {
  std::map<std::string_view, std::int64_t> rows;
  for (std::int32_t const code : column.codes) {
    if (code >= 0) ++rows[column.levels[static_cast<std::size_t>(code)]];
  }
  std::stable_sort(levels.begin(), levels.end(),
                   [&](std::string const& a, std::string const& b) { return rows[a] > rows[b]; });
  std::size_t count = kSureLevels;
  std::size_t const most =
      std::min({levels.size(), kMaxLevels, std::max(kSureLevels, kMaxCells / column.codes.size())});
  while (count < most && rows[levels[count]] >= kRowsOfALevel)
    ++count;
  levels.resize(count);
  std::sort(levels.begin(), levels.end());
  return levels;
}

// Nothing for an identifier: a text that says nothing of other rows.
std::optional<InputEncoding> describe_text(Column const& column, std::vector<std::string>& notes) {
  InputEncoding input;
  input.name = column.name;
  input.categorical = true;
  input.levels = used_levels(column);
  std::size_t const texts = input.levels.size();
  std::int64_t const rows = cell_count(column);
  if (more_than_half(texts, rows)) {
    notes.push_back("column '" + column.name + "' is left out: it has " + std::to_string(texts) +
                    " different texts in " + std::to_string(rows) +
                    " rows, which say little of other rows");
    return std::nullopt;
  }
  if (texts > kSureLevels) {
    input.levels = most_frequent(column, std::move(input.levels));
    std::size_t const kept = input.levels.size();
    if (kept < texts) {
      notes.push_back("column '" + column.name + "' has " + std::to_string(texts) +
                      " different texts: the " + std::to_string(kept) +
                      " most frequent are inputs, and the others count as missing");
    }
  }
  return input;
}

std::string listed(std::vector<std::string> const& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 < parts.size() ? ", " : " and ") + parts[i];
  return text;
}

// "holds dates (dd/mm/yyyy) from 2024-01-31 to 2024-12-01"
std::string holds_dates(Column const& column) {
  auto const numbers = sorted_numbers(column);
  return "holds " + std::string(is_clock_format(column.date) ? "times" : "dates") + " (" +
         column.date + ") from " + date_text(numbers.front(), column.date) + " to " +
         date_text(numbers.back(), column.date);
}

std::string note_on_dates(Column const& column, std::vector<Cycle> const& cycles) {
  std::vector<std::string> parts;
  for (Cycle const cycle : cycles)
    parts.push_back("of the " + std::string(name_of(cycle)));
  return "column '" + column.name + "' " + holds_dates(column) + ": inputs are the time" +
         (parts.empty() ? "" : ", and the time " + listed(parts)) +
         "; for texts say data.columns." + column.name + "=categorical";
}

std::optional<InputEncoding> describe_input(Column const& column, DatasetOptions const& options,
                                            std::vector<std::string>& notes) {
  if (column.categorical) return describe_text(column, notes);
  InputEncoding input;
  input.name = column.name;
  if (options.missing_indicator) {
    for (double const number : column.numbers) {
      input.missing_indicator = input.missing_indicator || std::isnan(number);
    }
  }
  input.frame = frame_of(column.numbers, kInputMagnitudes);
  if (options.bins > 0) input.edges = quantiles(column, input.frame, options.bins);
  if (!column.date.empty() && !all_missing(column)) {
    input.date = column.date;
    input.cycles = cycles_of(column.numbers, column.date);
    notes.push_back(note_on_dates(column, input.cycles));
  }
  return input;
}

// What the numbers of a column that varies lose in fp32: whole numbers may run together.
std::string merged_note(Column const& column, Frame const& frame) {
  double most = 0;
  bool whole = true;
  for (double const number : column.numbers) {
    if (std::isnan(number)) continue;
    most = std::max(most, std::fabs(frame.inside(number)));
    whole = whole && std::trunc(number) == number;
  }
  bool const apart = most * 0x1p-24 * frame.unit < 1;
  if (!whole || apart) return "";
  auto const numbers = distinct_numbers(column);
  std::set<float> narrow;
  for (double const number : numbers)
    narrow.insert(static_cast<float>(frame.inside(number)));
  if (narrow.size() == numbers.size()) return "";
  return "column '" + column.name + "': its " + std::to_string(numbers.size()) +
         " different whole numbers from " + number_text(numbers.front()) + " to " +
         number_text(numbers.back()) + " are " + std::to_string(narrow.size()) +
         " in the 32 bits that networks take; if they are codes, say data.columns." + column.name +
         "=categorical";
}

// Inputs that say nothing, and those of which numbers run together.
std::vector<std::string> notes_on(std::vector<Column const*> const& inputs,
                                  std::vector<InputEncoding> const& encodings) {
  std::vector<std::string> notes, empty, constant;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Column const& column = *inputs[i];
    if (all_missing(column)) {
      empty.push_back(column.name);
    } else if (is_constant(column)) {
      constant.push_back(column.name);
    } else if (!column.categorical) {
      std::string note = merged_note(column, encodings[i].frame);
      if (!note.empty()) notes.push_back(std::move(note));
    }
  }
  if (!empty.empty()) notes.push_back("without a single value: " + name_list(empty));
  if (!constant.empty()) notes.push_back("the same in every row: " + name_list(constant));
  return notes;
}

bool is_class_like(Column const& column) {
  if (column.categorical) return true;
  if (!column.date.empty()) return false;
  auto const numbers = distinct_numbers(column);
  return numbers.size() <= kMaxClassNumbers &&
         std::all_of(numbers.begin(), numbers.end(), [](double v) { return std::trunc(v) == v; });
}

bool is_binary(Column const& column) {
  return !column.categorical &&
         std::all_of(column.numbers.begin(), column.numbers.end(),
                     [](double v) { return std::isnan(v) || v == 0 || v == 1; });
}

// Whole numbers that are counts or grades rather than classes: many, and some in few rows.
bool is_scale(Column const& column) {
  if (column.categorical) return false;
  std::map<double, std::int64_t> rows;
  for (double const number : column.numbers) {
    if (!std::isnan(number)) ++rows[number];
  }
  return rows.size() >= kFewestOfAScale &&
         std::any_of(rows.begin(), rows.end(),
                     [](auto const& each) { return each.second < kFewRowsOfANumber; });
}

Task decide_task(std::vector<Column const*> const& targets, std::vector<std::string>& notes) {
  if (targets.size() == 1) {
    if (!is_class_like(*targets.front())) return Task::regression;
    if (!is_scale(*targets.front())) return Task::classification;
    notes.push_back("target '" + targets.front()->name + "' has " +
                    std::to_string(distinct_numbers(*targets.front()).size()) +
                    " different whole numbers, some of them in fewer than 5 rows: the task is "
                    "regression; if they are classes, say task=classification");
    return Task::regression;
  }
  bool const binary = std::all_of(targets.begin(), targets.end(),
                                  [](Column const* target) { return is_binary(*target); });
  return binary ? Task::multi_label : Task::regression;
}

std::vector<std::string> class_labels(Column const& column) {
  if (column.categorical) return used_levels(column);
  std::vector<std::string> labels;
  for (double const number : distinct_numbers(column))
    labels.push_back(number_text(number));
  return labels;
}

void check_classes(Column const& target, std::vector<std::string> const& classes,
                   Problems& problems) {
  std::int64_t const rows = cell_count(target);
  if (classes.size() == 1) {
    problems.push_back("target '" + target.name + "' is '" + classes.front() +
                       "' in every row; classification needs at least 2 classes");
  }
  if (more_than_half(classes.size(), rows)) {
    problems.push_back("target '" + target.name + "' has " + std::to_string(classes.size()) +
                       " classes in " + std::to_string(rows) +
                       " rows; classification needs at least two rows for every class: choose "
                       "another target" +
                       (target.categorical ? "" : ", or data.task=regression"));
  }
  std::map<std::string_view, std::string_view> label_of;
  for (auto const& label : classes) {
    auto const [first, is_new] = label_of.try_emplace(comparable_label(label), label);
    if (is_new) continue;
    problems.push_back("target '" + target.name + "': classes '" + std::string(first->second) +
                       "' and '" + label +
                       "' differ only in spaces or a full stop at the end, which do not tell "
                       "classes apart; spell them the same");
  }
}

// Puts the positive class second.
void order_classes(std::string const& positive, std::vector<std::string>& classes,
                   Problems& problems) {
  if (positive.empty()) return;
  auto const found = std::find_if(classes.begin(), classes.end(), [&](std::string const& label) {
    return comparable_label(label) == comparable_label(positive);
  });
  if (found == classes.end() || classes.size() != 2) {
    problems.push_back(
        "data.positive: '" + positive + "' is not one of two classes; the target has " +
        (classes.size() == 2 ? "" : std::to_string(classes.size()) + ": ") + name_list(classes));
  } else if (found == classes.begin()) {
    std::swap(classes.front(), classes.back());
  }
}

void check_regression_targets(std::vector<Column const*> const& targets, Problems& problems) {
  for (Column const* const target : targets) {
    if (!target->categorical) continue;
    problems.push_back("target '" + target->name + "' is text; regression needs numbers" +
                       (targets.size() == 1 ? ": choose data.task=classification"
                                            : ", and classification takes one target only"));
  }
}

void note_date_targets(std::vector<Column const*> const& targets, std::vector<std::string>& notes) {
  for (Column const* const target : targets) {
    if (target->date.empty()) continue;
    notes.push_back("target '" + target->name + "' " + holds_dates(*target) + ": predicted are " +
                    (is_clock_format(target->date) ? "seconds" : "days since 1970-01-01") +
                    "; if they are classes, say data.columns." + target->name + "=categorical");
  }
}

// Frames of one unit, so that errors of all targets can be summed; none if all are plain.
std::vector<Frame> target_frames(std::vector<Column const*> const& targets) {
  std::vector<Frame> frames;
  double unit = 0;
  for (Column const* const target : targets) {
    frames.push_back(frame_of(target->numbers, kTargetMagnitudes));
    unit = std::max(unit, frames.back().unit);
  }
  bool const plain = std::all_of(frames.begin(), frames.end(),
                                 [](Frame const& frame) { return frame.is_plain(); });
  if (plain) return {};
  for (Frame& frame : frames)
    frame.unit = unit;
  return frames;
}

// Task, targets and classes of the encoding.
void describe_targets(std::vector<Column const*> const& targets, std::optional<Task> task,
                      std::string const& positive, Encoding& encoding,
                      std::vector<std::string>& notes, Problems& problems) {
  bool usable = !targets.empty();
  for (Column const* const target : targets) {
    encoding.targets.push_back(target->name);
    if (!is_sound(*target, problems)) {
      usable = false;
    } else if (all_missing(*target)) {
      problems.push_back("target '" + target->name + "' is empty: it is missing in all " +
                         std::to_string(cell_count(*target)) + " rows; choose another column");
      usable = false;
    } else {
      check_no_missing_target(*target, problems);
    }
  }
  if (!usable) return;

  encoding.task = task ? *task : decide_task(targets, notes);
  switch (encoding.task) {
    case Task::regression:
      check_regression_targets(targets, problems);
      note_date_targets(targets, notes);
      encoding.frames = target_frames(targets);
      break;
    case Task::multi_label:
      for (Column const* const target : targets)
        check_labels_are_binary(*target, problems);
      break;
    case Task::classification:
      if (targets.size() > 1) {
        problems.push_back("data.target names " + std::to_string(targets.size()) +
                           " columns; classification takes one, and several columns of 0 and 1 "
                           "are data.task=multi_label");
        break;
      }
      if (!targets.front()->date.empty()) {
        problems.push_back("target '" + targets.front()->name + "' " +
                           holds_dates(*targets.front()) +
                           ", which are numbers; if they are classes, say data.columns." +
                           targets.front()->name + "=categorical");
        break;
      }
      encoding.classes = class_labels(*targets.front());
      check_classes(*targets.front(), encoding.classes, problems);
      order_classes(positive, encoding.classes, problems);
      break;
  }
  if (!positive.empty() && encoding.task != Task::classification) {
    problems.push_back("data.positive: '" + positive + "' is for two classes; the targets are " +
                       (encoding.task == Task::regression ? "values" : "labels"));
  }
}

}  // namespace

Dataset make_dataset(std::span<Column const> columns, DatasetOptions const& options) {
  Problems problems;
  Dataset dataset;
  dataset.rows = common_row_count(columns, problems);
  if (dataset.rows == 0 && problems.empty()) problems.push_back("the data has no rows");
  if (dataset.rows > std::numeric_limits<std::int32_t>::max()) {
    problems.push_back("the data has " + std::to_string(dataset.rows) +
                       " rows; at most 2147483647 can be used");
  }
  if (options.bins < 0 || options.bins == 1 || options.bins > kMaxBins) {
    problems.push_back("data.bins is " + std::to_string(options.bins) + "; it must be 0, or 2 to " +
                       std::to_string(kMaxBins));
  }
  KeyOption const key = key_option(options, problems);
  Roles const roles = assign_roles(columns, options, key, problems);
  if (dataset.rows == 0) throw UsageError(std::move(problems));

  std::vector<Column const*> inputs;
  for (Column const* const column : roles.inputs) {
    if (!is_sound(*column, problems)) continue;
    auto input = describe_input(*column, options, dataset.notes);
    if (!input) continue;
    inputs.push_back(column);
    dataset.encoding.inputs.push_back(std::move(*input));
  }
  if (inputs.empty() && problems.empty()) {
    problems.push_back(
        "no input columns are left, as all are texts that say little of other rows; " +
        columns_are(columns));
  }
  describe_targets(roles.targets, options.task, options.positive, dataset.encoding, dataset.notes,
                   problems);
  if (roles.weight != nullptr && is_sound(*roles.weight, problems)) {
    dataset.weights = row_weights(*roles.weight, problems);
  }
  if (roles.key != nullptr && is_sound(*roles.key, problems)) {
    dataset.keys = row_keys(*roles.key, key, problems);
  }
  if (!problems.empty()) throw UsageError(std::move(problems));

  for (std::string& note : notes_on(inputs, dataset.encoding.inputs))
    dataset.notes.push_back(std::move(note));
  dataset.x = encode_inputs(columns, dataset.encoding);
  dataset.y = encode_targets(columns, dataset.encoding).value();
  return dataset;
}

Table Dataset::table() const {
  Table table;
  table.x = {x.data(), rows, encoding.input_count()};
  table.y = {y.data(), rows, static_cast<int>(encoding.targets.size())};
  if (!weights.empty()) table.weights = {weights.data(), rows, 1};
  table.keys = keys;
  table.task = encoding.task;
  table.classes = static_cast<int>(encoding.classes.size());
  table.target_unit = encoding.target_unit();
  table.class_names = encoding.classes;
  auto const add = [&](std::size_t columns, bool as_is, bool derived) {
    table.as_is.insert(table.as_is.end(), columns, as_is);
    table.derived.insert(table.derived.end(), columns, derived);
  };
  // One-hot and indicator inputs are 0 or 1 already.
  for (auto const& input : encoding.inputs) {
    if (input.categorical) {
      add(input.levels.size(), true, false);
    } else {
      add(1, false, false);
      if (input.missing_indicator) add(1, true, false);
      add(static_cast<std::size_t>(input.pieces()) + 2 * input.cycles.size(), false, true);
    }
  }
  return table;
}

}  // namespace brood
