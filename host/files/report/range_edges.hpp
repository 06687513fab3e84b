// SPDX-License-Identifier: Apache-2.0
// Where the best trials crowd at an end of a parameter's range: a better value may lie beyond.
#pragma once

#include <string>
#include <vector>

#include "files/report/reported_run.hpp"

namespace brood::files {

struct RangeEdge {
  std::string parameter;
  bool at_upper_end = false;
  double end = 0;           // of the range
  int crowded = 0, of = 0;  // so many of the best trials lie within the last tenth of the axis
};

// The best are a tenth of the trials with a rank, at least five. An end is told of if so many of
// them would lie there by chance less than once in a thousand, were they spread as all trials are.
std::vector<RangeEdge> range_edges(ReportedRun const& run);

}  // namespace brood::files
