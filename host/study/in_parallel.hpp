// SPDX-License-Identifier: Apache-2.0
// Jobs of the host on threads of their own; which thread does which changes no result.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace brood {

// job(i) for i = 0 .. count - 1, by as many threads, the caller among them. Waits for all.
template <class Job>
void in_parallel(std::size_t count, int threads, Job const& job) {
  std::atomic<std::size_t> next = 0;
  auto const work = [&] {
    for (std::size_t i = next++; i < count; i = next++)
      job(i);
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min(static_cast<std::size_t>(std::max(threads, 1)), count); ++i)
    others.emplace_back(work);
  work();
}

}  // namespace brood
