// SPDX-License-Identifier: Apache-2.0
// Device memory for many small tensors: taken from the device in slabs, dealt out from those, first
// fit by address. A million members would otherwise be a million allocations. A slab is an eighth
// of what is in use (1 MiB to 256 MiB), or as much as is asked for, so little of the device is
// idle.
#pragma once

#include <cstdint>
#include <map>

#include "cuda/device.hpp"

namespace brood::cuda {

// What so many bytes take of an arena.
constexpr std::int64_t arena_bytes(std::int64_t bytes) {
  constexpr std::int64_t kAlign = 256;
  return bytes <= kAlign ? kAlign : (bytes + kAlign - 1) / kAlign * kAlign;
}

class Arena {
 public:
  explicit Arena(Device& device) : device_(device) {}
  ~Arena();
  Arena(Arena const&) = delete;
  Arena& operator=(Arena const&) = delete;

  // Aligned to 256 bytes; not zeroed. Throws DeviceError if the device has no more.
  void* take(std::int64_t bytes);
  void give_back(void* memory);

  std::int64_t used() const { return used_; }

 private:
  struct Slab {
    char* memory;
    std::int64_t bytes;
    std::map<std::int64_t, std::int64_t> free;  // offset -> bytes; neighbours are merged
  };
  void* take_from(Slab& slab, std::int64_t bytes);

  Device& device_;
  std::map<char*, Slab> slabs_;          // by address
  std::map<void*, std::int64_t> taken_;  // bytes
  std::int64_t used_ = 0;
};

}  // namespace brood::cuda
