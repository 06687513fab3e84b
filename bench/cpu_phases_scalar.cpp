// SPDX-License-Identifier: Apache-2.0
#define BROOD_ISA phases_scalar
#include "cpu_phases.inl"

namespace brood::bench {
CpuPhaseTimer const* scalar_phases() {
  return &cpu::phases_scalar::kPhases;
}
}  // namespace brood::bench
