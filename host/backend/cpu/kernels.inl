// SPDX-License-Identifier: Apache-2.0
// The kernels of one instruction set. Included by kernels_<isa>.cpp, which defines BROOD_ISA, the
// namespace that keeps its symbols apart, and is compiled with that instruction set's flags.
// Nothing here or below may use code of the standard library: the linker would merge it across
// instruction sets.
#include "backend/cpu/evaluate.hpp"
#include "backend/cpu/step.hpp"

#include <time.h>

namespace brood::cpu::BROOD_ISA {

inline std::int64_t scratch_size(Member const& m) {
  int const batch = m.batch_size << m.head_bits;
  int const rows = batch > kEvaluateRows ? batch : kEvaluateRows;
  return carve(m, param_layout(m), rows, nullptr).size;
}

inline double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Independent chains of fused multiply-adds: twelve registers' worth.
inline double peak_flops(double seconds) {
  constexpr int kRounds = 20000;
  Float16 chain[kPeakChains];
  for (int i = 0; i < kPeakChains; ++i)
    chain[i] = Float16(static_cast<float>(i));
  Float16 const a(0.999f), b(0.001f);
  double best = 0.0;
  double const start = thread_seconds();
  double before = start;
  while (before - start < seconds) {
    for (int round = 0; round < kRounds; ++round) {
#pragma GCC unroll 16
      for (int i = 0; i < kPeakChains; ++i)
        chain[i] = fma(chain[i], a, b);
    }
    double const after = thread_seconds();
    double const rate = 2.0 * kLanes * kPeakChains * kRounds / (after - before);
    if (rate > best) best = rate;
    before = after;
  }
  float volatile sink = 0.0f;
  for (int i = 0; i < kPeakChains; ++i)
    sink = sum_lanes(chain[i]);
  (void)sink;
  return best;
}

inline constexpr Kernels kKernels = {BROOD_ISA_NAME, &scratch_size, &train,
                                     &evaluate,      &forward,      &peak_flops};

}  // namespace brood::cpu::BROOD_ISA
