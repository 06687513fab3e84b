// SPDX-License-Identifier: Apache-2.0
// From runs that were read back to what a report says of them.
#pragma once

#include <vector>

#include "brood/files/run_record.hpp"
#include "files/report/run_analysis.hpp"

namespace brood::files {

// They borrow from the runs. Throws UsageError if there is no run, or if several were scored by
// different metrics.
std::vector<RunAnalysis> analyses_of(std::vector<RunRecord> const& runs);

}  // namespace brood::files
