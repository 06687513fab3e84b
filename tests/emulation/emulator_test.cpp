// SPDX-License-Identifier: Apache-2.0
// The emulator runs kernels as prims.cuh says: what each operation computes, and that a kernel with
// a barrier missing computes something wrong.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cuda/kernels/prims.cuh"
#include "emulation/emulation.hpp"
#include "emulation/sanitizers.hpp"

namespace brood::cuda {
namespace {

using emulation::Order;

struct Arguments {
  float const* in = nullptr;
  float* out = nullptr;
  int count = 0;
};

// Numbers in [-1, 1) with all bits of the mantissa in use.
std::vector<float> numbers(std::size_t count, std::uint32_t seed) {
  std::vector<float> values(count);
  for (float& value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<std::int32_t>(seed)) * 0x1p-31f;
  }
  return values;
}

float truncated(float x) {
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0xffffe000u);
}

// (16, 8) = (16, depth) (depth, 8), the product that an mma adds to c.
std::vector<double> product(std::vector<float> const& a, std::vector<float> const& b, int depth) {
  std::vector<double> c(16 * 8);
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 8; ++j)
      for (int k = 0; k < depth; ++k) {
        c[static_cast<std::size_t>(i * 8 + j)] +=
            static_cast<double>(a[static_cast<std::size_t>(i * depth + k)]) *
            static_cast<double>(b[static_cast<std::size_t>(k * 8 + j)]);
      }
  return c;
}

// Leaves the switches as it found them.
class Switches : public testing::Test {
 protected:
  void set(Order order) {
    emulation::order = order;
    emulation::exact_mma = false;
    emulation::seed = 1;
  }
  void TearDown() override {
    emulation::order = order_;
    emulation::exact_mma = exact_;
    emulation::seed = seed_;
    emulation::threads = threads_;
  }

 private:
  Order order_ = emulation::order;
  bool exact_ = emulation::exact_mma;
  std::uint64_t seed_ = emulation::seed;
  int threads_ = emulation::threads;
};

// Kernels that are right, in every order.
class Emulator : public Switches, public testing::WithParamInterface<Order> {
 protected:
  void SetUp() override { set(GetParam()); }
};

// Kernels with something missing, in the order that is to show it.
class EmulatorPlanted : public Switches {
 protected:
  void SetUp() override { set(Order::skew); }
};

std::string order_name(testing::TestParamInfo<Order> const& tested) {
  char const* const names[] = {"skew", "random", "forward", "backward"};
  return names[static_cast<int>(tested.param)];
}

INSTANTIATE_TEST_SUITE_P(Orders, Emulator,
                         testing::Values(Order::skew, Order::random, Order::forward,
                                         Order::backward),
                         order_name);

// ---- where a thread is

TEST_P(Emulator, NumbersEveryThread) {
  struct Places {
    int* out;
  };
  auto const kernel = +[](Places places) {
    int* const out = places.out + 6 * (blockIdx.x * blockDim.x + threadIdx.x);
    out[0] = lane_number();
    out[1] = warp_number();
    out[2] = warp_count();
    out[3] = cluster_rank();
    out[4] = cluster_size();
    out[5] = cluster_number();
  };
  std::vector<int> out(6 * 6 * 96, -1);
  ASSERT_EQ(launch(kernel, {.blocks = 6, .threads = 96, .cluster = 3}, nullptr, {out.data()}),
            cudaSuccess);
  for (int block = 0; block < 6; ++block)
    for (int thread = 0; thread < 96; ++thread) {
      auto const* const place = &out[static_cast<std::size_t>(6 * (block * 96 + thread))];
      EXPECT_EQ(std::vector<int>(place, place + 6),
                (std::vector<int>{thread % 32, thread / 32, 3, block % 3, 3, block / 3}));
    }
}

TEST_P(Emulator, GivesEachBlockPoisonedAlignedSharedMemory) {
  auto const kernel = +[](Arguments arguments) {
    auto* const shared = reinterpret_cast<float*>(shared_memory());
    bool const aligned = reinterpret_cast<std::uintptr_t>(shared) % 128 == 0;
    float const found = shared[threadIdx.x];
    arguments.out[blockIdx.x * 64 + threadIdx.x] = aligned ? found : 1.0f;
    shared[threadIdx.x] = 2.0f;
  };
  std::vector<float> out(3 * 64);
  launch(kernel, {.blocks = 3, .threads = 64, .shared_bytes = 64 * 4}, nullptr,
         {.out = out.data()});
  for (float value : out)
    EXPECT_TRUE(std::isnan(value));
}

