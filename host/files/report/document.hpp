// SPDX-License-Identifier: Apache-2.0
// The numbers of a report as one JSON document: what the page draws, and `brood report --json`.
// Columns of many numbers are texts with a space between two numbers, each in its fewest characters
// (shortest_text), and `nan` where there is none: half of what lists of numbers would take.
#pragma once

#include <span>

#include "files/io/json.hpp"
#include "files/report/run_analysis.hpp"

namespace brood::files {

// Trials of a run with so many that they would take more than 600,000 bytes are a sample: the best
// and, as evenly as may be, others; `trials.shown` says of how many.
Json report_document(std::span<RunAnalysis const> runs);

}  // namespace brood::files
