// SPDX-License-Identifier: Apache-2.0
// Scores of members: from the sums that training records where the metric can be made of them, else
// from predictions.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "study/study_setup.hpp"
#include "study/trial_members.hpp"

namespace brood {

// On the test rows; NaN, and nothing, if there are none.
struct TestScores {
  double score = std::numeric_limits<double>::quiet_NaN();  // by the study's metric
  NamedScores metrics = {};
  std::vector<double> coverage = {};  // of the calibration's intervals
};

class Scorer {
 public:
  Scorer(StudySetup const& setup, TrialMembers& members)
      : setup_(setup), members_(members), population_(members.population()) {}

  // By member of the trials asked for, those of a trial one after the other, as `metrics` are: the
  // metric on its validation rows, of the weights that predict. NaN for those that diverged.
  std::vector<double> scores(std::span<Ask const> asks, std::span<MemberMetrics const> metrics);
  // Likewise their accuracy, where the metric is log_loss; else nothing.
  std::vector<double> accuracies(std::span<Ask const> asks,
                                 std::span<MemberMetrics const> metrics) const;
  // Of a member, and of predictions of the test rows that are not calibrated yet.
  TestScores test(MemberId id, Calibration const& calibration);
  TestScores test_of_predictions(std::vector<float> predictions,
                                 Calibration const& calibration) const;

 private:
  // The metric of members on the same rows, from their predictions.
  std::vector<double> predicted(std::span<MemberId const> ids, std::span<std::int32_t const> rows);

  StudySetup const& setup_;
  TrialMembers& members_;
  Population& population_;
};

// Whether a configuration has patience, and so is scored at its best evaluation.
bool is_patient(Config const& config);

double mean_of(std::span<double const> scores);
// Of the mean of at least two members' scores; NaN of one.
double standard_error(std::span<double const> scores, double mean);

}  // namespace brood
