// SPDX-License-Identifier: Apache-2.0
// For the area under the ROC curve of many members, counted on the device where their predictions
// are: pairs of a row that has a class (or label) and one that has not, by Thrust's sort and one
// pass over what it brings into order. Whole numbers, so the same as the host would count.
#pragma once

#include <cstdint>
#include <type_traits>
#include <vector>

#include "brood/backend.hpp"
#include "cuda/memory/arena.hpp"

namespace brood::cuda {

// What the kernels are told. A segment is one output of one member, of `counted` of each member's
// from `first_output` on; all pointers are to device memory.
struct PairTask {
  float const* predictions;  // (members, rows, outputs)
  float const* y;            // of the table: (its rows, targets)
  std::int32_t const* rows;
  std::int64_t row_count;
  std::int32_t members, outputs, targets;
  std::int32_t first_output, counted;
  std::int32_t labels;  // whether targets are labels, not one class
  // (segments, rows): to be brought into order, and whether the row has the class.
  std::uint64_t* keys;
  std::int32_t* with;
  OrderedPairs* pairs;  // (segments)

  std::int64_t segments() const { return std::int64_t{members} * counted; }
};
static_assert(std::is_trivially_copyable_v<PairTask>);
static_assert(std::is_trivially_copyable_v<OrderedPairs>);

// On the device's stream. Throw DeviceError.
void launch_pair_keys(Device& device, PairTask const& task);
void launch_pair_counts(Device& device, PairTask const& task);

// Of each segment; keys, with and pairs of the task are set here. Waits.
std::vector<OrderedPairs> ordered_pairs(Device& device, Arena& arena, PairTask task);

}  // namespace brood::cuda
