// SPDX-License-Identifier: Apache-2.0
// The cost model against what it was fitted to.
#include "cuda/plan/cost_model.hpp"

#include "cuda/plan/device_model.hpp"
#include "cuda/planned.hpp"

namespace brood::cuda {
namespace {

using namespace planned;

// Clocks of a step of a member that fits on chip.
struct Clocks {
  double latency, throughput;
};
Clocks clocks_of(Shape const& shape, int warps, Precision precision = Precision::tf32) {
  DeviceLimits const device = planning_device("sm_90")->limits();
  Member const m = member_of(shape);
  MemberPlan plan;
  plan.layout = Layout::resident;
  plan.tiling.chunk_rows = static_cast<int>(shape.batch);
  Cost const cost = step_cost(m, plan, {warps, 1}, precision, device);
  return {cost.latency * device.clock_hz, cost.throughput * device.clock_hz};
}

TEST(CostModel, SaysWhatItWasFittedTo) {
  Shape sgd = kA;
  sgd.optimizer = "sgd";
  EXPECT_NEAR(clocks_of(sgd, 4).throughput, 7100, 0.05 * 7100);
  EXPECT_NEAR(clocks_of(sgd, 4).latency, 19500, 0.05 * 19500);
  EXPECT_NEAR(clocks_of(kD, 1).throughput, 1000, 0.05 * 1000);
  EXPECT_NEAR(clocks_of(kD, 1).latency, 13500, 0.05 * 13500);
  EXPECT_NEAR(clocks_of(kC, 8).throughput, 268e3, 0.1 * 268e3);
}

TEST(CostModel, PrecisionsDifferInTheirProducts) {
  double const tf32 = clocks_of(kA, 4).throughput;
  EXPECT_LT(clocks_of(kA, 4, Precision::bf16).throughput, tf32);
  EXPECT_GT(clocks_of(kA, 4, Precision::fp32).throughput, tf32);
}

TEST(CostModel, HeadsCostWhatAsManyRowsDo) {
  DeviceLimits const device = planning_device("sm_90")->limits();
  MemberPlan plan;
  plan.layout = Layout::resident;
  plan.tiling.chunk_rows = 128;
  Member const heads = member_of({"", 64, 10, {64, 64}, 16}, {{"heads", std::int64_t{8}}});
  Member const rows = member_of({"", 64, 80, {64, 64}, 128});
  Cost const cost = step_cost(heads, plan, {4, 1}, Precision::tf32, device);
  Cost const expected = step_cost(rows, plan, {4, 1}, Precision::tf32, device);
  EXPECT_EQ(cost.latency, expected.latency);
  EXPECT_EQ(cost.throughput, expected.throughput);
  // 160 rows of the table are ten batches, whatever the heads.
  EXPECT_EQ(evaluation_steps(heads, 160), 10 * evaluation_steps(heads, 16));
  EXPECT_EQ(evaluation_steps(heads, 16), evaluation_steps(rows, 128));
}

TEST(CostModel, WhatLiesInGlobalMemoryCosts) {
  DeviceLimits const device = planning_device("sm_90")->limits();
  Member const m = member_of(kB);
  MemberPlan const there = plan_member(m, Precision::tf32, {8, 1}, {.shared_bytes = kSm90});
  ASSERT_EQ(there.layout, Layout::weights_in_l2);
  MemberPlan on_chip = there;
  on_chip.layout = Layout::resident;
  auto const latency = [&](MemberPlan const& plan) {
    return step_cost(m, plan, {8, 1}, Precision::tf32, device).latency;
  };
  EXPECT_GT(latency(there), 2 * latency(on_chip));
}

TEST(CostModel, FewAreSortedByTheHost) {
  EXPECT_LT(host_sort_seconds(500), device_sort_seconds(500, 16));
  EXPECT_GT(host_sort_seconds(5000), device_sort_seconds(5000, 16));
}

TEST(CostModel, RegistersThreadsAndMemoryBoundWhatAMultiprocessorHolds) {
  DeviceLimits const device = planning_device("sm_90")->limits();
  EXPECT_EQ(blocks_per_multiprocessor(kSm90, 256, device), 1);
  EXPECT_EQ(blocks_per_multiprocessor(32 * 1024, 32, device), 6);  // 228 KB by 33
  EXPECT_EQ(blocks_per_multiprocessor(1024, 256, device), 1);      // registers
  EXPECT_EQ(blocks_per_multiprocessor(1024, 32, device), 8);
}

}  // namespace
}  // namespace brood::cuda
