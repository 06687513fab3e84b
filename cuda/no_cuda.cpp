// SPDX-License-Identifier: Apache-2.0
#include "backend/cuda_backend.hpp"
#include "brood/error.hpp"

namespace brood::cuda {

namespace {
constexpr char const* kReason = "this build has no CUDA backend";
}

std::unique_ptr<Backend> make_backend(BackendOptions const& options) {
  throw DeviceError("device: cuda:" + std::to_string(options.device) + ": " + kReason +
                    "; use cpu");
}

std::vector<std::string> describe_devices(std::string& why_none) {
  why_none = kReason;
  return {};
}

}  // namespace brood::cuda
