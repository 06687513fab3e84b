// SPDX-License-Identifier: Apache-2.0
// Phases/cpu/<workload>: where a training step's time goes, one phase at a time, one member, one
// core. The phases are timed for themselves, so that their sum is a little below a step's time.
//   gather_us  forward_us  loss_us  backward_us  update_us
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "backend/cpu/resident.hpp"
#include "cpu_phases.hpp"
#include "synthetic.hpp"

namespace brood::bench {
namespace {

// Of the best instruction set that this machine has.
CpuPhaseTimer const& phase_timer() {
  if (cpu::avx512_kernels() != nullptr) return *avx512_phases();
  if (cpu::avx2_kernels() != nullptr) return *avx2_phases();
  return *scalar_phases();
}

void phases(benchmark::State& state, Workload w) {
  w.rows = 4096;
  Synthetic const rows = synthetic_rows(w);
  cpu::LoadedTable const table(table_of(w, rows));
  auto const transform = std::make_shared<cpu::PaddedTransform>(nullptr, table.shape);
  Admission const admission = admission_of(members_of(w, 0, 1).front(), table.shape, table.rows);
  cpu::Resident member(admission, table, transform);
  member.draw_weights(admission, table);
  cpu::MemberView const view = member.view();
  cpu::AlignedFloats scratch(phase_timer().scratch_size(member.member()));
  // About 20 ms a phase of the largest of these networks, 1 ms of the smallest.
  int const repeats = step_flops(w) > 1e7 ? 50 : 1000;
  CpuPhases best{};
  for (auto _ : state)
    best = phase_timer().time(view, table.view(), scratch.data(), repeats);
  state.counters["gather_us"] = 1e6 * best.gather;
  state.counters["forward_us"] = 1e6 * best.forward;
  state.counters["loss_us"] = 1e6 * best.loss;
  state.counters["backward_us"] = 1e6 * best.backward;
  state.counters["update_us"] = 1e6 * best.update;
}

}  // namespace

void register_phases() {
  for (auto const& w : workloads()) {
    if (w.ragged) continue;
    std::string const name = std::string("Phases/cpu/") + w.name;
    benchmark::RegisterBenchmark(name.c_str(), [w](benchmark::State& state) {
      phases(state, w);
    })->Iterations(1);
  }
}

}  // namespace brood::bench
