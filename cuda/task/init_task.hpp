// SPDX-License-Identifier: Apache-2.0
// What the drawing kernel is told of a member.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/init.hpp"
#include "cuda/task/tile_layout.hpp"

namespace brood::cuda {

struct InitTask {
  TileLayout layout;
  InitLaw law[kMaxLayers];
  std::int32_t bias_as_weights;
  std::uint64_t seed;
  float* tensors;       // parameters first; all are zeroed
  std::int64_t floats;  // of all tensors
  float* average;       // copies of the parameters; null: none
  float* best;
};
static_assert(std::is_trivially_copyable_v<InitTask>);

}  // namespace brood::cuda
