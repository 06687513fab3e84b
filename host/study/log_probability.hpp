// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

namespace brood {

// fp32 cannot tell probabilities nearer to 1 than 2^-24 from it; so none is nearer to 0.
inline double log_probability(float probability) {
  return std::log(std::clamp(static_cast<double>(probability), 0x1p-24, 1.0));
}

}  // namespace brood
