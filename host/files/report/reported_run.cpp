// SPDX-License-Identifier: Apache-2.0
#include "files/report/reported_run.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace brood::files {

TrialResult const* ReportedRun::winner() const {
  auto const found =
      std::find_if(result.trials.begin(), result.trials.end(),
                   [&](TrialResult const& trial) { return trial.id == result.best; });
  return found == result.trials.end() ? nullptr : &*found;
}

bool ReportedRun::is_better(double a, double b) const {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
  return result.maximize ? a > b : a < b;
}

std::vector<TrialResult const*> by_rank(ReportedRun const& run) {
  std::vector<TrialResult const*> trials;
  for (TrialResult const& trial : run.result.trials)
    trials.push_back(&trial);
  constexpr int kLast = std::numeric_limits<int>::max();
  auto const rank = [](TrialResult const* trial) { return trial->rank > 0 ? trial->rank : kLast; };
  std::stable_sort(trials.begin(), trials.end(), [&](TrialResult const* a, TrialResult const* b) {
    return rank(a) != rank(b) ? rank(a) < rank(b) : a->id < b->id;
  });
  return trials;
}

}  // namespace brood::files
