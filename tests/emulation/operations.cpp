// SPDX-License-Identifier: Apache-2.0
#include "emulation/operations.hpp"

#include <cuda_runtime.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "emulation/cluster.hpp"
#include "emulation/emulation.hpp"
#include "emulation/sanitizers.hpp"
#include "emulation/warp_math.hpp"

namespace brood::emulation {
namespace {

std::mutex counting;

bool aligned(void const* p, std::size_t bytes) {
  return reinterpret_cast<std::uintptr_t>(p) % bytes == 0;
}

bool in_own_shared(void const* p, std::size_t bytes) {
  std::size_t const size = cluster->launch().shared_bytes;
  std::uintptr_t const offset = reinterpret_cast<std::uintptr_t>(p) -
                                reinterpret_cast<std::uintptr_t>(cluster->block().shared);
  return offset < size && bytes <= size - offset;
}

void require(bool holds, char const* what, Location at) {
  if (holds) return;
  cluster->report(std::string("at ") + at.file + ":" + std::to_string(at.line) + ": " + what);
}

// ---- what a warp computes

void count_barrier(Warp& warp) {
  ++warp.barrier.uses;
  ++cluster->counts.warp_barriers;
}

void exchange(Warp& warp) {
  for (Thread* lane : warp.lanes)
    std::memcpy(lane->out, warp.lanes[lane->from]->in[0], lane->bytes);
}

void multiply(Warp& warp) {
  MmaOperands lanes[32];
  for (int i = 0; i < 32; ++i) {
    Thread const& lane = *warp.lanes[i];
    lanes[i] = {static_cast<float*>(lane.out), static_cast<std::uint32_t const*>(lane.in[0]),
                static_cast<std::uint32_t const*>(lane.in[1])};
  }
  if (warp.operation == Operation::mma_tf32) {
    multiply_tf32(lanes);
  } else {
    multiply_bf16(lanes);
  }
  ++cluster->counts.mma;
}

void exchange_rows(Warp& warp) {
  std::uint32_t const* rows[32];
  std::uint32_t* out[32];
  for (int i = 0; i < 32; ++i) {
    rows[i] = static_cast<std::uint32_t const*>(warp.lanes[i]->in[0]);
    out[i] = static_cast<std::uint32_t*>(warp.lanes[i]->out);
  }
  if (warp.operation == Operation::load_transposed) {
    transpose(rows, out);
  } else {
    distribute(rows, out);
  }
}

// ---- launches

bool possible(cuda::LaunchShape const& shape) {
  return shape.threads > 0 && shape.threads % 32 == 0 && shape.threads <= 1024 &&
         shape.cluster >= 1 && shape.cluster <= most_cluster_blocks && shape.blocks > 0 &&
         shape.blocks % shape.cluster == 0 && shape.shared_bytes >= 0 &&
         shape.shared_bytes <= 227 * 1024 && shape.shared_bytes <= shared_limit;
}

std::int64_t next_number() {
  std::lock_guard const lock(counting);
  return ++counters.launches;
}

void count(Counters const& counts) {
  std::lock_guard const lock(counting);
  counters.blocks += counts.blocks;
  counters.mma += counts.mma;
  counters.copies += counts.copies;
  counters.warp_barriers += counts.warp_barriers;
  counters.block_barriers += counts.block_barriers;
  counters.cluster_barriers += counts.cluster_barriers;
  counters.switches += counts.switches;
}

// In turn. For ThreadSanitizer only the launch's beginning and end order what clusters do.
void run_clusters(Launch& launch, std::atomic<int>& next) {
  Unseen const unseen;
  int const clusters = launch.shape.blocks / launch.shape.cluster;
  for (int i = next++; i < clusters; i = next++) {
    Cluster one(launch, order == Order::backward ? clusters - 1 - i : i);
    one.run();
    count(one.counts);
  }
}

}  // namespace

int cluster_rank() {
  return cluster->block().rank;
}
int cluster_size() {
  return cluster->launch().shape.cluster;
}
unsigned char* shared_memory() {
  return cluster->block().shared;
}
void const* in_block(void const* p, int rank, Location at) {
  require(in_own_shared(p, 1), "in_block of an address outside this block's shared memory", at);
  require(rank >= 0 && rank < cluster_size(), "in_block of a rank outside the cluster", at);
  return cluster->shared(rank) + (static_cast<unsigned char const*>(p) - shared_memory());
}

void sync_warp(Location at) {
  Unseen const unseen;
  void* const object = cluster->warp().barrier.object();
  release(object);
  cluster->meet_warp(Operation::sync_warp, at, count_barrier);
  acquire(object);
}

void sync_block(Location at) {
  Unseen const unseen;
  void* const object = cluster->block().barrier.object();
  release(object);
  cluster->meet_block(at);
  acquire(object);
}

void sync_cluster(Location at) {
  Unseen const unseen;
  void* const object = cluster->barrier().object();
  release(object);
  cluster->meet_cluster(at);
  acquire(object);
}

void shuffle(Operation operation, void const* value, void* result, std::size_t bytes, int from,
             Location at) {
  Unseen const unseen;
  Thread& thread = cluster->thread();
  thread.in[0] = value;
  thread.out = result;
  thread.bytes = bytes;
  thread.from = from & 31;
  cluster->meet_warp(operation, at, exchange);
}

bool any_lane(bool value, Location at) {
  Unseen const unseen;
  bool result = false;
  Thread& thread = cluster->thread();
  thread.in[0] = &value;
  thread.out = &result;
  cluster->meet_warp(Operation::any_lane, at, [](Warp& warp) {
    bool any = false;
    for (Thread* lane : warp.lanes)
      any = any || *static_cast<bool const*>(lane->in[0]);
    for (Thread* lane : warp.lanes)
      *static_cast<bool*>(lane->out) = any;
  });
  return result;
}

void mma(Operation operation, float* c, std::uint32_t const* a, std::uint32_t const* b,
         Location at) {
  Unseen const unseen;
  Thread& thread = cluster->thread();
  thread.in[0] = a;
  thread.in[1] = b;
  thread.out = c;
  cluster->meet_warp(operation, at, multiply);
}

void check_aligned(void const* p, std::size_t bytes, Location at) {
  require(aligned(p, bytes), "shared memory that is not aligned to the size of the access", at);
}

void check_shared(void const* p, std::size_t bytes, Location at) {
  check_aligned(p, bytes, at);
  require(in_own_shared(p, bytes), "an address outside this block's shared memory", at);
}

void check_row(void const* row, Location at) {
  require(aligned(row, 16), "a row of ldmatrix that is not aligned to 16 bytes", at);
  require(in_own_shared(row, 16), "a row of ldmatrix outside shared memory", at);
}

void load_matrices(Operation operation, std::uint32_t* out, std::uint32_t const* row, Location at) {
  Unseen const unseen;
  Thread& thread = cluster->thread();
  thread.in[0] = row;
  thread.out = out;
  cluster->meet_warp(operation, at, exchange_rows);
}

void copy_async(void* to, void const* from, std::size_t bytes, bool valid, Location at) {
  require(aligned(to, bytes) && aligned(from, bytes), "a copy that is not aligned to its size", at);
  require(in_own_shared(to, bytes), "a copy to outside this block's shared memory", at);
  require(!in_own_shared(from, 1), "an asynchronous copy from shared memory", at);
  if (valid) {  // the sanitizers look at the source now, where the kernel's line is known
    auto const* const source = static_cast<unsigned char const volatile*>(from);
    for (std::size_t i = 0; i < bytes; ++i)
      static_cast<void>(source[i]);
  }
  std::memset(to, 0xff, bytes);
  Unseen const unseen;
  cluster->issue({to, from, bytes, valid, at});
}

void await_copies() {
  auto& copies = cluster->thread().copies;
  for (Copy& copy : copies)
    copy.land();
  Unseen const unseen;
  copies.clear();
}

bool run(cuda::LaunchShape const& shape, KernelCall const& call) {
  if (!possible(shape)) return false;
  if (executor != nullptr) {
    next_number();
    struct Opened {
      Opened() { open_devices(); }
      ~Opened() { close_devices(); }
    } const opened;
    executor(shape, call);
    return true;
  }
  Launch launch{.shape = shape,
                .shared_bytes = static_cast<std::size_t>(shape.shared_bytes),
                .call = call,
                .number = next_number()};
  open_devices();
  release(&launch.start_object);
  std::atomic<int> next{0};
  if (threads > 1 && !kThreadSanitizer) {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i)
      workers.emplace_back([&] { run_clusters(launch, next); });
  } else {
    run_clusters(launch, next);
  }
  acquire(&launch.end_object);
  close_devices();
  return true;
}

}  // namespace brood::emulation
