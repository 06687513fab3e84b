// SPDX-License-Identifier: Apache-2.0
// One cluster of blocks while it runs. A thread runs until it waits for others; then it chooses the
// next one and switches to it directly. The last lane that comes to an operation of its warp
// computes it for all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cuda/task/launch_shape.hpp"
#include "emulation/emulation.hpp"
#include "emulation/fiber.hpp"
#include "emulation/operations.hpp"

namespace brood::emulation {

struct Warp;
struct Block;

// splitmix64
struct Random {
  std::uint64_t state;

  std::uint64_t draw() {
    std::uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  std::size_t below(std::size_t end) { return (draw() >> 32) * end >> 32; }
};

// Successive uses of a barrier take turns with two objects, for ThreadSanitizer: with one, a thread
// that comes to the next use would seem to precede those that have yet to leave this one.
struct Barrier {
  int waiting = 0;
  unsigned uses = 0;
  Location at{};  // where the first thread waits
  std::uint64_t objects[2] = {};

  void* object() { return &objects[uses & 1]; }
};

// Asynchronous: its bytes arrive at any time until await_copies.
struct Copy {
  void* to;
  void const* from;
  std::size_t bytes;
  bool valid;
  Location at;
  bool landed = false;

  void land();
};

// A CUDA thread; kept with its stack for those of later blocks.
struct Thread {
  static void live();

  Fiber fiber{&Thread::live};
  Warp* warp = nullptr;
  int lane = 0;
  std::vector<Copy> copies;  // issued since await_copies
  // What it brought to the warp's operation.
  void const* in[2] = {};
  void* out = nullptr;
  std::size_t bytes = 0;
  int from = 0;
};

struct Warp {
  Block* block = nullptr;
  int number = 0;
  Thread* lanes[32] = {};
  unsigned ready = 0;    // lanes that can run, the running one among them
  unsigned waiting = 0;  // lanes that wait, all at `operation`, `at`
  unsigned exited = 0;
  Operation operation{};
  Location at{};
  Barrier barrier;
  // Its lanes run upwards from `first` on, or downwards to it.
  int first = 0;
  bool downwards = false;
};

struct Block {
  int number = 0;
  int rank = 0;
  unsigned char* shared = nullptr;
  int live = 0;  // threads that have not exited
  bool started = false;
  Barrier barrier;
  std::uint64_t start_object = 0, end_object = 0;
};

struct Launch {
  cuda::LaunchShape shape;
  std::size_t shared_bytes;
  KernelCall call;
  std::int64_t number;
  std::uint64_t start_object = 0, end_object = 0;
};

class Cluster {
 public:
  Cluster(Launch& launch, int number);
  ~Cluster();
  void run();

  // Of the running thread.
  Thread& thread() { return *running_; }
  Warp& warp() { return *running_->warp; }
  Block& block() { return *warp().block; }

  Launch& launch() { return launch_; }
  Barrier& barrier() { return barrier_; }
  unsigned char* shared(int rank) { return blocks_[static_cast<std::size_t>(rank)].shared; }

  // The running thread comes to an operation; these return when all have come that it is for. The
  // last lane of a warp to come calls compute(warp).
  void meet_warp(Operation operation, Location at, void (*compute)(Warp&));
  void meet_block(Location at);
  void meet_cluster(Location at);
  // ... is about to call the kernel; has returned from it.
  void begin();
  void leave();
  // ... issues an asynchronous copy, whose target it has poisoned.
  void issue(Copy const& copy);

  // Of the running thread. Ends the process.
  [[noreturn]] void report(std::string const& what) const;

  Counters counts;

 private:
  void arrive(Operation operation, Location at);
  void rest();
  void wake(Warp* begin, Warp* end);
  void wake_block(Block const& block);
  void wake_cluster();
  Warp* choose_warp();
  Fiber* choose();
  void go_on();
  void land_some();
  void print_state(std::string const& what) const;

  Launch& launch_;
  Fiber host_;
  std::vector<Block> blocks_;
  std::vector<Warp> warps_;      // block by block
  std::vector<Warp*> runnable_;  // those with ready lanes
  Thread* running_ = nullptr;
  Warp* warp_ = nullptr;  // goes on as long as it can
  Barrier barrier_;
  int live_;
  Random random_;
};

// What this OS thread runs.
extern constinit thread_local Cluster* cluster;

}  // namespace brood::emulation
