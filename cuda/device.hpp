// SPDX-License-Identifier: Apache-2.0
// One CUDA device as the backend uses it: limits, memory, copies and the order of work. Kernels are
// launched by launch() of prims.cuh on stream(). Errors are thrown as DeviceError with the call's
// name and the runtime's reason; after an error that the driver calls sticky, so is every call.
// The tests bring a second implementation that lives on the host (tests/emulation/).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct CUstream_st;

namespace brood::cuda {

// What the planner needs to know of a device.
struct DeviceLimits {
  int architecture = 90;  // compute capability times ten
  int multiprocessors = 132;
  int shared_bytes_block = 0;     // most dynamic shared memory of a block
  int shared_bytes_sm = 0;        // of a multiprocessor; a block takes 1 KB more than it asks for
  std::int64_t memory_bytes = 0;  // free now
  double clock_hz = 1.83e9;
  // Clusters of 2, 4 and 8 blocks of 256 threads that it holds at once if each block has all the
  // shared memory that one may have; 0: none. Of a device that runs something the launcher asks.
  std::array<int, 3> clusters = {};
  std::string name;
  bool planned_only = false;  // nothing can be run on it
};

// Clusters of so many blocks, a power of two, that a device holds at once. Of one block:
// multiprocessors. Of 16, which is no size that every device has, as if of eight.
inline int clusters_at_once(DeviceLimits const& limits, int blocks) {
  if (blocks == 1) return limits.multiprocessors;
  auto const size = static_cast<std::size_t>(std::countr_zero(static_cast<unsigned>(blocks)) - 1);
  return limits.clusters[size < limits.clusters.size() ? size : limits.clusters.size() - 1];
}

class Device {
 public:
  // Throws DeviceError where there is no such device, or its driver is too old, with the reason.
  // stream: the caller's; null: one of the device's own.
  static std::unique_ptr<Device> open(int index, CUstream_st* stream = nullptr);
  virtual ~Device() = default;

  virtual DeviceLimits const& limits() const = 0;
  virtual CUstream_st* stream() const = 0;

  // Memory is zeroed, and aligned to 256 bytes. Throws DeviceError with the bytes asked for.
  virtual void* allocate(std::size_t bytes) = 0;
  virtual void release(void* memory) = 0;
  // In the stream's order; the host's side may be reused when the call returns (copy_in), or is
  // filled when it does (copy_out waits).
  virtual void copy_in(void* to, void const* from, std::size_t bytes) = 0;
  // Memory for the host's side of copy_in(), which then needs no copy of its own: it is pinned
  // where there is a device. For at most kMaxStaged bytes, until the next call.
  static constexpr std::size_t kMaxStaged = std::size_t{4} << 20;
  virtual void* stage(std::size_t bytes);
  virtual void copy_out(void* to, void const* from, std::size_t bytes) = 0;
  virtual void copy_within(void* to, void const* from, std::size_t bytes) = 0;
  virtual void zero(void* memory, std::size_t bytes) = 0;
  virtual void wait() = 0;

  // Streams for launches that may run beside each other. What is put on stream(i), i < n, begins
  // after all that was put on stream() before fork(n); what is put on stream() after join(n) begins
  // after all of that.
  virtual void fork(int n) = 0;
  virtual CUstream_st* stream(int i) const = 0;
  virtual void join(int n) = 0;

  // What is put on stream() between the two is timed; timed_seconds() waits for it.
  // A device that runs nothing takes no time.
  virtual void start_timer() {}
  virtual void stop_timer() {}
  virtual double timed_seconds() { return 0; }
  // A named range of the calling thread's time, for a profiler that may be attached (NVTX).
  virtual void begin_range(char const* /*name*/) {}
  virtual void end_range() {}

  // Throws DeviceError if `error` (a cudaError_t) is one.
  virtual void check(int error, char const* call) const = 0;

 private:
  std::vector<unsigned char> staged_;
};

inline void* Device::stage(std::size_t bytes) {
  if (staged_.size() < bytes) staged_.resize(bytes);
  return staged_.data();
}

// A range until it ends.
class DeviceRange {
 public:
  DeviceRange(Device& device, char const* name) : device_(device) { device_.begin_range(name); }
  ~DeviceRange() { device_.end_range(); }
  DeviceRange(DeviceRange const&) = delete;
  DeviceRange& operator=(DeviceRange const&) = delete;

 private:
  Device& device_;
};

// Devices in this machine; 0 without a driver.
int device_count(std::string* why_none);

// One of them, as a list shows it, without opening it.
struct DeviceSummary {
  std::string name;
  std::string problem;  // why it cannot be used; empty: it can
};
DeviceSummary describe_device(int index);

}  // namespace brood::cuda
