// SPDX-License-Identifier: Apache-2.0
#include "cuda/ranking.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "cuda/buffer.hpp"
#include "cuda/sort.hpp"

namespace brood::cuda {

std::uint64_t ranking_key(double score, bool maximize) {
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  double const value = (maximize ? -score : score) + 0.0;  // -0 + 0 is 0
  auto const bits = std::bit_cast<std::uint64_t>(value);
  // Negative numbers are ordered by magnitude, downwards.
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

std::vector<int> rank_on_device(Device& device, Arena& arena, std::vector<Ranked> const& trials,
                                int keep, bool maximize) {
  std::vector<std::uint64_t> keys;
  std::vector<std::int32_t> ids;
  for (auto const& trial : trials) {
    if (!std::isfinite(trial.score)) continue;
    keys.push_back(ranking_key(trial.score, maximize));
    ids.push_back(trial.id);
  }
  if (keys.empty() || keep <= 0) return {};
  Buffer<std::uint64_t> const device_keys(arena, device, keys);
  Buffer<std::int32_t> const device_ids(arena, device, ids);
  sort_pairs(device, arena, device_keys.data(), device_ids.data(),
             static_cast<std::int64_t>(keys.size()));
  keys = device_keys.read(device);
  ids = device_ids.read(device);
  // Equal scores: the lower id first. Those that tie with the last to be kept are looked at, too.
  auto const kept = std::min(ids.size(), static_cast<std::size_t>(keep));
  for (std::size_t first = 0; first < kept;) {
    std::size_t end = first + 1;
    while (end < keys.size() && keys[end] == keys[first])
      ++end;
    std::sort(ids.begin() + static_cast<std::ptrdiff_t>(first),
              ids.begin() + static_cast<std::ptrdiff_t>(end));
    first = end;
  }
  ids.resize(kept);
  return ids;
}

}  // namespace brood::cuda
