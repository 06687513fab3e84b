// SPDX-License-Identifier: Apache-2.0
// The CUDA backend: members resident in device memory, every call one submission of a few launches.
// Implemented in cuda/. In a build without nvcc it can only plan.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "brood/backend.hpp"
#include "brood/engine.hpp"

namespace brood::cuda {

struct BackendOptions {
  int device = 0;
  std::string model = {};  // to plan for a device that is not there ("sm_90"); nothing can be run
  void* stream = nullptr;  // the caller's cudaStream_t; null: one of its own
  std::string precision = "tf32";  // "tf32", "bf16", "fp32"
  double launch_seconds = 0.2;     // that a launch of training takes at most
  Profile* profile = nullptr;      // null: nothing is measured
};

// Throws UsageError for an unknown precision or model, DeviceError if the device cannot be used.
std::unique_ptr<Backend> make_backend(BackendOptions const& options);

// The CUDA devices of this machine; with none, one that says why. Opens none of them.
std::vector<DeviceInfo> devices();

}  // namespace brood::cuda
