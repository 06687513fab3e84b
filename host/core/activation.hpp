// SPDX-License-Identifier: Apache-2.0
// Activations: value and slope at once, since the forward pass keeps the slope for the backward
// one. To add one: a struct and its name in the list at the end.
#pragma once

#include "core/macros.hpp"
#include "core/math.hpp"
#include "core/type_list.hpp"

namespace brood {

template <class F>
struct ValueSlope {
  F value, slope;
};

struct Identity {
  static constexpr char const* name = "identity";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    return {z, F(1.0f)};
  }
};

struct Relu {
  static constexpr char const* name = "relu";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    auto const on = z > F(0.0f);
    // A NaN goes through, so that a diverged member shows.
    return {select(z < F(0.0f), F(0.0f), z), select(on, F(1.0f), F(0.0f))};
  }
};

struct LeakyRelu {  // slope 0.01 below zero (Maas et al. 2013)
  static constexpr char const* name = "leaky_relu";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    auto const on = z > F(0.0f);
    return {select(on, z, F(0.01f) * z), select(on, F(1.0f), F(0.01f))};
  }
};

struct Elu {  // alpha 1 (Clevert et al. 2015)
  static constexpr char const* name = "elu";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    auto const on = z > F(0.0f);
    F const e = exp(at_most(z, F(0.0f)));
    return {select(on, z, e - F(1.0f)), select(on, F(1.0f), e)};
  }
};

struct Selu {  // Klambauer et al. 2017
  static constexpr char const* name = "selu";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    F const scale = F(1.0507009873554804934f);
    F const scaled_alpha = F(1.7580993408473766f);  // scale * 1.6732632423543772
    auto const on = z > F(0.0f);
    F const e = scaled_alpha * exp(at_most(z, F(0.0f)));
    return {select(on, scale * z, e - scaled_alpha), select(on, scale, e)};
  }
};

struct Gelu {  // z Phi(z), by erf (Hendrycks & Gimpel 2016)
  static constexpr char const* name = "gelu";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    F const phi = fma(erf(z * F(0.70710678118654752f)), F(0.5f), F(0.5f));
    F const density = exp(z * z * F(-0.5f)) * F(0.39894228040143268f);
    return {z * phi, fma(z, density, phi)};
  }
};

struct Silu {  // z sigmoid(z)
  static constexpr char const* name = "silu";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    F const s = sigmoid(z);
    F const value = z * s;
    return {value, fma(value, F(1.0f) - s, s)};
  }
};

struct Mish {  // z tanh(softplus(z)) (Misra 2019)
  static constexpr char const* name = "mish";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    F const t = tanh(softplus(z));
    return {z * t, fma(z * sigmoid(z), F(1.0f) - t * t, t)};
  }
};

struct Tanh {
  static constexpr char const* name = "tanh";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    F const t = tanh(z);
    return {t, F(1.0f) - t * t};
  }
};

struct Sigmoid {
  static constexpr char const* name = "sigmoid";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    F const s = sigmoid(z);
    return {s, s * (F(1.0f) - s)};
  }
};

struct Softplus {
  static constexpr char const* name = "softplus";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    return {softplus(z), sigmoid(z)};
  }
};

struct Hardswish {  // z relu6(z + 3) / 6 (Howard et al. 2019)
  static constexpr char const* name = "hardswish";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    auto const above = z > F(3.0f);
    auto const below = z < F(-3.0f);
    F const gate = fma(z, F(1.0f / 6.0f), F(0.5f));
    F const slope = fma(z, F(1.0f / 3.0f), F(0.5f));
    return {select(above, z, select(below, F(0.0f), z * gate)),
            select(above, F(1.0f), select(below, F(0.0f), slope))};
  }
};

struct Sin {
  static constexpr char const* name = "sin";
  template <class F>
  static BROOD_HD ValueSlope<F> apply(F z) {
    SinCos<F> const both = sin_cos(z);
    return {both.sin, both.cos};
  }
};

using Activations = TypeList<Identity, Relu, LeakyRelu, Elu, Selu, Gelu, Silu, Mish, Tanh, Sigmoid,
                             Softplus, Hardswish, Sin>;

}  // namespace brood
