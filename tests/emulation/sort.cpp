// SPDX-License-Identifier: Apache-2.0
// The emulator's side of cuda/sort.hpp.
#include "cuda/ranking/sort.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

namespace brood::cuda {

void sort_pairs(Device& device, Arena&, std::uint64_t* keys, std::int32_t* values,
                std::int64_t count) {
  auto const n = static_cast<std::size_t>(count);
  std::vector<std::uint64_t> host_keys(n);
  std::vector<std::int32_t> host_values(n);
  device.copy_out(host_keys.data(), keys, n * sizeof(keys[0]));
  device.copy_out(host_values.data(), values, n * sizeof(values[0]));
  std::vector<std::pair<std::uint64_t, std::int32_t>> pairs;
  for (std::size_t i = 0; i < n; ++i)
    pairs.emplace_back(host_keys[i], host_values[i]);
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](auto const& a, auto const& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < n; ++i)
    std::tie(host_keys[i], host_values[i]) = pairs[i];
  device.copy_in(keys, host_keys.data(), n * sizeof(keys[0]));
  device.copy_in(values, host_values.data(), n * sizeof(values[0]));
}

}  // namespace brood::cuda
