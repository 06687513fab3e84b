// SPDX-License-Identifier: Apache-2.0
// The CUDA backend on this machine's device, and what its arithmetic adds to fp32's rounding
// (tests/support/tolerance.hpp, 7).
#include "backend/under_test.hpp"
#include "emulation/device_under_test.hpp"
#include "support/tolerance.hpp"

namespace brood {

EngineOptions backend_under_test() {
  oracle::operand_roundoff = oracle::kOperandOfThreeProducts;
  oracle::sums_truncate = true;
  oracle::quotient_roundoff = oracle::kApproximateQuotient;
  return {.device = "cuda", .precision = "fp32"};
}

namespace cuda {

std::unique_ptr<Device> device_under_test() {
  return Device::open(0);
}

int samples(int on_a_device) {
  return on_a_device;
}

}  // namespace cuda
}  // namespace brood
