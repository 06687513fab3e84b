// SPDX-License-Identifier: Apache-2.0
#include "cuda/memory/arena.hpp"

#include <algorithm>
#include <iterator>

namespace brood::cuda {

namespace {
constexpr std::int64_t kSmallestSlab = std::int64_t{1} << 20;
constexpr std::int64_t kLargestSlab = std::int64_t{256} << 20;
}  // namespace

Arena::~Arena() {
  for (auto const& [address, slab] : slabs_)
    device_.release(address);
}

void* Arena::take_from(Slab& slab, std::int64_t bytes) {
  for (auto it = slab.free.begin(); it != slab.free.end(); ++it) {
    auto const [offset, size] = *it;
    if (size < bytes) continue;
    slab.free.erase(it);
    if (size > bytes) slab.free.emplace(offset + bytes, size - bytes);
    void* const memory = slab.memory + offset;
    taken_.emplace(memory, bytes);
    used_ += bytes;
    return memory;
  }
  return nullptr;
}

void* Arena::take(std::int64_t bytes) {
  bytes = arena_bytes(bytes);
  for (auto& [address, slab] : slabs_) {
    if (void* const memory = take_from(slab, bytes)) return memory;
  }
  std::int64_t const wished = std::clamp(used_ / 8, kSmallestSlab, kLargestSlab);
  // Of as many such pieces, since others are likely to be like this one.
  std::int64_t const size = std::max(wished / bytes, std::int64_t{1}) * bytes;
  auto* const memory = static_cast<char*>(device_.allocate(static_cast<std::size_t>(size)));
  Slab& slab = slabs_.emplace(memory, Slab{memory, size, {{0, size}}}).first->second;
  return take_from(slab, bytes);
}

void Arena::give_back(void* memory) {
  auto const taken = taken_.find(memory);
  std::int64_t bytes = taken->second;
  taken_.erase(taken);
  used_ -= bytes;
  Slab& slab = std::prev(slabs_.upper_bound(static_cast<char*>(memory)))->second;
  std::int64_t offset = static_cast<char*>(memory) - slab.memory;
  auto next = slab.free.lower_bound(offset);
  if (next != slab.free.end() && next->first == offset + bytes) {
    bytes += next->second;
    next = slab.free.erase(next);
  }
  if (next != slab.free.begin()) {
    auto const before = std::prev(next);
    if (before->first + before->second == offset) {
      offset = before->first;
      bytes += before->second;
      slab.free.erase(before);
    }
  }
  slab.free.emplace(offset, bytes);
  if (bytes == slab.bytes) {
    char* const address = slab.memory;
    slabs_.erase(address);
    device_.release(address);
  }
}

}  // namespace brood::cuda
