// SPDX-License-Identifier: Apache-2.0
// Predictions of the rows that validate, each by networks that were not trained on it: what
// ensembles are picked by and calibrations are fitted on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "brood/calibration.hpp"
#include "study/study_setup.hpp"
#include "study/truth.hpp"

namespace brood {

// Predictions of a candidate are (views, rows, outputs): a view predicts every row once, by the
// networks of one repeat.
class OutOfFold {
 public:
  explicit OutOfFold(StudySetup const& setup);

  // That validate, ascending.
  std::vector<std::int32_t> const& rows() const { return rows_; }
  // Of candidates, each with its members on the first splits of the study, whole repeats.
  std::vector<std::vector<float>> predictions(
      Population& population, std::span<std::vector<MemberId> const> candidates) const;
  std::size_t numbers_of_view() const {
    return rows_.size() * static_cast<std::size_t>(setup_.data.outputs());
  }
  // One view, the mean of all: what networks predict that stay together.
  std::vector<float> together(std::span<float const> predictions) const;

  // The study's metric, the mean over views.
  double score(std::span<float const> predictions) const;
  // As Study::calibrate says.
  Calibration calibration(std::span<float const> predictions) const;

 private:
  StudySetup const& setup_;
  std::vector<std::int32_t> rows_;
  Truth truth_;
};

}  // namespace brood
