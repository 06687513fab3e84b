// SPDX-License-Identifier: Apache-2.0
// The CUDA backend: members resident in device memory, every call one submission of at most eight
// launches. Implemented in cuda/; in a build without CUDA the same functions say so (no_cuda.cpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "brood/backend.hpp"

namespace brood::cuda {

struct BackendOptions {
  int device = 0;
  std::string precision = "tf32";  // "tf32", "bf16", "fp32"
};

// Throws UsageError for an unknown precision, DeviceError if the device cannot be used.
std::unique_ptr<Backend> make_backend(BackendOptions const& options);

// Devices that can be used, described; with none, `why_none` says why.
std::vector<std::string> describe_devices(std::string& why_none);

}  // namespace brood::cuda
