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
  float mean;                    // nadam: what the mean counts beside a gradient's 1
};

struct OptimizerSettings {
  float momentum, beta1, beta2, rho, eps;
  bool eps_inside;  // Adam: eps next to sqrt(v) before the bias correction, as scikit-learn has it
  float momentum_decay;  // nadam; 0.1 at most
};

// How a change goes with the size of gradients, eps being in proportion to them: in proportion
// (one), not at all (zero), or in neither way.
enum class GradientDegree { zero, one, neither };

// In every scalars(): lr is the step's, schedule applied; steps count from 1.
namespace detail {
BROOD_HD StepScalars plain_scalars(OptimizerSettings const& s, double lr, float beta) {
  return {static_cast<float>(lr),
          s.eps,
          s.beta1,
          1.0f - s.beta1,
          beta,
          static_cast<float>(1.0 - static_cast<double>(beta)),
          0.0f};
}
// What makes of sqrt(v) that of the corrected v, as a divisor.
BROOD_HD double root_of_correction(OptimizerSettings const& s, std::int64_t step) {
  return sqrt(1.0 - power(static_cast<double>(s.beta2), step));
}
}  // namespace detail

struct Sgd {
  static constexpr char const* name = "sgd";
  static constexpr int kStates = 0;
  static constexpr auto kDegree = GradientDegree::one;
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
  static constexpr auto kDegree = GradientDegree::one;
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
  static constexpr auto kDegree = GradientDegree::one;
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
  static constexpr auto kDegree = GradientDegree::zero;
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
  static constexpr auto kDegree = GradientDegree::zero;
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
  static constexpr auto kDegree = GradientDegree::neither;
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
  static constexpr auto kDegree = GradientDegree::zero;
  static constexpr float kLr = 0.001f, kEps = 1e-8f, kRho = 0.0f, kWeightDecay = 0.0f;
  static BROOD_HD StepScalars scalars(OptimizerSettings const& s, double lr, std::int64_t step) {
    double const b1 = static_cast<double>(s.beta1);
    double const b2 = static_cast<double>(s.beta2);
    double const root = detail::root_of_correction(s, step);
    double const rate = lr * root / (1.0 - power(b1, step));
    double const eps = s.eps_inside ? s.eps : static_cast<double>(s.eps) * root;
    return {static_cast<float>(rate),
            static_cast<float>(eps),
            s.beta1,
            static_cast<float>(1.0 - b1),
            s.beta2,
            static_cast<float>(1.0 - b2),
            0.0f};
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

// Dozat 2016 as PyTorch has it: Adam with the next step's momentum in place of this one's. Momentum
// mu of step t is beta1 (1 - 0.5 0.96^(momentum_decay t)), and of the two terms
//   lr (1 - mu_t) / (1 - mu_1 ... mu_t) g  and  lr mu_t+1 / (1 - mu_1 ... mu_t+1) m
// `rate` is the first's factor and rate mean the second's, the correction of v in both.
struct Nadam : Adam {
  static constexpr char const* name = "nadam";
  static constexpr float kLr = 0.002f;
  static BROOD_HD StepScalars scalars(OptimizerSettings const& s, double lr, std::int64_t step) {
    StepScalars scalars = Adam::scalars(s, lr, step);
    double const b1 = static_cast<double>(s.beta1);
    double const q = shrinking(s);
    double const now = momentum(b1, power(q, step));
    double const next = momentum(b1, power(q, step + 1));
    double const product = product_of_momenta(b1, q, step);
    double const of_gradient = (1.0 - now) / (1.0 - product);
    double const of_mean = next / (1.0 - product * next);
    scalars.rate = static_cast<float>(lr * detail::root_of_correction(s, step) * of_gradient);
    scalars.mean = static_cast<float>(of_mean / of_gradient);
    return scalars;
  }
  template <class F>
  static BROOD_HD F update(StepScalars const& s, F g, F& m, F& v) {
    m = fma(F(s.one_minus_beta1), g, F(s.beta1) * m);
    v = fma(F(s.one_minus_beta2) * g, g, F(s.beta2) * v);
    return F(s.rate) * fma(F(s.mean), m, g) / (sqrt(v) + F(s.eps));
  }

  static BROOD_HD double momentum(double beta1, double shrunk) {
    return beta1 * (1.0 - 0.5 * shrunk);
  }
  // 0.96^momentum_decay by the series of exp, whose seventh term is below 1e-17 here.
  static BROOD_HD double shrinking(OptimizerSettings const& s) {
    double const x = static_cast<double>(s.momentum_decay) * -0.040821994520255166;  // ln 0.96
    return 1.0 + x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0))));
  }
  // mu_1 ... mu_t, always multiplied from the first on, so that it is the same wherever training
  // resumes. Once it is so small that 1 less it is 1, the rest can change nothing: with the
  // momentum_decay that is allowed that takes 65 steps at most, whatever beta1.
  static BROOD_HD double product_of_momenta(double beta1, double q, std::int64_t step) {
    double product = 1.0, shrunk = 1.0;
    for (std::int64_t i = 1; i <= step && product > 0x1p-54; ++i) {
      shrunk *= q;
      product *= momentum(beta1, shrunk);
    }
    return product;
  }
};

using Optimizers =
    TypeList<Sgd, Momentum, Nesterov, Adagrad, Rmsprop, Adadelta, Adam, Adamw, Nadam>;

}  // namespace brood
