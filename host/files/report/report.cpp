// SPDX-License-Identifier: Apache-2.0
#include "brood/files/report.hpp"

#include "brood/error.hpp"
#include "files/report/analyses.hpp"
#include "files/report/markdown.hpp"
#include "files/report/page.hpp"

namespace brood::files {

std::vector<RunAnalysis> analyses_of(std::vector<RunRecord> const& runs) {
  if (runs.empty()) throw UsageError("a report needs a run");
  std::vector<RunAnalysis> analyses;
  for (RunRecord const& run : runs) {
    std::string const& first = runs.front().result.metric;
    if (run.result.metric != first) {
      throw UsageError(run.directory + ": was scored by " + run.result.metric + ", and " +
                       runs.front().directory + " by " + first +
                       "; scores of different metrics are not drawn over each other");
    }
    analyses.push_back(analysis_of(
        {run.directory, run.sweep, run.result, run.facts, run.encoding, run.unfinished}));
  }
  return analyses;
}

std::string report_html(std::vector<RunRecord> const& runs) {
  return page_html(analyses_of(runs));
}

std::string report_markdown(std::vector<RunRecord> const& runs) {
  return markdown_text(analyses_of(runs));
}

}  // namespace brood::files
