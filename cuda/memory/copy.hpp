// SPDX-License-Identifier: Apache-2.0
// Copies of many members' tensors: one launch, and one transfer between host and device, for as
// many as fit into a buffer, where a call for each would cost more than the bytes do.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <type_traits>

#include "cuda/memory/arena.hpp"

namespace brood::cuda {

// Of a pack of runs, which is there while it is copied.
inline constexpr std::int64_t kMaxPackedBytes = std::int64_t{64} << 20;

// Within device memory; runs do not overlap.
struct CopyRun {
  float* to;
  float const* from;
  std::int64_t floats;
};
static_assert(std::is_trivially_copyable_v<CopyRun>);

// On the device's stream; `runs` are in device memory. Throws DeviceError.
void launch_copies(Device& device, int count, CopyRun const* runs);

// No run is read that another of the same call writes.
void copy_runs(Device& device, Arena& arena, std::span<CopyRun const> runs);

struct Run {
  float* at;  // in device memory
  std::int64_t floats;
};
// Hands over the contents of each run, in order. Waits.
void read_runs(Device& device, Arena& arena, std::span<Run const> runs,
               std::function<void(std::size_t run, std::span<float const> values)> const& take);
// Asks for the contents of each run, in order.
void write_runs(Device& device, Arena& arena, std::span<Run const> runs,
                std::function<void(std::size_t run, std::span<float> values)> const& fill);

}  // namespace brood::cuda
