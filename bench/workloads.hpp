// SPDX-License-Identifier: Apache-2.0
// The workloads that every benchmark of training steps shares.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace brood::bench {

struct Workload {
  char const* name;
  int inputs;
  std::vector<std::int64_t> hidden;
  int classes;
  int batch_size;
  int members;      // of a CPU benchmark, visited in turn
  int rows = 4096;  // of an epoch
};

inline std::vector<Workload> workloads() {
  return {{"A", 64, {64, 64}, 10, 64, 64},
          {"B", 784, {128}, 10, 64, 8},
          {"C", 100, {256, 256}, 2, 256, 8},
          {"D", 16, {32}, 2, 32, 512}};
}

// A population over a table of ordinary size: Covertype's shape.
inline Workload tabular_workload() {
  return {"W1", 54, {64, 64}, 7, 128, 64, 20000};
}

// Beyond what one multiprocessor can hold.
inline Workload wide_workload() {
  return {"L", 784, {2048, 2048}, 10, 64, 4};
}

// Flops of one step: the products that are needed (4 per weight and row in the first layer, which
// needs no gradient of its inputs, 6 in the others).
inline double step_flops(Workload const& w) {
  double products = 0;
  double before = w.inputs;
  double factor = 4;
  for (auto const width : w.hidden) {
    products += factor * before * static_cast<double>(width);
    before = static_cast<double>(width);
    factor = 6;
  }
  return (products + factor * before * w.classes) * w.batch_size;
}

}  // namespace brood::bench
