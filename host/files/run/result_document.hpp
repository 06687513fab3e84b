// SPDX-License-Identifier: Apache-2.0
// The winner of a study and what predicts for it, as JSON: what run.json and `--json` have of them.
#pragma once

#include <string_view>
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
// What predicts on the rows that validated; null of a run with test rows.
Json out_of_fold_document(OutOfFoldScore const& told);
// Temperature, threshold and intervals in the user's units (Table::target_unit), each with the
// share of the test rows (or of those of another name) that it holds, if there are any; nothing of
// what changes nothing.
void set_calibration(Calibration const& calibration, std::vector<double> const& coverage,
                     double target_unit, Json& json, std::string_view covered = "test_coverage");

}  // namespace brood::files
