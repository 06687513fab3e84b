// SPDX-License-Identifier: Apache-2.0
// What a report says of a result in words and numbers, in HTML and Markdown alike.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "files/report/reported_run.hpp"

namespace brood::files {

// The score that stands at the top: of what predicts, on test rows, or without any out of fold, or
// where that is not known on validation rows; nan without a winner.
struct Headline {
  double score = 0;
  bool of_test_rows = false;
  double standard_error = 0;  // nan where none is known
  bool out_of_fold = false;
};
Headline headline_of(ReportedRun const& run);

// "test accuracy on 359 rows that nothing had looked at (± 0.0087, its standard error)"
std::string score_note(ReportedRun const& run, Headline const& headline);
// "log_loss 0.312 [0.298, 0.329] on rows that no network that predicts them was trained on,
// corrected for the choice"; nothing of a run with test rows.
std::string out_of_fold_text(Result const& result);
// What the brackets are, and where they come from; or why there are none.
std::string out_of_fold_note(Result const& result);
// " ± 0.0087", two digits, or nothing.
std::string error_text(double standard_error);

// "81.3 %"
std::string percent_text(double share);

// "an ensemble of 9 networks (16 picks)", "trial 106"
std::string predictor_text(Result const& result);
// "brood predict runs/digits digits.csv"
std::string predict_command(ReportedRun const& run);

// "test row", "row that validated": what was inspected.
std::string inspected_row(Inspection const& inspection);
// "What the ensemble predicts for the 36 test rows.", of the rows that were inspected.
std::string inspected_rows_text(ReportedRun const& run);
inline constexpr char const* kReliabilityLead =
    "How often the predicted class was right, by the probability that it was given. Where the two "
    "agree, probabilities can be taken at their word.";
// What the importance of columns is.
std::string column_importance_text(Inspection const& inspection, std::string const& metric);

// What one should know at a glance: names and values.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;
NamedTexts facts_of(ReportedRun const& run);
// The winner's configuration.
NamedTexts settings_of(ReportedRun const& run);
// What predicts by other metrics than the study's, on the rows of the headline; and what to call
// them.
NamedTexts other_scores(ReportedRun const& run);
std::string other_scores_title(ReportedRun const& run);
// How the run came about and is repeated.
NamedTexts origins_of(ReportedRun const& run);

}  // namespace brood::files
