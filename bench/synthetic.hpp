// SPDX-License-Identifier: Apache-2.0
// Rows and members of a workload, the same for every benchmark.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "brood/member.hpp"
#include "brood/table.hpp"
#include "core/philox.hpp"
#include "workloads.hpp"

namespace brood::bench {

struct Synthetic {
  std::vector<float> x, y;
};

// Inputs on (-1, 1), labels of no meaning, targets on (-1, 1).
inline Synthetic synthetic_rows(Workload const& w) {
  auto draw = [](std::uint32_t i, std::uint32_t which) {
    return philox({{i, which, 0, 0}}, {1, 2}).word[0];
  };
  auto value = [](std::uint32_t word) { return static_cast<float>(2 * unit_interval(word) - 1); };
  Synthetic data;
  data.x.reserve(static_cast<std::size_t>(w.rows) * static_cast<std::size_t>(w.inputs));
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(w.rows * w.inputs); ++i)
    data.x.push_back(value(draw(i, 0)));
  bool const classes = w.task == Task::classification;
  auto const outputs = static_cast<std::uint32_t>(w.outputs);
  auto const targets = static_cast<std::uint32_t>(w.rows) * (classes ? 1 : outputs);
  for (std::uint32_t i = 0; i < targets; ++i) {
    std::uint32_t const word = draw(i, 1);
    data.y.push_back(classes ? static_cast<float>(word % outputs) : value(word));
  }
  return data;
}

inline Table table_of(Workload const& w, Synthetic const& rows) {
  bool const classes = w.task == Task::classification;
  return {.x = {rows.x.data(), w.rows, w.inputs},
          .y = {rows.y.data(), w.rows, classes ? 1 : w.outputs},
          .task = w.task,
          .classes = classes ? w.outputs : 0};
}

// Members alike in all but seed, learning rate and what a ragged workload varies, that train
// without end on the first `train_rows` rows (0: all).
inline std::vector<MemberSpec> members_of(Workload const& w, TableId table, int count,
                                          int train_rows = 0) {
  auto rows = std::make_shared<std::vector<std::int32_t>>();
  for (int i = 0; i < (train_rows > 0 ? train_rows : w.rows); ++i)
    rows->push_back(i);
  std::vector<MemberSpec> specs;
  for (int i = 0; i < count; ++i) {
    MemberSpec& spec = specs.emplace_back();
    spec.config = config_of(w, i);
    spec.config.set("epochs", std::int64_t{1000000});
    spec.seed = static_cast<std::uint64_t>(i);
    spec.table = table;
    spec.train_rows = rows;
  }
  return specs;
}

}  // namespace brood::bench
