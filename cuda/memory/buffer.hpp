// SPDX-License-Identifier: Apache-2.0
// A run of device memory that is given back when its owner goes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "cuda/memory/arena.hpp"

namespace brood::cuda {

template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(Arena& arena, std::size_t count) : arena_(&arena), count_(count) {
    if (count > 0) data_ = static_cast<T*>(arena.take(static_cast<std::int64_t>(bytes())));
  }
  Buffer(Arena& arena, Device& device, std::span<T const> values) : Buffer(arena, values.size()) {
    if (count_ > 0) device.copy_in(data_, values.data(), bytes());
  }
  ~Buffer() {
    if (data_ != nullptr) arena_->give_back(data_);
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }

  T* data() const { return data_; }  // null if it holds nothing
  std::size_t size() const { return count_; }
  std::size_t bytes() const { return count_ * sizeof(T); }
  // Waits.
  std::vector<T> read(Device& device) const {
    std::vector<T> values(count_);
    if (count_ > 0) device.copy_out(values.data(), data_, bytes());
    return values;
  }

 private:
  void swap(Buffer& other) {
    std::swap(arena_, other.arena_);
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
  }

  Arena* arena_ = nullptr;
  T* data_ = nullptr;
  std::size_t count_ = 0;
};

// Fills `count` values at `to` in device memory: put(i, value) for each, in ascending order, of
// which the bytes are not initialised.
template <class T, class Put>
void fill(Device& device, T* to, std::size_t count, Put&& put) {
  static_assert(std::is_trivially_copyable_v<T>);
  constexpr std::size_t kMax = Device::kMaxStaged / sizeof(T);
  for (std::size_t first = 0; first < count; first += kMax) {
    std::size_t const some = std::min(kMax, count - first);
    auto* const staged = static_cast<T*>(device.stage(some * sizeof(T)));
    for (std::size_t i = 0; i < some; ++i)
      put(first + i, staged[i]);
    device.copy_in(to + first, staged, some * sizeof(T));
  }
}

}  // namespace brood::cuda
