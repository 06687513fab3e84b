// SPDX-License-Identifier: Apache-2.0
// From logits to losses, deltas and evaluation sums. A warp takes a unit of 16 rows; lane (g, t)
// has rows g and g + 8, and of each 16 columns 2 t, 2 t + 1, 2 t + 8 and 2 t + 9. Sums over a row
// are made by a lane over its columns upwards, then over the four lanes; sums over the rows of a
// unit by their tree.
//
// A worker W says where logits come from and deltas go: see Worker and LayeredWorker.
#pragma once

#include "core/heads.hpp"
#include "core/loss.hpp"
#include "cuda/kernels/worker.cuh"

namespace brood::cuda {

// Of a lane's two rows.
struct TwoRows {
  float v[2];
};

// The logits of a lane's two rows of a unit, quad by quad: each row has those of its own head.
template <class W>
class LogitRows {
 public:
  __device__ __forceinline__ LogitRows(W const& w, int unit)
      : w_(w),
        unit_(unit),
        outputs_(outputs_of(w.member())),
        columns_(w.layer(w.member().layers - 1).rows) {
    int const last_head = heads_of(w.member()) - 1;
#pragma unroll
    for (int q = 0; q < 2; ++q)
      first_[q] = ((w.place.g + 8 * q) & last_head) * outputs_;
  }

  __device__ __forceinline__ int outputs() const {
    return outputs_;
  }
  __device__ __forceinline__ int unit() const {
    return unit_;
  }
  // Of row q, in the buffers of targets and weights.
  __device__ __forceinline__ int row(int q) const {
    return kUnitRows * unit_ + w_.place.g + 8 * q;
  }
  // Which of the row's own outputs a column is; none of them if it is not among them.
  __device__ __forceinline__ int own(int q, int column) const {
    return column - first_[q];
  }
  __device__ __forceinline__ bool is_own(int q, int column) const {
    return static_cast<unsigned>(own(q, column)) < static_cast<unsigned>(outputs_);
  }
  // f(quad, first column, unit of columns, half); columns that are no row's own are padding.
  template <class F>
  __device__ __forceinline__ void for_quads(F&& f) const {
#pragma unroll 1
    for (int k = 0; 8 * k < columns_; ++k)
      f(w_.logit_quad(unit_, k >> 1, k & 1), 8 * k + 2 * w_.place.t, k >> 1, k & 1);
  }
  // f(q, which of the row's outputs, logit) for those that are its own.
  template <class F>
  __device__ __forceinline__ void for_logits(F&& f) const {
    for_quads([&](Quad const& z, int c, int, int) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        if (is_own(e >> 1, c + (e & 1))) f(e >> 1, own(e >> 1, c + (e & 1)), z.v[e]);
      }
    });
  }

 private:
  W const& w_;
  int unit_, outputs_;
  int columns_;   // of all heads, padded
  int first_[2];  // of the rows' own
};

// The sum over the four lanes of a row.
__device__ __forceinline__ float row_sum(float mine) {
  mine = mine + shuffle_xor(mine, 1);
  return mine + shuffle_xor(mine, 2);
}
// The sum over the rows of a unit, of values that the lanes of a row all have.
template <class T>
__device__ __forceinline__ T unit_sum(T upper, T lower) {
  T sum = upper + lower;
#pragma unroll
  for (int mask = 4; mask < 32; mask *= 2)
    sum += shuffle_xor(sum, mask);
  return sum;
}

// The target of output c of a row, before smoothing.
__device__ __forceinline__ float target_of(TargetKind kind, float const* targets, int c) {
  if (kind == TargetKind::values) return targets[c];
  if (kind == TargetKind::one_logit) return targets[0];
  return targets[0] == static_cast<float>(c) ? 1.0f : 0.0f;
}

// The largest of a row, from that of a lane; a NaN if there is one.
__device__ __forceinline__ float row_top(float mine) {
  mine = max_or_nan(mine, shuffle_xor(mine, 1));
  return max_or_nan(mine, shuffle_xor(mine, 2));
}

