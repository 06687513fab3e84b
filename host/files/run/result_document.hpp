// SPDX-License-Identifier: Apache-2.0
// The winner of a study and what predicts for it, as JSON: what run.json and `--json` have of them.
#pragma once

#include <vector>

#include "brood/study.hpp"
#include "files/io/json.hpp"

namespace brood::files {

// By name; null where undefined.
Json scores_document(NamedScores const& scores);

// Trial, configuration, epochs and scores of the winner by itself.
Json winner_document(Result const& result);
// What predicts: the ensemble, or without one the winner, and its scores. Null without a model.
Json predictor_document(Result const& result, double target_unit);
// Temperature, threshold and intervals in the user's units (Table::target_unit), each with the
// share of the test rows that it holds, if there are any; nothing of what changes nothing.
void set_calibration(Calibration const& calibration, std::vector<double> const& test_coverage,
                     double target_unit, Json& json);

}  // namespace brood::files
