// SPDX-License-Identifier: Apache-2.0
// Losses. A batch's loss is the weighted mean of its rows' losses; a row's loss is, for
// cross_entropy, over all outputs (softmax), for the others the mean over outputs of apply().
// To add one: a struct and its name in the list at the end.
#pragma once

#include "core/activation.hpp"
#include "core/macros.hpp"
#include "core/math.hpp"
#include "core/type_list.hpp"

namespace brood {

// -sum_c t_c ln softmax(z)_c, with the target smoothed to (1 - s) onehot + s / classes.
// The softmax of a row runs over its outputs, so it is the backend's loop.
struct CrossEntropy {
  static constexpr char const* name = "cross_entropy";
  static constexpr bool kSoftmax = true;
};

// Of one sigmoid per output, on logits: max(z, 0) - z t + ln(1 + e^-|z|), with t smoothed to
// (1 - s) t + s / 2.
struct Bce {
  static constexpr char const* name = "bce";
  static constexpr bool kSoftmax = false;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, F /*delta*/) {
    F const value = at_least(z, F(0.0f)) - z * target + log1p(exp(F(0.0f) - abs(z)));
    return {value, sigmoid(z) - target};
  }
};

struct Mse {
  static constexpr char const* name = "mse";
  static constexpr bool kSoftmax = false;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, F /*delta*/) {
    F const error = z - target;
    return {error * error, error + error};
  }
};

struct Mae {
  static constexpr char const* name = "mae";
  static constexpr bool kSoftmax = false;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, F /*delta*/) {
    F const error = z - target;
    return {abs(error), sign(error)};
  }
};

struct Huber {  // e^2 / 2 within delta, delta (|e| - delta / 2) beyond (Huber 1964)
  static constexpr char const* name = "huber";
  static constexpr bool kSoftmax = false;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, F delta) {
    F const error = z - target;
    F const size = abs(error);
    auto const inside = size < delta;
    F const near = error * error * F(0.5f);
    F const far = delta * (size - F(0.5f) * delta);
    return {select(inside, near, far), select(inside, error, delta * sign(error))};
  }
};

using Losses = TypeList<CrossEntropy, Bce, Mse, Mae, Huber>;

}  // namespace brood
