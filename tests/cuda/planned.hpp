// SPDX-License-Identifier: Apache-2.0
// Members to plan for, and what a plan must never be.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "backend/describe.hpp"
#include "cuda/plan.hpp"

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

// Places in shared memory with their lengths in words: disjoint, aligned, inside.
inline void expect_sound(MemberPlan const& plan, Member const& m, int targets,
                         Precision precision) {
  SharedMap const& map = plan.map;
  TileLayout const layout = tile_layout(m);
  int const rows = plan.cut.chunk_rows / plan.cut.blocks;
  int const per_word = precision == Precision::bf16 ? 2 : 1;
  int const last = layout.layers - 1;
  std::vector<std::pair<int, int>> places = {{0, kControlWords}};
  auto add = [&](int place, int words) {
    if (place >= 0 && words > 0) places.push_back({place, words});
  };
  add(map.parameters, layout.size);
  add(map.operands, layout.size / 2);
  add(map.moments, layout.size * state_tensors(m));
  add(map.gradient, layout.size);
  add(map.input, rows * layout.layer[0].columns / per_word);
  if (map.staged != map.input) add(map.staged, rows * layout.layer[0].columns);
  for (int l = 0; l <= last; ++l) {
    if (l < last) add(map.hidden[l], rows * layout.layer[l].rows / per_word);
    add(map.delta[l], rows * layout.layer[l].rows / per_word);
  }
  add(map.logits, rows * layout.layer[last].rows);
  add(map.staged_targets, rows * targets);
  add(map.staged_weights, rows);
  add(map.targets, rows * targets);
  add(map.weights, rows);
  add(map.shift, layout.layer[0].columns);
  add(map.scale, layout.layer[0].columns);
  int const batch = std::min(m.batch_size, m.train_rows);
  add(map.block_sums,
      std::max(2 * ((batch + 15) / 16), 2 * kEvaluationSums * (plan.cut.chunk_rows / kBlockRows)));
  add(map.scalars, kScalarsAhead * static_cast<int>(sizeof(TimedScalars) / 4));
  std::sort(places.begin(), places.end());
  for (std::size_t i = 0; i + 1 < places.size(); ++i) {
    EXPECT_LE(places[i].first + places[i].second, places[i + 1].first) << "place " << i;
    EXPECT_EQ(places[i].first % 4, 0) << "16-byte copies";
  }
  EXPECT_LE(places.back().first + places.back().second, map.words);
  EXPECT_EQ(plan.shared_bytes, 4 * map.words);
  EXPECT_EQ(plan.cut.chunk_rows % (kBlockRows * plan.cut.blocks), 0);
}

}  // namespace brood::cuda::planned
