// SPDX-License-Identifier: Apache-2.0
// Rungs of successive halving and brackets of Hyperband, and the decision that both take at the
// end of a rung: who goes on.
#pragma once

#include <vector>

#include "brood/scheduler.hpp"

namespace brood {

// The scheduler has no problems; at least one trial.
std::vector<Rung> halving_rungs(SuccessiveHalving const& halving, int trials);
std::vector<std::vector<Rung>> hyperband_brackets(Hyperband const& hyperband, int trials);

struct Ranked {
  int id = 0;
  double score = 0;
};
// Ids of the best `keep` of a rung's trials, best first; fewer if fewer have a finite score.
std::vector<int> survivors(std::vector<Ranked> trials, int keep, bool maximize);

}  // namespace brood
