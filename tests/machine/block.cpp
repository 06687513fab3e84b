// SPDX-License-Identifier: Apache-2.0
#include "machine/block.hpp"

#include <algorithm>

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
  arrived_.fill({});
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

namespace {

void join(std::vector<std::uint32_t>& joined, std::vector<std::uint32_t> const& other) {
  joined.resize(other.size(), 0);
  for (std::size_t i = 0; i < joined.size(); ++i)
    joined[i] = std::max(joined[i], other[i]);
}

}  // namespace

void Block::arrive(Warp& warp, int barrier) {
  Arrived& arrived = arrived_[static_cast<std::size_t>(barrier)];
  ++arrived.warps;
  join(arrived.joined, warp.clock.seen);
  warp.clock.tick();
}

bool Block::release(int barrier) {
  Arrived& arrived = arrived_[static_cast<std::size_t>(barrier)];
  std::vector<Warp*> come;
  int left = 0, asked_for = 0;
  for (auto const& each : warps_) {
    if (each->alive() == 0) continue;
    ++left;
    Group const* const group = each->waits(Group::Wait::block, barrier);
    if (group == nullptr) continue;
    come.push_back(each.get());
    asked_for = std::max(asked_for, static_cast<int>(group->awaited) / kLanes);
  }
  if (come.empty()) return false;
  int const expected = asked_for > 0 ? asked_for : left;
  if (static_cast<int>(come.size()) + arrived.warps < expected) return false;
  auto joined = std::move(arrived.joined);
  arrived = {};
  for (Warp const* const each : come)
    join(joined, each->clock.seen);
  for (Warp* const each : come) {
    each->clock.join(joined);
    each->clock.tick();
    each->pass();
  }
  return true;
}

bool Block::release_barriers() {
  for (int barrier = 0; barrier < kBarriers; ++barrier) {
    if (release(barrier)) return true;
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
    join(joined, warp.clock.seen);
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
