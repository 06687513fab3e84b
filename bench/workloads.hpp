// SPDX-License-Identifier: Apache-2.0
// The workloads that every benchmark of training steps shares, those against other systems too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brood/table.hpp"
#include "brood/value.hpp"

namespace brood::bench {

struct Workload {
  char const* name;
  int inputs;
  std::vector<std::int64_t> hidden;
  int outputs;  // classes, or target columns
  int batch_size;
  int members;      // of a CPU benchmark, visited in turn
  int rows = 4096;  // of an epoch
  char const* activation = "relu";
  char const* optimizer = "adam";
  Task task = Task::classification;
  // Members differ: one hidden layer of 1 to hidden[0] units, of four activations.
  bool ragged = false;
};

// A to D: from a table of few columns to a large batch, in epochs that stay in cache. W1: a table
// of ordinary size, Covertype's shape. W2: MNIST's shape. W3: the critic of a reinforcement
// learner, with one target to regress. W4: as W2, members of any width up to 50.
inline std::vector<Workload> workloads() {
  return {{"A", 64, {64, 64}, 10, 64, 64},
          {"B", 784, {128}, 10, 64, 8},
          {"C", 100, {256, 256}, 2, 256, 8},
          {"D", 16, {32}, 2, 32, 512},
          {"W1", 54, {64, 64}, 7, 128, 64, 20000},
          {"W2", 784, {128, 128}, 10, 64, 4, 60000, "tanh"},
          {"W3", 23, {256, 256}, 1, 256, 16, 12800, "relu", "adam", Task::regression},
          {"W4", 784, {50}, 10, 256, 200, 60000, "", "sgd", Task::classification, true}};
}

inline std::optional<Workload> find_workload(std::string_view name) {
  for (auto const& w : workloads()) {
    if (w.name == name) return w;
  }
  return std::nullopt;
}

// Beyond what one multiprocessor can hold.
inline Workload wide_workload() {
  return {"L", 784, {2048, 2048}, 10, 64, 4};
}

// What a member of the population is, by its number.
inline std::vector<std::int64_t> hidden_of(Workload const& w, int member) {
  if (!w.ragged) return w.hidden;
  return {1 + member % w.hidden.front()};
}
inline std::string activation_of(Workload const& w, int member) {
  if (!w.ragged) return w.activation;
  char const* const all[] = {"leaky_relu", "sigmoid", "relu", "identity"};
  return all[member / w.hidden.front() % 4];
}
inline double lr_of(Workload const& w, int member) {
  // Small enough that 100 steps do not blow roundoff up, so that losses can be compared.
  return w.ragged ? 1e-3 : 2e-5 * (1 + member % 16);
}

inline Config config_of(Workload const& w, int member) {
  return {{"hidden", hidden_of(w, member)},
          {"activation", activation_of(w, member)},
          {"optimizer", w.optimizer},
          {"batch_size", std::int64_t{w.batch_size}},
          {"lr", lr_of(w, member)}};
}

// Flops of one step of a member: the products that are needed (4 per weight and row in the first
// layer, which needs no gradient of its inputs, 6 in the others).
inline double step_flops(Workload const& w, int member = 0) {
  double products = 0;
  double before = w.inputs;
  double factor = 4;
  for (auto const width : hidden_of(w, member)) {
    products += factor * before * static_cast<double>(width);
    before = static_cast<double>(width);
    factor = 6;
  }
  return (products + factor * before * w.outputs) * w.batch_size;
}

// The mean over a population.
inline double mean_step_flops(Workload const& w, int members) {
  double sum = 0;
  for (int i = 0; i < members; ++i)
    sum += step_flops(w, i);
  return sum / members;
}

}  // namespace brood::bench
