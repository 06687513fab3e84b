// SPDX-License-Identifier: Apache-2.0
// The CUDA backend on the emulated device, in fp32 with exact products: what is left between it and
// the oracle is the rounding of fp32, as on the CPU. For tests of the backend alone products are
// rounded as a device's.
#include "backend/under_test.hpp"
#include "emulation/device_under_test.hpp"
#include "emulation/emulation.hpp"

namespace brood {

EngineOptions backend_under_test() {
  emulation::exact_mma = true;
  return {.device = "cuda", .precision = "fp32"};
}

namespace cuda {

std::unique_ptr<Device> device_under_test() {
  emulation::exact_mma = false;
  return Device::open(0);
}

int samples(int on_a_device) {
  return on_a_device / 16;
}

}  // namespace cuda
}  // namespace brood
