// SPDX-License-Identifier: Apache-2.0
// Study/<device>/digits: the study of tools/examples/digits.yaml from the file on, winner and test
// score included; one run for each device that there is.
//   seconds  member_epochs  test_accuracy
#include <benchmark/benchmark.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "brood/error.hpp"
#include "brood/files/sweep.hpp"

namespace brood::bench {
namespace {

// From the top of the checkout, where the README's commands are run.
constexpr char const* kSweep = "tools/examples/digits.yaml";

void study(benchmark::State& state, std::string const& device) {
  for (auto _ : state) {
    if (!std::filesystem::exists(kSweep)) {
      state.SkipWithError("tools/examples/digits.yaml is not there: run it from the checkout");
      return;
    }
    try {
      auto const start = std::chrono::steady_clock::now();
      files::Sweep sweep = files::read_sweep(kSweep);
      Dataset const dataset = files::load_dataset(sweep);
      Engine engine({.device = device});
      Data const data = engine.load(dataset.table());
      Result const result = tune(engine, data, sweep.study);
      std::chrono::duration<double> const passed = std::chrono::steady_clock::now() - start;
      state.SetIterationTime(passed.count());
      state.counters["seconds"] = passed.count();
      state.counters["member_epochs"] = static_cast<double>(result.member_epochs);
      state.counters["test_accuracy"] = result.test;
    } catch (Error const& error) {
      state.SkipWithError(error.what());
      return;
    }
  }
}

}  // namespace

void register_studies() {
  for (auto const& device : devices()) {
    if (!device.usable) continue;
    std::string const kind = device.name.substr(0, device.name.find(':'));
    std::string const name = "Study/" + kind + "/digits";
    benchmark::RegisterBenchmark(name.c_str(),
                                 [kind](benchmark::State& state) { study(state, kind); })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
    if (kind == "cuda") break;  // the first GPU stands for all
  }
}

}  // namespace brood::bench
