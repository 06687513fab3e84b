// SPDX-License-Identifier: Apache-2.0
// List scheduling: how long work takes that is taken up in its order by whoever is free.
#pragma once

#include <functional>
#include <queue>
#include <vector>

namespace brood {

// The time until all is done by so many workers, one or more; 0 without work.
inline double makespan(std::vector<double> const& durations, int workers) {
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  for (int i = 0; i < workers; ++i)
    free_at.push(0.0);
  double end = 0.0;
  for (double const duration : durations) {
    double const done = free_at.top() + duration;
    free_at.pop();
    free_at.push(done);
    end = done > end ? done : end;
  }
  return end;
}

}  // namespace brood
