// SPDX-License-Identifier: Apache-2.0
// What stand_in/cuda/kernels/prims.cuh stands on: operations of the CUDA thread that runs, and
// launches.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cuda/task/launch_shape.hpp"
#include "emulation/emulation.hpp"

namespace brood::emulation {

// A line of kernel source; as a default argument, the caller's.
struct Location {
  char const* file;
  int line;

  static constexpr Location here(char const* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

enum class Operation {
  shuffle,
  shuffle_xor,
  any_lane,
  mma_tf32,
  mma_bf16,
  load_matrices,
  load_transposed,
  sync_warp,
  sync_block,
  sync_cluster
};

int cluster_rank();
int cluster_size();
unsigned char* shared_memory();
void const* in_block(void const* p, int rank, Location at);

void sync_warp(Location at);
void sync_block(Location at);
void sync_cluster(Location at);

// Lane `from`'s value, of 4 or 8 bytes.
void shuffle(Operation operation, void const* value, void* result, std::size_t bytes, int from,
             Location at);
bool any_lane(bool value, Location at);
void mma(Operation operation, float* c, std::uint32_t const* a, std::uint32_t const* b,
         Location at);
// Checks that bytes lie in this block's shared memory, aligned to their number; or just that.
void check_shared(void const* p, std::size_t bytes, Location at);
void check_aligned(void const* p, std::size_t bytes, Location at);
// Checks where a row of load_matrices or load_transposed lies.
void check_row(void const* row, Location at);
// `row`: what this lane's row holds.
void load_matrices(Operation operation, std::uint32_t* out, std::uint32_t const* row, Location at);

void copy_async(void* to, void const* from, std::size_t bytes, bool valid, Location at);
void await_copies();

// False if no device could run that shape. Otherwise every thread has made the call.
bool run(cuda::LaunchShape const& shape, KernelCall const& call);

// Counts a call of the runtime; whether it fails (fail_call in emulation.hpp).
bool call_fails();
// A launch begins or ends, with all devices' memory.
void open_devices();
void close_devices();

}  // namespace brood::emulation
