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
//    product 1, quotient 1, layer factor 1, factors of the parametrization 2 and their products 2;
//    Nadam sums g and a small m, 1, in place of m's 2) and kWeightRoundings u of the weight (decay
//    factor, product, difference).
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

inline constexpr double kUpdateRoundings = 16;
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

// 7. A device; number.hpp has what a test program says of it.
//    Operands of p bits: 2^-p each, so 2^-11 in tf32 and 2^-8 in bf16. In fp32 an operand is hi +
//    lo, each of 11 bits, and lo lo is dropped: hi is off by at most 2^-11 |x|, so x - hi fits into
//    13 bits, lo is off by the last of them, 2^-23 |x|, and lo lo is at most 2^-22 |x||y|. Together
//    2 2^-23 + 2^-22 = 2 2^-22: kOperandOfThreeProducts for each operand.
//    Sums: an mma adds 8 products (bf16: 16) to the accumulator, all cut to the 24 bits of the
//    largest (2 u of it is lost by each of the others) and the sum cut again (2 u): 18 u of what
//    is largest (Fasi, Higham, Mikaitis, Pranesh 2021, "Numerical behavior of NVIDIA tensor cores";
//    where more bits are kept, less). In fp32 three such add 8 products, 54 u: kTruncatedSum, 8 u,
//    for each. Their order is that of the inner dimension. Noisy takes up to that off each term.
//    Quotients of 2 ulp are off by 4 u, roots of 1 ulp by 2 u; q is the excess over u. A function
//    that divides to find a factor f is off by q |f| more (gelu: by half of it); a slope 1 - f f by
//    2 q, one like z f' (1 - f f) + f by q (1 + 3 |z|); an update, with a quotient and roots, 2 q.
inline constexpr double kOperandOfTf32 = 0x1p-11;
inline constexpr double kOperandOfBf16 = 0x1p-8;
inline constexpr double kOperandOfThreeProducts = 0x1p-22;
inline constexpr double kApproximateQuotient = ulp(2);
inline double quotient_excess() {
  return quotient_roundoff - kUnitRoundoff;
}

inline constexpr FunctionError kExpError{ulp(1.2)};
inline constexpr FunctionError kLogError{ulp(2)};
inline constexpr FunctionError kSigmoidError{ulp(3)};

// Of host/core/activation.hpp for |z| <= kActivationRange, by name. Where a value is a product with
// a function near 1 (gelu, silu, mish, hardswish) its error goes with z; a difference of numbers
// near 1 (elu, 1 - tanh^2) has an absolute one.
inline constexpr double kActivationRange = 100;
struct ActivationError {
  std::string_view name;
  FunctionError value, slope;
  bool divides = false;
};
inline constexpr double kU = kUnitRoundoff;
inline constexpr ActivationError kActivationErrors[] = {
    {"identity", {0}, {0}},
    {"relu", {0}, {0}},
    {"leaky_relu", {2 * kU}, {1 * kU}},
    {"elu", {0, 2 * kU}, {ulp(1.2)}},
    {"selu", {2 * kU, 4 * kU}, {4 * kU}},
    {"gelu", {0, 0, 4.2 * kU}, {0, 5 * kU}, true},
    {"silu", {0, 0, 3 * kU}, {0, 3 * kU, 1.2 * kU}, true},
    {"mish", {0, 0, 6 * kU}, {0, 4 * kU, 10 * kU}, true},
    {"tanh", {6 * kU}, {0, 11 * kU}, true},
    {"sigmoid", {3 * kU}, {0, 2 * kU}, true},
    {"softplus", {4 * kU}, {3 * kU}, true},
    {"hardswish", {0, 0, 2 * kU}, {0, 2 * kU}},
    {"sin", {0, 3.4 * kU}, {0, 3.4 * kU}},
};
// An activation without a row is held to one rounding, which shows that its row is missing.
inline ActivationError activation_error(std::string_view name) {
  for (ActivationError row : kActivationErrors) {
    if (row.name != name) continue;
    if (row.divides) {
      row.value.relative += quotient_excess();
      row.value.per_input += quotient_excess() / 2;
      row.slope.absolute += 2 * quotient_excess();
      row.slope.per_input += 3 * quotient_excess();
    }
    return row;
  }
  return {name, {}, {}};
}

inline FunctionError sigmoid_error() {
  return {kSigmoidError.relative + quotient_excess()};
}

}  // namespace brood::oracle
