// SPDX-License-Identifier: Apache-2.0
// What happens to the gradient of a batch's mean loss, and to the weights, around the optimizer. In
// this order:
//   1. clip_value: each element to [-clip_value, clip_value]
//   2. clip_norm: all elements by one factor, as torch.nn.utils.clip_grad_norm_ does
//   3. penalties, on weights only: + l1 sign(w) + l2 w
//   4. the optimizer (core/optimizer.hpp), at the layer's own rate and eps
//   5. decoupled decay, of weights only (Loshchilov & Hutter 2019): w = decay w - change
//   6. the moving average: average = ema average + (1 - ema) w
// A layer whose rate factor is 0 is frozen: it takes part in 2 and 6 alone. Each backend walks
// through the elements in its own way; F is its type of number.
#pragma once

#include "core/macros.hpp"
#include "core/math.hpp"
#include "core/member.hpp"

namespace brood {

// Step 1: the largest magnitude that is left; infinity where nothing is clipped.
BROOD_HD float clip_bound(Member const& m) {
  return m.clip_value > 0.0f ? m.clip_value : float_of(0x7f800000u);
}
template <class F>
BROOD_HD F clipped(F g, float most) {
  return at_least(at_most(g, F(most)), F(-most));
}

// Step 2: the factor, at most 1, of a gradient with this Euclidean norm.
BROOD_HD float clip_factor(float clip_norm, float norm) {
  return at_most(clip_norm / (norm + 1e-6f), 1.0f);
}

// Step 3.
template <class F>
BROOD_HD F penalized(F g, F weight, float l1, float l2) {
  return fma(F(l2), weight, fma(F(l1), sign(weight), g));
}

// What a layer has of its own in steps 4 and 5. scalars: the step's; lr, weight_decay: at the step.
//
// A layer by the neural tangent parametrization is y = W x / sqrt(n) + b of n inputs, W ~ N(0, 1).
// What is held is V = W / sqrt(n), whose gradient is sqrt(n) times W's. Where an optimizer's change
// does not go with the size of gradients, V moves as W does at a rate of n^-1/2 and an eps of
// n^1/2; where it goes with it, at a rate of 1/n. Decay is a share of the weight, and the same for
// both.
struct LayerScalars {
  float rate, eps;  // in place of StepScalars::rate and eps: of weights
  float decay;      // what is left of a weight
  float bias_rate;  // of biases; their eps is the step's
};
BROOD_HD LayerScalars layer_scalars(Member const& m, int layer, StepScalars const& scalars,
                                    double lr, double weight_decay) {
  float const factor = m.layer_lr[layer];
  float const rate = scalars.rate * factor;
  LayerScalars own{rate * m.layer_rate[layer], scalars.eps * m.layer_eps[layer], 1.0f,
                   rate * m.bias_lr};
  if (weight_decay != 0.0)
    own.decay = static_cast<float>(1.0 - lr * static_cast<double>(factor) * weight_decay);
  return own;
}

// The factors of a layer of n inputs by that parametrization, for an optimizer.
struct LayerFactors {
  double rate, eps;
};
BROOD_HD LayerFactors ntk_factors(GradientDegree degree, int inputs) {
  double const n = static_cast<double>(inputs);
  return {degree == GradientDegree::one ? 1.0 / n : 1.0 / sqrt(n), sqrt(n)};
}

BROOD_HD bool is_frozen(Member const& m, int layer) {
  return m.layer_lr[layer] == 0.0f;
}

// Step 6.
template <class F>
BROOD_HD F averaged(F old, F weight, float ema) {
  return fma(F(1.0f - ema), weight, F(ema) * old);
}

}  // namespace brood
