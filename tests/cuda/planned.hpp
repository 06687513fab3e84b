// SPDX-License-Identifier: Apache-2.0
// Members to plan for, and what a plan must never be.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/describe.hpp"
#include "core/activation.hpp"
#include "cuda/plan/plan.hpp"

namespace brood::cuda::planned {

using Wholes = std::vector<std::int64_t>;

inline constexpr int kSm90 = 227 * 1024, kSm80 = 163 * 1024, kSm86 = 99 * 1024;

struct Shape {
  std::string name;
  int inputs, outputs;
  Wholes hidden;
  std::int64_t batch;
  std::string optimizer = "adam";
};

inline Member member_of(Shape const& shape, Config extra = {}, std::int64_t rows = 10000) {
  Config config = std::move(extra);
  config.set("hidden", shape.hidden);
  config.set("batch_size", shape.batch);
  config.set("optimizer", shape.optimizer);
  return describe(config, {Task::classification, shape.inputs, shape.outputs}, 1, rows, 500);
}

inline Shape const kA{"A", 64, 10, {64, 64}, 64};
inline Shape const kB{"B", 784, 10, {128}, 64};
inline Shape const kC{"C", 100, 2, {256, 256}, 256};
inline Shape const kD{"D", 16, 2, {32}, 32};

// A tensor in a block's shared memory, in bytes.
struct Place {
  std::string name;
  int first, bytes;

