// SPDX-License-Identifier: Apache-2.0
#include "machine/block.hpp"

namespace brood::machine {

void Block::reset(Launch const& launch, Cluster& cluster, int number, int rank) {
  launch_ = &launch;
  cluster_ = &cluster;
  number_ = number;
  rank_ = rank;
  KernelFacts const& facts = launch.code->facts;
  constexpr std::uint32_t kReserved = 0x400;  // of shared memory, from 9.0 on
  shared_begin = facts.architecture >= 90 ? kReserved : 0;
  auto const size = static_cast<std::size_t>(
      std::max(facts.shared_bytes, static_cast<int>(shared_begin)) + launch.dynamic_bytes);
  shared.assign(size, 0xff);  // no numbers
  int const warps_of_block = launch.threads / kLanes;
  shadow.reset(static_cast<int>(size), warps_of_block * launch.cluster);
  while (static_cast<int>(warps_.size()) < warps_of_block)
    warps_.push_back(std::make_unique<Warp>());
  warps_.resize(static_cast<std::size_t>(warps_of_block));
  for (int i = 0; i < warps_of_block; ++i) {
    Warp& each = warp(i);
    each.reset(*this, i, *launch.code, launch.checked);
    each.clock.warp = rank * warps_of_block + i;
    each.clock.seen.assign(static_cast<std::size_t>(warps_of_block * launch.cluster), 0);
    each.clock.tick();
  }
}

bool Block::alive() const {
  for (auto const& each : warps_) {
    if (each->alive() != 0) return true;
  }
  return false;
}

bool Block::release_barriers() {
  constexpr int kBarriers = 16;
  for (int barrier = 0; barrier < kBarriers; ++barrier) {
    std::vector<Warp*> come;
    int expected = 0;
    for (auto const& each : warps_) {
      if (each->alive() == 0) continue;
      ++expected;
      if (Group const* const group = each->waits(Group::Wait::block, barrier)) {
        come.push_back(each.get());
        if (group->awaited != 0) expected = -static_cast<int>(group->awaited) / kLanes;
      }
      if (expected < 0) break;
    }
    if (come.empty()) continue;
    if (expected < 0) {
      // A barrier of so many threads.
      come.clear();
      for (auto const& each : warps_) {
        if (each->waits(Group::Wait::block, barrier)) come.push_back(each.get());
      }
      expected = -expected;
    }
    if (static_cast<int>(come.size()) < expected) continue;
    std::vector<std::uint32_t> joined = come.front()->clock.seen;
    for (Warp const* const each : come) {
      for (std::size_t i = 0; i < joined.size(); ++i)
        joined[i] = std::max(joined[i], each->clock.seen[i]);
    }
    for (Warp* const each : come) {
      each->clock.join(joined);
      each->clock.tick();
      each->pass();
    }
    return true;
  }
  return false;
}

void Cluster::arrive(Warp& warp) {
  auto& joined = joined_[warp.cluster_arrivals & 1];
  bool first = true;
  for (auto const& block : blocks_) {
    for (int i = 0; i < block->warps(); ++i)
      first = first && block->warp(i).cluster_arrivals <= warp.cluster_arrivals;
  }
  if (first || joined.empty()) {
    joined = warp.clock.seen;
  } else {
    for (std::size_t i = 0; i < joined.size(); ++i)
      joined[i] = std::max(joined[i], warp.clock.seen[i]);
  }
  ++warp.cluster_arrivals;
  warp.clock.tick();
}

bool Cluster::all_arrived(std::uint32_t times) {
  for (auto const& block : blocks_) {
    for (int i = 0; i < block->warps(); ++i) {
      if (block->warp(i).alive() != 0 && block->warp(i).cluster_arrivals < times) return false;
    }
  }
  return true;
}

bool Cluster::release_barriers() {
  bool any = false;
  for (auto const& block : blocks_) {
    while (block->release_barriers())
      any = true;
    for (int i = 0; i < block->warps(); ++i) {
      Warp& warp = block->warp(i);
      if (!warp.waits(Group::Wait::cluster) || !all_arrived(warp.cluster_arrivals)) continue;
      warp.clock.join(joined_[(warp.cluster_arrivals - 1) & 1]);
      warp.pass();
      any = true;
    }
  }
  return any;
}

std::int64_t Cluster::run(Launch const& launch, int number, std::vector<Trace>* traces) {
  while (size() < launch.cluster)
    blocks_.push_back(std::make_unique<Block>());
  blocks_.resize(static_cast<std::size_t>(launch.cluster));
  for (auto& joined : joined_)
    joined.clear();
  int const warps = launch.threads / kLanes;
  if (traces) traces->assign(static_cast<std::size_t>(warps * launch.cluster), {});
  for (int rank = 0; rank < launch.cluster; ++rank) {
    block(rank).reset(launch, *this, number * launch.cluster + rank, rank);
    for (int i = 0; i < warps; ++i) {
      block(rank).warp(i).trace =
          traces ? &(*traces)[static_cast<std::size_t>(rank * warps + i)] : nullptr;
    }
  }
  for (;;) {
    bool any = false, alive = false;
    for (auto const& each : blocks_) {
      for (int i = 0; i < warps; ++i)
        any = each->warp(i).run() || any;
      alive = alive || each->alive();
    }
    if (!alive) break;
    if (!release_barriers() && !any) deadlock();
  }
  std::int64_t executed = 0;
  for (auto const& each : blocks_) {
    for (int i = 0; i < warps; ++i)
      executed += each->warp(i).executed;
  }
  return executed;
}

void Cluster::deadlock() {
  std::string where;
  for (auto const& each : blocks_) {
    for (int i = 0; i < each->warps(); ++i)
      where += each->warp(i).state();
  }
  throw Failure("deadlock: every warp waits\n" + where);
}

}  // namespace brood::machine
