// SPDX-License-Identifier: Apache-2.0
// Small kernels from tests: arrays on the device under test, launches that are waited for, and the
// first of many differences.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cuda/kernels/prims.cuh"
#include "emulation/device_under_test.hpp"

namespace brood::cuda {

template <class T>
class OnDevice {
 public:
  OnDevice(Device& device, std::size_t count)
      : device_(device), count_(count), data_(device.allocate(count * sizeof(T))) {}
  OnDevice(Device& device, std::vector<T> const& values) : OnDevice(device, values.size()) {
    device.copy_in(data_, values.data(), values.size() * sizeof(T));
  }
  ~OnDevice() { device_.release(data_); }
  OnDevice(OnDevice const&) = delete;
  OnDevice& operator=(OnDevice const&) = delete;

  T* data() const { return static_cast<T*>(data_); }
  std::vector<T> read() const {
    std::vector<T> values(count_);
    device_.copy_out(values.data(), data_, count_ * sizeof(T));
    return values;
  }

 private:
  Device& device_;
  std::size_t count_;
  void* data_;
};

// A line of what was found, for the log; no judgement.
__attribute__((format(printf, 1, 2))) inline void report(char const* format, ...) {
  std::printf("[  REPORT  ] ");
  va_list arguments;
  va_start(arguments, format);
  std::vprintf(format, arguments);
  va_end(arguments);
  std::printf("\n");
  std::fflush(stdout);
}

// Counts what is not right and keeps the first.
class Mismatches {
 public:
  template <class Say>
  void check(bool right, Say&& say) {
    ++checked_;
    if (!right && wrong_++ == 0) first_ = say();
  }
  ~Mismatches() {
    EXPECT_GT(checked_, 0);
    if (wrong_ > 0) ADD_FAILURE() << wrong_ << " of " << checked_ << ", the first: " << first_;
  }

 private:
  long checked_ = 0, wrong_ = 0;
  std::string first_;
};

inline std::string text(char const* format, ...) __attribute__((format(printf, 1, 2)));
inline std::string text(char const* format, ...) {
  char buffer[400];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return buffer;
}

class DeviceTest : public ::testing::Test {
 protected:
  template <class Arguments>
  void run(void (*kernel)(Arguments), LaunchShape const& shape, Arguments const& arguments) {
    device->check(launch(kernel, shape, device->stream(), arguments), "launch");
    device->wait();
  }

  std::unique_ptr<Device> device = device_under_test();
  std::mt19937 words{20261121};  // the same on every machine

  float normal() {  // roughly, of deviation 1
    double sum = 0;
    for (int i = 0; i < 4; ++i)
      sum += static_cast<double>(words()) * 0x1p-31 - 1;
    return static_cast<float>(0.8660254 * sum);
  }
};

}  // namespace brood::cuda
