// SPDX-License-Identifier: Apache-2.0
// The tolerance page: how far an fp32 backend may be from the oracle, and why.
//
// 1. Integers, random words, row orders, masks, initial weights: equal, bit for bit.
// 2. Functions: |got - f(x)| <= relative |f(x)| + absolute + per_input |x| with the numbers below;
//    tests/core measures them. u = 2^-24; an error of k ulp is at most 2 k u relative.
// 3. A gradient, a loss, an evaluation: the oracle run in Bounded (number.hpp). It adds up, for any
//    order of summation, (n + 1) u sum |a||b| per dot product of n terms, u per other operation, 2.
//    per function, and carries the errors of inputs along. Nothing is tuned.
// 4. A first step: from zero state every optimizer's update is monotone in the gradient, so with a
//    gradient g +- e the update lies between those of g - e and g + e; plus kUpdateRoundings u of
//    the update (Adam, the longest: rate 1, m 2, v 3 halved by the root, root 1, eps 1, sum 1,
//    product 1, quotient 1, layer factor 1) and kWeightRoundings u of the weight (decay factor,
//    product, difference).
// 5. Many steps: trajectories part (signs of tiny gradients, kinks), so the bound would be void.
//    The oracle is run kNoisyDraws times in Noisy, and the backend's distance to the oracle may be
//    kNoisyFactor times the largest of theirs, plus one rounding of each weight. Distances are
//    norms over all weights, relative to the norm of the whole update. Noise is uniform of full
//    size u where an fp32 rounding is at most u, so a backend should lie among the draws, at 1/6 of
//    what it may have; the factor is for the largest of so few draws and for errors of one sign. Of
//    the sweep's members all but six lie below 1/6, and the farthest is at 0.46 (clip_value: a
//    gradient at the clamp's kink).
#pragma once

#include <string_view>

#include "support/number.hpp"

namespace brood::oracle {

inline constexpr double kUpdateRoundings = 12;
inline constexpr double kWeightRoundings = 3;
inline constexpr int kNoisyDraws = 3;
inline constexpr double kNoisyFactor = 6;

// 6. Against golden values the settings are decimal there and fp32 here. The largest effect has
//    Adam's 1 - beta2: 1 - 0.999f is 1.3e-5 off 0.001, and v, its bias correction and so the update
//    change by that at most (they cancel in the first step).
inline constexpr double kSettingsShare = 1.3e-5;

inline constexpr double ulp(double count) {
  return 2 * count * kUnitRoundoff;
}

inline constexpr FunctionError kExpError{ulp(1.2)};
inline constexpr FunctionError kLogError{ulp(2)};
inline constexpr FunctionError kSigmoidError{ulp(3)};
inline constexpr FunctionError kSqrtError{ulp(0.5)};

// Of host/core/activation.hpp for |z| <= kActivationRange, by name. Where a value is a product with
// a function near 1 (gelu, silu, mish, hardswish) its error goes with z; a difference of numbers
// near 1 (elu, 1 - tanh^2) has an absolute one.
inline constexpr double kActivationRange = 100;
struct ActivationError {
  std::string_view name;
  FunctionError value, slope;
};
inline constexpr double kU = kUnitRoundoff;
inline constexpr ActivationError kActivationErrors[] = {
    {"identity", {0}, {0}},
    {"relu", {0}, {0}},
    {"leaky_relu", {2 * kU}, {1 * kU}},
    {"elu", {0, 2 * kU}, {ulp(1.2)}},
    {"selu", {2 * kU, 4 * kU}, {4 * kU}},
    {"gelu", {0, 0, 4.2 * kU}, {0, 5 * kU}},
    {"silu", {0, 0, 3 * kU}, {0, 3 * kU, 1.2 * kU}},
    {"mish", {0, 0, 6 * kU}, {0, 4 * kU, 10 * kU}},
    {"tanh", {6 * kU}, {0, 11 * kU}},
    {"sigmoid", {3 * kU}, {0, 2 * kU}},
    {"softplus", {4 * kU}, {3 * kU}},
    {"hardswish", {0, 0, 2 * kU}, {0, 2 * kU}},
    {"sin", {0, 3.4 * kU}, {0, 3.4 * kU}},
};
// An activation without a row is held to one rounding, which shows that its row is missing.
inline constexpr ActivationError activation_error(std::string_view name) {
  for (auto const& row : kActivationErrors) {
    if (row.name == name) return row;
  }
  return {name, {}, {}};
}

}  // namespace brood::oracle
