// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#define BROOD_ISA phases_avx2
#define BROOD_ISA_AVX2
#include "cpu_phases.inl"
#else
#include "cpu_phases.hpp"
#endif

namespace brood::bench {
CpuPhaseTimer const* avx2_phases() {
#if defined(__x86_64__)
  return &cpu::phases_avx2::kPhases;
#else
  return nullptr;
#endif
}
}  // namespace brood::bench