// -sum t ln softmax(z) of two rows; see core/loss.hpp.
template <class W>
__device__ __forceinline__ TwoRows cross_entropy(W const& w, LogitRows<W> const& rows,
                                                 float smoothing, TwoRows const& weight,
                                                 bool training) {
  using P = typename W::Precision;
  int const targets = w.task().table.targets;
  float const label[2] = {w.targets()[rows.row(0) * targets], w.targets()[rows.row(1) * targets]};
  float top[2] = {-INFINITY, -INFINITY};
  rows.for_logits([&](int q, int, float z) { top[q] = max_or_nan(top[q], z); });
  top[0] = row_top(top[0]);
  top[1] = row_top(top[1]);
  float total[2] = {0.0f, 0.0f}, labelled[2] = {0.0f, 0.0f}, all[2] = {0.0f, 0.0f};
  rows.for_logits([&](int q, int c, float z) {
    float const below = z - top[q];
    total[q] = total[q] + P::exp(below);
    labelled[q] = label[q] == static_cast<float>(c) ? below : labelled[q];
    all[q] = all[q] + below;
  });
  float const spread = smoothing / static_cast<float>(rows.outputs());
  TwoRows loss;
  float inverse[2];
#pragma unroll
  for (int q = 0; q < 2; ++q) {
    total[q] = row_sum(total[q]);
    inverse[q] = divide(1.0f, total[q]);
    loss.v[q] = P::log(total[q]) - (1.0f - smoothing) * row_sum(labelled[q]);
    loss.v[q] = loss.v[q] - spread * row_sum(all[q]);
  }
  if (!training) return loss;
  float const met = 1.0f - smoothing + spread;
  rows.for_quads([&](Quad const& z, int c, int u, int h) {
    Quad delta{};
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      int const q = e >> 1;
      if (!rows.is_own(q, c + (e & 1))) continue;
      float const t = label[q] == static_cast<float>(rows.own(q, c + (e & 1))) ? met : spread;
      delta.v[e] = (P::exp(z.v[e] - top[q]) * inverse[q] - t) * weight.v[q];
    }
    w.store_delta_quad(rows.unit(), u, h, delta);
  });
  return loss;
}

// The same in training, without smoothing, of at most 16 outputs: they stay in registers. What is
// padding counts as -infinity: its share and its delta are zero.
template <class W>
__device__ __forceinline__ TwoRows plain_cross_entropy(W const& w, int unit,
                                                       TwoRows const& weight) {
  using P = typename W::Precision;
  int const outputs = w.layer(w.member().layers - 1).outputs;
  float const* const labels = w.targets() + kUnitRows * unit + w.place.g;
  // The label, from this lane's first column on.
  float const first = static_cast<float>(2 * w.place.t);
  float const label[2] = {labels[0] - first, labels[8] - first};
  Quad z[2];
  float top[2] = {-INFINITY, -INFINITY};
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    z[h] = w.logit_quad(unit, 0, h);
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      if (8 * h + 2 * w.place.t + (e & 1) >= outputs) z[h].v[e] = -INFINITY;
      top[e >> 1] = max_or_nan(top[e >> 1], z[h].v[e]);
    }
  }
  top[0] = row_top(top[0]);
  top[1] = row_top(top[1]);
  float total[2] = {0.0f, 0.0f}, labelled[2] = {0.0f, 0.0f};
#pragma unroll
  for (int h = 0; h < 2; ++h) {
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      int const q = e >> 1;
      float const below = z[h].v[e] - top[q];
      if (label[q] == static_cast<float>(8 * h + (e & 1))) labelled[q] = below;
      z[h].v[e] = P::exp(below);
      total[q] = total[q] + z[h].v[e];
    }
  }
  TwoRows loss;
  float inverse[2];
