// SPDX-License-Identifier: Apache-2.0
#include "cuda/ranking/pairs.hpp"

#include "cuda/memory/buffer.hpp"
#include "cuda/ranking/sort.hpp"

namespace brood::cuda {

std::vector<OrderedPairs> ordered_pairs(Device& device, Arena& arena, PairTask task) {
  std::int64_t const count = task.segments() * task.row_count;
  Buffer<std::uint64_t> const keys(arena, static_cast<std::size_t>(count));
  Buffer<std::int32_t> const with(arena, static_cast<std::size_t>(count));
  Buffer<OrderedPairs> const pairs(arena, static_cast<std::size_t>(task.segments()));
  task.keys = keys.data();
  task.with = with.data();
  task.pairs = pairs.data();
  launch_pair_keys(device, task);
  sort_pairs(device, arena, task.keys, task.with, count);
  launch_pair_counts(device, task);
  return pairs.read(device);
}

}  // namespace brood::cuda
