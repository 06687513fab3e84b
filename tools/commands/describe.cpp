// SPDX-License-Identifier: Apache-2.0
// brood describe: what is read from a data file and what becomes of each column; trains nothing.
#include <algorithm>
#include <cmath>
#include <optional>

#include "brood/error.hpp"
#include "files/io/text.hpp"
#include "tools/commands/commands.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

constexpr std::size_t kMaxShown = 100;  // columns, and classes, in text
constexpr std::size_t kMaxNameBytes = 28;

// What a person wants to know of a column before anything is made of it.
struct Summary {
  std::string name, becomes;
  bool categorical = false;
  std::int64_t rows = 0, missing = 0;
  std::size_t levels = 0;  // different values
  std::optional<double> min, max;
};

Summary summary_of(Column const& column) {
  Summary summary;
  summary.name = column.name;
  summary.categorical = column.categorical;
  if (column.categorical) {
    summary.rows = static_cast<std::int64_t>(column.codes.size());
    summary.missing = std::count(column.codes.begin(), column.codes.end(), -1);
    summary.levels = column.levels.size();
    return summary;
  }
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
  summary.levels = numbers.size();
  return summary;
}

struct Described {
  files::Sweep sweep;
  std::vector<Column> columns;
  std::vector<Summary> summaries;
  std::optional<Dataset> dataset;  // with a target, if one can be made
  std::vector<std::string> problems;
};

bool is_one_of(std::vector<std::string> const& names, std::string const& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Of a column that is an input of the dataset.
std::string inputs_text(InputEncoding const& input) {
  if (input.categorical)
    return counted(static_cast<std::int64_t>(input.levels.size()), "input") + ", one for each text";
  std::string text = counted(1 + (input.missing_indicator ? 1 : 0) + input.pieces(), "input");
  if (input.pieces() > 0) text += ": the number and " + std::to_string(input.pieces()) + " pieces";
  if (input.missing_indicator) text += ", 1 where it is missing";
  return text;
}

std::string becomes(Described const& described, Column const& column) {
  DatasetOptions const& options = described.sweep.dataset;
  if (is_one_of(options.drop, column.name)) return "nothing: it is in data.drop";
  if (column.name == options.weight) return "the weights of the rows";
  for (std::string const& key : {options.group, options.time, options.fold}) {
    if (column.name == key) return "what validation goes by";
  }
  if (!described.dataset) return column.categorical ? "an input for each text" : "1 input";
  Encoding const& encoding = described.dataset->encoding;
  if (is_one_of(encoding.targets, column.name)) {
    return encoding.task == Task::classification
               ? "the target: " + std::to_string(encoding.classes.size()) + " classes"
               : "the target: " + std::string(name_of(encoding.task));
  }
  auto const input =
      std::find_if(encoding.inputs.begin(), encoding.inputs.end(),
                   [&](InputEncoding const& each) { return each.name == column.name; });
  return input == encoding.inputs.end() ? "nothing" : inputs_text(*input);
}

Described describe_file(Options const& options) {
  bool const has_target = !options.target.empty() ||
                          std::any_of(options.overrides.begin(), options.overrides.end(),
                                      [](auto const& said) { return said.first == "data.target"; });
  std::string const& path = options.inputs.at(0);
  bool const sweep_file = is_sweep_file(path);
  Described described;
  described.sweep = sweep_file || has_target
                        ? read_sweep(options)
                        : files::default_sweep(path, "-1", 0, options.overrides);
  described.sweep.notes.clear();
  if (described.sweep.columns) {
    described.columns = *described.sweep.columns;
    for (std::string const& note : described.sweep.layout.notes)
      described.sweep.notes.push_back(files::name_in_messages(described.sweep.data_path) + ": " +
                                      note);
  } else {
    described.columns = files::read_data(described.sweep);
  }
  if (sweep_file || has_target) {
    described.sweep.columns = std::make_shared<std::vector<Column> const>(described.columns);
    try {
      described.dataset = files::load_dataset(described.sweep);
    } catch (UsageError const& error) {
      for (std::string const& problem : error.problems()) {
        if (!is_one_of(described.sweep.notes, problem)) described.problems.push_back(problem);
      }
    }
  }
  for (Column const& column : described.columns) {
    described.summaries.push_back(summary_of(column));
    described.summaries.back().becomes = becomes(described, column);
  }
  return described;
}

// Rows by class, in the order of the classes.
std::vector<std::pair<std::string, std::int64_t>> balance(Dataset const& dataset) {
  std::vector<std::pair<std::string, std::int64_t>> classes;
  if (dataset.encoding.task != Task::classification) return classes;
  for (std::string const& name : dataset.encoding.classes)
    classes.emplace_back(name, 0);
  for (float const y : dataset.y)
    ++classes[static_cast<std::size_t>(y)].second;
  return classes;
}

// ---- text

std::string short_name(std::string const& name) {
  if (name.size() <= kMaxNameBytes) return name;
  std::size_t end = kMaxNameBytes - 3;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80)
    --end;  // whole characters
  return name.substr(0, end) + "...";
}

