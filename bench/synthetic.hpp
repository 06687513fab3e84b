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

// Inputs on (-1, 1), labels of no meaning.
inline Synthetic synthetic_rows(Workload const& w) {
  Synthetic data;
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(w.rows * w.inputs); ++i) {
    data.x.push_back(
        static_cast<float>(2 * unit_interval(philox({{i, 0, 0, 0}}, {1, 2}).word[0]) - 1));
  }
  for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(w.rows); ++i) {
    data.y.push_back(static_cast<float>(philox({{i, 1, 0, 0}}, {1, 2}).word[0] %
                                        static_cast<std::uint32_t>(w.classes)));
  }
  return data;
}

inline Table table_of(Workload const& w, Synthetic const& rows) {
  return {.x = {rows.x.data(), w.rows, w.inputs},
          .y = {rows.y.data(), w.rows, 1},
          .classes = w.classes};
}

// Members alike in all but seed and learning rate, Adam with ReLU, that train without end.
inline std::vector<MemberSpec> members_of(Workload const& w, TableId table, int count) {
  auto rows = std::make_shared<std::vector<std::int32_t>>();
  for (int i = 0; i < w.rows; ++i)
    rows->push_back(i);
  std::vector<MemberSpec> specs;
  for (int i = 0; i < count; ++i) {
    MemberSpec& spec = specs.emplace_back();
    spec.config = {{"hidden", w.hidden},
                   {"batch_size", std::int64_t{w.batch_size}},
                   {"lr", 1e-4 * (1 + i % 16)},
                   {"epochs", std::int64_t{1000000}}};
    spec.seed = static_cast<std::uint64_t>(i);
    spec.table = table;
    spec.train_rows = rows;
  }
  return specs;
}

}  // namespace brood::bench