// ---- warps

TEST_P(Emulator, ShufflesEveryType) {
  struct Shuffled {
    float* floats;
    double* doubles;
    int* ints;
  };
  auto const kernel = +[](Shuffled shuffled) {
    int const lane = lane_number();
    shuffled.floats[lane] = shuffle(0.5f + static_cast<float>(lane), 31 - lane);
    shuffled.doubles[lane] = shuffle_xor(0.25 + lane, 5);
    shuffled.ints[lane] = shuffle(lane, 7) * 2 + (any_lane(lane == 30) ? 1 : 0);
    if (any_lane(false)) shuffled.ints[lane] = -1;
  };
  float floats[32];
  double doubles[32];
  int ints[32];
  launch(kernel, {}, nullptr, {floats, doubles, ints});
  for (int lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(floats[lane], 31.5f - static_cast<float>(lane));
    EXPECT_EQ(doubles[lane], 0.25 + (lane ^ 5));
    EXPECT_EQ(ints[lane], 15);
  }
}

TEST_P(Emulator, OrdersAWarpsMemoryAtSyncWarp) {
  auto const kernel = +[](Arguments arguments) {
    auto* const shared = reinterpret_cast<float*>(shared_memory());
    int const lane = lane_number();
    shared[lane] = static_cast<float>(lane);
    sync_warp();
    float sum = 0;
    for (int i = 0; i < 32; ++i)
      sum += shared[i];
    sync_warp();
    shared[31 - lane] = sum + static_cast<float>(lane);
    sync_warp();
    arguments.out[lane] = shared[lane];
  };
  float out[32];
  launch(kernel, {.shared_bytes = 128}, nullptr, {.out = out});
  for (int lane = 0; lane < 32; ++lane)
    EXPECT_EQ(out[lane], static_cast<float>(496 + 31 - lane));
}

// ---- tensor cores. A, B and C as matrices in memory; each lane takes its fragments.

__global__ void multiply_tf32(Arguments arguments) {
  int const g = lane_number() / 4, t = lane_number() % 4;
  float const* const a = arguments.in;           // (16, 8)
  float const* const b = arguments.in + 16 * 8;  // (8, 8)
  auto const bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
  std::uint32_t const a_fragment[4] = {bits(a[g * 8 + t]), bits(a[(g + 8) * 8 + t]),
                                       bits(a[g * 8 + t + 4]), bits(a[(g + 8) * 8 + t + 4])};
  std::uint32_t const b_fragment[2] = {bits(b[t * 8 + g]), bits(b[(t + 4) * 8 + g])};
  float* const top = arguments.out + g * 8 + 2 * t;
  float* const bottom = top + 8 * 8;
  float c[4] = {top[0], top[1], bottom[0], bottom[1]};
  mma_tf32(c, a_fragment, b_fragment, c);
  top[0] = c[0];
  top[1] = c[1];
  bottom[0] = c[2];
  bottom[1] = c[3];
}

struct Tf32Case {
  std::vector<float> a = numbers(16 * 8, 1), b = numbers(8 * 8, 2), c = numbers(16 * 8, 3);

  // c after the kernel.
  std::vector<float> run() const {
    std::vector<float> in = a, out = c;
    in.insert(in.end(), b.begin(), b.end());
    launch(multiply_tf32, {}, nullptr, {.in = in.data(), .out = out.data()});
    return out;
  }
  // What it should be, up to one rounding.
  void expect(std::vector<float> const& out, std::vector<float> const& left,
              std::vector<float> const& right) const {
    std::vector<double> const sum = product(left, right, 8);
    for (std::size_t i = 0; i < out.size(); ++i)
      EXPECT_NEAR(out[i], c[i] + sum[i], 0x1p-22) << "element " << i;
  }
};

TEST_P(Emulator, MultipliesTruncatedFloats) {
  Tf32Case const tested;
  std::vector<float> a = tested.a, b = tested.b;
  for (float& x : a)
    x = truncated(x);
  for (float& x : b)
    x = truncated(x);
  tested.expect(tested.run(), a, b);
}

