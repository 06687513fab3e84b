// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/data_summary.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>

#include "brood/value.hpp"
#include "data/dates.hpp"
#include "files/io/text.hpp"
#include "tools/fitted_table.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

constexpr std::size_t kMostClasses = 20;  // in text

ColumnSummary summary_of(Column const& column) {
  ColumnSummary summary;
  summary.name = column.name;
  summary.date = column.date;
  if (column.categorical) {
    summary.type = "text";
    summary.rows = static_cast<std::int64_t>(column.codes.size());
    summary.missing = std::count(column.codes.begin(), column.codes.end(), -1);
    summary.levels = static_cast<std::int64_t>(column.levels.size());
    return summary;
  }
  summary.type = column.date.empty() ? "number" : is_clock_format(column.date) ? "time" : "date";
  std::vector<double> numbers;
  for (double const number : column.numbers) {
    if (!std::isnan(number)) numbers.push_back(number);
  }
  summary.rows = static_cast<std::int64_t>(column.numbers.size());
  summary.missing = summary.rows - static_cast<std::int64_t>(numbers.size());
  std::sort(numbers.begin(), numbers.end());
  if (!numbers.empty()) {
    summary.min = numbers.front();
    summary.max = numbers.back();
  }
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  summary.levels = static_cast<std::int64_t>(numbers.size());
  return summary;
}

// Of a column that is an input of the dataset.
std::string inputs_text(InputEncoding const& input) {
  if (input.categorical)
    return counted(static_cast<std::int64_t>(input.levels.size()), "input") + ", one for each text";
  auto const cycles = static_cast<int>(input.cycles.size());
  std::vector<std::string> parts;
  if (input.pieces() > 0) parts.push_back(counted(input.pieces(), "piece"));
  if (input.missing_indicator) parts.push_back("whether it is missing");
  for (Cycle const cycle : input.cycles)
    parts.push_back("time of the " + std::string(name_of(cycle)));
  std::string text =
      counted(1 + (input.missing_indicator ? 1 : 0) + input.pieces() + 2 * cycles, "input");
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? ": also " : ", ") + parts[i];
  return text;
}

// What becomes of columns, by their names.
class Roles {
 public:
  Roles(DatasetOptions const& options, Encoding const* encoding)
      : options_(options), encoding_(encoding), dropped_(options.drop.begin(), options.drop.end()) {
    if (encoding == nullptr) return;
    targets_.insert(encoding->targets.begin(), encoding->targets.end());
    for (InputEncoding const& input : encoding->inputs)
      inputs_.emplace(input.name, &input);
  }

  std::string of(Column const& column) const {
    if (dropped_.contains(column.name)) return "nothing: it is in data.drop";
    if (column.name == options_.weight) return "the weights of the rows";
    for (std::string const& key : {options_.group, options_.time, options_.fold}) {
      if (column.name == key) return "what validation goes by";
    }
    if (encoding_ == nullptr) return column.categorical ? "an input for each text" : "1 input";
    if (targets_.contains(column.name)) {
      return encoding_->task == Task::classification
                 ? "the target: " + std::to_string(encoding_->classes.size()) + " classes"
                 : "the target: " + std::string(name_of(encoding_->task));
    }
    auto const input = inputs_.find(column.name);
    return input == inputs_.end() ? "nothing: left out" : inputs_text(*input->second);
  }

 private:
  DatasetOptions const& options_;
  Encoding const* encoding_;
  std::set<std::string_view> dropped_, targets_;
  std::unordered_map<std::string_view, InputEncoding const*> inputs_;
};

// Why the task is what it is, and how to say otherwise.
std::string reason(DataSummary const& summary, Encoding const& encoding, bool was_said) {
  if (was_said) return "as it was said";
  if (encoding.targets.size() > 1) {
    return encoding.task == Task::multi_label ? "all targets are 0 or 1"
                                              : "there are several targets";
  }
  auto const target = std::find_if(
      summary.columns.begin(), summary.columns.end(),
      [&](ColumnSummary const& each) { return each.name == encoding.targets.front(); });
  if (target == summary.columns.end()) return "";
  if (target->type == "text") return "the target is text";
  if (target->type != "number") return "the target is a " + target->type;
  bool const classes = encoding.task == Task::classification;
  return "the target has " + std::to_string(target->levels) + " different " +
         (classes ? "whole numbers; for numbers say task=regression"
                  : "numbers; for classes say task=classification");
}

// For a table: numbers that are not whole to four digits, dates without the time of day.
std::string short_value(std::optional<double> value, ColumnSummary const& column) {
  if (!value) return "";
  if (column.date.empty())
    return std::trunc(*value) == *value ? to_text(*value) : setting_text(*value);
  std::string const text = value_text(value, column);
  bool const days = column.type == "date" && *column.max - *column.min >= 2;
  return days ? text.substr(0, text.find(' ')) : text;
}

