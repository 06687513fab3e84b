// SPDX-License-Identifier: Apache-2.0
#include "emulation/cluster.hpp"

#include <cuda_runtime.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "emulation/sanitizers.hpp"

namespace brood::emulation {

constinit thread_local Cluster* cluster = nullptr;

namespace {

constexpr unsigned kAllLanes = 0xffffffffu;
constexpr std::align_val_t kSharedAlignment{128};
constexpr char const* kOperationNames[] = {
    "shuffle",       "shuffle_xor",     "any_lane",  "mma_tf32",   "mma_bf16",
    "load_matrices", "load_transposed", "sync_warp", "sync_block", "sync_cluster"};

thread_local std::vector<std::unique_ptr<Thread>> idle_threads;

bool same(Location a, Location b) {
  return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0);
}

std::string text(Location at) {
  return std::string(at.file) + ":" + std::to_string(at.line);
}
std::string text(Operation operation, Location at) {
  return kOperationNames[static_cast<int>(operation)] + (" at " + text(at));
}

// "0-3,7"
std::string lane_names(unsigned lanes) {
  std::string names;
  for (int lane = 0; lane < 32; ++lane) {
    int const run = std::countr_one(lanes >> lane);
    if (run == 0) continue;
    names += (names.empty() ? "" : ",") + std::to_string(lane);
    if (run > 1) names += "-" + std::to_string(lane + run - 1);
    lane += run;
  }
  return names;
}

}  // namespace

// ---- a cluster's life

Cluster::Cluster(Launch& launch, int number)
    : launch_(launch),
      blocks_(static_cast<std::size_t>(launch.shape.cluster)),
      warps_(static_cast<std::size_t>(launch.shape.cluster * launch.shape.threads / 32)),
      live_(launch.shape.cluster * launch.shape.threads),
      random_{seed ^ static_cast<std::uint64_t>(launch.number) << 40 ^
              static_cast<std::uint64_t>(number) << 8} {
  Warp* warp = warps_.data();
  for (int rank = 0; rank < launch.shape.cluster; ++rank) {
    Block& block = blocks_[static_cast<std::size_t>(rank)];
    block.rank = rank;
    block.number = number * launch.shape.cluster + rank;
    block.live = launch.shape.threads;
    void* const shared = ::operator new(launch.shared_bytes, kSharedAlignment);
    block.shared = static_cast<unsigned char*>(shared);
    for (int i = 0; i < launch.shape.threads / 32; ++i, ++warp) {
      warp->block = &block;
      warp->number = i;
      for (int lane = 0; lane < 32; ++lane) {
        if (idle_threads.empty()) idle_threads.push_back(std::make_unique<Thread>());
        Thread* const thread = idle_threads.back().release();
        idle_threads.pop_back();
        thread->warp = warp;
        thread->lane = lane;
        warp->lanes[lane] = thread;
      }
    }
  }
  counts.blocks = launch.shape.cluster;
}

Cluster::~Cluster() {
  for (Warp& warp : warps_)
    for (Thread* thread : warp.lanes)
      idle_threads.emplace_back(thread);
  for (Block& block : blocks_) {
    allow(block.shared, launch_.shared_bytes);
    ::operator delete(block.shared, kSharedAlignment);
  }
}

void Cluster::run() {
  cluster = this;
  gridDim.x = static_cast<unsigned>(launch_.shape.blocks);
  blockDim.x = static_cast<unsigned>(launch_.shape.threads);
  wake_cluster();
  Fiber::change(host_, *choose());
  cluster = nullptr;
}

// Every fiber's function: runs one CUDA thread after another.
void Thread::live() {
  for (;;) {
    cluster->begin();
    cluster->launch().call.make(cluster->launch().call);
    cluster->leave();
  }
}

// A block's shared memory holds nothing usable before its first thread starts, whatever another
// block wrote there, nor after its last thread has exited.
void Cluster::begin() {
  Block* own = nullptr;
  {
    Unseen const unseen;
    acquire(&launch_.start_object);
    own = &block();
    if (own->started) {
      acquire(&own->start_object);
      return;
    }
    own->started = true;
  }
  std::memset(own->shared, 0xff, launch_.shared_bytes);
  release(&own->start_object);
}