TEST_P(Emulator, MultipliesWholeFloatsIfExact) {
  emulation::exact_mma = true;
  Tf32Case const tested;
  tested.expect(tested.run(), tested.a, tested.b);
  EXPECT_EQ(to_tf32(tested.a[0]), std::bit_cast<std::uint32_t>(tested.a[0]));
}

// A row by row; B through load_transposed, from rows of k as stored (k, 8).
__global__ void multiply_bf16(Arguments arguments) {
  auto* const shared = reinterpret_cast<std::uint32_t*>(shared_memory());  // (32, 4): two B
  int const lane = lane_number(), g = lane / 4, t = lane % 4;
  float const* const a = arguments.in;            // (16, 16)
  float const* const b = arguments.in + 16 * 16;  // (16, 8)
  for (int i = lane; i < 16 * 4; i += 32) {
    shared[i] = to_bf16_pair(b[2 * i], b[2 * i + 1]);
    shared[16 * 4 + i] = to_bf16_pair(-b[2 * i], -b[2 * i + 1]);
  }
  sync_warp();
  uint4 const loaded = load_transposed(shared_base() + static_cast<Shared>(16 * lane));
  std::uint32_t const fragments[4] = {loaded.x, loaded.y, loaded.z, loaded.w};  // of B, then of -B
  auto const pair = [&](int row, int k) {
    return to_bf16_pair(a[row * 16 + 2 * k], a[row * 16 + 2 * k + 1]);
  };
  std::uint32_t const a_fragment[4] = {pair(g, t), pair(g + 8, t), pair(g, t + 4),
                                       pair(g + 8, t + 4)};
  for (int half = 0; half < 2; ++half) {
    std::uint32_t const b_fragment[2] = {fragments[2 * half], fragments[2 * half + 1]};
    float const zero[4] = {};
    float c[4];
    mma_bf16(c, a_fragment, b_fragment, zero);
    float* const top = arguments.out + 128 * half + g * 8 + 2 * t;
    float* const bottom = top + 8 * 8;
    top[0] = c[0];
    top[1] = c[1];
    bottom[0] = c[2];
    bottom[1] = c[3];
  }
}

TEST_P(Emulator, MultipliesBf16WithTransposedLoads) {
  auto const rounded = [](float x) { return std::bit_cast<float>(to_bf16_pair(x, 0.0f) << 16); };
  std::vector<float> a = numbers(16 * 16, 4), b = numbers(16 * 8, 5), in = a;
  in.insert(in.end(), b.begin(), b.end());
  std::vector<float> out(2 * 16 * 8);
  launch(multiply_bf16, {.shared_bytes = 32 * 16}, nullptr, {.in = in.data(), .out = out.data()});
  for (float& x : a)
    x = rounded(x);
  for (float& x : b)
    x = rounded(x);
  std::vector<double> const sum = product(a, b, 16);
  for (std::size_t i = 0; i < sum.size(); ++i) {
    EXPECT_NEAR(out[i], sum[i], 0x1p-22) << "element " << i;
    EXPECT_EQ(out[128 + i], -out[i]) << "element " << i;
  }
}

TEST(EmulatorConversions, RoundToNearest) {
  bool const exact = std::exchange(emulation::exact_mma, false);
  float const inf = std::numeric_limits<float>::infinity();
  auto const bits = [](float x) { return std::bit_cast<std::uint32_t>(x); };
  EXPECT_EQ(to_tf32(1.0f + 0x1p-11f), bits(1.0f));  // ties: to even
  EXPECT_EQ(to_tf32(-1.0f - 0x1p-10f - 0x1p-11f), bits(-1.0f - 0x1p-9f));
  EXPECT_EQ(to_tf32(1.0f + 0x1p-12f), bits(1.0f));
  EXPECT_EQ(to_tf32(inf), bits(inf));
  EXPECT_TRUE(std::isnan(std::bit_cast<float>(to_tf32(std::bit_cast<float>(0x7f800001u)))));
  emulation::exact_mma = exact;

  EXPECT_EQ(to_bf16_pair(1.0f, 2.0f), 0x40003f80u);
  EXPECT_EQ(to_bf16_pair(1.0f + 0x1p-8f, 1.0f + 0x1p-8f + 0x1p-7f), 0x3f823f80u);  // ties: to even
  EXPECT_EQ(to_bf16_pair(-inf, inf), 0x7f80ff80u);
  EXPECT_EQ(to_bf16_pair(0.0f, std::bit_cast<float>(0x7f800001u)), 0x7fff0000u);
}

