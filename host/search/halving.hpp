// SPDX-License-Identifier: Apache-2.0
// The decision of successive halving: who goes on. Used by Tuner when a rung closes.
#pragma once

#include <span>
#include <vector>

#include "brood/search.hpp"

namespace brood {

// Ids of the best `keep` of a rung's trials, best first; fewer if fewer have a finite score.
std::vector<int> survivors(std::span<TunerTrial const> trials, int keep, bool maximize);

}  // namespace brood
