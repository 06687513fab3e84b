// SPDX-License-Identifier: Apache-2.0
// Losses. A batch's loss is the weighted mean of its rows' losses; a row's loss is, for
// cross_entropy, over all outputs (softmax), for the others the mean over outputs of apply().
// With a log link e^z of an output z is what is predicted: targets must be at least 0, and may be
// scaled but not shifted. To add one: a struct and its name in the list at the end.
#pragma once

#include "core/activation.hpp"
#include "core/macros.hpp"
#include "core/math.hpp"
#include "core/type_list.hpp"

namespace brood {

// What some losses have of their own.
struct LossSettings {
  float huber_delta;    // above 0
  float tau;            // of pinball, the quantile: between 0 and 1
  float tweedie_power;  // of the mean, that the variance goes with: between 1 and 2
};

// -sum_c t_c ln softmax(z)_c, with the target smoothed to (1 - s) onehot + s / classes.
// The softmax of a row runs over its outputs, so it is the backend's loop.
struct CrossEntropy {
  static constexpr char const* name = "cross_entropy";
  static constexpr bool kSoftmax = true, kLogLink = false;
};

// Of one sigmoid per output, on logits: max(z, 0) - z t + ln(1 + e^-|z|), with t smoothed to
// (1 - s) t + s / 2.
struct Bce {
  static constexpr char const* name = "bce";
  static constexpr bool kSoftmax = false, kLogLink = false;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, LossSettings const&) {
    F const value = at_least(z, F(0.0f)) - z * target + log1p(exp(F(0.0f) - abs(z)));
    return {value, sigmoid(z) - target};
  }
};

struct Mse {
  static constexpr char const* name = "mse";
  static constexpr bool kSoftmax = false, kLogLink = false;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, LossSettings const&) {
    F const error = z - target;
    return {error * error, error + error};
  }
};

struct Mae {
  static constexpr char const* name = "mae";
  static constexpr bool kSoftmax = false, kLogLink = false;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, LossSettings const&) {
    F const error = z - target;
    return {abs(error), sign(error)};
  }
};

struct Huber {  // e^2 / 2 within delta, delta (|e| - delta / 2) beyond (Huber 1964)
  static constexpr char const* name = "huber";
  static constexpr bool kSoftmax = false, kLogLink = false;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, LossSettings const& s) {
    F const delta(s.huber_delta), error = z - target;
    F const size = abs(error);
    auto const inside = size < delta;
    F const near = error * error * F(0.5f);
    F const far = delta * (size - F(0.5f) * delta);
    return {select(inside, near, far), select(inside, error, delta * sign(error))};
  }
};

// Of a quantile: tau e where e = target - z is above 0, (tau - 1) e below (Koenker & Bassett 1978).
struct Pinball {
  static constexpr char const* name = "pinball";
  static constexpr bool kSoftmax = false, kLogLink = false;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, LossSettings const& s) {
    F const none(0.0f), under(-s.tau), over(1.0f - s.tau), error = z - target;
    auto const below = error < none;
    return {select(below, under, over) * error,
            select(below, under, select(error > none, over, none))};
  }
};

// ln cosh e = |e| + ln(1 + e^-2|e|) - ln 2: e^2 / 2 near 0, |e| - ln 2 far from it.
struct LogCosh {
  static constexpr char const* name = "log_cosh";
  static constexpr bool kSoftmax = false, kLogLink = false;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, LossSettings const&) {
    F const error = z - target, size = abs(error);
    return {size + log1p(exp(F(-2.0f) * size)) - F(0.693147181f), tanh(error)};
  }
};

// Of counts with the mean e^z: e^z - t z, PyTorch's PoissonNLLLoss.
struct Poisson {
  static constexpr char const* name = "poisson";
  static constexpr bool kSoftmax = false, kLogLink = true;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, LossSettings const&) {
    F const mean = exp(z);
    return {mean - target * z, mean - target};
  }
};

// Of sums of a random number of positive values, with the mean m = e^z and a variance that goes
// with m^p: m^(2-p) / (2-p) - t m^(1-p) / (1-p) (Joergensen 1987), scikit-learn's HalfTweedieLoss
// but for what goes with the target alone.
struct Tweedie {
  static constexpr char const* name = "tweedie";
  static constexpr bool kSoftmax = false, kLogLink = true;
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z, F target, LossSettings const& s) {
    float const to_two = 2.0f - s.tweedie_power, from_one = s.tweedie_power - 1.0f;
    F const grown = exp(F(to_two) * z), shrunk = target * exp(F(-from_one) * z);
    return {grown * F(1.0f / to_two) + shrunk * F(1.0f / from_one), grown - shrunk};
  }
};

using Losses = TypeList<CrossEntropy, Bce, Mse, Mae, Huber, Pinball, LogCosh, Poisson, Tweedie>;

// Of a loss by its index in the list.
BROOD_HD bool has_log_link(int loss) {
  bool found = false;
  visit(Losses{}, loss, [&](auto each) BROOD_HD_LAMBDA { found = each.kLogLink; });
  return found;
}

}  // namespace brood
