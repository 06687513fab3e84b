// SPDX-License-Identifier: Apache-2.0
// Sentences on what makes a result less sure than it looks, or a better one likely.
#include <algorithm>
#include <cmath>

#include "files/io/number_text.hpp"
#include "files/io/text.hpp"
#include "files/report/run_analysis.hpp"

namespace brood::files {

namespace {

std::string edge_text(RangeEdge const& edge) {
  return std::to_string(edge.crowded) + " of the " + std::to_string(edge.of) +
         " best trials have " + edge.parameter + " near the " +
         (edge.at_upper_end ? "upper" : "lower") + " end of its range, " + setting_text(edge.end) +
         ": better values may lie " + (edge.at_upper_end ? "above" : "below") + " it.";
}

// Whether the winner's validation loss rose again after its best epoch.
std::string overfitting_text(RunAnalysis const& analysis) {
  auto const points = curve_of(analysis, analysis.run.result.best);
  auto const best = std::min_element(
      points.begin(), points.end(),
      [](MeanPoint const& a, MeanPoint const& b) { return a.valid_loss < b.valid_loss; });
  constexpr double kRise = 1.1;
  if (points.size() < 3 || !(best->valid_loss > 0)) return "";
  double const last = points.back().valid_loss;
  if (!(last > kRise * best->valid_loss)) return "";
  return "The winner's validation loss was lowest at epoch " + std::to_string(best->epoch) + " (" +
         score_text(best->valid_loss) + ") and is " + score_text(last) + " at epoch " +
         std::to_string(points.back().epoch) +
         ", while its training loss went on falling: it overfits by loss, though not " +
         "necessarily by " + analysis.run.result.metric + ".";
}

std::string ended_text(ReportedRun const& run) {
  if (run.facts.ended.empty() || run.facts.ended == "complete") return "";
  return "The study ended before all was done that was planned: " + run.facts.ended + ".";
}

std::string diverged_text(RunAnalysis const& analysis) {
  std::size_t const trials = analysis.run.result.trials.size();
  if (static_cast<std::size_t>(analysis.diverged) * 10 < trials) return "";
  return std::to_string(analysis.diverged) + " of " +
         counted(static_cast<std::int64_t>(trials), "trial") +
         " diverged: part of the search was spent where networks do not train.";
}

std::string uncorrected_text(ReportedRun const& run) {
  bool const by_time = !run.sweep.dataset.time.empty();
  return "What predicts was chosen by the rows that it is scored on, so that its score is too "
         "good. "
         "That could not be corrected: " +
         std::string(by_time ? "rows that follow each other in time cannot be drawn at random"
                             : "of most draws of so few rows there is no such score") +
         ". Test rows (validation.test) would say by how much.";
}

}  // namespace

std::vector<std::string> cautions(RunAnalysis const& analysis) {
  ReportedRun const& run = analysis.run;
  std::vector<std::string> sentences = {ended_text(run)};
  for (RangeEdge const& edge : analysis.edges)
    sentences.push_back(edge_text(edge));
  sentences.push_back(overfitting_text(analysis));
  sentences.push_back(diverged_text(analysis));
  if (run.unfinished) {
    std::erase(sentences, "");
    return sentences;
  }
  OutOfFoldScore const& told = run.result.out_of_fold;
  if (told.rows > 0) {
    if (told.draws == 0) sentences.push_back(uncorrected_text(run));
  } else if (!run.result.ensemble.empty() && std::isnan(run.result.ensemble_test)) {
    sentences.push_back(
        "The ensemble was picked by its validation score, which is therefore too good; there are "
        "no test rows to say by how much.");
  } else if (run.winner() != nullptr && std::isnan(run.result.test)) {
    sentences.push_back(
        "The winner was chosen by its validation score, which is therefore too good; there are no "
        "test rows to say by how much.");
  }
  std::erase(sentences, "");
  return sentences;
}

}  // namespace brood::files
