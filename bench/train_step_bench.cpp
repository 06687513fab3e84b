// SPDX-License-Identifier: Apache-2.0
// TrainStep/cpu/<workload>/threads:<n>: training steps of Adam with ReLU, members visited in turn,
// an epoch of 4,096 synthetic rows each. Counters are of the best iteration (one epoch of every
// member) and count CPU time of the threads, since other processes share the machine:
//   steps_per_s   member-steps per second
//   gflops        of the needed products (workloads.hpp)
//   peak_share    of the fused multiply-add peak, probed in the same run, times threads
//   busy          CPU time over wall time and threads: what waiting and other processes took
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "backend/peak.hpp"
#include "brood/engine.hpp"
#include "synthetic.hpp"

namespace brood::bench {
namespace {

double process_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Flop/s of one thread.
double peak_flops() {
  static double const peak = cpu_peak_flops(0.2);
  return peak;
}

// Members of a workload, resident; run() trains each by an epoch.
class Trainer {
 public:
  // prepare: a last word on the members before they are admitted.
  template <class Prepare>
  Trainer(Workload const& w, int threads, Prepare&& prepare)
      : engine_({.threads = threads}),
        rows_(synthetic_rows(w)),
        data_(engine_.load(table_of(w, rows_))) {
    auto specs = members_of(w, data_.id(), w.members);
    prepare(specs);
    slots_ = engine_.backend().admit(specs);
  }

  struct Seconds {
    double cpu, wall;  // of all threads; of the clock
  };
  Seconds run() {
    ++epoch_;
    std::vector<TrainOrder> orders;
    for (auto const slot : slots_)
      orders.push_back({slot, epoch_, 0});
    double const cpu = process_seconds();
    double const wall = wall_seconds();
    engine_.backend().train(orders);
    return {process_seconds() - cpu, wall_seconds() - wall};
  }

 private:
  Engine engine_;
  Synthetic rows_;
  Data data_;
  std::vector<Slot> slots_;
  int epoch_ = 0;
};

void train_step(benchmark::State& state, Workload const& w, int threads) {
  Trainer trainer(w, threads, [](auto&) {});
  double const steps = static_cast<double>(w.members) * w.rows / w.batch_size;
  double best = 0, busy = 0;
  for (auto _ : state) {
    auto const seconds = trainer.run();
    best = std::max(best, steps * threads / seconds.cpu);
    busy = std::max(busy, seconds.cpu / (seconds.wall * threads));
  }
  double const flops = best * step_flops(w);
  state.counters["steps_per_s"] = best;
  state.counters["gflops"] = flops * 1e-9;
  state.counters["peak_share"] = flops / (peak_flops() * threads);
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
