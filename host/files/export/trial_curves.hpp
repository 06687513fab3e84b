// SPDX-License-Identifier: Apache-2.0
// The curves of a result by trial.
#pragma once

#include <map>
#include <span>

#include "brood/study.hpp"

namespace brood::files {

class TrialCurves {
 public:
  // Refers to the result's curves, which are by trial.
  explicit TrialCurves(Result const& result);

  // Of a trial's members: by fold, repeat, epoch.
  std::span<CurvePoint const> points(int trial) const;
  // The study's metric by epoch, the mean over the members that were evaluated then; without the
  // epochs at which it is not finite for each of them.
  std::map<int, double> metric(int trial) const;

 private:
  std::map<int, std::span<CurvePoint const>> by_trial_;
  bool is_loss_;
};

}  // namespace brood::files
