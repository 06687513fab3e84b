// SPDX-License-Identifier: Apache-2.0
// brood describe: what is read from a data file and what becomes of each column; trains nothing.
#include <algorithm>
#include <optional>

#include "brood/error.hpp"
#include "files/io/text.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/data_summary.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

constexpr std::size_t kMostColumns = 100;  // in text

struct Described {
  files::Sweep sweep;
  std::vector<Column> columns;
  DataSummary summary;
  std::vector<std::string> problems;
};

bool is_one_of(std::vector<std::string> const& names, std::string const& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
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
                        : files::default_sweep(path, "-1", {}, options.overrides);
  described.sweep.notes.clear();
  if (described.sweep.columns) {
    described.columns = *described.sweep.columns;
    for (std::string const& note : described.sweep.layout.notes)
      described.sweep.notes.push_back(files::name_in_messages(described.sweep.data_path) + ": " +
                                      note);
  } else {
    described.columns = files::read_data(described.sweep);
  }
  bool const task_was_said = described.sweep.dataset.task.has_value();
  std::optional<Dataset> dataset;  // with a target, if one can be made
  if (sweep_file || has_target) {
    described.sweep.columns = std::make_shared<std::vector<Column> const>(described.columns);
    try {
      dataset = files::load_dataset(described.sweep);
    } catch (UsageError const& error) {
      for (std::string const& problem : error.problems()) {
        if (!is_one_of(described.sweep.notes, problem)) described.problems.push_back(problem);
      }
    }
  }
  described.summary =
      summarize(described.columns, described.sweep, task_was_said, dataset ? &*dataset : nullptr);
  return described;
}

// ---- JSON

// Dates and times as they are written in ISO 8601.
files::Json value_document(std::optional<double> value, ColumnSummary const& column) {
  if (!value) return {};
  return column.date.empty() ? files::Json(*value) : files::Json(value_text(value, column));
}

files::Json document(Described const& described) {
  files::TextLayout const& layout = described.sweep.layout;
  DataSummary const& summary = described.summary;
  files::Json json;
  json.set("file", described.sweep.data_path).set("rows", summary.rows());
  json.set("separator", layout.separator).set("decimal", layout.decimal);
  json.set("header", layout.header);
  json.set("task", summary.task ? files::Json(name_of(*summary.task)) : files::Json());
  files::Json::Array columns;
  for (ColumnSummary const& each : summary.columns) {
    files::Json column;
    column.set("name", each.name).set("type", each.type);
    if (!each.date.empty()) column.set("format", each.date);
    column.set("missing", each.missing).set("levels", each.levels);
    column.set("min", value_document(each.min, each)).set("max", value_document(each.max, each));
    column.set("becomes", each.becomes);
    columns.push_back(std::move(column));
  }
  json.set("columns", std::move(columns));
  files::Json classes = files::Json::Object();
  for (auto const& [name, count] : summary.classes)
    classes.set(name, count);
  json.set("classes", std::move(classes));
  json.set("notes", files::Json(described.sweep.notes));
  json.set("problems", files::Json(described.problems));
  return json;
}

}  // namespace

int describe(Options const& options) {
  Described const described = describe_file(options);
  if (!options.quiet) {
    for (std::string const& note : described.sweep.notes)
      say_wrapped(note);
    for (std::string const& problem : described.problems)
      say_wrapped("tune would refuse this: " + problem);
  }
  print_result(options.json
                   ? document(described).text(/*indented=*/true) + "\n"
                   : text_of(described.summary, described.sweep, kMostColumns, output_width()));
  return 0;
}

}  // namespace brood::tools
