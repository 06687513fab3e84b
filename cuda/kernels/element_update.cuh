// SPDX-License-Identifier: Apache-2.0
// The update of single parameters, from the gradient of the summed loss to new values: the mean,
// then the steps of core/update_rule.hpp.
#pragma once

#include <type_traits>

#include "core/optimizer.hpp"
#include "core/update_rule.hpp"
#include "cuda/kernels/approx.cuh"
#include "cuda/task/member_task.hpp"

namespace brood::cuda {

// Plainly: by the optimizer and decoupled decay alone.
__device__ __forceinline__ UpdateKind update_kind(Member const& m) {
  bool const plainly =
      m.clip_value == 0.0f && m.clip_norm == 0.0f && m.l1 == 0.0f && m.l2 == 0.0f && m.ema == 0.0f;
  if (!plainly) return UpdateKind::any;
  if (m.optimizer == index_of<Sgd>(Optimizers{})) return UpdateKind::sgd;
  if (m.optimizer == index_of<Momentum>(Optimizers{})) return UpdateKind::momentum;
  // Adamw differs in its default decay only.
  if (m.optimizer == index_of<Adam>(Optimizers{}) || m.optimizer == index_of<Adamw>(Optimizers{}))
    return UpdateKind::adam;
  return UpdateKind::any;
}

// The tensors that an update reads, and writes but for the parameters.
struct ParameterTensors {
  float* parameters;
  float* moments;  // (state tensors) copies
  float* average;  // null without ema
  int size;        // floats of a copy
  // Addresses in shared memory; 0 where there is none there.
  std::uint32_t shared_parameters, operands;
};

// With the factors of the step, `layer` being those of the layer. Plain: see above; the rest is
// then left out.
template <class Optimizer, bool Plain>
class ElementUpdate {
 public:
  static constexpr int kStates = Optimizer::kStates;
  // The change is the gradient times the rate, in one instruction with the sum.
  static constexpr bool kScales = std::is_same_v<Optimizer, Sgd>;
  static constexpr bool kPlain = Plain;

  __device__ __forceinline__ ElementUpdate(Member const& m, StepScalars const& step,
                                           LayerScalars const& layer, float mean, float norm_factor)
      : scalars_(step), mean_(mean), norm_factor_(norm_factor), decay_(layer.decay) {
    scalars_.rate = layer.rate;
    scalars_.eps = layer.eps;
    if constexpr (!Plain) {
      clip_ = clip_bound(m);
      l1_ = m.l1;
      l2_ = m.l2;
      ema_ = m.ema;
    }
  }

  // The same with what biases have of their own.
  __device__ __forceinline__ ElementUpdate of_biases(StepScalars const& step,
                                                     LayerScalars const& layer) const {
    ElementUpdate update(*this);
    update.scalars_.rate = layer.bias_rate;
    update.scalars_.eps = step.eps;
    return update;
  }

  // The new value of a weight; a and b are the optimizer's state.
  __device__ __forceinline__ float weight(float v, float g, float& a, float& b) const {
    g = gradient(g);
    if constexpr (!Plain) g = penalized(g, v, l1_, l2_);
    if constexpr (kScales) return fma(-scalars_.rate, g, v * decay_);
    return fma(v, decay_, -change(g, a, b));
  }
  // The same of a weight that does not decay, and of a bias.
  __device__ __forceinline__ float kept(float v, float g, float& a, float& b) const {
    g = gradient(g);
    if constexpr (kScales) return fma(-scalars_.rate, g, v);
    return v - change(g, a, b);
  }
  __device__ __forceinline__ bool decays() const { return decay_ != 1.0f; }
  __device__ __forceinline__ float averaged(float old, float v) const {
    return brood::averaged(old, v, ema_);
  }

 private:
  __device__ __forceinline__ float gradient(float g) const {
    if constexpr (Plain) return g * mean_;
    return clipped(g * mean_, clip_) * norm_factor_;
  }
  __device__ __forceinline__ float change(float g, float& a, float& b) const {
    Approx first(a), second(b);
    Approx const step = Optimizer::update(scalars_, Approx(g), first, second);
    a = first.v;
    b = second.v;
    return step.v;
  }

  StepScalars scalars_;
  float mean_, norm_factor_, decay_, clip_, l1_, l2_, ema_;
};

// f(update) with the whole update of the member's optimizer.
template <class F>
__device__ __forceinline__ void with_update(Member const& m, StepScalars const& step,
                                            LayerScalars const& layer, float mean,
                                            float norm_factor, F&& f) {
  visit(Optimizers{}, m.optimizer, [&](auto optimizer) {
    f(ElementUpdate<decltype(optimizer), false>(m, step, layer, mean, norm_factor));
  });
}

}  // namespace brood::cuda
