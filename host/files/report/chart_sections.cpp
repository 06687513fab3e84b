// SPDX-License-Identifier: Apache-2.0
// Sections that a script draws: their places, and the sentences that say how to read them.
#include "files/report/sections.hpp"

namespace brood::files {

namespace {

std::string chart(std::string const& id) {
  return around("figure", around("noscript", element("p", "This chart is drawn by a script."), ""),
                "id=\"" + id + "\"");
}

bool varies(RunAnalysis const& analysis) {
  return !analysis.importances.empty();
}

}  // namespace

PageSection history_section(std::span<RunAnalysis const> runs) {
  std::string const who = runs.size() == 1 ? "The best validation score so far."
                                           : "The best validation score of each run so far.";
  return {
      "history", "Best so far",
      escaped(who + " Epochs and time are of the whole population; between the ends of rungs, time "
                    "is in proportion to epochs."),
      chart("history-chart")};
}

PageSection score_section(std::span<RunAnalysis const> runs) {
  bool const several = runs.size() > 1;
  return {"scores", "Scores of all trials",
          escaped(std::string("How many of the trials") + (several ? " of each run" : "") +
                  " have at most each score; those without one count as worse than all." +
                  (runs.front().run.result.maximize
                       ? " The further to the right a line is, the better."
                       : " The further to the left a line is, the better.")),
          chart("edf-chart")};
}

PageSection winner_section() {
  return {"curves", "Learning curves",
          escaped("Those of the winner of each run, the means over its folds and repeats."),
          chart("winners-chart")};
}

PageSection curve_section(RunAnalysis const& analysis) {
  if (analysis.curves.empty()) return {"curves", "Learning curves", "", ""};
  return {"curves", "Learning curves",
          escaped("The 20 best trials by rank, the means over their folds and repeats; the shaded "
                  "band holds 8 of 10 of all trials at each epoch. Orange is the trial that is "
                  "chosen, dashed its training loss: where the two lines part, it overfits."),
          chart("curves-chart")};
}

PageSection parallel_section(RunAnalysis const& analysis) {
  if (!varies(analysis)) return {"parallel", "All settings together", "", ""};
  return {
      "parallel", "All settings together",
      escaped(
          "Each line is a trial, the stronger the better; the winner is orange. Drag along an "
          "axis to keep the trials that pass there. With the keyboard: Tab to an axis, the "
          "up and down arrows move its range, with Shift its upper end, Escape ends it. Lines that "
          "pass below an axis do not have its parameter."),
      chart("parallel-chart")};
}

PageSection pair_section(RunAnalysis const& analysis) {
  if (analysis.importances.size() < 2) return {"pairs", "Two settings together", "", ""};
  return {
      "pairs", "Two settings together",
      escaped("The two that matter most, or any others. A point is a trial in the colour of its "
              "score, the stronger the better; the field behind is the mean of the scores "
              "near by. A circle is the winner, a cross a trial that diverged. Categories are "
              "spread so that their points can be told apart."),
      chart("contour-chart")};
}

PageSection trial_section() {
  return {"trials", "Trials",
          escaped("From the best on. The filter takes conditions joined by &, as brood show does."),
          around("div", "", R"(id="trials-table")")};
}

}  // namespace brood::files
