// SPDX-License-Identifier: Apache-2.0
#include "files/report/result_words.hpp"

#include <cmath>
#include <limits>
#include <variant>

#include "brood/version.hpp"
#include "files/io/number_text.hpp"
#include "files/io/text.hpp"

namespace brood::files {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Of what predicts, by every metric.
NamedScores const& metrics_of(Result const& result) {
  if (result.out_of_fold.rows > 0) return result.out_of_fold.metrics;
  return result.ensemble.empty() ? result.test_metrics : result.ensemble_test_metrics;
}

// Of a share of rows, each right or wrong.
double binomial_error(double share, std::int64_t rows) {
  return std::sqrt(share * (1 - share) / static_cast<double>(rows));
}

std::string value_text(Value const& value) {
  auto const* const real = std::get_if<double>(&value);
  return real ? setting_text(*real) : to_text(value);
}

}  // namespace

Headline headline_of(ReportedRun const& run) {
  Result const& result = run.result;
  bool const ensemble = !result.ensemble.empty();
  double const test = ensemble ? result.ensemble_test : result.test;
  if (!std::isnan(test)) {
    bool const counts = result.metric == "accuracy" && run.test_rows() > 0;
    return {test, true, counts ? binomial_error(test, run.test_rows()) : kNan};
  }
  if (result.out_of_fold.rows > 0) return {result.out_of_fold.score, false, kNan, true};
  if (ensemble) return {result.ensemble_valid, false, kNan};
  TrialResult const* const winner = run.winner();
  return {result.valid, false, winner ? winner->standard_error : kNan};
}

std::string score_note(ReportedRun const& run, Headline const& headline) {
  if (std::isnan(headline.score))
    return run.unfinished ? "no trial has a score yet" : "no trial has a score";
  if (headline.out_of_fold)
    return out_of_fold_text(run.result) + ". " + out_of_fold_note(run.result);
  std::string text = (headline.of_test_rows ? "test " : "validation ") + run.result.metric;
  if (headline.of_test_rows) {
    text += " on " + (run.test_rows() > 0 ? counted(run.test_rows(), "row") : std::string("rows")) +
            " that nothing had looked at";
  }
  std::string const error = error_text(headline.standard_error);
  if (!error.empty()) text += " (" + error.substr(1) + ", its standard error)";
  if (run.unfinished) return text + ", so far; test rows are looked at in the end";
  return text + (headline.of_test_rows ? "" : "; there are no test rows");
}

std::string out_of_fold_text(Result const& result) {
  OutOfFoldScore const& told = result.out_of_fold;
  if (told.rows == 0) return "";
  std::string text = result.metric + " " + score_text(told.score);
  if (told.draws > 0) text += " [" + score_text(told.low) + ", " + score_text(told.high) + "]";
  return text + " on rows that no network that predicts them was trained on, " +
         (told.draws > 0 ? "" : "not ") + "corrected for the choice";
}

std::string out_of_fold_note(Result const& result) {
  OutOfFoldScore const& told = result.out_of_fold;
  if (told.draws == 0) {
    return "It was chosen by that score, which is therefore too good; by how much, only other rows "
           "can say.";
  }
  return "From the rows that validated (" + counted(told.rows, "row") + "), " +
         std::to_string(told.draws) +
         " times some were drawn, the choice was made again by those, and scored on the others: "
         "the score is the mean, and of 100 draws 95 are within the brackets.";
}

std::string error_text(double standard_error) {
  if (std::isnan(standard_error) || standard_error <= 0) return "";
  double const unit = std::pow(10, std::floor(std::log10(standard_error)) - 1);
  return " \u00b1 " + setting_text(std::round(standard_error / unit) * unit);
}

std::string inspected_row(Inspection const& inspection) {
  return inspection.validated ? "validated row" : "test row";
}

