// SPDX-License-Identifier: Apache-2.0
// One training step, read top to bottom: gather, forward, loss gradient, backward, regularise,
// update; and the loop over the steps of one member.
#pragma once

#include "backend/cpu/forward.hpp"
#include "backend/cpu/loss_gradient.hpp"
#include "backend/cpu/phase_timer.hpp"
#include "core/optimizer.hpp"
#include "core/update_rule.hpp"

namespace brood::cpu::BROOD_ISA {

// out (padded(outputs)) = delta (outputs, rows16) summed over rows; zero beyond `outputs`.
inline void bias_gradient(float* out, float const* delta, int outputs, int rows16) {
  for (int k = 0; k < outputs; k += kLanes) {
    Float16 sum[kLanes];
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i)
      sum[i] = Float16(0.0f);
    for (int r = 0; r < rows16; r += kLanes) {
      float const* const block = delta + static_cast<std::int64_t>(k) * rows16 + r;
      if (k + kLanes <= outputs) {
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; ++i)
          sum[i] = sum[i] + Float16::load(block + std::int64_t{i} * rows16);
      } else {
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; ++i) {  // a constant i keeps the sums in registers
          if (k + i < outputs) sum[i] = sum[i] + Float16::load(block + std::int64_t{i} * rows16);
        }
      }
    }
    sum_lanes(sum).store(out + k);
  }
}

// Gradient of layer l's weights and biases from delta (outputs, rows16), summed over the batch's
// rows.
inline void weight_gradient(ParamLayout const& layout, Scratch const& s, int l, float const* delta,
                            int rows) {
  LayerLayout const& layer = layout.layer[l];
  matmul<Start::zero>(s.gradient + layer.weights, layer.stride, layer.outputs,
                      layer.stride / kLanes, {delta, s.rows16, 1}, s.rows_by_features[l],
                      layer.stride, rows);
  bias_gradient(s.gradient + layer.bias, delta, layer.outputs, s.rows16);
}

// Delta of layer l - 1 from that of layer l: W^T delta, times the slope between them.
inline void input_gradient(MemberView const& view, Scratch const& s, int l, float const* delta,
                           float* before) {
  LayerLayout const& layer = view.layout->layer[l];
  matmul<Start::zero>(before, s.rows16, layer.inputs, s.rows16 / kLanes,
                      {view.weights + layer.weights, 1, layer.stride}, delta, s.rows16,
                      layer.outputs);
  std::int64_t const count = static_cast<std::int64_t>(layer.inputs) * s.rows16;
  for (std::int64_t i = 0; i < count; i += kLanes) {
    (Float16::load(before + i) * Float16::load(s.slope[l] + i)).store(before + i);
  }
}

inline void backward_pass(MemberView const& view, Scratch const& s, int rows) {
  int current = 0;
  for (int l = view.layout->layers - 1; l >= 0; --l) {
    weight_gradient(*view.layout, s, l, s.delta[current], rows);
    if (l > 0) input_gradient(view, s, l, s.delta[current], s.delta[1 - current]);
    current = 1 - current;
  }
}

// Steps 1 and 2 of the update (core/update_rule.hpp), over all parameters.
inline void clip_gradient(Member const& m, ParamLayout const& layout, float* gradient) {
  if (m.clip_value > 0.0f) {
    float const most = m.clip_value;
    for (std::int64_t i = 0; i < layout.size; i += kLanes)
      clipped(Float16::load(gradient + i), most).store(gradient + i);
  }
  if (m.clip_norm > 0.0f) {
    Float16 squares(0.0f);
    for (std::int64_t i = 0; i < layout.size; i += kLanes) {
      Float16 const g = Float16::load(gradient + i);
      squares = fma(g, g, squares);
    }
    float const factor = clip_factor(m.clip_norm, brood::sqrt(sum_lanes(squares)));
    if (!(factor < 1.0f)) return;
    for (std::int64_t i = 0; i < layout.size; i += kLanes)
      (Float16::load(gradient + i) * Float16(factor)).store(gradient + i);
  }
}

// Step 3.
inline void add_penalties(Member const& m, ParamLayout const& layout, float const* weights,
                          float* gradient) {
  float const l1 = m.l1, l2 = m.l2;
  if (l1 == 0.0f && l2 == 0.0f) return;
  for (int l = 0; l < layout.layers; ++l) {
    LayerLayout const& layer = layout.layer[l];
    for (std::int64_t i = layer.weights; i < layer.bias; i += kLanes) {
      penalized(Float16::load(gradient + i), Float16::load(weights + i), l1, l2)
          .store(gradient + i);
    }
  }
}