#pragma unroll
  for (int q = 0; q < 2; ++q) {
    total[q] = row_sum(total[q]);
    inverse[q] = divide(1.0f, total[q]);
    loss.v[q] = P::log(total[q]) - row_sum(labelled[q]);
  }
#pragma unroll
  for (int h = 0; h < 2; ++h) {
    Quad delta;
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      int const q = e >> 1;
      delta.v[e] = z[h].v[e] * inverse[q];
      if (label[q] == static_cast<float>(8 * h + (e & 1))) delta.v[e] = delta.v[e] - 1.0f;
      delta.v[e] = delta.v[e] * weight.v[q];
    }
    w.store_delta_quad(unit, 0, h, delta);
  }
  return loss;
}

// Value and slope of the member's loss of one logit. Called, so that a loop's code is there once
// and not for each loss.
template <class W>
BROOD_PHASE float2 loss_of_logit(float z, float target) {
  W const w;
  Member const& m = w.member();
  float2 result{};
  visit(Losses{}, m.loss, [&](auto loss) {
    if constexpr (!decltype(loss)::kSoftmax) {
      auto const y = loss.apply(Approx(z), Approx(target), m.loss_settings);
      result = make_float2(y.value.v, y.slope.v);
    }
  });
  return result;
}

// The mean over outputs of an elementwise loss of two rows.
template <class W>
__device__ __forceinline__ TwoRows elementwise_loss(W const& w, LogitRows<W> const& rows,
                                                    float smoothing, TwoRows const& weight,
                                                    bool training) {
  Member const& m = w.member();
  int const targets = w.task().table.targets;
  float const share = divide(1.0f, static_cast<float>(rows.outputs()));
  auto at = [&](int q, int c, float z) {
    float t = target_of(m.target_kind, w.targets() + rows.row(q) * targets, c);
    if (smoothing > 0.0f) t = fma(t, 1.0f - smoothing, 0.5f * smoothing);
    return loss_of_logit<W>(z, t);
  };
  float total[2] = {0.0f, 0.0f};
  rows.for_quads([&](Quad const& z, int c, int u, int h) {
    Quad delta{};
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      int const q = e >> 1;
      if (!rows.is_own(q, c + (e & 1))) continue;
      float2 const y = at(q, rows.own(q, c + (e & 1)), z.v[e]);
      total[q] = total[q] + y.x;
      delta.v[e] = y.y * (weight.v[q] * share);
    }
    if (training) w.store_delta_quad(rows.unit(), u, h, delta);
  });
  return {{row_sum(total[0]) * share, row_sum(total[1]) * share}};
}

// The losses of this lane's rows of a unit. In training also their deltas, times `weight`.
template <class W>
BROOD_PHASE float2 losses_of_rows(int unit, float upper, float lower, bool training) {
  W const w;
  Member const& m = w.member();
  TwoRows const weight{{upper, lower}};
  float const smoothing = training ? m.label_smoothing : 0.0f;
  LogitRows<W> const rows(w, unit);
  bool const softmax = m.loss == index_of<CrossEntropy>(Losses{});
  TwoRows const result = softmax ? cross_entropy(w, rows, smoothing, weight, training)
                                 : elementwise_loss(w, rows, smoothing, weight, training);
  return make_float2(result.v[0], result.v[1]);
}

__device__ __forceinline__ LossKind loss_kind(MemberTask const& task) {
  Member const& m = task.member;
  bool const classes = m.loss == index_of<CrossEntropy>(Losses{}) && m.label_smoothing == 0.0f &&
                       m.width[m.layers] <= kUnitRows && task.table.targets == 1 &&
                       m.head_bits == 0;
  return classes ? LossKind::classes : LossKind::any;
}

template <class W>
__device__ __forceinline__ TwoRows weights_of_rows(W const& w, int unit) {
  float const* const weights = w.row_weights() + kUnitRows * unit + w.place.g;
  return {{weights[0], weights[8]}};
}

