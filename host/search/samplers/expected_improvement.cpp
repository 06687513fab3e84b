// SPDX-License-Identifier: Apache-2.0
// With z = (mean - best) / sigma, density phi and distribution function Phi of the standard normal,
// the improvement is sigma h(z), h(z) = z Phi(z) + phi(z), h' = Phi.
#include "search/samplers/expected_improvement.hpp"

#include <cmath>
#include <numbers>

namespace brood {
namespace {

// Below this z, Mills' ratio by its asymptotic series: ten terms are exact to 1e-16.
constexpr double kFarBelow = -25;
constexpr int kTerms = 10;

struct Ratios {
  double log_h, Phi_over_h, phi_over_h;
};

Ratios near(double z) {
  double const Phi = 0.5 * std::erfc(-z / std::numbers::sqrt2);
  double const phi = std::exp(-0.5 * z * z) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  double const h = z * Phi + phi;
  return {std::log(h), Phi / h, phi / h};
}

// Phi = phi / w S0 and h = phi / w^2 S1 with w = -z, S0 = 1 - 1 / w^2 + 3 / w^4 - 15 / w^6 ...,
// S1 = w^2 (1 - S0) = 1 - 3 / w^2 + 15 / w^4 ... (Abramowitz & Stegun 26.2.12).
Ratios far_below(double z) {
  double const inverse_square = 1 / (z * z);
  double s0 = 1, s1 = 0, term = 1;
  for (int k = 1; k <= kTerms; ++k) {
    s1 += term * (2 * k - 1);
    term *= -(2 * k - 1) * inverse_square;
    s0 += term;
  }
  double const log_phi = -0.5 * z * z - 0.5 * std::log(2 * std::numbers::pi);
  return {log_phi + std::log(inverse_square * s1), -z * s0 / s1, 1 / (inverse_square * s1)};
}

}  // namespace

LogEi log_expected_improvement(double mean, double sigma, double best) {
  double const z = (mean - best) / sigma;
  Ratios const ratios = z < kFarBelow ? far_below(z) : near(z);
  return {std::log(sigma) + ratios.log_h, ratios.Phi_over_h / sigma, ratios.phi_over_h / sigma};
}

}  // namespace brood
