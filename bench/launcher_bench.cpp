// SPDX-License-Identifier: Apache-2.0
// Order/host/<workload>/members:<P>: the host's own time for an epoch of a population on a GPU,
// with a clock in the place of the device (tests/cuda/clock.hpp). The best of five orders, of this
// thread's CPU time and without what stands for the device's:
//   host_s            in all
//   train_ns          of train(), a member: plans, tasks, launches
//   collect_ns        of metrics() of one member, which takes over those of all, a member
//   launches          of an epoch
//   device_s          by the clock: 60 M steps/s of D, 6 M of A
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "brood/engine.hpp"
#include "cuda/clock.hpp"
#include "cuda/cuda_backend.hpp"
#include "synthetic.hpp"

namespace brood::bench {
namespace {

namespace clocked = cuda::clocked;

// Of `call`, without what stands for the device's.
template <class Call>
double host_seconds(Call&& call) {
  double const inside = clocked::counts.inside, start = clocked::cpu_seconds();
  call();
  return clocked::cpu_seconds() - start - (clocked::counts.inside - inside);
}

void orders(benchmark::State& state, Workload const& w, int members, double steps_per_s) {
  auto const data = synthetic_rows(w);
  auto const backend = cuda::make_backend(clocked::device(), cuda::Precision::tf32, {});
  auto const slots = backend->admit(members_of(w, backend->load(table_of(w, data)), members));
  clocked::speed = {.step_seconds = clocked::speed.at_once / steps_per_s,
                    .at_once = clocked::speed.at_once};
  for (auto _ : state) {
    double train = 1e30, collect = 1e30;
    for (int epoch = 1; epoch <= 6; ++epoch) {
      std::vector<TrainOrder> list;
      for (auto const slot : slots)
        list.push_back({slot, epoch, 0});
      clocked::counts = {};
      double const first = host_seconds([&] { backend->train(list); });
      double const second = host_seconds([&] { backend->metrics({slots.data(), 1}); });
      if (epoch == 1) continue;  // plans are made, the cost model is corrected
      train = std::min(train, first);
      collect = std::min(collect, second);
    }
    state.SetIterationTime(train + collect);
    state.counters["host_s"] = train + collect;
    state.counters["train_ns"] = 1e9 * train / members;
    state.counters["collect_ns"] = 1e9 * collect / members;
    state.counters["launches"] = static_cast<double>(clocked::counts.launches.size());
    double device = 0;
    for (double const seconds : clocked::counts.launches)
      device += seconds;
    state.counters["device_s"] = device;
  }
}

void add(std::string const& workload, int members, double steps_per_s) {
  std::string const name = "Order/host/" + workload + "/members:" + std::to_string(members);
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) {
                                 orders(state, *find_workload(workload), members, steps_per_s);
                               })
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace brood::bench

#if defined(__clang__)
constexpr char const* kCompiler = __VERSION__;
#else
constexpr char const* kCompiler = "g++ " __VERSION__;
#endif

int main(int argc, char** argv) {
  using brood::bench::add;
  for (int const members : {132, 1056, 16896})
    add("A", members, 6e6);
  for (int const members : {132, 16896, 131072, 1048576})
    add("D", members, 60e6);
  add("W4", 16896, 6e6);
  benchmark::AddCustomContext("compiler", kCompiler);
  benchmark::AddCustomContext("cpu", brood::Engine({.device = "cpu"}).info().device);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
