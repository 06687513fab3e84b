// SPDX-License-Identifier: Apache-2.0
// brood runs: finished runs beside each other, and which of their settings differ.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "brood/error.hpp"
#include "brood/files/run_record.hpp"
#include "files/report/comparison.hpp"
#include "files/run/result_document.hpp"
#include "tools/commands/commands.hpp"
#include "tools/fitted_table.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

namespace fs = std::filesystem;
using files::Json;

bool is_run(fs::path const& path) {
  std::error_code ignored;
  return fs::exists(path / "run.json", ignored) && fs::exists(path / "trials.csv", ignored);
}

// A directory that is a run, or the runs that are in it.
std::vector<std::string> run_directories(std::vector<std::string> const& given) {
  std::vector<std::string> directories;
  for (std::string const& path : given) {
    std::error_code error;
    if (is_run(path) || !fs::is_directory(path, error)) {
      directories.push_back(path);  // read_run says what is wrong with it
      continue;
    }
    std::vector<std::string> inside;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error)) {
      if (is_run(entry->path())) inside.push_back(entry->path().lexically_normal().string());
    }
    if (inside.empty()) throw UsageError(path + ": is no run, and there is none in it");
    std::sort(inside.begin(), inside.end());
    directories.insert(directories.end(), inside.begin(), inside.end());
  }
  return directories;
}

std::string comparison_text(files::Comparison const& comparison,
                            std::vector<std::string> const& always) {
  std::vector<std::vector<std::string>> rows = {comparison.names};
  rows.insert(rows.end(), comparison.rows.begin(), comparison.rows.end());
  return fitted_table(std::move(rows),
                      {.width = output_width(), .always = always, .first_out = {"of", "time"}});
}

// Where they are more than stand beside each other: a paragraph for each setting.
std::string settings_text(files::Comparison const& settings) {
  constexpr std::size_t kMostColumns = 4;
  if (settings.names.size() <= kMostColumns) return comparison_text(settings, {"setting"});
  std::string result;
  for (auto const& row : settings.rows) {
    std::vector<std::vector<std::string>> lines;
    for (std::size_t run = 1; run < row.size(); ++run)
      lines.push_back({settings.names[run], row[run].empty() ? "-" : row[run]});
    result += row[0] + "\n" + left_table(lines, 2);
  }
  return within(result, output_width());
}

std::string text(std::vector<files::ReportedRun> const& runs) {
  std::string result = comparison_text(files::compared_results(runs), {"run", "metric", "score"});
  if (runs.size() < 2) return result;
  files::Comparison const settings = files::compared_settings(runs);
  if (settings.rows.empty()) return result + "Their settings are the same.\n";
  return result + "\nSettings that differ:\n" + settings_text(settings);
}

Json run_json(files::ReportedRun const& run) {
  Json json;
  json.set("directory", run.directory).set("name", run.sweep.name);
  json.set("metric", run.result.metric);
  json.set("goal", run.result.maximize ? "maximize" : "minimize");
  Json winner;
  if (run.winner() != nullptr) winner = files::winner_document(run.result);
  json.set("winner", std::move(winner));
  Json ensemble;
  if (!run.result.ensemble.empty()) {
    ensemble.set("networks", static_cast<std::int64_t>(run.result.ensemble.parts.size()));
    ensemble.set("valid", run.result.ensemble_valid).set("test", run.result.ensemble_test);
  }
  json.set("ensemble", std::move(ensemble));
  json.set("out_of_fold", files::out_of_fold_document(run.result.out_of_fold));
  json.set("trials", static_cast<std::int64_t>(run.result.trials.size()));
  json.set("member_epochs", run.result.member_epochs).set("seconds", run.facts.seconds);
  json.set("ended", run.facts.ended).set("data_fingerprint", run.facts.data_fingerprint);
  return json;
}

Json document(std::vector<files::ReportedRun> const& runs) {
  Json::Array list, differing;
  for (files::ReportedRun const& run : runs)
    list.push_back(run_json(run));
  files::Comparison const settings = files::compared_settings(runs);
  for (auto const& row : settings.rows) {
    Json json;
    json.set("setting", row[0]);
    json.set("values", Json(std::vector<std::string>(row.begin() + 1, row.end())));
    differing.push_back(std::move(json));
  }
  Json json;
  json.set("runs", std::move(list)).set("settings_that_differ", std::move(differing));
  return json;
}

}  // namespace

int runs(Options const& options) {
  std::vector<files::RunRecord> records;
  for (std::string const& directory : run_directories(options.inputs))
    records.push_back(files::read_run(directory));
  std::vector<files::ReportedRun> reported;
  for (files::RunRecord const& record : records)
    reported.push_back(
        {record.directory, record.sweep, record.result, record.facts, record.encoding});
  print_result(options.json ? document(reported).text(/*indented=*/true) + "\n" : text(reported));
  return 0;
}

}  // namespace brood::tools
