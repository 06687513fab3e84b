// SPDX-License-Identifier: Apache-2.0
// How the best score came about: each time that a trial was better than all before.
#pragma once

#include <cstdint>
#include <vector>

#include "files/report/mean_curves.hpp"
#include "files/report/reported_run.hpp"

namespace brood::files {

struct BestSoFar {
  std::int64_t member_epochs = 0;  // trained by then, of all trials
  double seconds = 0;              // by then, as far as rungs tell; NaN where they do not
  int trial = 0;
  double score = 0;
};

// In the order in which trials train that go side by side: by epoch, then by trial. The last point
// repeats the best at the end of all training.
std::vector<BestSoFar> best_so_far(ReportedRun const& run, std::vector<MeanPoint> const& curves);

}  // namespace brood::files
