// SPDX-License-Identifier: Apache-2.0
// TrainStep/cpu/<workload>/threads:<n>: training steps of the workload's members, visited in turn,
// an epoch of synthetic rows each. Counters are of the best iteration (one epoch of every
// member) and count CPU time of the threads, since other processes share the machine:
//   steps_per_s   member-steps per second
//   gflops        of the needed products (workloads.hpp)
//   peak_share    of the fused multiply-add peak, probed in the same run, times threads
//   busy          CPU time over wall time and threads: what waiting and other processes took
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "backend/peak.hpp"
#include "cpu_trainer.hpp"

namespace brood::bench {
namespace {

// Flop/s of one thread: the best of the instruction sets.
double peak_flops() {
  static double const peak = cpu_peak_flops(0.2);
  return peak;
}

void train_step(benchmark::State& state, Workload const& w, int threads) {
  Trainer trainer(w, threads, [](auto&) {});
  int const epoch_steps = (w.rows + w.batch_size - 1) / w.batch_size;  // the last may be short
  double const steps = static_cast<double>(w.members) * epoch_steps;
  double const flops = mean_step_flops(w, w.members) * w.members * w.rows / w.batch_size;
  double best = 0, busy = 0;
  for (auto _ : state) {
    auto const seconds = trainer.run();
    best = std::max(best, steps * threads / seconds.cpu);
    busy = std::max(busy, seconds.cpu / (seconds.wall * threads));
  }
  double const rate = best / steps;  // epochs of the whole population per second
  state.counters["steps_per_s"] = best;
  state.counters["samples_per_s"] = rate * w.rows * w.members;
  state.counters["gflops"] = rate * flops * 1e-9;
  state.counters["peak_share"] = rate * flops / (peak_flops() * threads);
  state.counters["busy"] = busy;
}

// Members of widths 8 to 128 side by side: what the threads lose to waiting for the longest.
void unequal_members(benchmark::State& state, int threads) {
  Trainer trainer(workloads()[0], threads, [](std::vector<MemberSpec>& specs) {
    for (std::size_t i = 0; i < specs.size(); ++i) {
      auto const width = std::int64_t{8} << (i % 5);
      specs[i].config.set("hidden", std::vector<std::int64_t>{width, width});
    }
  });
  double busy = 0;
  for (auto _ : state) {
    auto const seconds = trainer.run();
    busy = std::max(busy, seconds.cpu / (seconds.wall * threads));
  }
  state.counters["busy"] = busy;
}

}  // namespace

void register_train_steps() {
  for (auto const& w : workloads()) {
    for (int const threads : {1, 2}) {
      std::string const name =
          std::string("TrainStep/cpu/") + w.name + "/threads:" + std::to_string(threads);
      benchmark::RegisterBenchmark(
          name.c_str(), [w, threads](benchmark::State& state) { train_step(state, w, threads); });
    }
  }
  for (int const threads : {1, 2}) {
    std::string const name = "UnequalMembers/cpu/threads:" + std::to_string(threads);
    benchmark::RegisterBenchmark(
        name.c_str(), [threads](benchmark::State& state) { unequal_members(state, threads); });
  }
}

}  // namespace brood::bench
