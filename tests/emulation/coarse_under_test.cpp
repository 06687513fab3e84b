// SPDX-License-Identifier: Apache-2.0
// The CUDA backend on an emulated device that multiplies and adds as a real one may at worst: the
// bounds that tests/gpu holds a device to must hold here.
#include "backend/under_test.hpp"
#include "emulation/emulation.hpp"
#include "support/tolerance.hpp"

namespace brood {

EngineOptions backend_under_test() {
  emulation::exact_mma = false;
  emulation::coarse_mma = true;
  oracle::operand_roundoff = oracle::kOperandOfThreeProducts;
  oracle::sums_truncate = true;
  oracle::quotient_roundoff = oracle::kApproximateQuotient;
  return {.device = "cuda", .precision = "fp32"};
}

}  // namespace brood