// ---- blocks

// Each warp writes a slice of shared memory and reads its neighbour's, `count` times over.
template <bool FirstBarrier, bool SecondBarrier>
__global__ void __launch_bounds__(128) pass_on(Arguments arguments) {
  auto* const shared = reinterpret_cast<float*>(shared_memory());
  unsigned const thread = threadIdx.x;
  auto value = static_cast<float>(thread);
  for (int i = 0; i < arguments.count; ++i) {
    shared[thread] = value;
    if constexpr (FirstBarrier) sync_block();
    value = shared[(thread + 32) % 128] + 1.0f;
    if constexpr (SecondBarrier) sync_block();
  }
  arguments.out[blockIdx.x * 128 + thread] = value;
}

// How many of the results are wrong.
int wrong(void (*kernel)(Arguments)) {
  std::vector<float> out(2 * 128);
  launch(kernel, {.blocks = 2, .threads = 128, .shared_bytes = 512}, nullptr,
         {.out = out.data(), .count = 6});
  int count = 0;
  for (std::size_t i = 0; i < out.size(); ++i)
    count += out[i] != static_cast<float>((i % 128 + 6 * 32) % 128 + 6) ? 1 : 0;
  return count;
}

TEST_P(Emulator, OrdersABlocksMemoryAtSyncBlock) {
  EXPECT_EQ(wrong(pass_on<true, true>), 0);
}

TEST_F(EmulatorPlanted, MissingBlockBarriersGiveWrongResults) {
  if (emulation::kThreadSanitizer) GTEST_SKIP() << "it would report them";
  EXPECT_GT(wrong(pass_on<false, true>), 0);
  EXPECT_GT(wrong(pass_on<true, false>), 0);
}

TEST_F(EmulatorPlanted, MissingWarpBarrierGivesWrongResults) {
  if (emulation::kThreadSanitizer) GTEST_SKIP() << "it would report them";
  auto const kernel = +[](Arguments arguments) {
    auto* const shared = reinterpret_cast<float*>(shared_memory());
    int const lane = lane_number();
    shared[lane] = static_cast<float>(lane);
    arguments.out[lane] = shared[31 - lane];
  };
  float out[32];
  launch(kernel, {.shared_bytes = 128}, nullptr, {.out = out});
  int missing = 0;
  for (float value : out)
    missing += std::isnan(value) ? 1 : 0;
  EXPECT_GT(missing, 0);
}

TEST_F(EmulatorPlanted, OrderFollowsTheSeed) {
  if (emulation::kThreadSanitizer) GTEST_SKIP() << "threads race for the first place";
  auto const kernel = +[](Arguments arguments) {
    auto* const count = reinterpret_cast<int*>(arguments.out);
    arguments.out[1 + (*count)++] = static_cast<float>(threadIdx.x);
  };
  auto const sequence = [&](std::uint64_t seed) {
    emulation::seed = seed;
    emulation::counters = {};  // launches of the same number
    std::vector<float> out(1 + 256);
    launch(kernel, {.threads = 256}, nullptr, {.out = out.data()});
    return std::vector<float>(out.begin() + 1, out.end());
  };
  EXPECT_EQ(sequence(5), sequence(5));
  EXPECT_NE(sequence(5), sequence(6));
}

// ---- asynchronous copies

