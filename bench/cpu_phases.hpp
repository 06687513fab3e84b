// SPDX-License-Identifier: Apache-2.0
// The phases of a training step on the CPU, each timed for itself, by the kernels' own source
// compiled once more for each instruction set (cpu_phases.inl).
#pragma once

#include <cstdint>

#include "backend/cpu/kernels.hpp"

namespace brood::bench {

struct CpuPhases {
  // Thread seconds of a batch, the best of five times `repeats`.
  double gather;    // row numbers, inputs, targets, row weights
  double forward;   // pre-activations, activations and their slopes
  double loss;      // and its gradient
  double backward;  // of weights, biases and inputs
  double update;    // of the optimizer
};
struct CpuPhaseTimer {
  std::int64_t (*scratch_size)(Member const& member);
  CpuPhases (*time)(cpu::MemberView const& view, cpu::TableView const& table, float* scratch,
                    int repeats);
};

// Null where the build lacks the instruction set.
CpuPhaseTimer const* scalar_phases();
CpuPhaseTimer const* avx2_phases();
CpuPhaseTimer const* avx512_phases();

}  // namespace brood::bench
