// SPDX-License-Identifier: Apache-2.0
// The trials of a report, column by column.
#pragma once

#include "files/io/json.hpp"
#include "files/report/run_analysis.hpp"

namespace brood::files {

// The parameters that vary, each with its axis.
Json::Array parameters_document(SearchSpace const& space);

// From the best on. A category is the index of its value; a parameter that a trial does not have is
// nan. `states` has a letter for each trial, the first of its state's name.
Json trials_document(RunAnalysis const& analysis);

}  // namespace brood::files
