// SPDX-License-Identifier: Apache-2.0
// Predictions of the rows that validate, each by a network that was not trained on it: what
// ensembles are picked by and calibrations are fitted on.
#pragma once

#include <span>
#include <vector>

#include "brood/calibration.hpp"
#include "study/study_setup.hpp"
#include "study/truth.hpp"

namespace brood {

// The rows of all splits of early rungs, one split after the other.
class OutOfFold {
 public:
  explicit OutOfFold(StudySetup const& setup);

  // (rows, outputs) of each candidate, which has a member on each of those splits.
  std::vector<std::vector<float>> predictions(
      Population& population, std::span<std::vector<MemberId> const> candidates) const;
  // The study's metric, the mean over splits.
  double score(std::span<float const> predictions) const;
  // As Study::calibrate says.
  Calibration calibration(std::span<float const> predictions) const;

 private:
  std::span<Split const> splits() const;

  StudySetup const& setup_;
  std::vector<Truth> truths_;  // by split
};

}  // namespace brood
