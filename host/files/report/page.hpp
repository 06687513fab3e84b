// SPDX-License-Identifier: Apache-2.0
// The page of a report: one file that asks nothing of a network.
#pragma once

#include <span>
#include <string>

#include "files/report/run_analysis.hpp"

namespace brood::files {

// Of one run in full; of several what they have in common, one over the other.
std::string page_html(std::span<RunAnalysis const> runs);

}  // namespace brood::files
