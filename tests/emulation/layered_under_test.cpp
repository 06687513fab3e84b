// SPDX-License-Identifier: Apache-2.0
// The CUDA backend on an emulated device whose blocks have too little shared memory for the fused
// kernel, so that every network is trained layer by layer; in fp32 with exact products.
#include "backend/under_test.hpp"
#include "emulation/emulation.hpp"

namespace brood {

EngineOptions backend_under_test() {
  emulation::exact_mma = true;
  emulation::limits.shared_bytes_block = 6 * 1024;
  return {.device = "cuda", .precision = "fp32"};
}

}  // namespace brood