// Steps 4 and 5 over [begin, end) of the parameters.
template <class Optimizer>
inline void update_range(MemberView const& view, float const* gradient, StepScalars const& scalars,
                         float decay, std::int64_t begin, std::int64_t end) {
  float* const first = view.moments;
  float* const second = view.moments + (Optimizer::kStates > 1 ? view.layout->size : 0);
  for (std::int64_t i = begin; i < end; i += kLanes) {
    Float16 a(0.0f), b(0.0f);
    if constexpr (Optimizer::kStates > 0) a = Float16::load(first + i);
    if constexpr (Optimizer::kStates > 1) b = Float16::load(second + i);
    Float16 const change = Optimizer::update(scalars, Float16::load(gradient + i), a, b);
    (Float16::load(view.weights + i) * Float16(decay) - change).store(view.weights + i);
    if constexpr (Optimizer::kStates > 0) a.store(first + i);
    if constexpr (Optimizer::kStates > 1) b.store(second + i);
  }
}

inline void update(MemberView const& view, float const* gradient, std::int64_t step) {
  Member const& m = *view.member;
  double const lr = lr_at_step(m, step);
  double const weight_decay = weight_decay_at_step(m, step);
  StepScalars const scalars = step_scalars(m, lr, step);
  visit(Optimizers{}, m.optimizer, [&](auto optimizer) {
    for (int l = 0; l < m.layers; ++l) {
      if (is_frozen(m, l)) continue;
      LayerLayout const& layer = view.layout->layer[l];
      std::int64_t const end = layer.bias + padded(layer.outputs);
      LayerScalars const layers = layer_scalars(m, l, scalars, lr, weight_decay);
      StepScalars of_weights = scalars, of_biases = scalars;
      of_weights.rate = layers.rate;
      of_weights.eps = layers.eps;
      of_biases.rate = layers.bias_rate;
      update_range<decltype(optimizer)>(view, gradient, of_weights, layers.decay, layer.weights,
                                        layer.bias);
      update_range<decltype(optimizer)>(view, gradient, of_biases, 1.0f, layer.bias, end);
    }
  });
}

// Step 6.
inline void update_average(MemberView const& view) {
  if (view.average == nullptr) return;
  float const ema = view.member->ema;
  for (std::int64_t i = 0; i < view.layout->size; i += kLanes) {
    averaged(Float16::load(view.average + i), Float16::load(view.weights + i), ema)
        .store(view.average + i);
  }
}

// Step `step`, the `batch`-th of its epoch, on `table_rows` rows of the table.
inline void train_step(MemberView const& view, TableView const& table, Scratch const& s,
                       BatchOrder const& order, int batch, int table_rows, std::int64_t step,
                       TrainResult& result, StepTicks* ticks) {
  Member const& m = *view.member;
  PhaseTimer timer(ticks);
  auto const first = static_cast<std::uint32_t>(batch) * static_cast<std::uint32_t>(m.batch_size);
  batch_rows_of(order, view.train_rows, first, table_rows, s.row);
  repeat_rows(m, s, table_rows);
  int const rows = table_rows << m.head_bits;
  gather_inputs(view, table, s, rows);
  gather_targets(view, table, s, rows);
  gather_weights(view, table, s, rows, /*training=*/true);
  timer.end(kGather);
  forward_pass<true>(view, view.weights, s, step);
  timer.end(kForward);
  BatchLoss const loss = loss_gradient(m, s, s.delta[0]);
  timer.end(kLoss);
  result.steps += 1;
  result.loss_sum += static_cast<double>(loss.sum);
  result.loss_weight += static_cast<double>(loss.weight);
  result.diverged = !(loss.sum - loss.sum == 0.0f);  // inf or NaN
  if (result.diverged) return;
  backward_pass(view, s, rows);
  timer.end(kBackward);
  clip_gradient(m, *view.layout, s.gradient);
  add_penalties(m, *view.layout, view.weights, s.gradient);
  update(view, s.gradient, step);
  update_average(view);
  timer.end(kUpdate);
}

inline TrainResult train(MemberView const& view, TableView const& table, float* scratch,
                         std::int64_t from, std::int64_t to, StepTicks* ticks) {
  Member const& m = *view.member;
  int const per_epoch = steps_per_epoch(m);
  int const last_rows = batch_rows(m, per_epoch - 1);
  Scratch const full = carve(m, *view.layout, step_rows(m, 0), scratch);
  Scratch const last = carve(m, *view.layout, step_rows(m, per_epoch - 1), scratch);
  lay_out_signs(m, full);
  TrainResult result{0, 0.0, 0.0, false};
  std::int64_t epoch = from / per_epoch;
  int batch = static_cast<int>(from % per_epoch);
  for (std::int64_t step = from; step < to; ++epoch, batch = 0) {
    BatchOrder const order = batch_order(m.seed, static_cast<std::uint32_t>(epoch),
                                         static_cast<std::uint32_t>(m.train_rows));
    for (; batch < per_epoch && step < to; ++batch, ++step) {
      bool const is_last = batch == per_epoch - 1;
      train_step(view, table, is_last ? last : full, order, batch,
                 is_last ? last_rows : m.batch_size, step, result,
                 step % kStepsPerSample == 0 ? ticks : nullptr);
      if (result.diverged) return result;
    }
  }
  return result;
}

}  // namespace brood::cpu::BROOD_ISA
