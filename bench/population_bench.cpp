// SPDX-License-Identifier: Apache-2.0
// What does not show in one training step:
//   Population/cpu/D/members:<P>   an epoch of populations of any size, on all cores. A step costs
//                                  the same in all of them once every core has a member
//       ns_per_step                CPU time of all threads, which other processes disturb little
//       bytes_per_member           by which the process grew when they were admitted
//       planned_bytes              what the backend says a member takes
//   Forward/cpu/<workload>         predictions of every row by every member, one thread
//   Evaluate/cpu/<workload>        the same, and the sums of losses and hits
//       rows_per_s  gflops
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "cpu_trainer.hpp"

namespace brood::bench {
namespace {

// Of this process, in physical memory.
double resident_bytes() {
  long pages = 0, resident = 0;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

void population(benchmark::State& state, int members) {
  Workload w = *find_workload("D");
  w.members = members;
  w.rows = 1024;
  int const threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  double before = 0;
  Trainer trainer(w, threads, [&](auto&) { before = resident_bytes(); });
  double const grown = resident_bytes() - before;
  double const steps = static_cast<double>(members) * w.rows / w.batch_size;
  double best = 1e30;
  for (auto _ : state)
    best = std::min(best, trainer.run().cpu);
  state.counters["steps_per_s"] = steps / best * std::min(threads, members);
  state.counters["ns_per_step"] = 1e9 * best / steps;
  // What the allocator keeps from benchmarks before shows where members are few.
  if (members >= 65536) state.counters["bytes_per_member"] = grown / members;
  state.counters["planned_bytes"] = static_cast<double>(
      trainer.backend().bytes(config_of(w, 0), {w.task, w.inputs, w.outputs}, w.rows));
}

// Needed flops of predicting a row.
double forward_flops(Workload const& w, int member) {
  double products = 0;
  double before = w.inputs;
  for (auto const width : hidden_of(w, member)) {
    products += 2 * before * static_cast<double>(width);
    before = static_cast<double>(width);
  }
  return products + 2 * before * w.outputs;
}

void predict(benchmark::State& state, Workload const& w, bool evaluate) {
  Trainer trainer(w, 1, [](auto&) {});
  std::vector<std::int32_t> rows;
  for (int i = 0; i < std::min(w.rows, 4096); ++i)
    rows.push_back(i);
  std::vector<float> out(rows.size() * trainer.slots().size() *
                         static_cast<std::size_t>(w.outputs));
  double best = 1e30;
  for (auto _ : state) {
    double const start = process_seconds();
    if (evaluate) {
      trainer.backend().evaluate(trainer.slots(), rows);
    } else {
      trainer.backend().forward(trainer.slots(), rows, out);
    }
    best = std::min(best, process_seconds() - start);
  }
  double flops = 0;
  for (int i = 0; i < w.members; ++i)
    flops += forward_flops(w, i) * static_cast<double>(rows.size());
  state.counters["rows_per_s"] = w.members * static_cast<double>(rows.size()) / best;
  state.counters["gflops"] = 1e-9 * flops / best;
}

}  // namespace

void register_populations() {
  for (int const members : {1, 16, 256, 4096, 65536}) {
    std::string const name = "Population/cpu/D/members:" + std::to_string(members);
    benchmark::RegisterBenchmark(
        name.c_str(), [members](benchmark::State& state) { population(state, members); });
  }
  for (auto const& w : workloads()) {
    for (bool const evaluate : {false, true}) {
      std::string const name = std::string(evaluate ? "Evaluate/cpu/" : "Forward/cpu/") + w.name;
      benchmark::RegisterBenchmark(
          name.c_str(), [w, evaluate](benchmark::State& state) { predict(state, w, evaluate); });
    }
  }
}

}  // namespace brood::bench
