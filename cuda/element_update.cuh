// SPDX-License-Identifier: Apache-2.0
// The update of single parameters: from the gradient of the summed loss to new values: mean,
// clip_value, clip_norm's factor, l1 and l2, the optimizer, decoupled decay, the moving average.
#pragma once

#include "core/optimizer.hpp"
#include "cuda/fast.cuh"
#include "cuda/member_task.hpp"

namespace brood::cuda {

__device__ __forceinline__ float clipped(Member const& m, float g) {
  return m.clip_value > 0.0f ? at_least(at_most(g, m.clip_value), -m.clip_value) : g;
}

// The tensors that an update reads, and writes but for the parameters.
struct ParameterTensors {
  float const* parameters;
  float* moments;  // (state tensors) copies
  float* average;  // null without ema
  int size;        // floats of a copy
};

// With the factors of the step worked out once for layer l.
template <class Optimizer>
class ElementUpdate {
 public:
  __device__ __forceinline__ ElementUpdate(Member const& m, int l, TimedScalars const& scalars,
                                           float mean, float norm_factor)
      : m_(m), scalars_(scalars.step), mean_(mean), norm_factor_(norm_factor) {
    float const factor = m.layer_lr[l];
    scalars_.rate = scalars_.rate * factor;
    decay_ = static_cast<float>(1.0 - scalars.lr * static_cast<double>(factor) *
                                          static_cast<double>(m.weight_decay));
  }

  // New values of the two weights from place `at` on.
  __device__ __forceinline__ float2 pair(ParameterTensors const& tensors, int at, float g0,
                                         float g1) const {
    float2* const first = reinterpret_cast<float2*>(tensors.moments + at);
    float2* const second = reinterpret_cast<float2*>(tensors.moments + tensors.size + at);
    float2 a = make_float2(0.0f, 0.0f), b = a;
    if constexpr (Optimizer::kStates > 0) a = *first;
    if constexpr (Optimizer::kStates > 1) b = *second;
    float2 v = *reinterpret_cast<float2 const*>(tensors.parameters + at);
    v.x = updated(v.x, penalized(gradient(g0), v.x), decay_, a.x, b.x);
    v.y = updated(v.y, penalized(gradient(g1), v.y), decay_, a.y, b.y);
    if constexpr (Optimizer::kStates > 0) *first = a;
    if constexpr (Optimizer::kStates > 1) *second = b;
    if (tensors.average != nullptr) {
      float2* const average = reinterpret_cast<float2*>(tensors.average + at);
      float2 const old = *average;
      *average = make_float2(averaged(old.x, v.x), averaged(old.y, v.y));
    }
    return v;
  }

  // The new value of the bias at place `at`.
  __device__ __forceinline__ float bias(ParameterTensors const& tensors, int at, float g) const {
    float* const first = tensors.moments + at;
    float* const second = tensors.moments + tensors.size + at;
    float a = 0.0f, b = 0.0f;
    if constexpr (Optimizer::kStates > 0) a = *first;
    if constexpr (Optimizer::kStates > 1) b = *second;
    float const v = updated(tensors.parameters[at], gradient(g), 1.0f, a, b);
    if constexpr (Optimizer::kStates > 0) *first = a;
    if constexpr (Optimizer::kStates > 1) *second = b;
    if (tensors.average != nullptr) tensors.average[at] = averaged(tensors.average[at], v);
    return v;
  }

 private:
  __device__ __forceinline__ float gradient(float g) const {
    return clipped(m_, g * mean_) * norm_factor_;
  }
  __device__ __forceinline__ float penalized(float g, float v) const {
    return m_.l1 == 0.0f && m_.l2 == 0.0f ? g : fma(m_.l2, v, fma(m_.l1, sign(v), g));
  }
  __device__ __forceinline__ float updated(float v, float g, float decay, float& a,
                                           float& b) const {
    Fast first(a), second(b);
    Fast const change = Optimizer::update(scalars_, Fast(g), first, second);
    a = first.v;
    b = second.v;
    return v * decay - change.v;
  }
  __device__ __forceinline__ float averaged(float old, float v) const {
    return fma(1.0f - m_.ema, v, m_.ema * old);
  }

  Member const& m_;
  StepScalars scalars_;
  float mean_, norm_factor_, decay_;
};

}  // namespace brood::cuda
