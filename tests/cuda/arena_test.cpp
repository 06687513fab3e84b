// SPDX-License-Identifier: Apache-2.0
// Device memory in slabs: no two tensors overlap, what is given back is used again, nothing leaks.
#include "cuda/memory/arena.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>

#include "cuda/plan/device_model.hpp"

namespace brood::cuda {
namespace {

TEST(Arena, DealsOutDisjointAlignedMemory) {
  auto const device = planning_device("sm_90");
  Arena arena(*device);
  std::mt19937 random(1);
  std::map<std::uintptr_t, std::int64_t> taken;
  for (int i = 0; i < 20000; ++i) {
    bool const take = taken.empty() || random() % 5 < 3;
    if (take) {
      auto const bytes = static_cast<std::int64_t>(random() % 20000);
      auto const at = reinterpret_cast<std::uintptr_t>(arena.take(bytes));
      auto const after = taken.lower_bound(at);
      if (after != taken.end()) {
        EXPECT_LE(at + static_cast<std::uintptr_t>(bytes), after->first);
      }
      if (after != taken.begin()) {
        auto const before = std::prev(after);
        EXPECT_LE(before->first + static_cast<std::uintptr_t>(before->second), at);
      }
      taken.emplace(at, bytes);
    } else {
      auto it = taken.begin();
      std::advance(it, random() % taken.size());
      arena.give_back(reinterpret_cast<void*>(it->first));
      taken.erase(it);
    }
  }
  for (auto const& [at, bytes] : taken)
    arena.give_back(reinterpret_cast<void*>(at));
  EXPECT_EQ(arena.used(), 0);
}

TEST(Arena, UsesAgainWhatWasGivenBack) {
  auto const device = planning_device("sm_90");
  Arena arena(*device);
  void* const keep = arena.take(256);
  void* const first = arena.take(1000);
  arena.give_back(first);
  EXPECT_EQ(arena.take(1000), first);
  EXPECT_EQ(arena.used(), 256 + 1024);
  arena.give_back(keep);
}

}  // namespace
}  // namespace brood::cuda
