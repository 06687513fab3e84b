// SPDX-License-Identifier: Apache-2.0
// The kernels by name, for the backend: which of the compiled variants a plan needs, and their
// launches.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "cuda/device.hpp"
#include "cuda/plan/plan.hpp"
#include "cuda/task/launch_shape.hpp"
#include "cuda/task/member_task.hpp"

namespace brood::cuda {

struct InitTask;

struct Variant {
  Precision precision = Precision::tf32;
  bool shared_weights = true;
  bool clustered = false;
};

// Tasks are in device memory, one per cluster of blocks. Throws DeviceError.
void launch_run(Device& device, CUstream_st* stream, Variant const& variant,
                LaunchShape const& shape, MemberTask const* tasks);
// To be called before a device's first launch of a precision's kernels: lets them have all the
// shared memory that it has. Throws DeviceError.
void prepare_kernels(Device& device, Precision precision);
// DeviceLimits::clusters of these kernels on a device: none where the code that it runs was
// compiled for an architecture without clusters.
std::array<int, 3> clusters_on(Device& device, Precision precision);
// Empty, or why this program has no code that a device can run, and what to do.
std::string code_problem(Device& device);
// On the device's stream.
void launch_init(Device& device, int members, InitTask const* tasks);

// A hash of the sources that kernels are made of.
char const* kernel_hash();

}  // namespace brood::cuda
