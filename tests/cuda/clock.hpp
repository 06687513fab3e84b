// SPDX-License-Identifier: Apache-2.0
// The CUDA backend's host side with a clock in the place of the device: kernels count steps and
// evaluations and change no weight, and a launch takes as long as it is told to. For tests of what
// is launched, of memory, and of the host's own time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cuda/device.hpp"

namespace brood::cuda::clocked {

// The device's speed, which the cost model does not know.
struct Speed {
  double step_seconds = 4e-6;  // of a member
  int at_once = 924;           // members
};
extern Speed speed;

// What was done since a test last zeroed it.
struct Counts {
  std::vector<double> launches;         // seconds of each
  std::int64_t steps = 0;               // of all members
  std::int64_t waits = 0;               // of the host
  std::vector<float const*> gradients;  // buffers of members that keep one in global memory
  double inside = 0;  // seconds of the thread's CPU time that stand for the device's
};
extern Counts counts;

// Of the calling thread: other processes do not count.
double cpu_seconds();

// Bytes of device memory: now, and at most so far.
struct Memory {
  std::int64_t now = 0, most = 0;
};
extern Memory memory;

// What the device was asked for, in order: "fork", "launch", "join", "wait", "release".
extern std::vector<std::string> calls;
// The launch that fails, from 1; 0: none does.
extern int failing_launch;

// An H200. One at a time.
std::unique_ptr<Device> device();

}  // namespace brood::cuda::clocked
