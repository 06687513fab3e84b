// SPDX-License-Identifier: Apache-2.0
// The planner: what is promised to fit does, tensors never overlap, and what cannot be held is
// refused with the bytes.
#include "cuda/plan/plan.hpp"

#include <tuple>

#include "cuda/planned.hpp"

namespace brood::cuda {
namespace {

using namespace planned;

MemberPlan plan_on(int shared_bytes, Member const& m, Precision precision = Precision::tf32,
                   Share share = {8, 1}) {
  return plan_member(m, precision, share, {.shared_bytes = shared_bytes});
}

TEST(Plan, SmallNetworksAreWhollyOnChip) {
  EXPECT_EQ(plan_on(kSm90, member_of(kA)).layout, Layout::resident);
  EXPECT_EQ(plan_on(kSm90, member_of(kD)).layout, Layout::resident);
  EXPECT_EQ(plan_on(kSm86, member_of(kD)).layout, Layout::resident);
  // Of W1 a copy of the parameters has 37,440 bytes, 128 rows of 64 columns have 32,768. With Adam
  // three of the one and at least four of the other (inputs, two hidden layers, deltas of the
  // second) are too many, so the batch must be cut, or the moments leave the chip. With SGD it is
  // one, and five with the raw rows.
  Shape w1{"W1", 54, 7, {64, 64}, 128};
  MemberPlan const adam = plan_on(kSm90, member_of(w1));
  EXPECT_EQ(adam.layout, Layout::chunked);
  EXPECT_EQ(adam.tiling.chunk_rows, 64);
  w1.optimizer = "sgd";
  MemberPlan const sgd = plan_on(kSm90, member_of(w1));
  EXPECT_EQ(sgd.layout, Layout::resident);
  EXPECT_EQ(sgd.map.fetching, Fetching::ahead);
  EXPECT_EQ(sgd.map.delta[0], sgd.map.hidden[1]);
}

// As the launches of large populations count on: a multiprocessor of sm_90 has 233,472 bytes, of
// which each block takes 1,024 more than it asks for.
TEST(Plan, SmallNetworksFitSeveralTimesOnAMultiprocessor) {
  constexpr int kMultiprocessor = 233472, kReserved = 1024;
  auto room_for = [](int members) { return kMultiprocessor / members - kReserved; };
  // Parameters 37,440, inputs, hidden layers and the second's deltas 4 x 16,384, logits 4,096, and
  // 2,048 for row numbers, targets, weights, transform, sums and scalars: the next rows lie over
  // the first hidden layer, deltas over the second. Lists of work of four warps.
  Shape a = kA;
  a.optimizer = "sgd";
  MemberPlan const twice = plan_on(room_for(2), member_of(a), Precision::tf32, {4, 1});
  EXPECT_EQ(twice.layout, Layout::resident);
  EXPECT_EQ(twice.tiling.chunk_rows, 64);
  EXPECT_EQ(twice.map.fetching, Fetching::over_hidden);
  EXPECT_EQ(twice.shared_bytes,
            kControlBytes + 37440 + 4 * 16384 + 4096 + 2048 + 4 * twice.map.program_bytes);
  // Three copies of 4,288, 12 KB of rows and 2 KB of the next ones, 1,072 of all else.
  Member const d = member_of(kD);
  MemberPlan const seven_times = plan_on(room_for(7), d, Precision::tf32, {1, 1});
  EXPECT_EQ(seven_times.layout, Layout::resident);
  EXPECT_EQ(seven_times.map.fetching, Fetching::ahead);
  EXPECT_EQ(seven_times.shared_bytes,
            kControlBytes + 3 * 4288 + 14 * 1024 + 1072 + seven_times.map.program_bytes);
  MemberPlan const eight_times = plan_on(room_for(8), d, Precision::tf32, {1, 1});
  EXPECT_EQ(eight_times.layout, Layout::resident);
  EXPECT_EQ(eight_times.map.fetching, Fetching::over_hidden);
}

TEST(Plan, LargeBatchesAreCutIntoChunks) {
  Member const large = member_of({"A4096", 64, 10, {64, 64}, 4096});
  MemberPlan const plan = plan_on(kSm90, large);
  ASSERT_TRUE(plan.fits);
  EXPECT_EQ(plan.layout, Layout::chunked);
  EXPECT_GE(plan.tiling.chunk_rows, 32);
  EXPECT_GE(plan.map.gradient, 0);
  MemberPlan const wide = plan_on(kSm90, member_of({"D4096", 16, 2, {32}, 4096}));
  ASSERT_TRUE(wide.fits);
  EXPECT_LE(wide.layout, Layout::moments_in_l2);
}

TEST(Plan, HeadsAreAsManyRowsOfAWiderLastLayer) {
  Member const heads = member_of({"", 64, 10, {64, 64}, 16}, {{"heads", std::int64_t{8}}});
  Member const rows = member_of({"", 64, 80, {64, 64}, 128});
  for (Precision const precision : {Precision::tf32, Precision::bf16, Precision::fp32}) {
    for (int const shared_bytes : {kSm90, kSm80, kSm86, 8 * 1024}) {
      MemberPlan const plan = plan_on(shared_bytes, heads, precision);
      MemberPlan const expected = plan_on(shared_bytes, rows, precision);
      EXPECT_EQ(plan.layout, expected.layout);
      EXPECT_EQ(plan.tiling.chunk_rows, expected.tiling.chunk_rows);
      EXPECT_EQ(plan.shared_bytes, expected.shared_bytes);
      EXPECT_EQ(plan.tensor_floats, expected.tensor_floats);
      EXPECT_EQ(plan.buffer_bytes, expected.buffer_bytes);
    }
  }
}

TEST(Plan, WideNetworksStreamTheirWeights) {
  for (Shape const& shape : {kB, kC}) {
    MemberPlan const plan = plan_on(kSm90, member_of(shape));
    ASSERT_TRUE(plan.fits) << shape.name;
    EXPECT_EQ(plan.layout, Layout::weights_in_l2) << shape.name;
    EXPECT_LT(plan.map.parameters, 0);
  }
  // Of B, 32 rows of inputs have 100,352 bytes: no room for the next ones beside them, nor are they
  // as narrow as the hidden layer.
  EXPECT_EQ(plan_on(kSm90, member_of(kB)).map.fetching, Fetching::over_inputs);
}

TEST(Plan, WhatOneMultiprocessorCannotHoldGoesLayerByLayer) {
  Shape const deep{"deep", 784, 10, {1024, 1024}, 64};  // its activations are too many
  Shape const many{"many", 5000, 10, {1000}, 64};       // its weights are
  for (Shape const& shape : {deep, many}) {
    Member const m = member_of(shape);
    MemberPlan const plan = plan_on(kSm90, m);
    ASSERT_TRUE(plan.fits) << shape.name;
    EXPECT_EQ(plan.layout, Layout::layered) << shape.name;
    EXPECT_EQ(plan.gradient_floats, tile_layout(m, TileOrder::rows).size);
    EXPECT_GT(plan.buffer_bytes, std::int64_t{256} * shape.inputs * 4);
    EXPECT_FALSE(plan_on(kSm90, m, Precision::tf32, {8, 2}).fits) << "in a cluster";
  }
  // 32 rows of it have 129,024 bytes of inputs, 38,912 of the hidden layer and as many of deltas.
  EXPECT_EQ(plan_on(kSm90, member_of({"fewer", 1000, 10, {300}, 64})).layout,
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
  EXPECT_EQ(last, Layout::weights_in_l2);
}

// A on less and less memory: first the deltas of layer 0 go over the second hidden layer, then the
// next rows over the first.
TEST(Plan, TensorsLieOverEachOtherBeforeTheyLeaveTheChip) {
  Member const m = member_of(kA);
  MemberPlan const whole = plan_on(kSm90, m);
  EXPECT_EQ(whole.map.fetching, Fetching::ahead);
  EXPECT_EQ(whole.map.layer_by_layer, 0);
  MemberPlan const deltas = plan_on(whole.shared_bytes - 1, m);
  EXPECT_EQ(deltas.layout, Layout::resident);
  EXPECT_EQ(deltas.map.fetching, Fetching::ahead);
  EXPECT_EQ(deltas.map.delta[0], deltas.map.hidden[1]);
  EXPECT_EQ(deltas.shared_bytes, whole.shared_bytes - 64 * 64 * 4);
  MemberPlan const rows = plan_on(deltas.shared_bytes - 1, m);
  EXPECT_EQ(rows.layout, Layout::resident);
  EXPECT_EQ(rows.map.fetching, Fetching::over_hidden);
  EXPECT_EQ(rows.map.raw, rows.map.hidden[0]);
  EXPECT_EQ(rows.shared_bytes, whole.shared_bytes - 2 * 64 * 64 * 4);
  EXPECT_EQ(plan_on(rows.shared_bytes - 1, m).layout, Layout::moments_in_l2);
  // The slopes of tanh are kept where deltas go; other blocks of a cluster read hidden layers.
  Member const tanh = member_of(kA, {{"activation", std::string("tanh")}});
  EXPECT_NE(plan_on(whole.shared_bytes - 1, tanh).map.delta[0],
            plan_on(whole.shared_bytes - 1, tanh).map.hidden[1]);
  MemberPlan const cluster = plan_on(kSm90, m, Precision::tf32, {4, 2});
  MemberPlan const smaller = plan_on(cluster.shared_bytes - 1, m, Precision::tf32, {4, 2});
  ASSERT_TRUE(smaller.fits);
  EXPECT_EQ(smaller.map.fetching, Fetching::over_inputs);
  EXPECT_EQ(smaller.map.layer_by_layer, 0);
}

TEST(Plan, DeltasLieOverTheNextHiddenLayerWhereItIsAsWide) {
  Member const m = member_of({"widths", 20, 4, {64, 16, 48, 48}, 32});
  MemberPlan const whole = plan_on(kSm90, m);
  MemberPlan const plan = plan_on(whole.shared_bytes - 1, m);
  EXPECT_NE(plan.map.delta[0], plan.map.hidden[1]);
  EXPECT_EQ(plan.map.delta[1], plan.map.hidden[2]);
  EXPECT_EQ(plan.map.delta[2], plan.map.hidden[3]);
  // Waiting in turn takes more pieces of work.
  EXPECT_EQ(plan.shared_bytes - 8 * plan.map.program_bytes,
            whole.shared_bytes - 8 * whole.map.program_bytes - 32 * (16 + 48) * 4);
}

// The logits become deltas where they are, but of bf16, which are half as large.
TEST(Plan, LogitsLieWhereTheirDeltasGo) {
  Member const m = member_of(kA);
  for (Precision const precision : {Precision::tf32, Precision::fp32}) {
    MemberPlan const plan = plan_on(kSm90, m, precision);
    EXPECT_EQ(plan.map.logits, plan.map.delta[2]);
  }
  MemberPlan const half = plan_on(kSm90, m, Precision::bf16);
  EXPECT_NE(half.map.logits, half.map.delta[2]);
}

TEST(Plan, GradientsAreBufferedWhereTheUpdateNeedsAllOfThem) {
  EXPECT_LT(plan_on(kSm90, member_of(kD)).map.gradient, 0);
  EXPECT_GE(plan_on(kSm90, member_of(kD, {{"clip_norm", 1.0}})).map.gradient, 0);
  Shape const one_chunk{"wide", 784, 10, {128}, 16};
  EXPECT_EQ(plan_on(kSm90, member_of(one_chunk)).gradient_floats, 0);
  EXPECT_GT(plan_on(kSm90, member_of(one_chunk, {{"clip_norm", 1.0}})).gradient_floats, 0);
}

// Every combination is sound: a sweep over shapes, limits, precisions and shares, in which each way
// to lay a tensor over another occurs.
TEST(Plan, TensorsNeverOverlapButWhereTheyMay) {
  std::vector<Shape> shapes = {kA,
                               kB,
                               kC,
                               kD,
                               {"tiny", 3, 2, {1}, 1},
                               {"flat", 30, 28, {}, 7},
                               {"odd", 13, 5, {37, 21}, 50},
                               {"short", 13, 40, {37, 21}, 40},
                               {"deep", 20, 4, Wholes(8, 19), 33},
                               {"uneven", 20, 4, {64, 16, 48, 48}, 100},
                               {"funnel", 200, 4, {48, 48}, 64},
                               {"rmsprop", 64, 10, {48}, 128, "rmsprop"},
                               {"sgd", 784, 10, {16}, 4096, "sgd"}};
  int fitting = 0;
  std::set<std::tuple<Fetching, bool, bool>> ways;  // in turn, deltas over a hidden layer
  for (Shape const& shape : shapes) {
    for (Config const& extra :
         {Config{},
          Config{{"clip_norm", 1.0}, {"ema", 0.9}, {"activation", std::string("tanh")}}}) {
      Member const m = member_of(shape, extra);
      for (int const bytes : {kSm90, kSm80, kSm86, 64 * 1024, 40 * 1024}) {
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
              EXPECT_EQ(plan.tiling.row_warps * plan.tiling.column_warps, warps);
              expect_sound(plan, m, 1, precision);
              bool const over = m.layers > 2 && plan.map.delta[0] == plan.map.hidden[1];
              ways.insert({plan.map.fetching, plan.map.layer_by_layer != 0, over});
            }
          }
        }
      }
    }
  }
  EXPECT_GT(fitting, 1000);
  std::set<std::tuple<Fetching, bool, bool>> const expected = {
      {Fetching::ahead, false, false},       {Fetching::ahead, true, true},
      {Fetching::over_hidden, true, false},  {Fetching::over_hidden, true, true},
      {Fetching::over_inputs, false, false}, {Fetching::over_inputs, true, true}};
  for (auto const& way : expected)
    EXPECT_TRUE(ways.contains(way)) << static_cast<int>(std::get<0>(way)) << std::get<2>(way);
}

TEST(Plan, ABatchOfOneRowTakesOnePanel) {
  MemberPlan const plan = plan_on(kSm90, member_of({"one", 3, 2, {1}, 1}));
  EXPECT_EQ(plan.tiling.chunk_rows, kPanelRows);
  EXPECT_EQ(most_blocks(member_of({"one", 3, 2, {1}, 1})), 1);
  EXPECT_EQ(most_blocks(member_of({"panel", 3, 2, {1}, 32})), 1);
  EXPECT_EQ(most_blocks(member_of({"more", 3, 2, {1}, 33})), 2);
  EXPECT_EQ(most_blocks(member_of(kA)), 2);
  EXPECT_EQ(most_blocks(member_of({"large", 3, 2, {1}, 4096})), kMaxBlocks);
}

}  // namespace
}  // namespace brood::cuda
