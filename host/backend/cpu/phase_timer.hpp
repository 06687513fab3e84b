// SPDX-License-Identifier: Apache-2.0
// Time-stamps between the phases of a training step.
#pragma once

#include "backend/cpu/kernels.hpp"

#include <time.h>

namespace brood::cpu::BROOD_ISA {

// A clock that costs some twenty cycles to read, in units of its own.
inline std::uint64_t tick() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000u +
         static_cast<std::uint64_t>(now.tv_nsec);
#endif
}

// One step in so many is looked at: a prime, lest it be the same batch of every epoch.
inline constexpr std::int64_t kStepsPerSample = 13;

// Of a step that is not looked at, `ticks` is null.
class PhaseTimer {
 public:
  explicit PhaseTimer(StepTicks* ticks) : ticks_(ticks), last_(ticks == nullptr ? 0 : tick()) {}

  void end(StepPhase phase) {
    if (ticks_ == nullptr) return;
    std::uint64_t const now = tick();
    ticks_->spent[phase] += now - last_;
    last_ = now;
  }

 private:
  StepTicks* ticks_;
  std::uint64_t last_;
};

}  // namespace brood::cpu::BROOD_ISA
