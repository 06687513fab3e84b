// SPDX-License-Identifier: Apache-2.0
// Dropout masks by the counters of core/philox.hpp: one call serves a lane's four elements of an
// accumulator fragment.
#pragma once

#include "core/philox.hpp"
#include "cuda/prims.cuh"

namespace brood::cuda {

// Of (row g, column c), (g, c + 1), (g + 8, c), (g + 8, c + 1).
struct DropoutFactors {
  float value[4];
};

class Dropout {
 public:
  // layer: 0 for the inputs, l + 1 for what layer l puts out. rate 0: none.
  __device__ __forceinline__ Dropout(float rate, std::uint64_t seed, std::uint32_t step, int layer)
      : key_(philox_key(seed)),
        step_(step),
        purpose_(static_cast<std::uint32_t>(layer) << 8 |
                 static_cast<std::uint32_t>(Purpose::dropout)),
        threshold_(dropout_threshold(static_cast<double>(rate))),
        kept_(static_cast<float>(1.0 / (1.0 - static_cast<double>(rate)))),
        on_(rate > 0.0f) {}

  // block: of 16 rows, in the batch. c is even.
  __device__ __forceinline__ DropoutFactors factors(int block, int g, int c) const {
    if (!on_) return {{1.0f, 1.0f, 1.0f, 1.0f}};
    PhiloxBlock const words = philox({{static_cast<std::uint32_t>(c / 2), step_,
                                       static_cast<std::uint32_t>(8 * block + g), purpose_}},
                                     key_);
    DropoutFactors factors;
#pragma unroll
    for (int i = 0; i < 4; ++i)
      factors.value[i] = words.word[i] >= threshold_ ? kept_ : 0.0f;
    return factors;
  }

 private:
  PhiloxKey key_;
  std::uint32_t step_, purpose_, threshold_;
  float kept_;
  bool on_;
};

}  // namespace brood::cuda
