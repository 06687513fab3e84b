// SPDX-License-Identifier: Apache-2.0
// brood show: the trials of a finished run, best first, as a table that fits the terminal.
#include <algorithm>
#include <cmath>
#include <limits>

#include "brood/files/trials.hpp"
#include "files/io/text.hpp"
#include "files/run/run_document.hpp"
#include "tools/commands/commands.hpp"
#include "tools/fitted_table.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

using files::Json;
using files::number_at;
using files::TrialTable;

constexpr std::size_t kShown = 20;  // trials, where nobody says how many

struct Shown {
  TrialTable table;
  std::vector<std::size_t> columns;
  std::vector<std::size_t> lines;
  std::size_t matching = 0;  // of which the first are shown
  Json run;                  // run.json
};

// First what tells who is best, then hyperparameters, then what is rarely looked at.
std::vector<std::size_t> usual_columns(TrialTable const& table) {
  std::vector<std::string> const first = {
      "rank", "trial", "state", "epochs", "valid_" + table.metric, "accuracy"};
  std::vector<std::string> const last = {"parameters", "bracket", "standard_error"};
  std::vector<std::size_t> columns, ending;
  for (std::string const& name : first) {
    if (auto const column = table.find(name)) columns.push_back(*column);
  }
  for (std::string const& name : last) {
    if (auto const column = table.find(name)) ending.push_back(*column);
  }
  for (std::size_t c = 0; c < table.names.size(); ++c) {
    bool const is_fold = table.is_score(c);
    bool const named = std::find(first.begin(), first.end(), table.names[c]) != first.end() ||
                       std::find(last.begin(), last.end(), table.names[c]) != last.end();
    if (!is_fold && !named && table.names[c] != "seed") columns.push_back(c);
  }
  columns.insert(columns.end(), ending.begin(), ending.end());
  return columns;
}

Shown shown_of(Options const& options) {
  std::string const& directory = options.inputs.at(0);
  Shown shown;
  shown.table = files::read_trials(directory);
  TrialTable const& table = shown.table;
  shown.run = files::read_run_document(directory);
  for (std::string const& name : options.columns) {
    std::size_t const column = table.column(name, "--columns");
    auto const found = std::find(shown.columns.begin(), shown.columns.end(), column);
    if (found == shown.columns.end()) shown.columns.push_back(column);
  }
  if (shown.columns.empty()) shown.columns = usual_columns(table);
  std::optional<std::size_t> by;
  if (!options.sort.empty()) by = table.column(options.sort, "--sort");
  for (std::size_t line = 0; options.filter.empty() && line < table.lines.size(); ++line)
    shown.lines.push_back(line);
  if (!options.filter.empty()) shown.lines = files::filtered(table, options.filter);
  shown.lines = files::sorted(table, std::move(shown.lines), by);
  shown.matching = shown.lines.size();
  std::size_t const most = options.top    ? static_cast<std::size_t>(*options.top)
                           : options.json ? shown.matching
                                          : kShown;
  shown.lines.resize(std::min(shown.matching, most));
  return shown;
}

// ---- text

std::string cell_text(TrialTable const& table, std::size_t line, std::size_t column) {
  std::string const& cell = table.lines[line][column];
  auto const number = files::read_number<double>(cell);
  if (number.reading != files::Reading::number) return cell;
  bool const is_score = table.is_score(column) || table.names[column] == "standard_error" ||
                        table.names[column] == "accuracy";
  if (is_score) return score_text(number.value);
  return cell.find_first_not_of("0123456789") == std::string::npos ? cell
                                                                   : setting_text(number.value);
}

// "valid 0.9712, test 0.9722", "valid 0.301, out of fold 0.312 [0.298, 0.329]"
std::string scores_text(Json const* scores) {
  double const valid = number_at(scores, "valid"), test = number_at(scores, "test");
  std::string text =
      "valid " + score_text(valid) + (std::isnan(test) ? "" : ", test " + score_text(test));
  Json const* const told = scores->find("out_of_fold");
  if (told == nullptr) return text;
  double const low = number_at(told, "low"), high = number_at(told, "high");
  return text + ", out of fold " + score_text(number_at(told, "score")) +
         (std::isnan(low) ? "" : " [" + score_text(low) + ", " + score_text(high) + "]");
}

