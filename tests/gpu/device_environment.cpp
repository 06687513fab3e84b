// SPDX-License-Identifier: Apache-2.0
// Linked into every program of this folder. Without a device nothing is run, and a line says so.
// Where a failed test has left the device unusable, which is for the rest of the process, the
// program ends with kDeviceLost; tools/gpu_report.py goes on behind that test in another one.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "brood/error.hpp"
#include "cuda/device.hpp"

namespace brood::cuda {
namespace {

constexpr int kDeviceLost = 86;

class NeedsDevice : public ::testing::Environment {
 public:
  void SetUp() override {
    std::string why;
    if (device_count(&why) == 0) {
      std::printf("no CUDA device: %s\n", why.c_str());
      GTEST_SKIP() << "no CUDA device: " << why;
    }
    std::printf("on %s\n", Device::open(0)->limits().name.c_str());
    std::fflush(stdout);
  }
};

class WatchesDevice : public ::testing::EmptyTestEventListener {
  void OnTestEnd(::testing::TestInfo const& test) override {
    if (!test.result()->Failed()) return;
    try {
      auto const device = Device::open(0);
      device->release(device->allocate(256));
      device->wait();
    } catch (Error const& error) {
      std::printf("[  FAILED  ] %s.%s\ndevice lost: %s\n", test.test_suite_name(), test.name(),
                  error.what());
      std::fflush(stdout);
      std::_Exit(kDeviceLost);
    }
  }
};

[[maybe_unused]] bool const installed = [] {
  ::testing::AddGlobalTestEnvironment(new NeedsDevice);
  ::testing::UnitTest::GetInstance()->listeners().Append(new WatchesDevice);
  return true;
}();

}  // namespace
}  // namespace brood::cuda
