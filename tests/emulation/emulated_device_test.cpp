// SPDX-License-Identifier: Apache-2.0
// The emulated device keeps what cuda/device.hpp promises, and fails when told to.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "brood/error.hpp"
#include "cuda/device.hpp"
#include "cuda/kernels/prims.cuh"
#include "emulation/emulation.hpp"
#include "emulation/sanitizers.hpp"

namespace brood::cuda {
namespace {

class EmulatedDevice : public testing::Test {
 protected:
  void TearDown() override {
    emulation::fail_call(0, "");
    emulation::limits = limits_;
    emulation::devices = 1;
  }

  // What the call throws.
  template <class Call>
  static std::string error_of(Call call) {
    try {
      call();
    } catch (DeviceError const& error) {
      return error.what();
    }
    return "";
  }

 private:
  DeviceLimits limits_ = emulation::limits;
};

TEST_F(EmulatedDevice, OpensWithTheLimitsSet) {
  emulation::limits.multiprocessors = 7;
  EXPECT_EQ(Device::open(0)->limits().multiprocessors, 7);
  EXPECT_EQ(Device::open(0)->limits().name, "emulated sm_90");
  EXPECT_THROW(Device::open(1), DeviceError);
}

TEST_F(EmulatedDevice, MayBeMissing) {
  std::string why;
  EXPECT_EQ(device_count(&why), 1);
  EXPECT_EQ(why, "");
  emulation::devices = 0;
  EXPECT_EQ(device_count(&why), 0);
  EXPECT_NE(why, "");
  EXPECT_THROW(Device::open(0), DeviceError);
}

TEST_F(EmulatedDevice, GivesOutZeroedAlignedMemory) {
  auto const device = Device::open(0);
  for (std::size_t bytes : {0u, 1u, 300u, 4096u}) {
    void* const memory = device->allocate(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 256, 0u);
    std::vector<char> found(bytes, 'x');
    device->copy_out(found.data(), memory, bytes);
    EXPECT_EQ(found, std::vector<char>(bytes));
    device->release(memory);
  }
}

TEST_F(EmulatedDevice, CopiesAndZeroes) {
  auto const device = Device::open(0);
  auto* const a = static_cast<int*>(device->allocate(40));
  auto* const b = static_cast<int*>(device->allocate(40));
  std::vector<int> numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, back(10);
  device->copy_in(a, numbers.data(), 40);
  device->copy_within(b, a, 40);
  device->zero(b + 2, 8);
  device->copy_out(back.data(), b, 40);
  device->wait();
  EXPECT_EQ(back, (std::vector<int>{1, 2, 0, 0, 5, 6, 7, 8, 9, 10}));
  device->release(a);
  device->release(b);
}

TEST_F(EmulatedDevice, RefusesMoreMemoryThanItHas) {
  emulation::limits.memory_bytes = 1000;
  auto const device = Device::open(0);
  void* const first = device->allocate(600);
  EXPECT_EQ(error_of([&] { device->allocate(500); }),
            "allocate: out of memory (500 bytes asked for, 400 free)");
  device->release(first);
  device->release(device->allocate(1000));
}

TEST_F(EmulatedDevice, RefusesToCopyBeyondAnAllocation) {
  auto const device = Device::open(0);
  auto* const memory = static_cast<unsigned char*>(device->allocate(100));
  unsigned char host[200] = {};
  EXPECT_NE(error_of([&] { device->copy_in(memory + 1, host, 100); }), "");
  EXPECT_NE(error_of([&] { device->copy_out(host, memory - 1, 2); }), "");
  EXPECT_NE(error_of([&] { device->copy_within(memory, host, 10); }), "");
  EXPECT_NE(error_of([&] { device->zero(host, 1); }), "");
  EXPECT_EQ(error_of([&] { device->copy_in(memory + 1, host, 99); }), "");
  device->release(memory);
}

struct Increment {
  int* numbers;
};

__global__ void increment(Increment arguments) {
  ++arguments.numbers[threadIdx.x];
}

TEST_F(EmulatedDevice, IsReachedByLaunches) {
  auto const device = Device::open(0);
  auto* const numbers = static_cast<int*>(device->allocate(32 * sizeof(int)));
  device->check(launch(increment, {}, device->stream(), Increment{numbers}), "launch");
  device->check(launch(increment, {}, device->stream(), Increment{numbers}), "launch");
  std::vector<int> found(32);
  device->copy_out(found.data(), numbers, 32 * sizeof(int));
  EXPECT_EQ(found, std::vector<int>(32, 2));
  device->release(numbers);
}

TEST(EmulatedDeviceDeathTest, HostLooksAtDeviceMemory) {
  if (!emulation::kAddressSanitizer) GTEST_SKIP() << "AddressSanitizer sees it";
  auto const device = Device::open(0);
  auto* const memory = static_cast<int*>(device->allocate(32 * sizeof(int)));
  device->zero(memory, 32 * sizeof(int));
  device->check(launch(increment, {}, device->stream(), Increment{memory}), "launch");
  EXPECT_DEATH(++memory[3], "use-after-poison");
  device->release(memory);
}

TEST_F(EmulatedDevice, FailsTheCallAskedForAndAllAfterIt) {
  struct Nothing {};
  auto const kernel = +[](Nothing) {};
  auto const device = Device::open(0);
  emulation::fail_call(3, "an illegal memory access was encountered");
  void* const memory = device->allocate(4);
  device->zero(memory, 4);
  auto const error = launch(kernel, {}, device->stream(), Nothing{});
  EXPECT_NE(error, cudaSuccess);
  EXPECT_EQ(error_of([&] { device->check(error, "launch"); }),
            "launch: an illegal memory access was encountered");
  EXPECT_EQ(error_of([&] { device->wait(); }), "wait: an illegal memory access was encountered");
  device->release(memory);
  emulation::fail_call(0, "");
  EXPECT_EQ(error_of([&] { device->wait(); }), "");
  device->check(launch(kernel, {}, device->stream(), Nothing{}), "launch");
}

TEST_F(EmulatedDevice, NamesALaunchThatCannotBe) {
  struct Nothing {};
  auto const device = Device::open(0);
  auto const error = launch(
      +[](Nothing) {}, {.threads = 31}, device->stream(), Nothing{});
  EXPECT_EQ(error_of([&] { device->check(error, "train"); }),
            "train: invalid configuration argument");
}

}  // namespace
}  // namespace brood::cuda
