// SPDX-License-Identifier: Apache-2.0
// The CUDA backend on executed machine code: its arithmetic is a device's, as far as manuals tell.
// BROOD_MACHINE_ARCHITECTURE says of which device (sm_90a).
#include <cstdlib>

#include "backend/under_test.hpp"
#include "emulation/device_under_test.hpp"
#include "emulation/emulation.hpp"
#include "machine/executor.hpp"
#include "support/tolerance.hpp"

namespace brood {
namespace {

void execute_machine_code() {
  static bool const done = [] {
    char const* const asked = std::getenv("BROOD_MACHINE_ARCHITECTURE");
    std::string const architecture = asked ? asked : "sm_90a";
    machine::execute_launches(architecture);
    if (architecture == "sm_80") {
      emulation::limits.architecture = 80;
      emulation::limits.multiprocessors = 108;
      emulation::limits.shared_bytes_block = 163 * 1024;
      emulation::limits.shared_bytes_sm = 164 * 1024;
      emulation::limits.most_cluster_blocks = 1;
    }
    return true;
  }();
  static_cast<void>(done);
}

}  // namespace

EngineOptions backend_under_test() {
  execute_machine_code();
  oracle::operand_roundoff = oracle::kOperandOfThreeProducts;
  oracle::sums_truncate = true;
  oracle::quotient_roundoff = oracle::kApproximateQuotient;
  return {.device = "cuda", .precision = "fp32"};
}

namespace cuda {

std::unique_ptr<Device> device_under_test() {
  execute_machine_code();
  return Device::open(0);
}

int samples(int on_a_device) {
  return on_a_device / 16;
}

}  // namespace cuda
}  // namespace brood
