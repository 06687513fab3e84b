// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "brood/error.hpp"
#include "brood/files/trials.hpp"
#include "files/io/text.hpp"
#include "files/run/directories.hpp"
#include "files/run/run_files.hpp"
#include "files/run/run_table.hpp"

namespace brood::files {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void damaged(TrialTable const& table, std::string const& what) {
  throw StorageError(table.path + ": is damaged: " + what);
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
    refuse_no_run(directory, "trials.csv");
  }
  RunTable const cells(table.path);
  for (std::int64_t row = 0; row < cells.rows(); ++row) {
    std::vector<std::string> line;
    for (std::int64_t c = 0; c < cells.columns(); ++c)
      line.push_back(cells.text(row, c));
    if (row == 0) {
      table.names = std::move(line);
    } else {
      table.lines.push_back(std::move(line));
    }
  }
  table.places = cells.lines();
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

}  // namespace brood::files
