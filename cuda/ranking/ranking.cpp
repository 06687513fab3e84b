// SPDX-License-Identifier: Apache-2.0
#include "cuda/ranking/ranking.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "cuda/memory/buffer.hpp"
#include "cuda/ranking/sort.hpp"

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
  std::vector<std::pair<std::int32_t, std::uint64_t>> finite;  // id, key
  for (auto const& trial : trials) {
    if (std::isfinite(trial.score))
      finite.emplace_back(trial.id, ranking_key(trial.score, maximize));
  }
  if (finite.empty() || keep <= 0) return {};
  // Equal scores: the lower id first, as the sort keeps their order.
  if (!std::is_sorted(finite.begin(), finite.end())) std::sort(finite.begin(), finite.end());
  Buffer<std::uint64_t> const keys(arena, finite.size());
  Buffer<std::int32_t> const ids(arena, finite.size());
  fill(device, keys.data(), finite.size(),
       [&](std::size_t i, std::uint64_t& key) { key = finite[i].second; });
  fill(device, ids.data(), finite.size(),
       [&](std::size_t i, std::int32_t& id) { id = finite[i].first; });
  sort_pairs(device, arena, keys.data(), ids.data(), static_cast<std::int64_t>(finite.size()));
  std::vector<int> kept(std::min(finite.size(), static_cast<std::size_t>(keep)));
  device.copy_out(kept.data(), ids.data(), kept.size() * sizeof(std::int32_t));
  return kept;
}

}  // namespace brood::cuda
