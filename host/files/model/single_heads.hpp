// SPDX-License-Identifier: Apache-2.0
// Networks with heads as networks without: for what knows no heads.
#pragma once

#include "brood/model.hpp"

namespace brood::files {

// Predicts the same: each network is as many as it has heads, which read the inputs unsigned and
// have the head's outputs alone. Counts keep their proportions.
Ensemble with_single_heads(Ensemble const& models);

}  // namespace brood::files
