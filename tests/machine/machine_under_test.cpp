// SPDX-License-Identifier: Apache-2.0
// The CUDA backend on executed machine code: its arithmetic is a device's, as far as manuals tell.
// From the environment: BROOD_MACHINE_ARCHITECTURE (sm_90, or sm_80), BROOD_MACHINE_PRECISION
// (fp32; of backend_under_test), BROOD_MACHINE_LAYERED (1: every network is trained layer by
// layer), BROOD_MACHINE_ALL_KERNELS (1: the tests must have executed every kernel that there is).
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "backend/under_test.hpp"
#include "emulation/device_under_test.hpp"
#include "emulation/emulation.hpp"
#include "machine/executor.hpp"
#include "support/tolerance.hpp"

namespace brood {
namespace {

std::string from_environment(char const* name, char const* otherwise) {
  char const* const text = std::getenv(name);
  return text ? text : otherwise;
}

machine::Machine const* executing = nullptr;

bool execute_machine_code() {
  std::string const architecture = from_environment("BROOD_MACHINE_ARCHITECTURE", "sm_90");
  executing = &machine::execute_launches(architecture);
  if (architecture == "sm_80") machine::limit_to_ampere();
  if (from_environment("BROOD_MACHINE_LAYERED", "0") == "1")
    emulation::limits.shared_bytes_block = 6 * 1024;
  return true;
}

// At the end: that it was machine code that ran.
class Executed : public testing::Environment {
 public:
  void TearDown() override {
    ASSERT_NE(executing, nullptr) << "no test asked for the backend";
    EXPECT_GT(executing->executed(), 0) << "no launch was executed";
    EXPECT_EQ(emulation::counters.blocks, 0) << "fibers ran";
    if (from_environment("BROOD_MACHINE_ALL_KERNELS", "0") == "1") {
      EXPECT_EQ(machine::kernels_not_executed(), std::vector<std::string>());
    }
  }
};
auto const* const environment = testing::AddGlobalTestEnvironment(new Executed);

// Of the run's precision.
double operand_roundoff(std::string const& precision) {
  if (precision == "tf32") return oracle::kOperandOfTf32;
  return precision == "bf16" ? oracle::kOperandOfBf16 : oracle::kOperandOfThreeProducts;
}

}  // namespace

EngineOptions backend_under_test() {
  [[maybe_unused]] static bool const executed = execute_machine_code();
  std::string const precision = from_environment("BROOD_MACHINE_PRECISION", "fp32");
  oracle::operand_roundoff = operand_roundoff(precision);
  oracle::sums_truncate = true;
  oracle::quotient_roundoff = oracle::kApproximateQuotient;
  return {.device = "cuda", .precision = precision};
}

namespace cuda {

std::unique_ptr<Device> device_under_test() {
  backend_under_test();
  return Device::open(0);
}

int samples(int on_a_device) {
  return on_a_device / 16;
}

}  // namespace cuda
}  // namespace brood
