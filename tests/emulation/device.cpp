// SPDX-License-Identifier: Apache-2.0
// cuda/device.hpp on the host's memory: copies are checked against what was allocated, and all work
// is done when a call returns. With AddressSanitizer the host may not look at the device's memory:
// only launches and copies may. What is not released before the device is closed is a leak.
#include "cuda/device.hpp"

#include <cuda_runtime.h>

#include <chrono>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "brood/error.hpp"
#include "emulation/emulation.hpp"
#include "emulation/operations.hpp"
#include "emulation/sanitizers.hpp"

namespace brood::emulation {

cuda::DeviceLimits limits{.architecture = 90,
                          .multiprocessors = 132,
                          .shared_bytes_block = 232448,
                          .shared_bytes_sm = 233472,
                          .memory_bytes = std::int64_t{4} << 30,
                          .clusters = {66, 32, 16},
                          .name = "emulated sm_90"};
int code_architecture = 90;
int most_cluster_blocks = 16;
int devices = 1;
std::string device_problem;

namespace {

struct Failure {
  std::mutex mutex;
  int calls_left = 0;  // until one fails; 0: none will
  bool failed = false;
  std::string text;
} failure;

std::string failure_text() {
  std::lock_guard const lock(failure.mutex);
  return failure.failed ? failure.text : "";
}

class EmulatedDevice;

struct State {
  std::mutex mutex;
  std::vector<EmulatedDevice*> devices;  // open
  int launches = 0;                      // that run
} state;

class EmulatedDevice final : public cuda::Device {
 public:
  explicit EmulatedDevice(cuda::DeviceLimits limits) : limits_(std::move(limits)) {
    std::lock_guard const lock(state.mutex);
    state.devices.push_back(this);
  }
  ~EmulatedDevice() override {
    std::lock_guard const lock(state.mutex);
    std::erase(state.devices, this);
  }

  cuda::DeviceLimits const& limits() const override { return limits_; }
  CUstream_st* stream() const override { return nullptr; }

  void* allocate(std::size_t bytes) override {
    begin("allocate");
    std::lock_guard const lock(state.mutex);
    if (static_cast<std::int64_t>(bytes) > limits_.memory_bytes - used_) {
      throw DeviceError("allocate: out of memory (" + std::to_string(bytes) + " bytes asked for, " +
                        std::to_string(limits_.memory_bytes - used_) + " free)");
    }
    auto* const memory = static_cast<unsigned char*>(::operator new(bytes, kAlignment));
    std::memset(memory, 0, bytes);
    close(memory, bytes);
    allocated_[memory] = bytes;
    used_ += static_cast<std::int64_t>(bytes);
    return memory;
  }

  // Never fails, so that destructors may call it.
  void release(void* memory) override {
    std::lock_guard const lock(state.mutex);
    auto const found = allocated_.find(static_cast<unsigned char*>(memory));
    if (found == allocated_.end()) return;
    allow(memory, found->second);
    ::operator delete(memory, kAlignment);
    used_ -= static_cast<std::int64_t>(found->second);
    allocated_.erase(found);
  }

  void copy_in(void* to, void const* from, std::size_t bytes) override {
    begin("copy_in");
    std::lock_guard const lock(state.mutex);
    open(to, bytes, "copy_in");
    copy(to, from, bytes);
    close(to, bytes);
  }
  void copy_out(void* to, void const* from, std::size_t bytes) override {
    begin("copy_out");
    std::lock_guard const lock(state.mutex);
    open(from, bytes, "copy_out");
    copy(to, from, bytes);
    close(from, bytes);
  }
  void copy_within(void* to, void const* from, std::size_t bytes) override {
    begin("copy_within");
    std::lock_guard const lock(state.mutex);
    open(to, bytes, "copy_within");
    open(from, bytes, "copy_within");
    copy(to, from, bytes);
    close(to, bytes);
    close(from, bytes);
  }
  void zero(void* memory, std::size_t bytes) override {
    begin("zero");
    std::lock_guard const lock(state.mutex);
    open(memory, bytes, "zero");
    if (bytes > 0) std::memset(memory, 0, bytes);
    close(memory, bytes);
  }
  void wait() override { begin("wait"); }
  // Launches have run when they return.
  void fork(int) override { begin("fork"); }
  CUstream_st* stream(int) const override { return nullptr; }
  void join(int) override { begin("join"); }

