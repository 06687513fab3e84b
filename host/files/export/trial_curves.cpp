// SPDX-License-Identifier: Apache-2.0
#include "files/export/trial_curves.hpp"

#include <cmath>

namespace brood::files {

TrialCurves::TrialCurves(Result const& result) : is_loss_(result.metric == "loss") {
  std::span<CurvePoint const> const all(result.curves);
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    while (end < all.size() && all[end].trial == all[begin].trial)
      ++end;
    by_trial_[all[begin].trial] = all.subspan(begin, end - begin);
  }
}

std::span<CurvePoint const> TrialCurves::points(int trial) const {
  auto const found = by_trial_.find(trial);
  return found == by_trial_.end() ? std::span<CurvePoint const>() : found->second;
}

std::map<int, double> TrialCurves::metric(int trial) const {
  struct Sum {
    double value = 0;
    int count = 0;
  };
  std::map<int, Sum> sums;
  for (CurvePoint const& point : points(trial)) {
    Sum& sum = sums[point.epoch];
    sum.value += is_loss_ ? point.valid_loss : point.valid_metric;
    ++sum.count;
  }
  std::map<int, double> means;
  for (auto const& [epoch, sum] : sums) {
    if (std::isfinite(sum.value)) means[epoch] = sum.value / sum.count;
  }
  return means;
}

}  // namespace brood::files
