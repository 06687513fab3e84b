// SPDX-License-Identifier: Apache-2.0
// Rungs of successive halving and brackets of Hyperband.
#pragma once

#include <vector>

#include "brood/scheduler.hpp"

namespace brood {

// The scheduler has no problems; at least one trial.
std::vector<Rung> halving_rungs(SuccessiveHalving const& halving, int trials);
std::vector<std::vector<Rung>> hyperband_brackets(Hyperband const& hyperband, int trials);

}  // namespace brood
