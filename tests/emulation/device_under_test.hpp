// SPDX-License-Identifier: Apache-2.0
// Which device a test of the CUDA backend is about: such tests are compiled for the emulated one
// here and for the machine's in ../gpu.
#pragma once

#include <memory>

#include "cuda/device.hpp"

namespace brood::cuda {

// Its tensor cores round.
std::unique_ptr<Device> device_under_test();

// How many samples tests with random operands take: fewer where each costs a fiber.
int samples(int on_a_device);

}  // namespace brood::cuda
