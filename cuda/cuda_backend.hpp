// SPDX-License-Identifier: Apache-2.0
// The backend on a device of one's own choice and with forced plans: what tests and benchmarks use.
// Everyone else: backend/cuda_backend.hpp.
#pragma once

#include <memory>

#include "backend/cuda_backend.hpp"
#include "cuda/plan/submission.hpp"

namespace brood::cuda {

std::unique_ptr<Backend> make_backend(std::unique_ptr<Device> device, Precision precision,
                                      SubmissionLimits const& limits, Profile* profile = nullptr);

}  // namespace brood::cuda
