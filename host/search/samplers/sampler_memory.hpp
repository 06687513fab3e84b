// SPDX-License-Identifier: Apache-2.0
// What proposing has found out about the trials so far. It saves time and decides nothing: with an
// empty one the same is proposed. It belongs to one space, sampler, seed and direction, and to one
// list of observations that grows at its end; their scores may change, their configurations may
// not.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "search/samplers/density_ratio.hpp"

namespace brood {

struct SamplerMemory {
  // By observation: ModelSpace::point_of() its configuration.
  std::vector<std::optional<std::vector<double>>> points = {};
  // The numbers, in the enumeration, of what this study has proposed, and of how many observations.
  std::set<std::int64_t> used = {};
  std::size_t counted = 0;
  // TPE's, of these trials or of those at the last call.
  std::vector<DensityRatio> ratios = {};
};

}  // namespace brood
