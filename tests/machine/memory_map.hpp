// SPDX-License-Identifier: Apache-2.0
// Which of the process's memory is the device's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace brood::machine {

struct MemoryRange {
  std::uint64_t begin, end;
};

class MemoryMap {
 public:
  MemoryMap() = default;
  explicit MemoryMap(std::vector<MemoryRange> ranges) : ranges_(std::move(ranges)) {
    std::sort(ranges_.begin(), ranges_.end(),
              [](auto const& a, auto const& b) { return a.begin < b.begin; });
  }

  bool has(std::uint64_t begin, std::uint64_t end) const {
    if (last_ < ranges_.size() && begin >= ranges_[last_].begin && end <= ranges_[last_].end)
      return true;
    auto const after =
        std::upper_bound(ranges_.begin(), ranges_.end(), begin,
                         [](std::uint64_t at, auto const& r) { return at < r.begin; });
    if (after == ranges_.begin()) return false;
    last_ = static_cast<std::size_t>(after - ranges_.begin()) - 1;
    return end <= ranges_[last_].end;
  }

 private:
  std::vector<MemoryRange> ranges_;
  mutable std::size_t last_ = 0;  // that was asked for
};

}  // namespace brood::machine
