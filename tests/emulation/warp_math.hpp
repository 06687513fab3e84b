// SPDX-License-Identifier: Apache-2.0
// What a warp computes together, from the operands that its lanes brought.
#pragma once

#include <cstdint>

namespace brood::emulation {

struct MmaOperands {
  float* c;                // 4
  std::uint32_t const* a;  // 4
  std::uint32_t const* b;  // 2
};

// Of 32 lanes, with the fragments that cuda/kernels/prims.cuh describes. Products are exact; they
// and c are added in double and rounded once, or as emulation::coarse_mma says. The hardware adds
// in an order and a width of its own, so it differs in the last bits.
void multiply_tf32(MmaOperands const* lanes);
void multiply_bf16(MmaOperands const* lanes);

// `rows`: 4 words that each lane loaded. `out`: where each lane's 4 words go.
void distribute(std::uint32_t const* const* rows, std::uint32_t* const* out);
void transpose(std::uint32_t const* const* rows, std::uint32_t* const* out);

}  // namespace brood::emulation