std::string number_or_nothing(std::optional<double> number) {
  return number ? to_text(*number) : "";
}

std::string text(Described const& described, std::int64_t rows) {
  files::TextLayout const& layout = described.sweep.layout;
  std::string result = files::name_in_messages(described.sweep.data_path) + ": " +
                       counted(rows, "row") + ", " +
                       counted(static_cast<std::int64_t>(described.columns.size()), "column");
  if (!layout.separator.empty()) {
    result += "; separator: " + layout.separator + ", header: " + (layout.header ? "yes" : "no");
  }
  result += '\n';
  std::vector<std::vector<std::string>> lines = {
      {"column", "type", "missing", "values", "min", "max", "becomes"}};
  std::size_t const shown = std::min(described.summaries.size(), kMaxShown);
  for (std::size_t i = 0; i < shown; ++i) {
    Summary const& s = described.summaries[i];
    lines.push_back({short_name(s.name), s.categorical ? "text" : "number",
                     std::to_string(s.missing), std::to_string(s.levels), number_or_nothing(s.min),
                     number_or_nothing(s.max), s.becomes});
  }
  result += table(lines, 2);
  if (shown < described.summaries.size()) {
    result += "  and " + std::to_string(described.summaries.size() - shown) +
              " columns more; --json has them all\n";
  }
  if (!described.dataset) return result;
  auto const classes = balance(*described.dataset);
  std::string list;
  for (std::size_t i = 0; i < std::min(classes.size(), kMaxShown); ++i) {
    list += (i == 0 ? "" : ", ") + classes[i].first + ' ' + std::to_string(classes[i].second);
  }
  if (classes.size() > kMaxShown)
    list += " and " + std::to_string(classes.size() - kMaxShown) + " more";
  Task const task = described.dataset->encoding.task;
  result += "task: " + std::string(name_of(task)) +
            (list.empty() ? "" : "; rows by class: " + list) + "\n";
  return result;
}

// ---- JSON

files::Json number_document(std::optional<double> number) {
  return number ? files::Json(*number) : files::Json();
}

files::Json document(Described const& described, std::int64_t rows) {
  files::TextLayout const& layout = described.sweep.layout;
  files::Json json;
  json.set("file", described.sweep.data_path).set("rows", rows);
  json.set("separator", layout.separator).set("decimal", layout.decimal);
  json.set("header", layout.header);
  json.set("task", described.dataset ? files::Json(name_of(described.dataset->encoding.task))
                                     : files::Json());
  files::Json::Array columns;
  for (Summary const& summary : described.summaries) {
    files::Json column;
    column.set("name", summary.name).set("type", summary.categorical ? "text" : "number");
    column.set("missing", summary.missing);
    column.set("levels", static_cast<std::int64_t>(summary.levels));
    column.set("min", number_document(summary.min)).set("max", number_document(summary.max));
    column.set("becomes", summary.becomes);
    columns.push_back(std::move(column));
  }
  json.set("columns", std::move(columns));
  files::Json classes = files::Json::Object();
  if (described.dataset) {
    for (auto const& [name, count] : balance(*described.dataset))
      classes.set(name, count);
  }
  json.set("classes", std::move(classes));
  json.set("notes", files::Json(described.sweep.notes));
  json.set("problems", files::Json(described.problems));
  return json;
}

}  // namespace

int describe(Options const& options) {
  Described const described = describe_file(options);
  std::int64_t const rows = described.summaries.empty() ? 0 : described.summaries.front().rows;
  if (!options.quiet) {
    for (std::string const& note : described.sweep.notes)
      say(note);
    for (std::string const& problem : described.problems)
      say("tune would refuse this: " + problem);
  }
  print_result(options.json ? document(described, rows).text(/*indented=*/true) + "\n"
                            : text(described, rows));
  return 0;
}

}  // namespace brood::tools