TEST_P(Emulator, CopiesHaveArrivedAfterAwait) {
  auto const kernel = +[](Arguments arguments) {
    auto* const shared = reinterpret_cast<float*>(shared_memory());
    auto const thread = static_cast<int>(threadIdx.x);
    auto const own = static_cast<Shared>(thread);
    copy_16_async(shared_base() + 16 * own, arguments.in + 4 * thread, thread % 3 != 0);
    copy_4_async(shared_base() + 1024 + 4 * own, arguments.in + 64 - thread, thread % 5 != 0);
    if (warp_number() == 0) sync_warp();
    await_copies();
    sync_block();
    for (int i = thread; i < 320; i += 64)
      arguments.out[i] = shared[i];
  };
  std::vector<float> in = numbers(256, 6), out(320);
  launch(kernel, {.threads = 64, .shared_bytes = 320 * 4}, nullptr,
         {.in = in.data(), .out = out.data()});
  for (std::size_t i = 0; i < 256; ++i)
    EXPECT_EQ(out[i], i / 4 % 3 != 0 ? in[i] : 0.0f) << "element " << i;
  for (std::size_t i = 0; i < 64; ++i)
    EXPECT_EQ(out[256 + i], i % 5 != 0 ? in[64 - i] : 0.0f) << "element " << i;
}

TEST_F(EmulatorPlanted, LookingBeforeAwaitShowsNan) {
  auto const kernel = +[](Arguments arguments) {
    auto* const shared = reinterpret_cast<float*>(shared_memory());
    int const lane = lane_number();
    shared[lane] = 1.0f;
    copy_4_async(shared_base() + 4 * static_cast<Shared>(lane), arguments.in + lane, true);
    for (int i = 0; i < 3; ++i)
      sync_warp();
    arguments.out[lane] = shared[lane];
    await_copies();
    arguments.out[32 + lane] = shared[lane];
  };
  std::vector<float> in(32, 2.0f), out(64);
  launch(kernel, {.shared_bytes = 128}, nullptr, {.in = in.data(), .out = out.data()});
  int early = 0, late = 0;
  for (std::size_t lane = 0; lane < 32; ++lane) {
    early += out[lane] == 2.0f ? 1 : 0;
    late += std::isnan(out[lane]) ? 1 : 0;
    EXPECT_EQ(out[32 + lane], 2.0f);
  }
  EXPECT_GT(late, 0);
  EXPECT_EQ(early + late, 32);
  if (!emulation::kThreadSanitizer) {
    EXPECT_GT(early, 0);
  }
}

// ---- clusters

// Every block writes to the next one's memory and reads from the one after that.
template <bool StartBarrier, bool MiddleBarrier>
__global__ void exchange(Arguments arguments) {
  unsigned const thread = threadIdx.x;
  Shared const own = shared_base() + 4 * thread;
  int const rank = cluster_rank(), size = cluster_size();
  auto const mine = static_cast<float>(blockIdx.x * 100 + thread);
  if constexpr (StartBarrier) sync_cluster();
  store_4(in_block(own, (rank + 1) % size), std::bit_cast<std::uint32_t>(mine));
  if constexpr (MiddleBarrier) sync_cluster();
  arguments.out[blockIdx.x * 64 + thread] =
      std::bit_cast<float>(load_4(in_block(own, (rank + 2) % size)));
  sync_cluster();
}

int wrong_exchanges(void (*kernel)(Arguments)) {
  constexpr int kSize = 4;
  std::vector<float> out(2 * kSize * 64);
  launch(kernel, {.blocks = 2 * kSize, .threads = 64, .cluster = kSize, .shared_bytes = 256},
         nullptr, {.out = out.data()});
  int count = 0;
  for (int block = 0; block < 2 * kSize; ++block)
    for (int thread = 0; thread < 64; ++thread) {
      int const from = block / kSize * kSize + (block + 1) % kSize;
      float const got = out[static_cast<std::size_t>(block * 64 + thread)];
      count += got != static_cast<float>(from * 100 + thread) ? 1 : 0;
    }
  return count;
}

TEST_P(Emulator, ReachesOtherBlocksMemory) {
  EXPECT_EQ((wrong_exchanges(exchange<true, true>)), 0);
}

TEST_F(EmulatorPlanted, MissingClusterBarriersGiveWrongResults) {
  if (emulation::kThreadSanitizer) GTEST_SKIP() << "it would report them";
  EXPECT_GT((wrong_exchanges(exchange<false, true>)), 0);
  EXPECT_GT((wrong_exchanges(exchange<true, false>)), 0);
}

TEST_P(Emulator, ClusterBarriersDoNotWaitForBlocksThatHaveExited) {
  auto const kernel = +[](Arguments arguments) {
    for (int i = 0; i < 2 + cluster_rank(); ++i)
      sync_cluster();
    arguments.out[blockIdx.x * 32 + threadIdx.x] = 1.0f;
  };
  std::vector<float> out(3 * 32);
  launch(kernel, {.blocks = 3, .cluster = 3}, nullptr, {.out = out.data()});
  EXPECT_EQ(out, std::vector<float>(3 * 32, 1.0f));
}

