// SPDX-License-Identifier: Apache-2.0
// What a report says of a run beyond its tables, computed once for page, Markdown and JSON.
#pragma once

#include <string>
#include <vector>

#include "files/report/best_so_far.hpp"
#include "files/report/mean_curves.hpp"
#include "files/report/range_edges.hpp"
#include "files/report/reported_run.hpp"
#include "files/report/rung_funnel.hpp"
#include "search/importance/ped_anova.hpp"

namespace brood::files {

struct RunAnalysis {
  ReportedRun run;
  std::vector<TrialResult const*> ranked = {};  // by_rank()
  std::vector<MeanPoint> curves = {};
  std::vector<BestSoFar> history = {};
  std::vector<FunnelRung> funnel = {};
  std::vector<RangeEdge> edges = {};
  std::vector<ParameterImportance> importances = {};  // for a place in the best tenth by rank
  int diverged = 0;                                   // trials
};

RunAnalysis analysis_of(ReportedRun const& run);

// The points of one trial.
std::vector<MeanPoint> curve_of(RunAnalysis const& analysis, int trial);

// What a reader should know before trusting the result; a sentence each.
std::vector<std::string> cautions(RunAnalysis const& analysis);

}  // namespace brood::files
