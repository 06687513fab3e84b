// SPDX-License-Identifier: Apache-2.0
// Predictions to keys that sort by segment, then by prediction; and the pairs of a sorted segment.
#pragma once

#include "cuda/kernels/prims.cuh"
#include "cuda/ranking/pairs.hpp"

namespace brood::cuda {

inline constexpr std::uint32_t kNotANumber = 0xffffffffu;  // comes last

// Orders as the number with these bits does; -0 and 0 are the same.
__device__ __forceinline__ std::uint32_t ordered_bits(std::uint32_t bits) {
  constexpr std::uint32_t kSign = 0x80000000u;
  if ((bits & ~kSign) > 0x7f800000u) return kNotANumber;
  if (bits == kSign) bits = 0;
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

__global__ void pair_keys(PairTask task) {
  std::int64_t const count = std::int64_t{task.members} * task.counted * task.row_count;
  auto const* const predictions = reinterpret_cast<std::uint32_t const*>(task.predictions);
  auto const first = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (std::int64_t i = first; i < count; i += static_cast<std::int64_t>(gridDim.x) * blockDim.x) {
    std::int64_t const segment = i / task.row_count, row = i % task.row_count;
    std::int64_t const member = segment / task.counted;
    auto const output = task.first_output + static_cast<int>(segment % task.counted);
    float const* const y = task.y + std::int64_t{task.rows[row]} * task.targets;
    bool const with = task.labels != 0 ? y[output] > 0.5f : y[0] == static_cast<float>(output);
    std::uint32_t const bits = predictions[(member * task.row_count + row) * task.outputs + output];
    task.keys[i] = static_cast<std::uint64_t>(segment) << 32 | ordered_bits(bits);
    task.with[i] = with ? 1 : 0;
  }
}

// A segment's sums by thread, in shared memory.
struct PairSums {
  std::int64_t without;  // rows
  std::int64_t twice_in_order;
};

// A block counts one segment, each thread an equal stretch of its rows and the ties that begin
// there: every row with the class is in order with the rows without that lie before it, and half
// so with those that tie with it.
__global__ void pair_counts(PairTask task) {
  std::int64_t const rows = task.row_count;
  std::uint64_t const* const keys = task.keys + std::int64_t{blockIdx.x} * rows;
  std::int32_t const* const with = task.with + std::int64_t{blockIdx.x} * rows;
  auto* const sums = reinterpret_cast<PairSums*>(shared_memory());
  auto const self = static_cast<int>(threadIdx.x);
  auto const threads = static_cast<int>(blockDim.x);
  std::int64_t const stretch = (rows + threads - 1) / threads;
  std::int64_t const begin = self * stretch;
  std::int64_t const end = begin + stretch < rows ? begin + stretch : rows;
  std::int64_t own = 0;
  for (std::int64_t i = begin; i < end; ++i)
    own += 1 - with[i];
  sums[self].without = own;
  sync_block();
  std::int64_t without = 0;  // of the rows before
  for (int i = 0; i < self; ++i)
    without += sums[i].without;
  std::int64_t twice = 0;
  for (std::int64_t i = begin; i < end; ++i) {
    if (i == 0 || keys[i] != keys[i - 1]) {
      std::int64_t tied_with = 0, tied_without = 0;
      for (std::int64_t j = i; j < rows && keys[j] == keys[i]; ++j) {
        tied_with += with[j];
        tied_without += 1 - with[j];
      }
      twice += tied_with * (2 * without + tied_without);
    }
    without += 1 - with[i];
  }
  sums[self].twice_in_order = twice;
  sync_block();
  if (self != 0) return;
  OrderedPairs total{0, 0, 0, 1};
  for (int i = 0; i < threads; ++i) {
    total.without += sums[i].without;
    total.twice_in_order += sums[i].twice_in_order;
  }
  total.with = rows - total.without;
  if (static_cast<std::uint32_t>(keys[rows - 1]) == kNotANumber) total.defined = 0;
  task.pairs[blockIdx.x] = total;
}

}  // namespace brood::cuda
