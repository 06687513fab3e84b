// SPDX-License-Identifier: Apache-2.0
// The parts of a report's page, each in a file of its own. A chart is an empty place with an id
// that page/main.js fills; everything else is HTML that needs no script.
#pragma once

#include <span>
#include <string>

#include "files/report/html.hpp"
#include "files/report/run_analysis.hpp"

namespace brood::files {

// What won, how sure that is and how to use it; above all sections.
std::string answer_html(RunAnalysis const& analysis);

PageSection history_section(std::span<RunAnalysis const> runs);
PageSection score_section(std::span<RunAnalysis const> runs);
PageSection rung_section(RunAnalysis const& analysis);
// Of several runs.
PageSection winner_section();
PageSection curve_section(RunAnalysis const& analysis);
PageSection parallel_section(RunAnalysis const& analysis);
PageSection parameter_section(RunAnalysis const& analysis);
// Of at least two parameters.
PageSection pair_section(RunAnalysis const& analysis);
PageSection prediction_section(RunAnalysis const& analysis);
PageSection failure_section(RunAnalysis const& analysis);
PageSection trial_section();
PageSection data_section(RunAnalysis const& analysis);
PageSection reproduction_section(RunAnalysis const& analysis);

}  // namespace brood::files
