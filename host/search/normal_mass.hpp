// SPDX-License-Identifier: Apache-2.0
// Masses of the standard normal distribution.
#pragma once

#include <cmath>
#include <numbers>

namespace brood {

inline double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

// The mass between a and b, precise in both tails.
inline double normal_mass(double a, double b) {
  return a > 0 ? normal_cdf(-a) - normal_cdf(-b) : normal_cdf(b) - normal_cdf(a);
}

}  // namespace brood
