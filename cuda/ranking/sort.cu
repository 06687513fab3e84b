// SPDX-License-Identifier: Apache-2.0
#include "cuda/ranking/sort.hpp"

#include <thrust/execution_policy.h>
#include <thrust/sort.h>
#include <thrust/system_error.h>

#include "brood/error.hpp"

namespace brood::cuda {

namespace {

// What Thrust takes its working memory from.
struct ArenaAllocator {
  using value_type = char;

  char* allocate(std::ptrdiff_t bytes) { return static_cast<char*>(arena.take(bytes)); }
  void deallocate(char* memory, std::size_t) { arena.give_back(memory); }

  Arena& arena;
};

}  // namespace

void sort_pairs(Device& device, Arena& arena, std::uint64_t* keys, std::int32_t* values,
                std::int64_t count) {
  ArenaAllocator allocator{arena};
  try {
    thrust::stable_sort_by_key(thrust::cuda::par_nosync(allocator).on(device.stream()), keys,
                               keys + count, values);
  } catch (thrust::system_error const& error) {
    throw DeviceError(std::string("thrust::stable_sort_by_key: ") + error.what());
  }
}

}  // namespace brood::cuda
