// SPDX-License-Identifier: Apache-2.0
// The phases of one instruction set. Included by cpu_phases_<isa>.cpp, which defines BROOD_ISA, a
// namespace of its own, and is compiled with that instruction set's flags; as in the kernels,
// nothing here may use code of the standard library.
#include <time.h>

#include "backend/cpu/step.hpp"
#include "cpu_phases.hpp"

namespace brood::cpu::BROOD_ISA {

inline double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Phase>
double seconds_of(int repeats, Phase&& phase) {
  double best = 1e30;
  for (int attempt = 0; attempt < 5; ++attempt) {
    double const start = thread_seconds();
    for (int i = 0; i < repeats; ++i)
      phase(i);
    double const each = (thread_seconds() - start) / repeats;
    if (each < best) best = each;
  }
  return best;
}

inline std::int64_t phase_scratch_size(Member const& m) {
  return carve(m, param_layout(m), m.batch_size, nullptr).size;
}

inline bench::CpuPhases time_phases(MemberView const& view, TableView const& table, float* scratch,
                                    int repeats) {
  Member const& m = *view.member;
  int const rows = m.batch_size;
  Scratch const s = carve(m, *view.layout, rows, scratch);
  BatchOrder const order = batch_order(m.seed, 0, static_cast<std::uint32_t>(m.train_rows));
  int const batches = m.train_rows / rows;
  bench::CpuPhases phases;
  phases.gather = seconds_of(repeats, [&](int i) {
    auto const first = static_cast<std::uint32_t>(i % batches * rows);
    batch_rows_of(order, view.train_rows, first, rows, s.row);
    gather_inputs(view, table, s, rows);
    gather_targets(view, table, s, rows);
    gather_weights(view, table, s, rows, /*training=*/true);
  });
  phases.forward = seconds_of(repeats, [&](int) { forward_pass<true>(view, view.weights, s, 0); });
  phases.loss = seconds_of(repeats, [&](int) { loss_gradient(m, s, s.delta[0]); });
  phases.backward = seconds_of(repeats, [&](int) { backward_pass(view, s, rows); });
  phases.update = seconds_of(repeats, [&](int i) { update(view, s.gradient, i); });
  return phases;
}

inline constexpr bench::CpuPhaseTimer kPhases = {&phase_scratch_size, &time_phases};

}  // namespace brood::cpu::BROOD_ISA
