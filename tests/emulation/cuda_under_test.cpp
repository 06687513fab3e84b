// SPDX-License-Identifier: Apache-2.0
// The CUDA backend on the emulated device, in fp32 with exact products: what is left between it and
// the oracle is the rounding of fp32, as on the CPU.
#include "under_test.hpp"

#include "emulation/emulation.hpp"

namespace brood {

EngineOptions backend_under_test() {
  emulation::exact_mma = true;
  return {.device = "cuda", .precision = "fp32"};
}

}  // namespace brood
