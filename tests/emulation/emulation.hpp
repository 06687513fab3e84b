// SPDX-License-Identifier: Apache-2.0
// The emulator's switches and counters, for tests. It runs the sources of the CUDA kernels on the
// host: every CUDA thread is a fiber, a cluster of blocks runs at a time, and what kernels ask of
// prims.cuh is rebuilt in stand_in/. Misuse of it (a deadlock, lanes of a warp at different
// operations, a copy still in flight at a thread's end) ends the process with a report.
// Not seen here: the order of global memory between blocks, bank conflicts, registers, and the
// order in which the hardware adds within an mma.
// Set switches between launches, not during one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cuda/device.hpp"
#include "cuda/task/launch_shape.hpp"

namespace brood::emulation {

// Which thread runs next. All but `random` run a warp until all its lanes wait, which is what shows
// missing barriers: threads that all advance at the same pace hide them.
enum class Order {
  skew,      // then any warp that can run; lanes from any of them on, up or down
  random,    // a random thread at every operation
  forward,   // the first warp that can run, lanes upwards; asynchronous copies land late
  backward,  // the last warp, lanes downwards; asynchronous copies land at once
};

extern Order order;         // BROOD_EMULATION_ORDER=skew|random|forward|backward; skew if not set
extern std::uint64_t seed;  // BROOD_EMULATION_SEED; 1 if not set
extern int threads;  // BROOD_EMULATION_THREADS, 1: of this process, to run a launch's clusters
// mma_tf32 multiplies whole floats and to_tf32 rounds nothing, so that a kernel's indices can be
// held to 1e-6. BROOD_EXACT_MMA=1.
extern bool exact_mma;
// An mma adds as coarsely as tensor cores may (tests/support/tolerance.hpp, 7): each product and
// the accumulator are cut to the 24 bits of the largest of them, and so is the sum. Slow.
extern bool coarse_mma;
extern int shared_limit;  // bytes of dynamic shared memory that a launch may ask for

// What has run since the start of the process, or since a test zeroed them.
struct Counters {
  std::int64_t launches = 0;
  std::int64_t blocks = 0;
  std::int64_t mma = 0;     // of a warp
  std::int64_t copies = 0;  // of a thread, asynchronous
  std::int64_t warp_barriers = 0, block_barriers = 0, cluster_barriers = 0;
  std::int64_t switches = 0;  // from one thread to another
};
extern Counters counters;

// A kernel and its one argument, as a launch has them.
struct KernelCall {
  void (*kernel)();
  void const* arguments;
  std::size_t bytes;                // of the arguments
  void (*make)(KernelCall const&);  // calls the kernel as the C++ function that it is here
};
// Runs the blocks of a launch in place of the fibers, if there is one; what it throws, launches
// throw. tests/machine executes the kernel's machine code so.
extern void (*executor)(cuda::LaunchShape const& shape, KernelCall const& call);

// ---- the emulated device

// Architecture of the code that devices run: before 90 it knows no clusters, as PTX of compute_80
// on a newer device; 0: there is none for them.
extern int code_architecture;      // 90
extern int most_cluster_blocks;    // of a launch; 16
extern cuda::DeviceLimits limits;  // what Device::open gives out; see device.cpp for the defaults
extern int devices;                // in this machine; 1
extern std::string products_problem;  // why there is no library of matrix products; empty
extern std::string device_problem;    // why none of them can be used; empty

struct Allocation {
  unsigned char const* memory;
  std::size_t bytes;
};
// What is allocated now, of all devices.
std::vector<Allocation> allocations();

// Makes the n-th call of the runtime from now fail (1: the next): allocations, copies, zeroing,
// waits and launches count, releases do not. So does every call after it. n = 0 ends that.
void fail_call(int n, std::string text);

}  // namespace brood::emulation