// Deltas of the last layer, of the weighted sum (not yet the mean) of the rows' losses; and per
// unit of rows of the batch the sums of losses and of weights, for every block of the member.
template <class W>
__device__ __forceinline__ void loss_gradient(W const& w, int number) {
  Chunk const chunk = w.chunk(number);
  bool const plain = control().loss == LossKind::classes;
  w.for_row_units(chunk.rows, [&](int local, int global) {
    TwoRows const weight = weights_of_rows(w, local);
    TwoRows loss;
    if (plain) {
      loss = plain_cross_entropy(w, local, weight);
    } else {
      float2 const any = losses_of_rows<typename W::OfRows>(local, weight.v[0], weight.v[1], true);
      loss = {{any.x, any.y}};
    }
    float const losses = unit_sum(loss.v[0] * weight.v[0], loss.v[1] * weight.v[1]);
    float const weights = unit_sum(weight.v[0], weight.v[1]);
    if (w.lane == 0) w.store_unit_sums(chunk.first / kUnitRows + global, losses, weights);
  });
  w.sync_rows();
}

// ---- evaluation

__device__ __forceinline__ bool is_first_head(Member const& m, int row) {
  return (row & (heads_of(m) - 1)) == 0;
}

// The logits of a unit's rows of the first head become those by which one network would predict the
// mean of what the heads predict; the others are lost. Loops are short and stay loops: this is
// called for evaluations alone, and its code is in every kernel.
template <class W>
BROOD_PHASE void average_heads(int unit) {
  W const w;
  Member const& m = w.member();
  HeadMean const kind = head_mean(m);
  bool const softmax = kind == HeadMean::softmax, apart = kind == HeadMean::apart;
  int const heads = heads_of(m), outputs = outputs_of(m);
  if (softmax || kind == HeadMean::shares) {
    // Two lanes to a row, by its own outputs in turns: to shares of their sum.
    int const row = w.lane >> 1, first = (row & (heads - 1)) * outputs;
    float top = -INFINITY, total = 0.0f;
#pragma unroll 1
    for (int k = w.lane & 1; softmax && k < outputs; k += 2)
      top = max_or_nan(top, *w.logit(unit, row, first + k));
    top = max_or_nan(top, shuffle_xor(top, 1));
#pragma unroll 1
    for (int k = w.lane & 1; k < outputs; k += 2) {
      float* const at = w.logit(unit, row, first + k);
      float const e = exp(softmax ? *at - top : -*at);
      *at = softmax ? e : 1.0f / (1.0f + e);
      total += *at;
    }
    total = total + shuffle_xor(total, 1);
#pragma unroll 1
    for (int k = w.lane & 1; k < outputs; k += 2)
      *w.logit(unit, row, first + k) /= total;
    sync_warp();
  }
  // A lane to an output of a row of the table.
  float const share = 1.0f / static_cast<float>(heads);  // exact
  int const rows_bits = 4 - m.head_bits;
#pragma unroll 1
  for (int i = w.lane; i < outputs << rows_bits; i += 32) {
    int const row = (i & ((1 << rows_bits) - 1)) << m.head_bits, k = i >> rows_bits;
    // Of two that are 1 together the second is subtracted.
    float mean = 0.0f;
#pragma unroll 1
    for (int other = 0; other < (apart || kind == HeadMean::shares ? 2 : 1); ++other) {
      float sum = 0.0f;
#pragma unroll 1
      for (int h = 0; h < heads; ++h) {
        float const z = *w.logit(unit, row + h, h * outputs + k);
        if (apart) {
          sum += sigmoid(other == 0 ? z : -z);
        } else if (kind == HeadMean::means) {
          sum += exp(z);
        } else {
          sum += other == 0 ? z : 1.0f - z;
        }
      }
      sum *= share;
      if (kind != HeadMean::values) sum = log_of_share(sum);
      mean = other == 0 ? sum : mean - sum;
    }
    *w.logit(unit, row, k) = mean;
  }
  sync_warp();
}

