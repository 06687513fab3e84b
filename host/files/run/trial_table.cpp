// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/trials.hpp"
#include "files/io/text.hpp"
#include "files/io/yaml.hpp"
#include "files/run/run_files.hpp"
#include "files/sweep/parameter.hpp"
#include "files/table/csv_cells.hpp"

namespace brood::files {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void damaged(TrialTable const& table, std::string const& what) {
  throw StorageError(table.path + ": is damaged: " + what);
}

TrialState state_named(TrialTable const& table, std::string const& name) {
  for (TrialState const state : {TrialState::waiting, TrialState::pruned, TrialState::complete,
                                 TrialState::stopped, TrialState::diverged}) {
    if (name == name_of(state)) return state;
  }
  damaged(table, files::quoted(name) + " is no state of a trial");
}

template <class T>
T whole_of(TrialTable const& table, std::string const& text, std::string_view what) {
  T number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 0) return number;
  damaged(table, files::quoted(text) + " is no " + std::string(what));
}

}  // namespace

std::optional<std::size_t> TrialTable::find(std::string_view name) const {
  auto const found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

std::size_t TrialTable::column(std::string_view name, std::string_view where) const {
  if (auto const found = find(name)) return *found;
  if (name == metric || name == "score") return *find("valid_" + metric);
  std::string all;
  for (std::string const& each : names)
    all += (all.empty() ? "" : ", ") + each;
  throw UsageError(std::string(where) + ": " + quoted(name) + " is no column of " + path +
                   did_you_mean(name, {names.begin(), names.end()}) + "; there are " + all);
}

bool TrialTable::is_score(std::size_t column) const {
  return names[column] == "valid_" + metric || is_fold_column(names[column]);
}

std::optional<std::size_t> TrialTable::line_of(int trial) const {
  std::string const id = std::to_string(trial);
  auto const found =
      std::find_if(lines.begin(), lines.end(), [&](auto const& line) { return line[0] == id; });
  if (found == lines.end()) return std::nullopt;
  return static_cast<std::size_t>(found - lines.begin());
}

TrialTable read_trials(std::string const& directory) {
  std::error_code ignored;
  if (!fs::exists(directory, ignored)) {
    throw UsageError(directory + ": there is no such directory");
  }
  TrialTable table;
  table.path = (fs::path(directory) / "trials.csv").string();
  if (!fs::exists(table.path, ignored)) {
    throw UsageError(directory + ": is not a run directory; there is no trials.csv");
  }
  std::string const bytes = read_file(table.path);
  CsvProblems problems(bytes, table.path);
  CsvCells const cells = split_csv(bytes, {}, problems);
  if (!problems.none()) {
    try {
      problems.throw_all();
    } catch (UsageError const& error) {
      throw StorageError(error.what());
    }
  }
  for (std::int64_t row = 0; row < cells.rows(); ++row) {
    std::vector<std::string> line;
    for (std::int64_t c = 0; c < cells.columns; ++c)
      line.push_back(cells.text(cells.cell(row, c)));
    if (row == 0) {
      table.names = std::move(line);
    } else {
      table.lines.push_back(std::move(line));
    }
  }
  constexpr std::string_view kScore = "valid_";
  for (std::string const& name : table.names) {
    if (table.metric.empty() && name.starts_with(kScore)) table.metric = name.substr(kScore.size());
  }
  bool const is_ours = table.find("trial") == 0u && table.find("state") && table.find("epochs");
  auto const all = metrics();
  auto const metric = std::find_if(
      all.begin(), all.end(), [&](MetricInfo const& each) { return each.name == table.metric; });
  if (!is_ours || metric == all.end()) {
    damaged(table, "its first line lacks trial, state, epochs or valid_METRIC");
  }
  table.maximize = metric->higher_is_better;
  return table;
}

TrialResult trial_of(TrialTable const& table, std::size_t line) {
  auto const cell = [&](std::string_view name) { return table.lines[line][*table.find(name)]; };
  TrialResult trial;
  trial.id = whole_of<int>(table, cell("trial"), "trial");
  trial.state = state_named(table, cell("state"));
  trial.epochs = whole_of<int>(table, cell("epochs"), "number of epochs");
  auto const score = read_number<double>(cell("valid_" + table.metric));
  if (score.reading == Reading::number) trial.score = score.value;
  auto const infos = hyperparameters();
  for (std::size_t c = 0; c < table.names.size(); ++c) {
    auto const info = std::find_if(infos.begin(), infos.end(), [&](auto const& each) {
      return column_of_parameter(each.name) == table.names[c];
    });
    std::string const& text = table.lines[line][c];
    if (info == infos.end() || text.empty()) continue;  // not there under its conditions
    files::Problems problems;
    auto value = read_value(*info, parse_yaml_value(text, table.names[c]), problems);
    if (!value) damaged(table, files::quoted(text) + " is no " + table.names[c]);
    trial.config.set(info->name, std::move(*value));
  }
  return trial;
}

}  // namespace brood::files
