// SPDX-License-Identifier: Apache-2.0
#include "files/report/comparison.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include "files/io/number_text.hpp"
#include "files/io/text.hpp"
#include "files/report/result_words.hpp"
#include "files/report/sections.hpp"

namespace brood::files {

namespace {

using Settings = std::map<std::string, std::string>;

// Adds what stands at a key: of a map in one line, each of its entries.
void add_setting(std::string const& key, std::string const& value, Settings& settings) {
  if (!value.starts_with('{') || !value.ends_with('}')) {
    settings[key] = value;
    return;
  }
  int depth = 0;
  std::size_t begin = 1;
  for (std::size_t at = 1; at < value.size(); ++at) {
    char const c = value[at];
    depth += c == '{' || c == '[';
    bool const ends = depth == 0 && (c == ',' || at + 1 == value.size());
    depth -= at + 1 < value.size() && (c == '}' || c == ']');
    if (!ends) continue;
    std::string const entry(trimmed(std::string_view(value).substr(begin, at - begin)));
    std::size_t const colon = entry.find(": ");
    if (colon != std::string::npos)
      add_setting(key + "." + entry.substr(0, colon), entry.substr(colon + 2), settings);
    begin = at + 1;
  }
}

// The settings of a resolved config.yaml by their keys, dotted where they are nested.
Settings settings_by_key(Sweep const& sweep) {
  Settings settings;
  std::istringstream lines(resolved_yaml(sweep));
  std::string above;
  int points = 0;
  for (std::string line; std::getline(lines, line);) {
    std::size_t const begin = line.find_first_not_of(' ');
    if (begin == std::string::npos || line[begin] == '#') continue;
    if (line[begin] == '-') {
      settings[above + std::to_string(++points)] = line.substr(begin + 2);
      continue;
    }
    std::size_t const colon = line.find(':', begin);
    std::string const key = line.substr(begin, colon - begin);
    std::string const value = colon + 2 <= line.size() ? line.substr(colon + 2) : "";
    if (begin == 0) above = key + ".";
    points = 0;
    if (!value.empty()) add_setting(begin == 0 ? key : above + key, value, settings);
  }
  return settings;
}

std::string table_html(Comparison const& comparison) {
  std::vector<HtmlCell> header;
  for (std::string const& name : comparison.names)
    header.push_back(text_cell(name));
  std::vector<std::vector<HtmlCell>> rows;
  for (auto const& row : comparison.rows) {
    rows.emplace_back();
    for (std::string const& cell : row)
      rows.back().push_back(text_cell(cell));
  }
  return html_table(header, rows);
}

}  // namespace

Comparison compared_results(std::span<ReportedRun const> runs) {
  Comparison comparison{
      {"run", "metric", "score", "of", "winner", "valid", "trials", "epochs", "time"}, {}};
  for (ReportedRun const& run : runs) {
    Headline const headline = headline_of(run);
    TrialResult const* const winner = run.winner();
    comparison.rows.push_back(
        {run.directory, run.result.metric,
         score_text(headline.score) + error_text(headline.standard_error),
         headline.of_test_rows  ? "test rows"
         : headline.out_of_fold ? "out of fold"
                                : "validation rows",
         winner ? "trial " + std::to_string(winner->id) : "none", score_text(run.result.valid),
         std::to_string(run.result.trials.size()), std::to_string(run.result.member_epochs),
         duration_text(run.facts.seconds)});
  }
  return comparison;
}

Comparison compared_settings(std::span<ReportedRun const> runs) {
  Comparison comparison{{"setting"}, {}};
  std::vector<Settings> settings;
  std::map<std::string, int> keys;
  for (ReportedRun const& run : runs) {
    comparison.names.push_back(run.directory);
    settings.push_back(settings_by_key(run.sweep));
    for (auto const& [key, value] : settings.back())
      ++keys[key];
  }
  for (auto const& [key, count] : keys) {
    std::vector<std::string> row = {key};
    for (auto const& own : settings) {
      auto const found = own.find(key);
      row.push_back(found == own.end() ? "" : found->second);
    }
    bool const alike =
        std::all_of(row.begin() + 1, row.end(), [&](auto const& text) { return text == row[1]; });
    if (!alike) comparison.rows.push_back(std::move(row));
  }
  return comparison;
}

std::vector<PageSection> comparison_sections(std::span<RunAnalysis const> runs) {
  std::vector<ReportedRun> reported;
  for (RunAnalysis const& analysis : runs)
    reported.push_back(analysis.run);
  Comparison const settings = compared_settings(reported);
  std::string const differing =
      settings.rows.empty()
          ? element("p", "None: the runs were asked for the same.", R"(class="soft")")
          : table_html(settings);
  PageSection slices = {
      "parameters", "Settings one by one",
      escaped(
          "Every trial's score against each parameter of the first run, in the colour of its run."),
      runs.front().importances.empty() ? "" : around("figure", "", R"(id="slices-chart")")};
  return {{"answer", "Runs", "", table_html(compared_results(reported))},
          history_section(runs),
          score_section(runs),
          winner_section(),
          {"settings", "Settings that differ", "", differing},
          slices};
}

}  // namespace brood::files