// Targets met: of the class label, or of several labels; and errors in the user's units.
struct RowErrors {
  TwoRows correct, squared, absolute;
};
template <class W>
__device__ __forceinline__ RowErrors row_errors(W const& w, LogitRows<W> const& rows) {
  Member const& m = w.member();
  int const count = w.task().table.targets;
  float const* const targets[2] = {w.targets() + rows.row(0) * count,
                                   w.targets() + rows.row(1) * count};
  RowErrors errors{};
  if (m.target_kind == TargetKind::one_logit || m.target_kind == TargetKind::values) {
    bool const values = m.target_kind == TargetKind::values, log_link = has_log_link(m.loss);
    rows.for_logits([&](int q, int c, float z) {
      float const said = z > 0.0f ? 1.0f : 0.0f;
      errors.correct.v[q] += said == targets[q][c] ? 1.0f : 0.0f;
      if (!values) return;
      float error = (log_link ? exp(z) : z) - targets[q][c];
      if (w.task().target_scale != nullptr) error = error / w.task().target_scale[c];
      errors.squared.v[q] = fma(error, error, errors.squared.v[q]);
      errors.absolute.v[q] = errors.absolute.v[q] + abs(error);
    });
#pragma unroll
    for (int q = 0; q < 2; ++q) {
      errors.correct.v[q] = row_sum(errors.correct.v[q]);
      errors.squared.v[q] = row_sum(errors.squared.v[q]);
      errors.absolute.v[q] = row_sum(errors.absolute.v[q]);
    }
    return errors;
  }
  // The largest logit, the first of equals.
  float top[2] = {-INFINITY, -INFINITY};
  int label[2] = {rows.outputs(), rows.outputs()};
  rows.for_logits([&](int q, int c, float z) {
    if (z > top[q] || label[q] == rows.outputs()) {
      top[q] = z;
      label[q] = c;
    }
  });
#pragma unroll
  for (int q = 0; q < 2; ++q) {
#pragma unroll
    for (int mask = 1; mask < 4; mask *= 2) {
      float const other = shuffle_xor(top[q], mask);
      int const other_label = shuffle_xor(label[q], mask);
      if (other > top[q] || (other == top[q] && other_label < label[q])) {
        top[q] = other;
        label[q] = other_label;
      }
    }
    errors.correct.v[q] = static_cast<float>(label[q]) == targets[q][0] ? 1.0f : 0.0f;
  }
  return errors;
}

// Per unit of rows of the chunk its evaluation sums, for every block of the member.
template <class W>
BROOD_PHASE void evaluation_sums(int number) {
  W const w;
  w.for_row_units(w.chunk(number).rows, [&](int local, int global) {
    TwoRows weight = weights_of_rows(w, local);
    if (w.member().head_bits > 0) {  // the first head's rows have what all predict
      average_heads<typename W::OfRows>(local);
#pragma unroll
      for (int q = 0; q < 2; ++q)
        weight.v[q] = is_first_head(w.member(), w.place.g + 8 * q) ? weight.v[q] : 0.0f;
    }
    float2 const any = losses_of_rows<typename W::OfRows>(local, weight.v[0], weight.v[1], false);
    TwoRows const loss{{any.x, any.y}};
    RowErrors const errors = row_errors(w, LogitRows<W>(w, local));
    TwoRows const values[kEvaluationSums] = {
        loss, {{1.0f, 1.0f}}, errors.correct, errors.squared, errors.absolute};
    double* const sums = w.evaluation_sums() + kEvaluationSums * global;
    double const weights[2] = {static_cast<double>(weight.v[0]), static_cast<double>(weight.v[1])};
#pragma unroll 1
    for (int i = 0; i < kEvaluationSums; ++i) {
      double const sum = unit_sum(weights[0] * static_cast<double>(values[i].v[0]),
                                  weights[1] * static_cast<double>(values[i].v[1]));
      if (w.lane == 0) w.store_sum(sums + i, sum);
    }
  });
}

}  // namespace brood::cuda
