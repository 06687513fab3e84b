// SPDX-License-Identifier: Apache-2.0
// Who of a rung goes on, ranked on the device: for populations so large that a sort on the host
// would be felt.
#pragma once

#include <cstdint>
#include <vector>

#include "brood/scheduler.hpp"
#include "cuda/memory/arena.hpp"

namespace brood::cuda {

// A key that orders as the score does, better first: -0 and 0 have the same. `score` is finite.
std::uint64_t ranking_key(double score, bool maximize);

// Exactly survivors(). Waits.
std::vector<int> rank_on_device(Device& device, Arena& arena, std::vector<Ranked> const& trials,
                                int keep, bool maximize);

}  // namespace brood::cuda
