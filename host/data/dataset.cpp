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
#include "data/cells.hpp"
#include "data/row_keys.hpp"

namespace brood {
namespace {

constexpr std::size_t kMaxClassNumbers = 20;
constexpr std::size_t kMaxLevels = 256;
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
      problems.push_back(option + ": there is no column '" + name + "'; " + columns_are(columns));
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

std::vector<float> sorted_numbers(Column const& column) {
  std::vector<float> numbers;
  for (float const number : column.numbers) {
    if (!std::isnan(number)) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// The numbers that occur, in order.
std::vector<float> distinct_numbers(Column const& column) {
  auto numbers = sorted_numbers(column);
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

bool more_than_half(std::size_t distinct, std::int64_t rows) {
  return rows > kFewRows && 2 * static_cast<std::int64_t>(distinct) > rows;
}

// The quantiles that divide the numbers into so many pieces, values that occur, each once; nothing
// if that leaves fewer than two pieces.
std::vector<float> quantiles(Column const& column, int pieces) {
  auto const numbers = sorted_numbers(column);
  if (numbers.empty()) return {};
  std::vector<float> edges;
  for (int i = 0; i <= pieces; ++i) {
    std::size_t const last = numbers.size() - 1;
    edges.push_back(numbers[last * static_cast<std::size_t>(i) / static_cast<std::size_t>(pieces)]);
  }
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  if (edges.size() < 3) edges.clear();
  return edges;
}

InputEncoding describe_input(Column const& column, DatasetOptions const& options,
                             Problems& problems) {
  InputEncoding input;
  input.name = column.name;
  input.categorical = column.categorical;
  if (column.categorical) {
    std::int64_t const rows = cell_count(column);
    input.levels = used_levels(column);
    if (input.levels.size() > kMaxLevels || more_than_half(input.levels.size(), rows)) {
      problems.push_back("column '" + column.name +
                         "' looks like an identifier: " + std::to_string(input.levels.size()) +
                         " different texts in " + std::to_string(rows) +
                         " rows; at most 256, and at most one for every two rows, can become "
                         "inputs: drop it with data.drop");
    }
    return input;
  }
  if (options.missing_indicator) {
    for (float const number : column.numbers) {
      input.missing_indicator = input.missing_indicator || std::isnan(number);
    }
  }
  if (options.bins > 0) input.edges = quantiles(column, options.bins);
  return input;
}

bool is_class_like(Column const& column) {
  if (column.categorical) return true;
  auto const numbers = distinct_numbers(column);
  return numbers.size() <= kMaxClassNumbers &&
         std::all_of(numbers.begin(), numbers.end(), [](float v) { return std::trunc(v) == v; });
}

bool is_binary(Column const& column) {
  return !column.categorical &&
         std::all_of(column.numbers.begin(), column.numbers.end(),
                     [](float v) { return std::isnan(v) || v == 0 || v == 1; });
}

Task decide_task(std::vector<Column const*> const& targets) {
  if (targets.size() == 1) {
    return is_class_like(*targets.front()) ? Task::classification : Task::regression;
  }
  bool const binary = std::all_of(targets.begin(), targets.end(),
                                  [](Column const* target) { return is_binary(*target); });
  return binary ? Task::multi_label : Task::regression;
}

std::vector<std::string> class_labels(Column const& column) {
  if (column.categorical) return used_levels(column);
  std::vector<std::string> labels;
  for (float const number : distinct_numbers(column))
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

void check_regression_targets(std::vector<Column const*> const& targets, Problems& problems) {
  for (Column const* const target : targets) {
    if (!target->categorical) continue;
    problems.push_back("target '" + target->name + "' is text; regression needs numbers" +
                       (targets.size() == 1 ? ": choose data.task=classification"
                                            : ", and classification takes one target only"));
  }
}

// Task, targets and classes of the encoding.
void describe_targets(std::vector<Column const*> const& targets, std::optional<Task> task,
                      Encoding& encoding, Problems& problems) {
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

  encoding.task = task ? *task : decide_task(targets);
  switch (encoding.task) {
    case Task::regression:
      check_regression_targets(targets, problems);
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
      encoding.classes = class_labels(*targets.front());
      check_classes(*targets.front(), encoding.classes, problems);
      break;
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

  for (Column const* const column : roles.inputs) {
    if (!is_sound(*column, problems)) continue;
    dataset.encoding.inputs.push_back(describe_input(*column, options, problems));
  }
  describe_targets(roles.targets, options.task, dataset.encoding, problems);
  if (roles.weight != nullptr && is_sound(*roles.weight, problems)) {
    dataset.weights = row_weights(*roles.weight, problems);
  }
  if (roles.key != nullptr && is_sound(*roles.key, problems)) {
    dataset.keys = row_keys(*roles.key, key, problems);
  }
  if (!problems.empty()) throw UsageError(std::move(problems));

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
  // One-hot and indicator inputs are 0 or 1 already.
  for (auto const& input : encoding.inputs) {
    if (input.categorical) {
      table.as_is.insert(table.as_is.end(), input.levels.size(), true);
    } else {
      table.as_is.push_back(false);
      if (input.missing_indicator) table.as_is.push_back(true);
      table.as_is.insert(table.as_is.end(), static_cast<std::size_t>(input.pieces()), false);
    }
  }
  return table;
}

}  // namespace brood
