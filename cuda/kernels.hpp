// SPDX-License-Identifier: Apache-2.0
// The kernels by name, for the backend: which of the compiled variants a plan needs, and their
// launches. Each variant is compiled in a file of its own.
#pragma once

#include <cstdint>

#include "cuda/device.hpp"
#include "cuda/launch_shape.hpp"
#include "cuda/member_task.hpp"
#include "cuda/plan.hpp"

namespace brood::cuda {

struct DrawTask;

struct Variant {
  Precision precision = Precision::tf32;
  bool shared_weights = true;
  bool clustered = false;
};

// Tasks are in device memory, one per cluster of blocks. Both throw DeviceError.
void launch_run(Device& device, CUstream_st* stream, Variant const& variant,
                LaunchShape const& shape, MemberTask const* tasks);
// Blocks of the largest cluster (8, 4, 2 or 1) that the device can place, with all the shared
// memory that a block may have.
int largest_cluster(Device& device, Precision precision);
// On the device's stream.
void launch_draw(Device& device, int members, DrawTask const* tasks);

// A hash of the sources that kernels are made of.
char const* kernel_hash();

}  // namespace brood::cuda