// ---- launches

TEST(EmulatorLaunch, RefusesShapesThatNoDeviceRuns) {
  auto const kernel = +[](Arguments) {};
  auto const result = [&](LaunchShape const& shape) {
    return launch(kernel, shape, nullptr, Arguments{});
  };
  EXPECT_EQ(result({}), cudaSuccess);
  EXPECT_EQ(result({.threads = 1024, .shared_bytes = 232448}), cudaSuccess);
  EXPECT_EQ(result({.blocks = 32, .cluster = 16}), cudaSuccess);
  EXPECT_EQ(result({.blocks = 0}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(result({.threads = 48}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(result({.threads = 1056}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(result({.blocks = 3, .cluster = 2}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(result({.blocks = 17, .cluster = 17}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(result({.shared_bytes = 232449}), cudaErrorInvalidConfiguration);
  int const limit = std::exchange(emulation::shared_limit, 1000);
  EXPECT_EQ(result({.shared_bytes = 1000}), cudaSuccess);
  EXPECT_EQ(result({.shared_bytes = 1001}), cudaErrorInvalidConfiguration);
  emulation::shared_limit = limit;
}

TEST_P(Emulator, CountsWhatRuns) {
  auto const kernel = +[](Arguments) {
    float c[4] = {};
    std::uint32_t const a[4] = {}, b[2] = {};
    mma_tf32(c, a, b, c);
    sync_warp();
    sync_warp();
    sync_block();
    sync_cluster();
    sync_cluster();
    sync_cluster();
    copy_4_async(shared_base() + 4 * threadIdx.x, c, false);
    await_copies();
  };
  emulation::counters = {};
  launch(kernel, {.blocks = 4, .threads = 64, .cluster = 2, .shared_bytes = 256}, nullptr,
         Arguments{});
  emulation::Counters const& counters = emulation::counters;
  EXPECT_EQ(counters.launches, 1);
  EXPECT_EQ(counters.blocks, 4);
  EXPECT_EQ(counters.mma, 8);
  EXPECT_EQ(counters.warp_barriers, 16);
  EXPECT_EQ(counters.block_barriers, 4);
  EXPECT_EQ(counters.cluster_barriers, 6);
  EXPECT_EQ(counters.copies, 256);
  EXPECT_GT(counters.switches, 8 * 31);
}

TEST_P(Emulator, KeepsNothingFromLaunchToLaunch) {
  for (int threads : {128, 32, 256, 64}) {
    for (int i = 0; i < (emulation::kThreadSanitizer ? 10 : 100); ++i) {
      std::vector<float> in = numbers(static_cast<std::size_t>(threads), 7u), out(in.size());
      auto const kernel = +[](Arguments arguments) {
        auto* const shared = reinterpret_cast<float*>(shared_memory());
        unsigned const thread = threadIdx.x, last = blockDim.x - 1;
        copy_4_async(shared_base() + 4 * thread, arguments.in + thread, true);
        await_copies();
        sync_block();
        arguments.out[thread] = shuffle_xor(shared[last - thread], 1);
      };
      launch(kernel, {.threads = threads, .shared_bytes = 4 * threads}, nullptr,
             {.in = in.data(), .out = out.data()});
      for (std::size_t thread = 0; thread < out.size(); ++thread)
        ASSERT_EQ(out[thread], in[out.size() - 1 - (thread ^ 1)]);
    }
  }
}

TEST_P(Emulator, GivesTheSameOnSeveralThreads) {
  auto const run = [] {
    std::vector<float> out(2 * 128);
    launch(pass_on<true, true>, {.blocks = 2, .threads = 128, .shared_bytes = 512}, nullptr,
           {.out = out.data(), .count = 6});
    return out;
  };
  std::vector<float> const expected = run();
  emulation::threads = 3;
  EXPECT_EQ(run(), expected);
}

TEST_P(Emulator, RunsOneLaunchOnEachOsThread) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([] { EXPECT_EQ(wrong(pass_on<true, true>), 0); });
}

}  // namespace
}  // namespace brood::cuda
