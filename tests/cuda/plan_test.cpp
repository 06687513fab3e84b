// SPDX-License-Identifier: Apache-2.0
// The planner: what is promised to fit does, tensors never overlap, and what cannot be held is
// refused with the bytes.
#include "cuda/plan.hpp"

#include "cuda/planned.hpp"

namespace brood::cuda {
namespace {

using namespace planned;

MemberPlan plan_on(int shared_bytes, Member const& m, Precision precision = Precision::tf32,
                   Share share = {8, 1}) {
  return plan_member(m, 1, precision, share, {.shared_bytes = shared_bytes});
}

TEST(Plan, SmallNetworksAreWhollyOnChip) {
  EXPECT_EQ(plan_on(kSm90, member_of(kA)).layout, Layout::resident);
  EXPECT_EQ(plan_on(kSm90, member_of(kD)).layout, Layout::resident);
  EXPECT_EQ(plan_on(kSm86, member_of(kD)).layout, Layout::resident);
  // Of W1 the batch must be cut, or the moments leave the chip.
  EXPECT_EQ(plan_on(kSm90, member_of({"W1", 54, 7, {64, 64}, 128})).layout, Layout::chunked);
}

TEST(Plan, LargeBatchesAreCutIntoChunks) {
  Member const large = member_of({"A4096", 64, 10, {64, 64}, 4096});
  MemberPlan const plan = plan_on(kSm90, large);
  ASSERT_TRUE(plan.fits);
  EXPECT_EQ(plan.layout, Layout::chunked);
  EXPECT_GE(plan.cut.chunk_rows, 32);
  EXPECT_GE(plan.map.gradient, 0);
  MemberPlan const wide = plan_on(kSm90, member_of({"D4096", 16, 2, {32}, 4096}));
  ASSERT_TRUE(wide.fits);
  EXPECT_LE(wide.layout, Layout::moments_in_l2);
}

TEST(Plan, WideNetworksStreamTheirWeights) {
  for (Shape const& shape : {kB, kC}) {
    MemberPlan const plan = plan_on(kSm90, member_of(shape));
    ASSERT_TRUE(plan.fits) << shape.name;
    EXPECT_EQ(plan.layout, Layout::weights_in_l2) << shape.name;
    EXPECT_LT(plan.map.parameters, 0);
  }
}

TEST(Plan, WhatOneMultiprocessorCannotHoldGoesLayerByLayer) {
  Shape const deep{"deep", 784, 10, {1024, 1024}, 64};  // its activations are too many
  Shape const many{"many", 5000, 10, {1000}, 64};       // its weights are
  for (Shape const& shape : {deep, many}) {
    Member const m = member_of(shape);
    MemberPlan const plan = plan_on(kSm90, m);
    ASSERT_TRUE(plan.fits) << shape.name;
    EXPECT_EQ(plan.layout, Layout::layered) << shape.name;
    EXPECT_EQ(plan.gradient_floats, tile_layout(m).size);
    EXPECT_GT(plan.buffer_bytes, std::int64_t{256} * shape.inputs * 4);
    EXPECT_FALSE(plan_on(kSm90, m, Precision::tf32, {8, 2}).fits) << "in a cluster";
  }
  EXPECT_EQ(plan_on(kSm90, member_of({"fewer", 1000, 10, {500}, 64})).layout,
            Layout::weights_in_l2);
}

TEST(Plan, MovesToSlowerLayoutsOnlyAsMemoryShrinks) {
  Member const m = member_of(kA);
  Layout last = Layout::resident;
  for (int bytes = kSm90; bytes >= 48 * 1024; bytes -= 4096) {
    MemberPlan const plan = plan_on(bytes, m);
    if (!plan.fits) break;
    EXPECT_GE(plan.layout, last) << bytes;
    EXPECT_LE(plan.shared_bytes, bytes);
    last = plan.layout;
  }
  EXPECT_GE(last, Layout::moments_in_l2);
}

TEST(Plan, GradientsAreBufferedWhereTheUpdateNeedsAllOfThem) {
  EXPECT_LT(plan_on(kSm90, member_of(kD)).map.gradient, 0);
  EXPECT_GE(plan_on(kSm90, member_of(kD, {{"clip_norm", 1.0}})).map.gradient, 0);
  Shape const one_chunk{"wide", 784, 10, {128}, 16};
  EXPECT_EQ(plan_on(kSm90, member_of(one_chunk)).gradient_floats, 0);
  EXPECT_GT(plan_on(kSm90, member_of(one_chunk, {{"clip_norm", 1.0}})).gradient_floats, 0);
}

// Every combination is sound: a sweep over shapes, limits, precisions and shares.
TEST(Plan, TensorsNeverOverlap) {
  std::vector<Shape> shapes = {kA,
                               kB,
                               kC,
                               kD,
                               {"tiny", 3, 2, {1}, 1},
                               {"flat", 30, 28, {}, 7},
                               {"odd", 13, 5, {37, 21}, 50},
                               {"deep", 20, 4, Wholes(8, 19), 33},
                               {"rmsprop", 64, 10, {48}, 128, "rmsprop"},
                               {"sgd", 784, 10, {16}, 4096, "sgd"}};
  int fitting = 0;
  for (Shape const& shape : shapes) {
    for (Config const& extra : {Config{}, Config{{"clip_norm", 1.0}, {"ema", 0.9}}}) {
      Member const m = member_of(shape, extra);
      for (int const bytes : {kSm90, kSm80, kSm86}) {
        for (Precision const precision : {Precision::tf32, Precision::bf16, Precision::fp32}) {
          for (int const warps : {1, 2, 4, 8}) {
            for (int blocks = 1; blocks <= most_blocks(m); blocks *= 2) {
              SCOPED_TRACE(shape.name + " " + std::string(name_of(precision)) + " " +
                           std::to_string(bytes) + " warps " + std::to_string(warps) + " blocks " +
                           std::to_string(blocks));
              MemberPlan const plan = plan_on(bytes, m, precision, {warps, blocks});
              if (!plan.fits || plan.layout == Layout::layered) continue;
              ++fitting;
              EXPECT_LE(plan.shared_bytes, bytes);
              EXPECT_EQ(plan.cut.row_warps * plan.cut.column_warps, warps);
              expect_sound(plan, m, 1, precision);
            }
          }
        }
      }
    }
  }
  EXPECT_GT(fitting, 1000);
}

TEST(Plan, ABatchOfOneRowTakesOneBlockOfRows) {
  MemberPlan const plan = plan_on(kSm90, member_of({"one", 3, 2, {1}, 1}));
  EXPECT_EQ(plan.cut.chunk_rows, 16);
  EXPECT_EQ(most_blocks(member_of({"one", 3, 2, {1}, 1})), 1);
  EXPECT_EQ(most_blocks(member_of(kA)), 4);
  EXPECT_EQ(most_blocks(member_of({"large", 3, 2, {1}, 4096})), kMostBlocks);
}

}  // namespace
}  // namespace brood::cuda