void Cluster::leave() {
  Thread* own = nullptr;
  Block* block = nullptr;
  bool last = false;
  {
    Unseen const unseen;
    own = running_;
    block = own->warp->block;
    if (!own->copies.empty()) {
      report("exits with a copy in flight, issued at " + text(own->copies[0].at));
    }
    if (own->warp->waiting) report("exits while lanes of its warp wait");
    if (block->barrier.waiting) report("exits while its block waits at sync_block");
    release(&block->end_object);
    last = block->live == 1;
  }
  if (last) {
    acquire(&block->end_object);
    std::memset(block->shared, 0xff, launch_.shared_bytes);
    forbid(block->shared, launch_.shared_bytes);
  }
  Fiber* next = nullptr;
  {
    Unseen const unseen;
    release(&launch_.end_object);
    own->warp->exited |= 1u << own->lane;
    --block->live;
    --live_;
    rest();
    if (live_ > 0 && barrier_.waiting == live_) wake_cluster();
    next = choose();
  }
  // Comes back for another cluster: this one is no more.
  Fiber::change(own->fiber, *next);
}

// ---- who runs

// The running thread is not to go on for now.
void Cluster::rest() {
  Warp& warp = this->warp();
  warp.ready &= ~(1u << running_->lane);
  if (!warp.ready) std::erase(runnable_, &warp);
}

// What the lanes of these warps waited for has come.
void Cluster::wake(Warp* begin, Warp* end) {
  for (Warp* warp = begin; warp != end; ++warp) {
    unsigned const lanes = kAllLanes & ~warp->exited;
    if (lanes && !warp->ready) runnable_.push_back(warp);
    warp->ready = lanes;
    warp->waiting = 0;
    if (order == Order::backward) warp->downwards = true;
    if (order == Order::skew) {
      std::uint64_t const bits = random_.draw();
      warp->first = static_cast<int>(bits & 31);
      warp->downwards = (bits & 32) != 0;
    }
  }
}

void Cluster::wake_block(Block const& block) {
  std::size_t const warps = warps_.size() / blocks_.size();
  Warp* const begin = warps_.data() + warps * static_cast<std::size_t>(block.rank);
  wake(begin, begin + warps);
  warp_ = nullptr;
}

void Cluster::wake_cluster() {
  if (barrier_.waiting > 0) {
    barrier_.waiting = 0;
    ++barrier_.uses;
    ++counts.cluster_barriers;
  }
  wake(warps_.data(), warps_.data() + warps_.size());
  warp_ = nullptr;
}

Warp* Cluster::choose_warp() {
  if (runnable_.empty()) return nullptr;
  if (order == Order::forward) return *std::min_element(runnable_.begin(), runnable_.end());
  if (order == Order::backward) return *std::max_element(runnable_.begin(), runnable_.end());
  return runnable_[random_.below(runnable_.size())];
}

// Makes the next thread the running one, or returns the host's fiber when all have exited.
Fiber* Cluster::choose() {
  if (!warp_ || !warp_->ready || order == Order::random) warp_ = choose_warp();
  if (!warp_) {
    if (live_ == 0) return &host_;
    print_state("deadlock: every thread waits");
    std::abort();
  }
  int const first = order == Order::random ? static_cast<int>(random_.below(32)) : warp_->first;
  unsigned const lanes = std::rotr(warp_->ready, first);
  int const turn = warp_->downwards ? 31 - std::countl_zero(lanes) : std::countr_zero(lanes);
  running_ = warp_->lanes[(turn + first) & 31];
  threadIdx.x = static_cast<unsigned>(warp_->number * 32 + running_->lane);
  blockIdx.x = static_cast<unsigned>(warp_->block->number);
  return &running_->fiber;
}

// Runs the next thread; returns when this one runs again.
void Cluster::go_on() {
  Fiber& own = running_->fiber;
  Fiber* const next = choose();
  if (next == &own) return;
  ++counts.switches;
  Fiber::change(own, *next);
}

