// SPDX-License-Identifier: Apache-2.0
// Which part of what warps executed is a step of training, told from two runs alone: of n steps and
// of more. An instruction that every warp executed once a step in both marks where steps begin.
#pragma once

#include <cstdint>
#include <vector>

#include "machine/trace.hpp"

namespace brood::machine {

struct SteadySteps {
  int steps = 0;               // in each stream
  std::vector<Trace> streams;  // by warp, from the mark of one step to that of a later one
};

// The second run's steps but for the first and the last ones. Throws std::runtime_error if no
// instruction is executed once a step.
SteadySteps steady_steps(std::vector<Trace> const& shorter, int steps_of_shorter,
                         std::vector<Trace> const& longer, int steps_of_longer);

// The first `steps` of them.
SteadySteps first_of(SteadySteps const& all, int steps);

}  // namespace brood::machine
