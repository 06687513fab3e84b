// SPDX-License-Identifier: Apache-2.0
// What members recorded as they trained, by trial, split and epoch, and how many epochs that took.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "study/study_setup.hpp"

namespace brood {

class LearningCurves {
 public:
  explicit LearningCurves(StudySetup const& setup) : setup_(setup) {}

  // Appends what a trial's members recorded since it was last told, and counts the epochs.
  void record(Ask const& ask, std::span<MemberMetrics const> metrics,
              std::span<double const> scores);
  // The same of a trial whose members recorded it in another study.
  void keep(Ask const& ask, std::vector<CurvePoint> const& points);
  void restore(std::vector<CurvePoint> points, std::int64_t member_epochs) {
    points_ = std::move(points);
    member_epochs_ = member_epochs;
  }

  // In the order recorded, and by trial, fold, repeat, epoch.
  std::vector<CurvePoint> const& points() const { return points_; }
  std::vector<CurvePoint> sorted() const;
  std::int64_t member_epochs() const { return member_epochs_; }
  // Epochs after which a trial of this configuration, trained for so many, had its score: the mean
  // over its members.
  int scored_epochs(int trial, Config const& config, int trained) const;

 private:
  StudySetup const& setup_;
  std::vector<CurvePoint> points_;
  std::int64_t member_epochs_ = 0;
};

}  // namespace brood
