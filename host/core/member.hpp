// SPDX-License-Identifier: Apache-2.0
// What a training step needs to know of a member, beside where its tensors lie: a plain description
// that both backends read. The public MemberSpec (names and values) is turned into it once, by
// host/backend/member.cpp.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/loss.hpp"
#include "core/lr_schedule.hpp"
#include "core/macros.hpp"
#include "core/optimizer.hpp"

namespace brood {

inline constexpr int kMaxHidden = 8;
inline constexpr int kMaxLayers = kMaxHidden + 1;
inline constexpr int kMaxHeads = 16;

enum class TargetKind : std::int32_t {
  class_index,  // one column: the class
  one_logit,    // bce of two classes: one output, target 0 or 1 from the class
  one_hot,      // bce of more classes: an output each
  values,       // regression, multi_label: a column per output
};

// Initial biases: zeros, drawn by the weights' law, or by training rows (backend/initial_rows.hpp).
enum class BiasInit : std::int32_t { zeros, as_weights, he5 };

// Trivially copyable; enumerated choices are indices into the lists of core/.
struct Member {
  // network
  std::int32_t layers;                 // hidden layers + 1
  std::int32_t width[kMaxLayers + 1];  // inputs, hidden widths, outputs of all heads
  std::int32_t head_bits;              // log2 of the heads (core/heads.hpp): 0 for one
  std::int32_t source_columns;         // of the table that inputs are made of by a list; 0: each
                                       // column is an input
  std::int32_t activation;
  std::int32_t init;
  BiasInit bias_init;
  float dropout[kMaxLayers];  // of what each layer puts out; 0 of the last
  float input_dropout;
  // loss
  std::int32_t loss;
  TargetKind target_kind;
  std::int32_t balanced;  // class_weights: balanced
  float label_smoothing;
  LossSettings loss_settings;
  // optimizer
  std::int32_t optimizer;
  OptimizerSettings settings;
  double lr;
  float l1, l2, weight_decay, clip_value, clip_norm, ema;
  float layer_lr[kMaxLayers];  // factor per layer; 0 freezes
  float bias_lr;               // factor of the biases' rates beside it
  std::int32_t parametrization;
  // What it makes of a layer's weights: factors of their rate and eps, 1 if it is standard.
  float layer_rate[kMaxLayers], layer_eps[kMaxLayers];
  // schedule
  std::int32_t lr_schedule;
  LrScheduleSettings schedule;
  std::int32_t warmup_epochs;
  std::int32_t dropout_schedule, weight_decay_schedule;
  // training
  std::int32_t batch_size;
  std::int32_t epochs;
  std::int32_t patience;  // 0: off
  double min_delta;
  std::uint64_t seed;
  std::int32_t train_rows, eval_rows;
};
static_assert(std::is_trivially_copyable_v<Member>);

BROOD_HD constexpr int steps_per_epoch(Member const& m) {
  return (m.train_rows + m.batch_size - 1) / m.batch_size;
}

BROOD_HD constexpr int heads_of(Member const& m) {
  return 1 << m.head_bits;
}
// Of a head.
BROOD_HD constexpr int outputs_of(Member const& m) {
  return m.width[m.layers] >> m.head_bits;
}

// Columns of the table's targets, and of what a member predicts: for two classes with bce, two all
// the same.
BROOD_HD constexpr int target_columns(Member const& m) {
  return m.target_kind == TargetKind::values ? outputs_of(m) : 1;
}
BROOD_HD constexpr int prediction_columns(Member const& m) {
  return m.target_kind == TargetKind::one_logit ? 2 : outputs_of(m);
}

// Rows of the table in the batch that is `index`-th in its epoch: a short last one is kept.
BROOD_HD constexpr int batch_rows(Member const& m, int index) {
  int const left = m.train_rows - index * m.batch_size;
  return left < m.batch_size ? left : m.batch_size;
}
// Rows that its step computes: each of the batch's once for each head.
BROOD_HD constexpr int step_rows(Member const& m, int index) {
  return batch_rows(m, index) << m.head_bits;
}

// The learning rate at a step (from 0): linear warm-up to lr, then the schedule over the rest.
BROOD_HD double lr_at_step(Member const& m, std::int64_t step) {
  std::int64_t const per_epoch = steps_per_epoch(m);
  std::int64_t const warmup = per_epoch * m.warmup_epochs;
  if (step < warmup) return m.lr * static_cast<double>(step + 1) / static_cast<double>(warmup);
  std::int64_t const total = per_epoch * m.epochs - warmup;
  SchedulePoint const at{step - warmup, total > 0 ? total : 1, (step - warmup) / per_epoch};
  double factor = 1.0;
  visit(LrSchedules{}, m.lr_schedule,
        [&](auto schedule) BROOD_HD_LAMBDA { factor = schedule.factor(m.schedule, at); });
  return m.lr * factor;
}

// The factor of dropout or weight decay at a step (from 0) by their schedule, which spans the whole
// training.
BROOD_HD double regularizer_factor(Member const& m, int schedule, std::int64_t step) {
  if (schedule == index_of<ConstantLr>(RegularizerSchedules{})) return 1.0;
  std::int64_t const per_epoch = steps_per_epoch(m);
  SchedulePoint const at{step, per_epoch * m.epochs, step / per_epoch};
  LrScheduleSettings const to_zero{};
  double factor = 1.0;
  visit(RegularizerSchedules{}, schedule,
        [&](auto course) BROOD_HD_LAMBDA { factor = course.factor(to_zero, at); });
  return factor;
}
BROOD_HD double weight_decay_at_step(Member const& m, std::int64_t step) {
  return static_cast<double>(m.weight_decay) * regularizer_factor(m, m.weight_decay_schedule, step);
}

// The scalars of step `step` (from 0).
BROOD_HD StepScalars step_scalars(Member const& m, double lr, std::int64_t step) {
  StepScalars scalars{};
  visit(Optimizers{}, m.optimizer, [&](auto optimizer) BROOD_HD_LAMBDA {
    scalars = optimizer.scalars(m.settings, lr, step + 1);
  });
  return scalars;
}

BROOD_HD int state_tensors(Member const& m) {
  int count = 0;
  visit(Optimizers{}, m.optimizer,
        [&](auto optimizer) BROOD_HD_LAMBDA { count = optimizer.kStates; });
  return count;
}

// Copies of the parameters that a member keeps: weights, moments, average, best.
BROOD_HD int tensor_count(Member const& m) {
  return 1 + state_tensors(m) + (m.ema > 0 ? 1 : 0) + (m.patience > 0 ? 1 : 0);
}

// Multiply-adds times two of one training step: the products that are needed, not counting dX of
// the first layer.
inline double step_flops(Member const& m) {
  double products = 0;
  for (int l = 0; l < m.layers; ++l) {
    products += (l == 0 ? 4.0 : 6.0) * static_cast<double>(m.width[l]) *
                static_cast<double>(m.width[l + 1]);
  }
  return products * step_rows(m, 0);
}

}  // namespace brood
