// SPDX-License-Identifier: Apache-2.0
// What was read: the file, its rows, and what became of each column.
#include <algorithm>

#include "files/io/text.hpp"
#include "files/report/sections.hpp"

namespace brood::files {

namespace {

constexpr std::size_t kMostColumns = 60;

std::string kind_of(InputEncoding const& input) {
  if (input.categorical) return counted(std::ssize(input.levels), "category");
  return input.date.empty() ? "number" : "date, " + input.date;
}

std::int64_t inputs_of(InputEncoding const& input) {
  if (input.categorical) return std::ssize(input.levels);
  return 1 + (input.missing_indicator ? 1 : 0) + input.pieces() + 2 * std::ssize(input.cycles);
}

std::string targets_text(Encoding const& encoding) {
  std::string text;
  for (std::size_t i = 0; i < encoding.targets.size() && i < 5; ++i)
    text += (i == 0 ? "" : ", ") + encoding.targets[i];
  if (encoding.targets.size() > 5)
    text += " and " + std::to_string(encoding.targets.size() - 5) + " more";
  return text;
}

std::string task_text(Encoding const& encoding) {
  std::string text = std::string(name_of(encoding.task)) + " of " + targets_text(encoding);
  if (encoding.task != Task::classification) return text;
  text += ": " + std::to_string(encoding.classes.size()) + " classes";
  for (std::size_t i = 0; i < encoding.classes.size() && i < 12; ++i)
    text += (i == 0 ? " (" : ", ") + encoding.classes[i];
  return text + (encoding.classes.size() > 12 ? ", ...)" : ")");
}

std::string rows_text(ReportedRun const& run) {
  if (run.facts.rows == 0) return "";
  return std::to_string(run.facts.rows) + ", of which " +
         std::to_string(run.facts.development_rows) + " trained or validated and " +
         (run.test_rows() > 0 ? std::to_string(run.test_rows()) : "none") + " tested";
}

}  // namespace

PageSection data_section(RunAnalysis const& analysis) {
  ReportedRun const& run = analysis.run;
  std::vector<std::vector<HtmlCell>> facts = {{text_cell("file"), text_cell(run.sweep.data_path)}};
  if (auto const rows = rows_text(run); !rows.empty())
    facts.push_back({text_cell("rows"), text_cell(rows)});
  Encoding const& encoding = run.encoding;
  if (!encoding.inputs.empty()) {
    facts.push_back({text_cell("task"), text_cell(task_text(encoding))});
    facts.push_back(
        {text_cell("inputs"), text_cell(std::to_string(encoding.input_count()) + " of " +
                                        counted(std::ssize(encoding.inputs), "column"))});
  }
  std::string body = html_table({text_cell("what"), text_cell("")}, facts);
  if (encoding.inputs.empty()) return {"data", "What was read", "", body};
  std::vector<std::vector<HtmlCell>> columns;
  for (std::size_t i = 0; i < std::min(encoding.inputs.size(), kMostColumns); ++i) {
    InputEncoding const& input = encoding.inputs[i];
    columns.push_back({text_cell(input.name), text_cell(kind_of(input)),
                       number_cell(std::to_string(inputs_of(input)))});
  }
  std::string table =
      html_table({text_cell("column"), text_cell("read as"), number_cell("inputs")}, columns);
  if (encoding.inputs.size() > kMostColumns) {
    table += element(
        "p", "and " + std::to_string(encoding.inputs.size() - kMostColumns) + " more columns",
        R"(class="soft")");
  }
  body += around("details", element("summary", "Columns") + table);
  return {"data", "What was read", "", body};
}

}  // namespace brood::files
