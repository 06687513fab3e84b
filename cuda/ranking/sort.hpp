// SPDX-License-Identifier: Apache-2.0
// Thrust's sort of device memory. The tests bring one that lives on the host.
#pragma once

#include <cstdint>

#include "cuda/memory/arena.hpp"

namespace brood::cuda {

// Brings pairs into ascending order of their keys; equal keys keep their order. Keys and values are
// in device memory, and so is what the sort needs besides (from the arena). On the device's stream.
// Throws DeviceError.
void sort_pairs(Device& device, Arena& arena, std::uint64_t* keys, std::int32_t* values,
                std::int64_t count);

}  // namespace brood::cuda
