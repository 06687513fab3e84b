// SPDX-License-Identifier: Apache-2.0
// Optimizers, element by element: PyTorch's formulas. A step's scalars are computed once per step
// (step_scalars); an update reads the gradient g and its state tensors, and returns what to
// subtract from the weight. To add one: a struct and its name in the list at the end.
#pragma once

#include <cstdint>

#include "core/macros.hpp"
#include "core/math.hpp"
#include "core/type_list.hpp"

namespace brood {

// What an update needs to know beside gradient and state. Not every optimizer reads all of it.
struct StepScalars {
  float rate;  // learning rate of the step, with Adam's bias corrections in it
  float eps;
  float beta1, one_minus_beta1;
  float beta2, one_minus_beta2;  // rho and 1 - rho where the optimizer has a rho
};

struct OptimizerSettings {
  float momentum, beta1, beta2, rho, eps;
  bool eps_inside;  // Adam: eps next to sqrt(v) before the bias correction, as scikit-learn has it
};

// In every scalars(): lr is the step's, schedule applied; steps count from 1.
namespace detail {
BROOD_HD StepScalars plain_scalars(OptimizerSettings const& s, double lr, float beta) {
  return {static_cast<float>(lr), s.eps, s.beta1,
          1.0f - s.beta1,         beta,  static_cast<float>(1.0 - static_cast<double>(beta))};
}
}  // namespace detail

struct Sgd {
  static constexpr char const* name = "sgd";
  static constexpr int kStates = 0;
  static constexpr float kLr = 0.01f, kEps = 1e-8f, kRho = 0.0f, kWeightDecay = 0.0f;
  static BROOD_HD StepScalars scalars(OptimizerSettings const& s, double lr, std::int64_t) {
    return detail::plain_scalars(s, lr, 0.0f);
  }
  template <class F>
  static BROOD_HD F update(StepScalars const& s, F g, F&, F&) {
    return F(s.rate) * g;
  }
};

struct Momentum {  // Polyak 1964: b = mu b + g
  static constexpr char const* name = "momentum";
  static constexpr int kStates = 1;
  static constexpr float kLr = 0.01f, kEps = 1e-8f, kRho = 0.0f, kWeightDecay = 0.0f;
  static BROOD_HD StepScalars scalars(OptimizerSettings const& s, double lr, std::int64_t) {
    return detail::plain_scalars(s, lr, s.momentum);
  }
  template <class F>
  static BROOD_HD F update(StepScalars const& s, F g, F& b, F&) {
    b = fma(F(s.beta2), b, g);
    return F(s.rate) * b;
  }
};

struct Nesterov {  // Sutskever et al. 2013, PyTorch's form: b = mu b + g, step along g + mu b
  static constexpr char const* name = "nesterov";
  static constexpr int kStates = 1;
  static constexpr float kLr = 0.01f, kEps = 1e-8f, kRho = 0.0f, kWeightDecay = 0.0f;
  static BROOD_HD StepScalars scalars(OptimizerSettings const& s, double lr, std::int64_t) {
    return detail::plain_scalars(s, lr, s.momentum);
  }
  template <class F>
  static BROOD_HD F update(StepScalars const& s, F g, F& b, F&) {
    b = fma(F(s.beta2), b, g);
    return F(s.rate) * fma(F(s.beta2), b, g);
  }
};

struct Adagrad {  // Duchi et al. 2011
  static constexpr char const* name = "adagrad";
  static constexpr int kStates = 1;
  static constexpr float kLr = 0.01f, kEps = 1e-10f, kRho = 0.0f, kWeightDecay = 0.0f;
  static BROOD_HD StepScalars scalars(OptimizerSettings const& s, double lr, std::int64_t) {
    return detail::plain_scalars(s, lr, 0.0f);
  }
  template <class F>
  static BROOD_HD F update(StepScalars const& s, F g, F& sum, F&) {
    sum = fma(g, g, sum);
    return F(s.rate) * g / (sqrt(sum) + F(s.eps));
  }
};

struct Rmsprop {  // Tieleman & Hinton 2012
  static constexpr char const* name = "rmsprop";
  static constexpr int kStates = 1;
  static constexpr float kLr = 0.01f, kEps = 1e-8f, kRho = 0.99f, kWeightDecay = 0.0f;
  static BROOD_HD StepScalars scalars(OptimizerSettings const& s, double lr, std::int64_t) {
    return detail::plain_scalars(s, lr, s.rho);
  }
  template <class F>
  static BROOD_HD F update(StepScalars const& s, F g, F& v, F&) {
    v = fma(F(s.one_minus_beta2) * g, g, F(s.beta2) * v);
    return F(s.rate) * g / (sqrt(v) + F(s.eps));
  }
};

struct Adadelta {  // Zeiler 2012
  static constexpr char const* name = "adadelta";
  static constexpr int kStates = 2;
  static constexpr float kLr = 1.0f, kEps = 1e-6f, kRho = 0.9f, kWeightDecay = 0.0f;
  static BROOD_HD StepScalars scalars(OptimizerSettings const& s, double lr, std::int64_t) {
    return detail::plain_scalars(s, lr, s.rho);
  }
  template <class F>
  static BROOD_HD F update(StepScalars const& s, F g, F& v, F& u) {
    v = fma(F(s.one_minus_beta2) * g, g, F(s.beta2) * v);
    F const delta = sqrt(u + F(s.eps)) / sqrt(v + F(s.eps)) * g;
    u = fma(F(s.one_minus_beta2) * delta, delta, F(s.beta2) * u);
    return F(s.rate) * delta;
  }
};

struct Adam {  // Kingma & Ba 2015; rate = lr sqrt(1 - b2^t) / (1 - b1^t), eps likewise corrected
  static constexpr char const* name = "adam";
  static constexpr int kStates = 2;
  static constexpr float kLr = 0.001f, kEps = 1e-8f, kRho = 0.0f, kWeightDecay = 0.0f;
  static BROOD_HD StepScalars scalars(OptimizerSettings const& s, double lr, std::int64_t step) {
    double const b1 = static_cast<double>(s.beta1);
    double const b2 = static_cast<double>(s.beta2);
    double const root = sqrt(1.0 - power(b2, step));
    double const rate = lr * root / (1.0 - power(b1, step));
    double const eps = s.eps_inside ? s.eps : static_cast<double>(s.eps) * root;
    return {static_cast<float>(rate),
            static_cast<float>(eps),
            s.beta1,
            static_cast<float>(1.0 - b1),
            s.beta2,
            static_cast<float>(1.0 - b2)};
  }
  template <class F>
  static BROOD_HD F update(StepScalars const& s, F g, F& m, F& v) {
    m = fma(F(s.one_minus_beta1), g, F(s.beta1) * m);
    v = fma(F(s.one_minus_beta2) * g, g, F(s.beta2) * v);
    return F(s.rate) * m / (sqrt(v) + F(s.eps));
  }
};

struct Adamw : Adam {  // Adam with decoupled decay on by default (Loshchilov & Hutter 2019)
  static constexpr char const* name = "adamw";
  static constexpr float kWeightDecay = 0.01f;
};

using Optimizers = TypeList<Sgd, Momentum, Nesterov, Adagrad, Rmsprop, Adadelta, Adam, Adamw>;

}  // namespace brood