// What won and what predicts; nothing of runs that do not say so.
std::string standing_text(Shown const& shown) {
  Json const *const winner = shown.run.find("winner"), *const predicts = shown.run.find("predicts");
  if (!winner) return "";
  std::string text = "The winner is trial " + setting_text(number_at(winner, "trial")) + ": " +
                     scores_text(winner) + ".";
  bool const by_winner = files::text_at(shown.run, "predicts", "by") == "winner";
  if (by_winner && predicts->find("out_of_fold")) {
    text = "The winner is trial " + setting_text(number_at(winner, "trial")) + ": " +
           scores_text(predicts) + ".";
  }
  if (predicts && files::text_at(shown.run, "predicts", "by") == "ensemble") {
    text += " What predicts is the ensemble of " +
            counted(static_cast<std::int64_t>(number_at(predicts, "networks")), "network") + ": " +
            scores_text(predicts) + ".";
  }
  return text;
}

std::string text(Shown const& shown, Options const& options) {
  TrialTable const& table = shown.table;
  std::size_t const width = output_width();
  std::vector<std::vector<std::string>> rows(1);
  for (std::size_t const column : shown.columns) {
    std::string const& name = table.names[column];
    rows[0].push_back(name == "valid_" + table.metric ? "valid " + table.metric : name);
  }
  for (std::size_t const line : shown.lines) {
    std::vector<std::string> row;
    for (std::size_t const column : shown.columns)
      row.push_back(cell_text(table, line, column));
    rows.push_back(std::move(row));
  }
  std::string const trials = counted(static_cast<std::int64_t>(table.lines.size()), "trial");
  std::string result = paragraph(
      options.inputs.at(0) + ": " + trials + " by " + table.metric + ". " + standing_text(shown),
      width);
  if (shown.lines.empty()) return result + "No trial keeps to --filter.\n";
  std::vector<std::string> always = {"rank", "trial", "epochs", "valid " + table.metric};
  if (!options.columns.empty()) always = rows[0];  // as they were asked for
  result += fitted_table(std::move(rows),
                         {.width = width, .always = std::move(always), .first_out = {"state"}});
  if (!options.filter.empty()) {
    result += std::to_string(shown.matching) + " of " + trials + " keep to --filter.\n";
  }
  if (shown.lines.size() < shown.matching) {
    result += std::to_string(shown.matching - shown.lines.size()) + " more: --top N, --json.\n";
  }
  return result;
}

// ---- JSON

// A number, list or flag as such; null where there is none.
Json cell_document(std::string const& cell) {
  if (cell.empty() || cell == "nan") return {};
  try {
    return files::parse_json(cell);
  } catch (files::JsonError const&) {
    return cell;
  }
}

Json document(Shown const& shown, Options const& options) {
  TrialTable const& table = shown.table;
  Json::Array lines;
  for (std::size_t const line : shown.lines) {
    Json json;
    for (std::size_t const column : shown.columns)
      json.set(table.names[column], cell_document(table.lines[line][column]));
    lines.push_back(std::move(json));
  }
  auto const part = [&](std::string_view key) {
    Json const* const found = shown.run.find(key);
    return found ? *found : Json();
  };
  Json json;
  json.set("directory", options.inputs.at(0)).set("metric", table.metric);
  json.set("goal", table.maximize ? "maximize" : "minimize");
  json.set("winner", part("winner")).set("predicts", part("predicts"));
  json.set("trials", static_cast<std::int64_t>(table.lines.size()));
  json.set("matching", static_cast<std::int64_t>(shown.matching));
  json.set("leaderboard", std::move(lines));
  return json;
}

}  // namespace

int show(Options const& options) {
  Shown const shown = shown_of(options);
  print_result(options.json ? document(shown, options).text(/*indented=*/true) + "\n"
                            : text(shown, options));
  return 0;
}

}  // namespace brood::tools