// Of at most so many columns.
std::string columns_text(std::vector<ColumnSummary> const& columns, std::size_t most,
                         std::size_t width) {
  std::vector<std::vector<std::string>> lines = {
      {"column", "type", "missing", "values", "min", "max", "becomes"}};
  for (std::size_t i = 0; i < std::min(columns.size(), most); ++i) {
    ColumnSummary const& c = columns[i];
    lines.push_back({c.name, c.type, std::to_string(c.missing), std::to_string(c.levels),
                     short_value(c.min, c), short_value(c.max, c), c.becomes});
  }
  std::string text = fitted_table(
      std::move(lines),
      {.width = width, .always = {"column", "becomes"}, .first_out = {"min", "max"}, .indent = 2});
  if (columns.size() > most) {
    text += "  and " + counted(static_cast<std::int64_t>(columns.size() - most), "column") +
            " more; brood describe --json has them all\n";
  }
  return text;
}

// Of more columns than are shown: how many there are of each kind.
std::string kinds_text(std::vector<ColumnSummary> const& columns) {
  std::map<std::string, std::int64_t> kinds;
  std::int64_t with_missing = 0, left_out = 0;
  for (ColumnSummary const& column : columns) {
    ++kinds[column.type];
    with_missing += column.missing > 0 ? 1 : 0;
    left_out += column.becomes.starts_with("nothing") ? 1 : 0;
  }
  std::string text;
  for (auto const& [kind, count] : kinds)
    text += (text.empty() ? "  " : ", ") + counted(count, kind);
  if (with_missing > 0) text += "; " + std::to_string(with_missing) + " with missing values";
  if (left_out > 0) text += "; " + std::to_string(left_out) + " left out";
  return text + '\n';
}

std::string classes_text(std::vector<std::pair<std::string, std::int64_t>> const& classes) {
  std::string text;
  std::size_t const shown = std::min(classes.size(), kMostClasses);
  for (std::size_t i = 0; i < shown; ++i)
    text += (i == 0 ? "" : ", ") + classes[i].first + ' ' + std::to_string(classes[i].second);
  if (shown < classes.size()) {
    auto const [least, most] =
        std::minmax_element(classes.begin(), classes.end(),
                            [](auto const& a, auto const& b) { return a.second < b.second; });
    text += " and " + std::to_string(classes.size() - shown) + " more, of " +
            std::to_string(least->second) + " to " + counted(most->second, "row");
  }
  return text;
}

}  // namespace

std::string value_text(std::optional<double> value, ColumnSummary const& column) {
  if (!value) return "";
  return column.date.empty() ? to_text(*value) : date_text(*value, column.date);
}

DataSummary summarize(std::vector<Column> const& columns, files::Sweep const& sweep,
                      bool task_was_said, Dataset const* dataset) {
  DataSummary summary;
  Encoding const* const encoding = dataset == nullptr ? nullptr : &dataset->encoding;
  Roles const roles(sweep.dataset, encoding);
  for (Column const& column : columns) {
    summary.columns.push_back(summary_of(column));
    summary.columns.back().becomes = roles.of(column);
  }
  if (dataset == nullptr) return summary;
  summary.task = encoding->task;
  summary.why = reason(summary, *encoding, task_was_said);
  if (encoding->task != Task::classification) return summary;
  for (std::string const& name : encoding->classes)
    summary.classes.emplace_back(name, 0);
  for (float const y : dataset->y)
    ++summary.classes[static_cast<std::size_t>(y)].second;
  return summary;
}

std::string text_of(DataSummary const& summary, files::Sweep const& sweep, std::size_t most_columns,
                    std::size_t width) {
  files::TextLayout const& layout = sweep.layout;
  std::string text = files::name_in_messages(sweep.data_path) + ": " +
                     counted(summary.rows(), "row") + ", " +
                     counted(static_cast<std::int64_t>(summary.columns.size()), "column");
  if (!layout.separator.empty()) {
    text += "; separator: " + layout.separator + ", header: " + (layout.header ? "yes" : "no");
  }
  text = wrapped(text, width) + columns_text(summary.columns, most_columns, width);
  if (summary.columns.size() > most_columns) text += wrapped(kinds_text(summary.columns), width);
  if (!summary.task) return text;
  std::string const classes = classes_text(summary.classes);
  text += wrapped("task: " + std::string(name_of(*summary.task)) +
                      (summary.why.empty() ? "" : ", as " + summary.why) +
                      (classes.empty() ? "" : "; rows by class: " + classes),
                  width);
  return text;
}

}  // namespace brood::tools
