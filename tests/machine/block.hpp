// SPDX-License-Identifier: Apache-2.0
// Blocks of a cluster: shared memory, barriers, and the turns that warps take.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "machine/memory_map.hpp"
#include "machine/report.hpp"
#include "machine/shadow.hpp"
#include "machine/warp.hpp"

namespace brood::machine {

class Cluster;

// What all blocks of a launch share.
struct Launch {
  Code const* code = nullptr;
  int blocks = 1, threads = 32, cluster = 1, dynamic_bytes = 0;
  std::vector<std::uint8_t> constants;  // bank 0
  MemoryMap const* memory = nullptr;
  Reports* reports = nullptr;
  bool checked = true;
};

class Block {
 public:
  void reset(Launch const& launch, Cluster& cluster, int number, int rank);

  Launch const& launch() const { return *launch_; }
  Cluster& cluster() const { return *cluster_; }
  int number() const { return number_; }
  int rank() const { return rank_; }
  int warps() const { return static_cast<int>(warps_.size()); }
  Warp& warp(int i) { return *warps_[static_cast<std::size_t>(i)]; }

  static constexpr int kBarriers = 16;
  // A warp comes to a barrier at which it does not wait.
  void arrive(Warp& warp, int barrier);
  // Lets those go on that wait at a barrier to which all have come: all warps that are left, or as
  // many threads as the barrier is for. Whether there was one.
  bool release_barriers();
  bool alive() const;

  std::vector<std::uint8_t> shared;
  std::uint32_t shared_begin = 0;  // what lies before is the system's
  Shadow shadow;

 private:
  bool release(int barrier);

  Launch const* launch_ = nullptr;
  Cluster* cluster_ = nullptr;
  int number_ = 0, rank_ = 0;
  std::vector<std::unique_ptr<Warp>> warps_;
  // Who came to each barrier without waiting.
  struct Arrived {
    int warps = 0;
    std::vector<std::uint32_t> joined;  // what happened before
  };
  std::array<Arrived, kBarriers> arrived_;
};

class Cluster {
 public:
  // Runs cluster `number` of the launch to its end; how many instructions its warps executed.
  // traces: one a warp, block by block; or none.
  std::int64_t run(Launch const& launch, int number, std::vector<Trace>* traces);

  int size() const { return static_cast<int>(blocks_.size()); }
  Block& block(int rank) { return *blocks_[static_cast<std::size_t>(rank)]; }

  // Of barrier.cluster.
  void arrive(Warp& warp);
  bool all_arrived(std::uint32_t times);

 private:
  bool release_barriers();
  [[noreturn]] void deadlock();

  std::vector<std::unique_ptr<Block>> blocks_;
  // What each use of the barrier puts before those that have waited for it: two are in use at most.
  std::array<std::vector<std::uint32_t>, 2> joined_;
};

// Generic addresses of shared and local memory lie where no process has memory.
inline constexpr std::uint32_t kSharedWindow = 0x01000000, kLocalWindow = 0x01800000;
inline constexpr std::uint32_t kStackTop = 0xfffdc0;

}  // namespace brood::machine
