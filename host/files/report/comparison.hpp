// SPDX-License-Identifier: Apache-2.0
// Several runs beside each other: who won, and which of their settings differ.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "files/report/html.hpp"
#include "files/report/run_analysis.hpp"

namespace brood::files {

// A row of texts for each run, below names.
struct Comparison {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
};

// Directory, score, winner and what it took.
Comparison compared_results(std::span<ReportedRun const> runs);
// The lines of config.yaml in which they differ, each below its key; a row for each key, a column
// for each run.
Comparison compared_settings(std::span<ReportedRun const> runs);

std::vector<PageSection> comparison_sections(std::span<RunAnalysis const> runs);

}  // namespace brood::files