  int end() const { return first + bytes; }
};

// All that a plan puts there; what is not there is left out.
inline std::vector<Place> places_of(MemberPlan const& plan, Member const& m, int targets,
                                    Precision precision) {
  SharedMap const& map = plan.map;
  TileLayout const layout = tile_layout(m, plan.order);
  int const rows = plan.tiling.chunk_rows / plan.tiling.blocks;
  int const operand = precision == Precision::bf16 ? 2 : 4;  // bytes
  int const inputs = layout.layer[0].columns;
  int const last = layout.layers - 1;
  std::vector<Place> places = {{"control", 0, kControlBytes}};
  auto add = [&](std::string name, int place, int bytes) {
    if (place >= 0 && bytes > 0) places.push_back({std::move(name), place, bytes});
  };
  add("parameters", map.parameters, 4 * layout.size);
  add("operands", map.operands, 2 * layout.size);
  add("moments", map.moments, 4 * layout.size * state_tensors(m));
  add("gradient", map.gradient, 4 * layout.size);
  add("input", map.input, operand * rows * inputs);
  for (int l = 0; l <= last; ++l) {
    int const bytes = operand * rows * layout.layer[l].rows;
    if (l < last) add("hidden " + std::to_string(l), map.hidden[l], bytes);
    add("delta " + std::to_string(l), map.delta[l], bytes);
  }
  add("logits", map.logits, 4 * rows * layout.layer[last].rows);
  EXPECT_GE(map.raw_panel, 4 * kPanelRows * inputs);
  add("raw", map.raw, (rows / kPanelRows - 1) * map.raw_panel + 4 * kPanelRows * inputs);
  add("index", map.index, 2 * 4 * rows);
  add("targets", map.targets, 4 * rows * targets);
  add("weights", map.weights, 4 * rows);
  add("shift", map.shift, 4 * inputs);
  add("scale", map.scale, 4 * inputs);
  // Of both units of every panel, whether rows are in them or not.
  int const units = 2 * ((step_rows(m, 0) + kPanelRows - 1) / kPanelRows);
  int const chunk_units = plan.tiling.chunk_rows / kUnitRows;
  add("block sums", map.block_sums, std::max(2 * 4 * units, kEvaluationSums * 8 * chunk_units));
  if (m.clip_norm > 0.0f) {
    int all = 0;
    for (int l = 0; l <= last; ++l)
      all += layout.layer[l].rows / kUnitRows * (layout.layer[l].columns / kUnitRows);
    add("unit sums", map.unit_sums, 4 * all);
  }
  add("scalars", map.scalars, kScalarsAhead * static_cast<int>(sizeof(StepScalars)));
  add("layer scalars", map.layer_scalars, kScalarsAhead * map.layer_scalars_bytes);
  add("program", map.program, plan.tiling.row_warps * plan.tiling.column_warps * map.program_bytes);
  return places;
}

// The pairs of tensors that may lie over each other, since each is done with when the other is
// written, by the barriers of train.cuh.
inline std::set<std::set<std::string>> pairs_that_may_share(MemberPlan const& plan, Member const& m,
                                                            Precision precision) {
  std::set<std::set<std::string>> pairs;
  bool const alone = plan.tiling.blocks == 1;  // else other blocks read hidden layers
  bool const in_turn = plan.map.layer_by_layer != 0;
  bool const relu =
      m.activation == index_of<Relu>(Activations{});  // else slopes lie where deltas go
  int const last = m.layers - 1;
  // Words are as large as those of the logits that a lane turns into deltas, or of raw rows.
  if (precision != Precision::bf16) {
    pairs.insert({"logits", "delta " + std::to_string(last)});
    if (plan.map.fetching == Fetching::over_inputs) pairs.insert({"raw", "input"});
  }
  if (plan.map.fetching == Fetching::over_hidden && alone && in_turn)
    pairs.insert({"raw", "hidden 0"});
  for (int l = 0; l + 1 < last && alone && in_turn && relu; ++l)
    pairs.insert({"delta " + std::to_string(l), "hidden " + std::to_string(l + 1)});
  return pairs;
}

// Places in shared memory: inside, aligned, and disjoint but where they may share.
inline void expect_sound(MemberPlan const& plan, Member const& m, int targets,
                         Precision precision) {
  auto const places = places_of(plan, m, targets, precision);
  auto const may_share = pairs_that_may_share(plan, m, precision);
  std::set<std::set<std::string>> sharing;
  for (std::size_t i = 0; i < places.size(); ++i) {
    Place const& a = places[i];
    EXPECT_EQ(a.first % 16, 0) << a.name << ": 16-byte copies";
    EXPECT_LE(a.end(), plan.map.bytes) << a.name;
    for (std::size_t j = i + 1; j < places.size(); ++j) {
      Place const& b = places[j];
      if (a.end() <= b.first || b.end() <= a.first) continue;
      sharing.insert({a.name, b.name});
      EXPECT_EQ(a.first, b.first) << a.name << " begins within " << b.name;
    }
  }
  for (auto const& pair : sharing)
    EXPECT_TRUE(may_share.contains(pair)) << *pair.begin() << " over " << *pair.rbegin();
  // Warps that own whole panels do not wait for each other before they receive them.
  TileLayer const first = tile_layout(m, plan.order).layer[0];
  int const beneath = precision == Precision::bf16 ? 2 * first.rows : 4 * first.rows;
  bool const hidden = plan.map.fetching == Fetching::over_hidden;
  EXPECT_EQ(plan.map.raw_panel, kPanelRows * (hidden ? beneath : 4 * first.columns));
  // Where raw rows are fetched to, and what is done layer by layer for it, is as said.
  EXPECT_EQ(sharing.contains({"raw", "input"}), plan.map.fetching == Fetching::over_inputs);
  EXPECT_EQ(sharing.contains({"raw", "hidden 0"}), plan.map.fetching == Fetching::over_hidden);
  bool const over_hidden = std::any_of(sharing.begin(), sharing.end(), [](auto const& pair) {
    return pair.rbegin()->starts_with("hidden") || pair.begin()->starts_with("hidden");
  });
  EXPECT_EQ(over_hidden, plan.map.layer_by_layer != 0);
  EXPECT_EQ(plan.shared_bytes, plan.map.bytes);
  EXPECT_EQ(plan.tiling.chunk_rows % (kPanelRows * plan.tiling.blocks), 0);
  EXPECT_EQ(1 << plan.tiling.column_bits, plan.tiling.column_warps);
}

}  // namespace brood::cuda::planned
