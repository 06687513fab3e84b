// SPDX-License-Identifier: Apache-2.0
#include "files/report/markdown.hpp"

#include <algorithm>
#include <cmath>

#include "files/io/number_text.hpp"
#include "files/report/comparison.hpp"
#include "files/report/markdown_parts.hpp"
#include "files/report/markdown_predictions.hpp"
#include "files/report/result_words.hpp"

namespace brood::files {

namespace {

using Row = std::vector<std::string>;

std::string number(double value) {
  return std::isnan(value) ? "" : score_text(value);
}

std::string answer(RunAnalysis const& analysis) {
  ReportedRun const& run = analysis.run;
  Headline const headline = headline_of(run);
  std::string text = "# " + markdown_plain(run.sweep.name) + "\n\n**" + score_text(headline.score) +
                     "** " + markdown_plain(score_note(run, headline));
  text += "\n\n" + markdown_list(facts_of(run));
  if (auto const scores = other_scores(run); !scores.empty())
    text += other_scores_title(run) + ":\n\n" + markdown_list(scores);
  if (auto const settings = settings_of(run); !settings.empty())
    text += "The winner's settings:\n\n" + markdown_list(settings);
  if (run.result.best >= 0) text += "To predict with it:\n\n" + markdown_code(predict_command(run));
  auto const sentences = cautions(analysis);
  if (sentences.empty()) return text;
  text += "Worth knowing:\n\n";
  for (std::string const& sentence : sentences)
    text += "- " + markdown_plain(sentence) + "\n";
  return text + "\n";
}

std::string rungs(RunAnalysis const& analysis) {
  std::string const& metric = analysis.run.result.metric;
  std::vector<Row> rows;
  for (FunnelRung const& rung : analysis.funnel) {
    rows.push_back({std::to_string(rung.bracket + 1), std::to_string(rung.epoch),
                    std::to_string(rung.trials), std::to_string(rung.diverged), number(rung.best),
                    number(rung.median)});
  }
  if (rows.empty()) return "";
  return "## Rungs\n\n" + markdown_table({"bracket", "to epoch", "trials", "diverged",
                                          "best " + metric, "median " + metric},
                                         rows);
}

std::string importance(RunAnalysis const& analysis) {
  auto sorted = analysis.importances;
  if (sorted.empty()) return "";
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](auto const& a, auto const& b) { return a.share > b.share; });
  std::vector<Row> rows;
  for (ParameterImportance const& each : sorted)
    rows.push_back({each.parameter, percent_text(each.share)});
  return "## Importance of settings\n\n" + markdown_table({"parameter", "importance"}, rows);
}

std::string predictions(RunAnalysis const& analysis) {
  if (!analysis.run.facts.inspection || analysis.run.facts.inspection->rows == 0) return "";
  Inspection const& inspection = *analysis.run.facts.inspection;
  Encoding const& encoding = analysis.run.encoding;
  return "## Predictions\n\n" + inspected_rows_text(analysis.run) + "\n\n" +
         confusion_markdown(inspection, encoding) + class_scores_markdown(inspection, encoding) +
         reliability_markdown(inspection) + residuals_markdown(inspection, encoding) +
         columns_markdown(inspection, analysis.run.result.metric);
}

std::string best_trials(RunAnalysis const& analysis) {
  constexpr std::size_t kMost = 10;
  Row names = {"rank", "trial", "state", "epochs", "valid " + analysis.run.result.metric};
  bool const with_accuracy =
      !analysis.ranked.empty() && !std::isnan(analysis.ranked.front()->accuracy);
  if (with_accuracy) names.emplace_back("accuracy");
  std::vector<std::string> parameters;
  for (ParameterImportance const& each : analysis.importances)
    parameters.push_back(each.parameter);
  names.insert(names.end(), parameters.begin(), parameters.end());
  std::vector<Row> rows;
  for (TrialResult const* const trial : analysis.ranked) {
    if (rows.size() == kMost) break;
    Row row = {trial->rank > 0 ? std::to_string(trial->rank) : "", std::to_string(trial->id),
               std::string(name_of(trial->state)), std::to_string(trial->epochs),
               number(trial->score)};
    if (with_accuracy) row.push_back(number(trial->accuracy));
    for (std::string const& parameter : parameters) {
      Value const* const value = trial->config.find(parameter);
      auto const* const real = value ? std::get_if<double>(value) : nullptr;
      row.push_back(real ? setting_text(*real) : value ? to_text(*value) : "");
    }
    rows.push_back(std::move(row));
  }
  return "## Best trials\n\n" + markdown_table(names, rows);
}

std::string of_one(RunAnalysis const& analysis) {
  return answer(analysis) + rungs(analysis) + importance(analysis) + predictions(analysis) +
         best_trials(analysis) + "## To repeat it\n\n" + markdown_list(origins_of(analysis.run));
}

std::string of_several(std::span<RunAnalysis const> runs) {
  std::vector<ReportedRun> reported;
  for (RunAnalysis const& analysis : runs)
    reported.push_back(analysis.run);
  Comparison const results = compared_results(reported), settings = compared_settings(reported);
  std::string text = "# " + std::to_string(runs.size()) + " runs\n\n" +
                     markdown_table(results.names, results.rows) + "## Settings that differ\n\n";
  return text + (settings.rows.empty() ? "None: the runs were asked for the same.\n"
                                       : markdown_table(settings.names, settings.rows));
}

}  // namespace

std::string markdown_text(std::span<RunAnalysis const> runs) {
  return runs.size() == 1 ? of_one(runs.front()) : of_several(runs);
}

}  // namespace brood::files
