// SPDX-License-Identifier: Apache-2.0
// Devices to plan for where there is none: their limits, and a device that holds memory on the host
// and runs nothing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cuda/device.hpp"

namespace brood::cuda {

std::vector<std::string> device_models();

// Throws UsageError for a name that is not among them.
std::unique_ptr<Device> planning_device(std::string const& model);

}  // namespace brood::cuda