  // Everything is done when a call returns.
  void start_timer() override { started_ = Clock::now(); }
  void stop_timer() override { timed_ = Clock::now() - started_; }
  double timed_seconds() override { return timed_.count(); }

  void check(int error, char const* call) const override {
    if (error == cudaSuccess) return;
    std::string reason = failure_text();
    if (reason.empty()) {
      reason = error == cudaErrorInvalidConfiguration ? "invalid configuration argument"
                                                      : "error " + std::to_string(error);
    }
    throw DeviceError(std::string(call) + ": " + reason);
  }

  void list(std::vector<Allocation>& list) const {
    for (auto const& [memory, bytes] : allocated_)
      list.push_back({memory, bytes});
  }

  // For a launch.
  void open_all() {
    for (auto const& [memory, bytes] : allocated_)
      allow(memory, bytes);
  }
  void close_all() {
    for (auto const& [memory, bytes] : allocated_)
      close(memory, bytes);
  }

 private:
  using Clock = std::chrono::steady_clock;

  static constexpr std::align_val_t kAlignment{256};

  static void begin(char const* call) {
    if (call_fails()) throw DeviceError(std::string(call) + ": " + failure_text());
  }

  static void copy(void* to, void const* from, std::size_t bytes) {
    if (bytes > 0) std::memcpy(to, from, bytes);  // of nothing, either may be null
  }

  // Throws DeviceError if the bytes do not lie in one allocation.
  void open(void const* p, std::size_t bytes, char const* call) {
    if (bytes == 0) return;
    auto const* const first = static_cast<unsigned char const*>(p);
    auto after = allocated_.upper_bound(first);
    bool inside = after != allocated_.begin();
    if (inside) {
      --after;
      auto const offset = static_cast<std::size_t>(first - after->first);
      inside = offset <= after->second && bytes <= after->second - offset;
    }
    if (!inside) {
      throw DeviceError(std::string(call) + ": invalid argument (" + std::to_string(bytes) +
                        " bytes do not lie in one allocation)");
    }
    allow(p, bytes);
  }
  static void close(void const* p, std::size_t bytes) {
    if (state.launches == 0) forbid(p, bytes);
  }

  cuda::DeviceLimits limits_;
  std::map<unsigned char const*, std::size_t> allocated_;
  std::int64_t used_ = 0;
  Clock::time_point started_;
  std::chrono::duration<double> timed_{};
};

}  // namespace

void open_devices() {
  std::lock_guard const lock(state.mutex);
  if (state.launches++ > 0) return;
  for (EmulatedDevice* device : state.devices)
    device->open_all();
}

void close_devices() {
  std::lock_guard const lock(state.mutex);
  if (--state.launches > 0) return;
  for (EmulatedDevice* device : state.devices)
    device->close_all();
}

std::vector<Allocation> allocations() {
  std::lock_guard const lock(state.mutex);
  std::vector<Allocation> list;
  for (EmulatedDevice const* device : state.devices)
    device->list(list);
  return list;
}

void fail_call(int n, std::string text) {
  std::lock_guard const lock(failure.mutex);
  failure.calls_left = n;
  failure.failed = false;
  failure.text = std::move(text);
}

bool call_fails() {
  std::lock_guard const lock(failure.mutex);
  if (failure.calls_left > 0 && --failure.calls_left == 0) failure.failed = true;
  return failure.failed;
}

}  // namespace brood::emulation

namespace brood::cuda {

std::unique_ptr<Device> Device::open(int index, CUstream_st*) {
  if (index < 0 || index >= emulation::devices) {
    throw DeviceError("there is no emulated device " + std::to_string(index) + " among " +
                      std::to_string(emulation::devices));
  }
  return std::make_unique<emulation::EmulatedDevice>(emulation::limits);
}

int device_count(std::string* why_none) {
  if (emulation::devices == 0 && why_none) *why_none = "the emulator was told to have none";
  return emulation::devices;
}

DeviceSummary describe_device(int) {
  return {emulation::limits.name, emulation::device_problem};
}

}  // namespace brood::cuda
