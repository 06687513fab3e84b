// SPDX-License-Identifier: Apache-2.0
// The model of a multiprocessor on streams whose clocks can be told by hand, wavefronts, and steps
// found in what was executed.
#include <gtest/gtest.h>

#include "machine/steady_steps.hpp"
#include "machine/timing.hpp"
#include "machine/wavefronts.hpp"
#include "machine/written_code.hpp"

namespace brood::machine {
namespace {

Trace trace_of(std::vector<Step> steps, int times = 1) {
  Trace trace;
  for (int i = 0; i < times; ++i)
    trace.insert(trace.end(), steps.begin(), steps.end());
  return trace;
}

TEST(Timing, AChainTakesItsEncodedStalls) {
  Code const code = written_code({{"FFMA R0, R0, R0, R0", {.stall = 4}}, "EXIT"});
  EXPECT_DOUBLE_EQ(replay(code, {trace_of({{0}}, 100)}, 1, 1, 8).clocks, 400);
}

TEST(Timing, TensorCoresTakeAProductEvery6Clocks4) {
  Code const code =
      written_code({"HMMA.1688.F32.TF32 R0, R4, R8, R0", "BAR.SYNC.DEFER_BLOCKING 0x0", "EXIT"});
  Trace products = trace_of({{0}}, 100);
  products.push_back({1});
  EXPECT_NEAR(replay(code, {products}, 1, 1, 8).clocks, 640, 25);
  // A warp on each of the four schedulers: no longer. Two on each: twice as long.
  EXPECT_NEAR(replay(code, std::vector(4, products), 1, 1, 8).clocks, 640, 25);
  EXPECT_NEAR(replay(code, std::vector(8, products), 1, 1, 8).clocks, 1280, 25);
}

TEST(Timing, ALoadIsAwaitedByItsScoreboard) {
  Code const code = written_code({{"LDS R0, [R1]", {.stall = 2, .write_barrier = 0}},
                                  {"FADD R2, R0, R0", {.stall = 5, .wait = 1}},
                                  "EXIT"});
  Latencies const latencies;
  Trace const stream = trace_of({{0, Step::Kind::shared, 0, 1}, {1}}, 50);
  auto const result = replay(code, {stream}, 1, 1, 8);
  // The queue's 4, a wavefront, and what is behind it but for 5; then the sum's 5.
  EXPECT_NEAR(result.clocks, 50 * (4 + 1 + latencies.shared - 5 + 5), 1);
  EXPECT_GT(result.stalls.at(1)[static_cast<int>(Stall::scoreboard)],
            result.stalls.at(1)[static_cast<int>(Stall::encoded)]);
}

TEST(Timing, SharedMemoryGivesAWavefrontAClock) {
  Code const code = written_code({"LDS.128 R0, [R1]", "BAR.SYNC.DEFER_BLOCKING 0x0", "EXIT"});
  Trace stream = trace_of({{0, Step::Kind::shared, 0, 4}}, 200);
  stream.push_back({1});
  EXPECT_NEAR(replay(code, std::vector(8, stream), 1, 1, 8).clocks, 8 * 200 * 4, 100);
}

TEST(Timing, ABarrierWaitsForTheLastWarp) {
  Code const code = written_code(
      {{"IADD3 R0, R0, R0, R0", {.stall = 10}}, "BAR.SYNC.DEFER_BLOCKING 0x0", "EXIT"});
  Trace shorter = trace_of({{0}}, 5), longer = trace_of({{0}}, 50);
  shorter.push_back({1});
  longer.push_back({1});
  auto const result = replay(code, {shorter, longer}, 1, 1, 8);
  EXPECT_NEAR(result.clocks, 50 * 10 + 1 + Latencies().block_barrier, 1);
  EXPECT_GT(result.stalls.at(1)[static_cast<int>(Stall::barrier)], 8 * 400);
}

TEST(Timing, BarriersOfSomeWarpsAndOfNoLanes) {
  Code const code = written_code({{"IADD3 R0, R0, R0, R0", {.stall = 10}},
                                  "BAR.SYNC.DEFER_BLOCKING 0x1, 0x40",
                                  "BAR.ARV 0x1, 0x40",
                                  "@P0 BAR.SYNC.DEFER_BLOCKING 0x0",
                                  "EXIT"});
  Trace const skips = {{3, Step::Kind::nothing}};
  Trace waits = trace_of({{0}}, 5), arrives = trace_of({{0}}, 50), apart = skips;
  waits.push_back({1});
  arrives.push_back({2});
  apart.push_back({0});
  auto const result = replay(code, {waits, arrives, apart}, 1, 1, 8);
  EXPECT_NEAR(result.clocks, 50 * 10 + 1, 1);
  EXPECT_GT(result.stalls.at(1)[static_cast<int>(Stall::barrier)], 8 * 400);
  EXPECT_EQ(result.stalls.at(3)[static_cast<int>(Stall::barrier)], 0);
  EXPECT_THROW(replay(code, {waits, skips}, 1, 1, 8), std::runtime_error);
}

TEST(Timing, BlocksSideBySideFillEachOthersWaits) {
  Code const code = written_code({{"FFMA R0, R0, R0, R0", {.stall = 8}}, "EXIT"});
  Trace const stream = trace_of({{0}}, 1000);
  EXPECT_NEAR(replay(code, {stream}, 1, 4, 20).clocks / 4, 8000 / 4, 100);
}

Words places(std::uint32_t (*of)(std::uint32_t)) {
  Words at;
  for (std::uint32_t i = 0; i < 32; ++i)
    at[static_cast<int>(i)] = of(i);
  return at;
}

TEST(Wavefronts, AreTheMostWordsOfABank) {
  auto const neighbours = places([](std::uint32_t i) { return 4 * i; });
  auto const column = places([](std::uint32_t i) { return 128 * i; });
  auto const one = places([](std::uint32_t) { return 64u; });
  auto const wide = places([](std::uint32_t i) { return 16 * i; });
  EXPECT_EQ(wavefronts(neighbours, kAllLanes, 4), 1u);
  EXPECT_EQ(wavefronts(column, kAllLanes, 4), 32u);
  EXPECT_EQ(wavefronts(column, 0xff, 4), 8u);
  EXPECT_EQ(wavefronts(one, kAllLanes, 4), 1u);
  EXPECT_EQ(wavefronts(wide, kAllLanes, 16), 4u);
  EXPECT_EQ(wavefronts(wide, kAllLanes, 4), 4u);
  EXPECT_EQ(wavefronts(wide, 0, 4), 0u);
}

TEST(Wavefronts, SectorsAreOf32Bytes) {
  Longs at;
  for (std::uint64_t i = 0; i < 32; ++i)
    at[static_cast<int>(i)] = 0x1000 + 4 * i;
  EXPECT_EQ(sectors(at, kAllLanes, 4), 4u);
  at[0] = 0x101e;
  EXPECT_EQ(sectors(at, 1, 4), 2u);
}

// Instructions 1 to 3 are a step's, 2 as often as its data ask for; 7 is executed thrice anyway.
Trace training(int steps) {
  Trace trace = {{0}, {7}, {7}, {7}};
  for (int i = 0; i < steps; ++i) {
    trace.push_back({1});
    for (int k = 0; k < 2 + i % 2; ++k)
      trace.push_back({2});
    trace.push_back({3});
  }
  trace.push_back({4});
  return trace;
}

TEST(SteadySteps, AreToldFromTwoRuns) {
  std::vector<Trace> const shorter(2, training(3)), longer(2, training(8));
  auto const steady = steady_steps(shorter, 3, longer, 8);
  EXPECT_EQ(steady.steps, 6);
  ASSERT_EQ(steady.streams.size(), 2u);
  EXPECT_EQ(steady.streams[0].size(), 6u * 4 + 3);
  EXPECT_EQ(steady.streams[0].front().instruction, 1u);
  EXPECT_EQ(first_of(steady, 2).streams[1].size(), 5u + 4u);
}

TEST(SteadySteps, SkipOneInWhichALaunchBegan) {
  Trace twice = training(4);
  Trace const more = training(4);
  twice.insert(twice.end(), more.begin(), more.end());
  auto const steady = steady_steps({training(3)}, 3, {twice}, 8);
  EXPECT_EQ(steady.steps, 5);
}

TEST(SteadySteps, AreNotGuessed) {
  EXPECT_THROW(steady_steps({training(3)}, 3, {training(8)}, 9), std::runtime_error);
}

}  // namespace
}  // namespace brood::machine
