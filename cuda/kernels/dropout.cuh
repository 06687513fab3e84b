// SPDX-License-Identifier: Apache-2.0
// Dropout masks by the counters of core/philox.hpp: one call serves a lane's quad.
#pragma once

#include "core/dropout.hpp"
#include "core/philox.hpp"
#include "cuda/kernels/precision.cuh"
#include "cuda/task/member_task.hpp"

namespace brood::cuda {

// Which of (row g, column c), (g, c + 1), (g + 8, c), (g + 8, c + 1) are kept, as bits. layer: 0
// for the inputs, l + 1 for what layer l puts out. block: of 16 rows, in the batch. c is even.
template <class Seed>
BROOD_PHASE unsigned kept_by_dropout(std::uint32_t threshold, Seed seed, std::uint32_t step,
                                     int layer, int block, int g, int c) {
  auto const purpose =
      static_cast<std::uint32_t>(layer) << 8 | static_cast<std::uint32_t>(Purpose::dropout);
  PhiloxBlock const words = philox({{static_cast<std::uint32_t>(c / 2), step,
                                     static_cast<std::uint32_t>(8 * block + g), purpose}},
                                   philox_key(seed));
  unsigned kept = 0;
#pragma unroll
  for (int i = 0; i < 4; ++i)
    kept |= words.word[i] >= threshold ? 1u << i : 0u;
  return kept;
}

// What a layer's values are multiplied by.
__device__ __forceinline__ Quad dropout_factors(DropoutScalars const& dropout, std::uint64_t seed,
                                                std::uint32_t step, int layer, int block, int g,
                                                int c) {
  unsigned const kept = kept_by_dropout(dropout.threshold, seed, step, layer, block, g, c);
  Quad factors;
#pragma unroll
  for (int i = 0; i < 4; ++i)
    factors.v[i] = (kept >> i & 1u) != 0 ? dropout.kept : 0.0f;
  return factors;
}

}  // namespace brood::cuda
