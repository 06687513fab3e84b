// SPDX-License-Identifier: Apache-2.0
#include "files/report/run_analysis.hpp"

#include <algorithm>

namespace brood::files {

RunAnalysis analysis_of(ReportedRun const& run) {
  RunAnalysis analysis{.run = run};
  analysis.ranked = by_rank(run);
  analysis.curves = mean_curves(run.result);
  analysis.history = best_so_far(run, analysis.curves);
  analysis.funnel = rung_funnel(run, analysis.curves);
  analysis.edges = range_edges(run);
  std::vector<JudgedTrial> judged;
  for (TrialResult const* const trial : analysis.ranked) {
    if (trial->rank > 0) judged.push_back({&trial->config, static_cast<double>(trial->rank)});
  }
  analysis.importances = ped_anova(run.sweep.study.space, judged);
  analysis.diverged = static_cast<int>(
      std::count_if(run.result.trials.begin(), run.result.trials.end(),
                    [](TrialResult const& trial) { return trial.state == TrialState::diverged; }));
  return analysis;
}

std::vector<MeanPoint> curve_of(RunAnalysis const& analysis, int trial) {
  auto const [begin, end] =
      std::equal_range(analysis.curves.begin(), analysis.curves.end(), MeanPoint{.trial = trial},
                       [](MeanPoint const& a, MeanPoint const& b) { return a.trial < b.trial; });
  return {begin, end};
}

}  // namespace brood::files