std::string inspected_rows_text(ReportedRun const& run) {
  std::int64_t const rows = run.facts.inspection ? run.facts.inspection->rows : 0;
  bool const validated = run.facts.inspection && run.facts.inspection->validated;
  std::int64_t const all = validated ? run.result.out_of_fold.rows : run.test_rows();
  bool const some = rows < all;
  std::string const name = validated ? "validated row" : "test row";
  std::string text =
      std::string("What ") + (run.result.ensemble.empty() ? "the winner" : "the ensemble") +
      " predicts for " +
      (some ? std::to_string(rows) + " of the " + counted(all, name) + ", evenly chosen"
            : "the " + counted(rows, name));
  if (!validated) return text + ".";
  return text +
         ", each by the networks that were not trained on it. These rows had a part in the "
         "choice and in the calibration, so that it looks a little better than it is.";
}

std::string column_importance_text(Inspection const& inspection, std::string const& metric) {
  std::string text =
      "How much worse " + metric + " is where a column's values are shuffled among " +
      counted(inspection.column_rows, inspected_row(inspection)) + " (permutation importance, " +
      counted(inspection.column_repeats, "repeat") + ").";
  if (inspection.by_winner)
    text += " Of the winner's network alone: the ensemble's would take too long.";
  return text + " Columns that say the same share their importance, or hide it.";
}

std::string percent_text(double share) {
  return setting_text(std::round(1000 * share) / 10) + " %";
}

std::string predictor_text(Result const& result) {
  if (result.best < 0) return "nothing";
  if (result.ensemble.empty()) return "trial " + std::to_string(result.best) + " alone";
  int picks = 0;
  for (Ensemble::Part const& part : result.ensemble.parts)
    picks += part.count;
  return "an ensemble of " + counted(std::ssize(result.ensemble.parts), "network") + " (" +
         counted(picks, "pick") + ")";
}

std::string predict_command(ReportedRun const& run) {
  return "brood predict " + shell_word(run.directory) + " " + shell_word(run.sweep.data_path);
}

NamedTexts facts_of(ReportedRun const& run) {
  Result const& result = run.result;
  NamedTexts facts;
  TrialResult const* const winner = run.winner();
  if (!run.unfinished) facts.emplace_back("predicts", predictor_text(result));
  if (!result.ensemble.empty())
    facts.emplace_back("validation score of the ensemble", score_text(result.ensemble_valid));
  if (winner != nullptr) {
    facts.emplace_back(
        run.unfinished ? "best so far" : "winner",
        "trial " + std::to_string(winner->id) + ", " + counted(winner->epochs, "epoch"));
    facts.emplace_back("its validation score",
                       score_text(result.valid) + error_text(winner->standard_error));
    if (!std::isnan(result.test) && !result.ensemble.empty())
      facts.emplace_back("its test score", score_text(result.test));
    if (winner->parameters > 0)
      facts.emplace_back("its size", counted(winner->parameters, "weight"));
  }
  facts.emplace_back("trials", std::to_string(result.trials.size()));
  facts.emplace_back("epochs trained", std::to_string(result.member_epochs));
  if (run.facts.seconds > 0) facts.emplace_back("time", duration_text(run.facts.seconds));
  return facts;
}

NamedTexts settings_of(ReportedRun const& run) {
  NamedTexts settings;
  TrialResult const* const winner = run.winner();
  if (winner == nullptr) return settings;
  for (auto const& [name, value] : winner->config)
    settings.emplace_back(name, value_text(value));
  return settings;
}

NamedTexts other_scores(ReportedRun const& run) {
  NamedTexts scores;
  for (auto const& [metric, score] : metrics_of(run.result)) {
    if (metric != run.result.metric && !std::isnan(score))
      scores.emplace_back(metric, score_text(score));
  }
  return scores;
}

std::string other_scores_title(ReportedRun const& run) {
  return run.result.out_of_fold.rows > 0 ? "On the same rows, also" : "On the test rows, also";
}

NamedTexts origins_of(ReportedRun const& run) {
  NamedTexts origins = {{"command", run.facts.command_line},
                        {"brood", BROOD_VERSION},
                        {"seed", std::to_string(run.sweep.study.seed)},
                        {"data", run.sweep.data_path},
                        {"fingerprint of the data", run.facts.data_fingerprint},
                        {"device", run.facts.backend.device},
                        {"precision", run.facts.backend.precision},
                        {"started", run.facts.started},
                        {"ended", run.facts.ended}};
  std::erase_if(origins, [](auto const& each) { return each.second.empty(); });
  return origins;
}

}  // namespace brood::files