// ---- where threads meet

void Cluster::arrive(Operation operation, Location at) {
  Warp& warp = this->warp();
  if (!running_->copies.empty()) land_some();
  if (warp.exited)
    report("comes to " + text(operation, at) + ", but lanes of its warp have exited");
  if (!warp.waiting) {
    warp.operation = operation;
    warp.at = at;
  } else if (warp.operation != operation || !same(warp.at, at)) {
    report("comes to " + text(operation, at) + " while lanes of its warp wait elsewhere");
  }
  warp.waiting |= 1u << running_->lane;
}

void Cluster::meet_warp(Operation operation, Location at, void (*compute)(Warp&)) {
  Warp& warp = this->warp();
  arrive(operation, at);
  if (warp.waiting == kAllLanes) {
    compute(warp);
    wake(&warp, &warp + 1);
  } else {
    rest();
  }
  go_on();
}

void Cluster::meet_block(Location at) {
  Block& block = this->block();
  arrive(Operation::sync_block, at);
  if (block.live < launch_.shape.threads) {
    report("comes to " + text(Operation::sync_block, at) +
           ", but threads of its block have exited");
  }
  if (block.barrier.waiting == 0) block.barrier.at = at;
  if (!same(block.barrier.at, at)) {
    report("comes to " + text(Operation::sync_block, at) +
           " while other warps of its block wait at " + text(block.barrier.at));
  }
  if (++block.barrier.waiting == launch_.shape.threads) {
    block.barrier.waiting = 0;
    ++block.barrier.uses;
    ++counts.block_barriers;
    wake_block(block);
  } else {
    rest();
  }
  go_on();
}

// Threads that have exited count as arrived, and warps may wait at different lines, as in PTX's
// barrier.cluster.
void Cluster::meet_cluster(Location at) {
  arrive(Operation::sync_cluster, at);
  if (++barrier_.waiting == live_) {
    wake_cluster();
  } else {
    rest();
  }
  go_on();
}

// ---- asynchronous copies

void Copy::land() {
  if (std::exchange(landed, true)) return;
  if (valid) {
    std::memcpy(to, from, bytes);
  } else {
    std::memset(to, 0, bytes);
  }
}

// ThreadSanitizer sees copies arrive at the last moment, so that it sees every early look at them.
void Cluster::land_some() {
  if (kThreadSanitizer || order == Order::forward) return;
  auto& copies = running_->copies;
  if (order == Order::backward) {
    copies.back().land();
  } else if (random_.below(4) == 0) {
    copies[random_.below(copies.size())].land();
  }
}

void Cluster::issue(Copy const& copy) {
  ++counts.copies;
  running_->copies.push_back(copy);
  land_some();
}

// ---- reports

void Cluster::report(std::string const& what) const {
  Warp const& warp = *running_->warp;
  print_state("block " + std::to_string(warp.block->number) + " warp " +
              std::to_string(warp.number) + " lane " + std::to_string(running_->lane) + " " + what);
  std::abort();
}

void Cluster::print_state(std::string const& what) const {
  char const* const orders[] = {"skew", "random", "forward", "backward"};
  std::fprintf(stderr, "brood emulation: %s\n(launch %lld, order %s, seed %llu)\n", what.c_str(),
               static_cast<long long>(launch_.number), orders[static_cast<int>(order)],
               static_cast<unsigned long long>(seed));
  for (Warp const& warp : warps_) {
    unsigned const others = kAllLanes & ~warp.waiting & ~warp.exited;
    std::string line;
    if (warp.waiting) {
      line += " lanes " + lane_names(warp.waiting) + " wait for " + text(warp.operation, warp.at);
    }
    if (warp.exited) line += " lanes " + lane_names(warp.exited) + " have exited";
    if (others) line += " lanes " + lane_names(others) + " can run";
    std::fprintf(stderr, "  block %d warp %d:%s\n", warp.block->number, warp.number, line.c_str());
  }
}

}  // namespace brood::emulation
