// SPDX-License-Identifier: Apache-2.0
// Which hyperparameters matter, and where their good values lie.
#include <algorithm>

#include "files/io/number_text.hpp"
#include "files/report/result_words.hpp"
#include "files/report/sections.hpp"

namespace brood::files {

namespace {

std::string edge_of(RunAnalysis const& analysis, std::string const& parameter) {
  for (RangeEdge const& edge : analysis.edges) {
    if (edge.parameter != parameter) continue;
    return std::to_string(edge.crowded) + " of " + std::to_string(edge.of) + " best at its " +
           (edge.at_upper_end ? "upper" : "lower") + " end, " + setting_text(edge.end);
  }
  return "";
}

std::string importance_table(RunAnalysis const& analysis) {
  auto sorted = analysis.importances;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](auto const& a, auto const& b) { return a.share > b.share; });
  double const most = sorted.front().share;
  std::vector<HtmlCell> header = {text_cell("parameter"), number_cell("importance"), text_cell("")};
  if (!analysis.edges.empty()) header.push_back(text_cell("range"));
  std::vector<std::vector<HtmlCell>> rows;
  for (ParameterImportance const& each : sorted) {
    rows.push_back({text_cell(each.parameter), number_cell(percent_text(each.share)),
                    bar_cell(most > 0 ? each.share / most : 0)});
    if (!analysis.edges.empty())
      rows.back().push_back(text_cell(edge_of(analysis, each.parameter)));
  }
  return html_table(header, rows);
}

}  // namespace

PageSection parameter_section(RunAnalysis const& analysis) {
  if (analysis.importances.empty()) return {"parameters", "Settings one by one", "", ""};
  std::string const lead =
      "Importance is how much a parameter's value decides whether a trial is among the best tenth "
      "by "
      "rank (PED-ANOVA); what two parameters do only together does not count in it. In the "
      "pictures a "
      "point is a trial, stronger the longer it was trained; a circle is the winner, and a cross "
      "below "
      "the points is a trial that diverged. Scores worse than those of 4 in 5 trials are drawn "
      "at "
      "the edge.";
  return {"parameters", "Settings one by one", escaped(lead),
          importance_table(analysis) + around("figure", "", R"(id="slices-chart")")};
}

}  // namespace brood::files
