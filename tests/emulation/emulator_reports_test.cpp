// SPDX-License-Identifier: Apache-2.0
// Kernels that misuse the device end with a report that says which thread, where, and for what the
// others wait; what only a sanitizer can see, it sees through the fibers.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "cuda/kernels/prims.cuh"
#include "emulation/emulation.hpp"
#include "emulation/sanitizers.hpp"

namespace brood::cuda {
namespace {

struct Arguments {
  float const* in = nullptr;
  float* out = nullptr;
};

void run(void (*kernel)(Arguments), int threads = 64, int cluster = 1, Arguments arguments = {}) {
  launch(kernel, {.blocks = cluster, .threads = threads, .cluster = cluster, .shared_bytes = 1024},
         nullptr, arguments);
}

TEST(EmulatorReportsDeathTest, Deadlock) {
  EXPECT_DEATH(
      run([](Arguments) {
        if (warp_number() == 0) {
          sync_block();
        } else {
          sync_cluster();
        }
      }),
      "deadlock: every thread waits.*\n.*"
      "block 0 warp 0: lanes 0-31 wait for sync_block at .*emulator_reports_test.cpp:[0-9]+.*"
      "block 0 warp 1: lanes 0-31 wait for sync_cluster");
}

TEST(EmulatorReportsDeathTest, LanesAtDifferentOperations) {
  EXPECT_DEATH(run([](Arguments) {
                 if (lane_number() < 5) {
                   shuffle(1, 0);
                 } else {
                   sync_warp();
                 }
               }),
               "block 0 warp [01] lane [0-9]+ comes to (shuffle|sync_warp) at .*:[0-9]+ while");
}

// Not in the macro, where everything has one line.
void sync_at_two_lines(Arguments) {
  if (lane_number() == 31) {
    sync_warp();
  } else {
    sync_warp();
  }
}

TEST(EmulatorReportsDeathTest, LanesAtDifferentLines) {
  EXPECT_DEATH(run(sync_at_two_lines),
               "comes to sync_warp at .*:[0-9]+ while lanes of its warp wait elsewhere");
}

TEST(EmulatorReportsDeathTest, ShuffleInADivergentLoop) {
  EXPECT_DEATH(run([](Arguments) {
                 for (int i = 0; i < lane_number(); ++i)
                   shuffle(i, 0);
               }),
               "exits while lanes of its warp wait|but lanes of its warp have exited");
}

TEST(EmulatorReportsDeathTest, WarpThatSkipsTheLastBarrier) {
  EXPECT_DEATH(run([](Arguments) {
                 if (warp_number() == 1) sync_block();
               }),
               "exits while its block waits at sync_block|but threads of its block have exited");
}

// One warp skips a barrier once.
void skip_a_barrier(Arguments) {
  if (warp_number() == 0) sync_block();
  sync_block();
  if (warp_number() == 1) sync_block();
}

TEST(EmulatorReportsDeathTest, WarpsAtDifferentBarriers) {
  EXPECT_DEATH(run(skip_a_barrier),
               "comes to sync_block at .*:[0-9]+ while other warps of its block wait at .*:[0-9]+");
}

TEST(EmulatorReportsDeathTest, CopyInFlightAtExit) {
  std::vector<float> in(1);
  EXPECT_DEATH(run(
                   [](Arguments arguments) {
                     if (threadIdx.x == 33) copy_4_async(shared_base(), arguments.in, true);
                   },
                   64, 1, {.in = in.data()}),
               "block 0 warp 1 lane 1 exits with a copy in flight, issued at .*:[0-9]+");
}

TEST(EmulatorReportsDeathTest, MisalignedCopies) {
  std::vector<float> in(64);
  EXPECT_DEATH(run([](Arguments) { copy_16_async(shared_base() + 8, nullptr, false); }),
               "block 0 warp [01] lane [0-9]+ at .*:[0-9]+: a copy that is not aligned");
  EXPECT_DEATH(run([](Arguments) { copy_4_async(shared_base() + 2, nullptr, false); }),
               "a copy that is not aligned");
  EXPECT_DEATH(run(
                   [](Arguments arguments) {
                     auto const misaligned =
                         reinterpret_cast<std::uintptr_t>(arguments.in) % 16 == 0;
                     copy_16_async(shared_base(), arguments.in + (misaligned ? 1 : 0), true);
                   },
                   64, 1, {.in = in.data()}),
               "a copy that is not aligned");
}

TEST(EmulatorReportsDeathTest, CopiesThatAreNotFromGlobalToSharedMemory) {
  EXPECT_DEATH(run([](Arguments) { copy_4_async(shared_base() - 4, nullptr, false); }),
               "a copy to outside this block's shared memory");
  EXPECT_DEATH(run([](Arguments) { copy_4_async(shared_base() + 1024, nullptr, false); }),
               "a copy to outside this block's shared memory");
  EXPECT_DEATH(run([](Arguments) { copy_4_async(shared_base(), shared_memory() + 4, true); }),
               "asynchronous copy from shared memory");
}

TEST(EmulatorReportsDeathTest, AddressesThatAreInNoBlock) {
  EXPECT_DEATH(
      run([](Arguments) { in_block(shared_base() + 1024, 0); }, 32, 2),
      "lane [0-9]+ at .*:[0-9]+: in_block of an address outside this block's shared memory");
  EXPECT_DEATH(run([](Arguments) { in_block(shared_base(), 2); }, 32, 2),
               "in_block of a rank outside the cluster");
}

TEST(EmulatorReportsDeathTest, RowsThatAreNotRows) {
  char const* const misaligned =
      "lane [0-9]+ at .*:[0-9]+: a row of ldmatrix that is not aligned to 16 bytes";
  EXPECT_DEATH(run([](Arguments) { load_matrices(shared_base() + 8); }), misaligned);
  EXPECT_DEATH(run([](Arguments) { load_transposed(shared_base() + 8); }), misaligned);
  char const* const outside = "at .*:[0-9]+: a row of ldmatrix outside shared memory";
  EXPECT_DEATH(run([](Arguments) { load_matrices(shared_base() + 1024); }), outside);
  EXPECT_DEATH(run([](Arguments) { load_transposed(shared_base() + 1024); }), outside);
}

// Words of 4, 8 and 16 bytes are aligned to that, and this block's, or a block's of the cluster.
TEST(EmulatorReportsDeathTest, MisalignedAddresses) {
  char const* const report =
      "lane [0-9]+ at .*:[0-9]+: shared memory that is not aligned to the size of the access";
  EXPECT_DEATH(run([](Arguments) { load_4(shared_base() + 2); }), report);
  EXPECT_DEATH(run([](Arguments) { load_8(shared_base() + 4); }), report);
  EXPECT_DEATH(run([](Arguments) { load_16(shared_base() + 8); }), report);
  EXPECT_DEATH(run([](Arguments) { store_4(shared_base() + 2, 0u); }), report);
  EXPECT_DEATH(run([](Arguments) { store_8(shared_base() + 4, {}); }), report);
  EXPECT_DEATH(run([](Arguments) { store_16(shared_base() + 8, {}); }), report);
  EXPECT_DEATH(run([](Arguments) { load_4(in_block(shared_base() + 2, 1)); }, 32, 2), report);
  EXPECT_DEATH(run([](Arguments) { load_16(in_block(shared_base() + 8, 1)); }, 32, 2), report);
  EXPECT_DEATH(run([](Arguments) { store_4(in_block(shared_base() + 2, 1), 0u); }, 32, 2), report);
  EXPECT_DEATH(run([](Arguments) { store_8(in_block(shared_base() + 4, 1), {}); }, 32, 2), report);
  EXPECT_DEATH(run([](Arguments) { store_16(in_block(shared_base() + 8, 1), {}); }, 32, 2), report);
}

TEST(EmulatorReportsDeathTest, AddressesOutsideSharedMemory) {
  char const* const report = "at .*:[0-9]+: an address outside this block's shared memory";
  EXPECT_DEATH(run([](Arguments) { load_4(shared_base() + 1024); }), report);
  EXPECT_DEATH(run([](Arguments) { load_8(shared_base() + 1024); }), report);
  EXPECT_DEATH(run([](Arguments) { load_16(shared_base() - 16); }), report);
  EXPECT_DEATH(run([](Arguments) { store_4(shared_base() + 1024, 0u); }), report);
  EXPECT_DEATH(run([](Arguments) { store_8(shared_base() - 8, {}); }), report);
  EXPECT_DEATH(run([](Arguments) { store_16(shared_base() + 1024, {}); }), report);
}

// Block 1 is through when block 0 looks at its memory.
void look_too_late(Arguments arguments) {
  sync_cluster();
  Shared const own = shared_base() + 4 * threadIdx.x;
  store_4(own, std::bit_cast<std::uint32_t>(1.0f));
  sync_cluster();
  if (cluster_rank() == 1) return;
  sync_cluster();  // which block 1, having exited, does not come to
  arguments.out[threadIdx.x] = std::bit_cast<float>(load_4(in_block(own, 1)));
}

TEST(EmulatorReportsDeathTest, MemoryOfABlockThatHasExited) {
  std::vector<float> out(32);
  if (emulation::kAddressSanitizer) {
    EXPECT_DEATH(run(look_too_late, 32, 2, {.out = out.data()}), "use-after-poison");
  } else if (!emulation::kThreadSanitizer) {
    run(look_too_late, 32, 2, {.out = out.data()});
    EXPECT_TRUE(std::isnan(out[0]));
  }
}

TEST(EmulatorReportsDeathTest, SharedMemoryOverrun) {
  if (!emulation::kAddressSanitizer) GTEST_SKIP() << "AddressSanitizer sees it";
  EXPECT_DEATH(run([](Arguments) { shared_memory()[1024] = 0; }), "heap-buffer-overflow");
  std::vector<float> in(3);
  EXPECT_DEATH(run(
                   [](Arguments arguments) {
                     copy_16_async(shared_base() + 16 * threadIdx.x, arguments.in, true);
                     await_copies();
                   },
                   64, 1, {.in = in.data()}),
               "heap-buffer-overflow");
}

// ---- races. A process in which ThreadSanitizer saw one exits with 66.

constexpr int kRace = 66;

// Warps take turns: each adds to what the one before it wrote.
template <bool Barrier>
__global__ void take_turns(Arguments) {
  auto* const shared = reinterpret_cast<float*>(shared_memory());
  for (int turn = 0; turn < 3 * warp_count(); ++turn) {
    if (turn % warp_count() == warp_number()) shared[lane_number()] += 1.0f;
    if (Barrier || turn != 4) sync_block();
  }
}

// As above, within a warp; the shuffles do not order memory.
template <bool Barrier>
__global__ void take_turns_in_warp(Arguments) {
  auto* const shared = reinterpret_cast<float*>(shared_memory()) + 32 * warp_number();
  for (int turn = 0; turn < 8; ++turn) {
    if (turn == lane_number()) shared[0] += 1.0f;
    shuffle(turn, 0);
    if (Barrier || turn != 4) sync_warp();
  }
}

template <bool Barrier>
__global__ void take_turns_in_cluster(Arguments) {
  Shared const own = shared_base() + 4 * threadIdx.x;
  sync_cluster();
  for (int turn = 0; turn < 8; ++turn) {
    if (turn % cluster_size() == cluster_rank()) store_4(in_block(own, 0), 1u);
    if (Barrier || turn != 4) sync_cluster();
  }
  sync_cluster();
}

// All blocks, which nothing orders, write to the same place.
__global__ void share_global(Arguments arguments) {
  arguments.out[threadIdx.x] = 1.0f;
}

int code_of(void (*kernel)(Arguments), int cluster, int expected) {
  std::vector<float> out(64);
  EXPECT_EXIT(
      {
        run(kernel, 64, cluster, {.out = out.data()});
        std::exit(0);
      },
      testing::ExitedWithCode(expected), expected == kRace ? "data race" : "");
  return expected;
}

TEST(EmulatorReportsDeathTest, RacesUnderThreadSanitizer) {
  if (!emulation::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer sees them";
  code_of(take_turns<true>, 1, 0);
  code_of(take_turns<false>, 1, kRace);
  code_of(take_turns_in_warp<true>, 1, 0);
  code_of(take_turns_in_warp<false>, 1, kRace);
  code_of(take_turns_in_cluster<true>, 2, 0);
  code_of(take_turns_in_cluster<false>, 2, kRace);
  code_of(look_too_late, 2, kRace);
}

TEST(EmulatorReportsDeathTest, RacesOfBlocksUnderThreadSanitizer) {
  if (!emulation::kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer sees them";
  std::vector<float> out(64);
  EXPECT_EXIT(
      {
        launch(share_global, {.blocks = 2, .threads = 64}, nullptr, {.out = out.data()});
        std::exit(0);
      },
      testing::ExitedWithCode(kRace), "data race");
}

}  // namespace
}  // namespace brood::cuda
