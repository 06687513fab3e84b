// SPDX-License-Identifier: Apache-2.0
// How many trials came how far, rung by rung.
#pragma once

#include <vector>

#include "files/report/mean_curves.hpp"
#include "files/report/reported_run.hpp"

namespace brood::files {

struct FunnelRung {
  int bracket = 0;              // from 0; brackets with the same rungs are one
  int epoch = 0;                // at which the rung ends
  int trials = 0;               // that began it
  int diverged = 0;             // of these, in it
  double best = 0, median = 0;  // score at its end; NaN if no trial has one then
  double seconds = 0;           // that it took; NaN where that is not known
};

// By bracket and epoch; rungs that no trial began are left out.
std::vector<FunnelRung> rung_funnel(ReportedRun const& run, std::vector<MeanPoint> const& curves);

}  // namespace brood::files
