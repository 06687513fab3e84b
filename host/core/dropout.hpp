// SPDX-License-Identifier: Apache-2.0
// What a rate of dropout does to values: the one place where it becomes a threshold and a factor.
#pragma once

#include <cstdint>

#include "core/macros.hpp"
#include "core/member.hpp"
#include "core/philox.hpp"

namespace brood {

// A word below the threshold drops its value; the others are multiplied.
struct DropoutScalars {
  std::uint32_t threshold;
  float kept;
};

BROOD_HD constexpr DropoutScalars dropout_scalars(double rate) {
  return {dropout_threshold(rate), static_cast<float>(1.0 / (1.0 - rate))};
}

// At a step, of a rate that the member has: of its inputs or of a hidden layer. A rate that falls
// to 0 ends by keeping all values as they are.
BROOD_HD DropoutScalars dropout_at_step(Member const& m, float rate, std::int64_t step) {
  return dropout_scalars(static_cast<double>(rate) *
                         regularizer_factor(m, m.dropout_schedule, step));
}

BROOD_HD constexpr bool has_scheduled_dropout(Member const& m) {
  return m.dropout_schedule != index_of<ConstantLr>(RegularizerSchedules{});
}

}  // namespace brood
