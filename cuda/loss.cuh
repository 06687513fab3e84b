// SPDX-License-Identifier: Apache-2.0
// From logits to losses, deltas and evaluation sums. A warp takes a block of 16 rows; two lanes
// share a row: lane r has its column pairs 0, 2, 4, ..., lane r + 16 the pairs between.
#pragma once

#include "core/loss.hpp"
#include "cuda/fast.cuh"
#include "cuda/worker.cuh"

namespace brood::cuda {

struct LossRow {
  float const* logits;
  float const* targets;
  TileMatrix matrix;
  int row;   // in the block's buffers
  int half;  // 0 or 1: which lane of the row
  int outputs;

  __device__ __forceinline__ float logit(int c) const { return logits[matrix.at(row, c)]; }
  // f(c) for this lane's columns below `end`.
  template <class F>
  __device__ __forceinline__ void for_columns(int end, F&& f) const {
    for (int pair = 2 * half; pair < end; pair += 4) {
      f(pair);
      if (pair + 1 < end) f(pair + 1);
    }
  }
};

template <class W>
__device__ __forceinline__ LossRow loss_row(W const& w, int local) {
  int const last = w.member().layers - 1;
  int const row = local * kBlockRows + (w.lane & 15);
  return {w.logits(),
          w.targets() + row * w.task().table.targets,
          w.matrix(w.layer(last).rows),
          row,
          w.lane >> 4,
          w.layer(last).outputs};
}

// The other lane of the row's, too.
__device__ __forceinline__ float row_sum(float mine) {
  return mine + shuffle_xor(mine, 16);
}

// The target of output c, before smoothing.
__device__ __forceinline__ float target_of(TargetKind kind, LossRow const& r, int c) {
  if (kind == TargetKind::values) return r.targets[c];
  if (kind == TargetKind::one_logit) return r.targets[0];
  return r.targets[0] == static_cast<float>(c) ? 1.0f : 0.0f;
}

// Stores the gradient of `weight` times the row's loss, gradient(c) for each output; zero in the
// padding.
template <class W, class Gradient>
__device__ __forceinline__ void store_delta(W const& w, LossRow const& r, Gradient&& gradient) {
  using P = typename W::Precision;
  int const last = w.member().layers - 1;
  int const columns = w.layer(last).rows;
  TileMatrix const matrix = w.matrix(columns / P::kPerWord);
  std::uint32_t* const delta = w.delta_words(last);
  for (int pair = 2 * r.half; pair < columns; pair += 4) {
    float const x = pair < r.outputs ? gradient(pair) : 0.0f;
    float const y = pair + 1 < r.outputs ? gradient(pair + 1) : 0.0f;
    P::store_pair(delta, matrix.at(r.row, pair / P::kPerWord), x, y);
  }
}

// -sum t ln softmax(z) of a row; see core/loss.hpp.
template <class W>
__device__ __forceinline__ float cross_entropy(W const& w, LossRow const& r, float smoothing,
                                               float weight, bool training) {
  float const label = r.targets[0];
  float top = -INFINITY;
  r.for_columns(r.outputs, [&](int c) {
    float const z = r.logit(c);
    top = z < top ? top : z;  // a NaN stays
  });
  float const other = shuffle_xor(top, 16);
  // The same in both lanes, a NaN of either included.
  top = other != other ? other : (other < top || top != top ? top : other);
  float total = 0.0f, labelled = 0.0f, all = 0.0f;
  r.for_columns(r.outputs, [&](int c) {
    float const z = r.logit(c) - top;
    total = total + exp(z);
    labelled = label == static_cast<float>(c) ? z : labelled;
    all = all + z;
  });
  total = row_sum(total);
  labelled = row_sum(labelled);
  all = row_sum(all);
  float const spread = smoothing / static_cast<float>(r.outputs);
  if (training) {
    float const inverse = 1.0f / total;
    store_delta(w, r, [&](int c) {
      float const t = label == static_cast<float>(c) ? 1.0f - smoothing + spread : spread;
      return (exp(r.logit(c) - top) * inverse - t) * weight;
    });
  }
  float const log_total = log(total);
  if (smoothing == 0.0f) return log_total - labelled;
  return log_total - (1.0f - smoothing) * labelled - spread * all;
}

// The mean over outputs of an elementwise loss of a row.
template <class Loss, class W>
__device__ __forceinline__ float elementwise_loss(W const& w, Loss loss, LossRow const& r,
                                                  float smoothing, float weight, bool training) {
  Member const& m = w.member();
  float const share = 1.0f / static_cast<float>(r.outputs);
  auto at = [&](int c) {
    float t = target_of(m.target_kind, r, c);
    if (smoothing > 0.0f) t = fma(t, 1.0f - smoothing, 0.5f * smoothing);
    auto const y = loss.apply(Fast(r.logit(c)), Fast(t), Fast(m.huber_delta));
    return ValueSlope<float>{y.value.v, y.slope.v};
  };
  float total = 0.0f;
  r.for_columns(r.outputs, [&](int c) { total = total + at(c).value; });
  total = row_sum(total);
  if (training) store_delta(w, r, [&](int c) { return at(c).slope * (weight * share); });
  return total * share;
}

// The loss of this lane's row of a block. In training also its delta, times `weight`.
template <class W>
BROOD_PHASE float loss_of_row(int local, float weight, bool training) {
  W const w;
  LossRow const r = loss_row(w, local);
  float const smoothing = training ? w.member().label_smoothing : 0.0f;
  float result = 0.0f;
  visit(Losses{}, w.member().loss, [&](auto loss) {
    if constexpr (decltype(loss)::kSoftmax) {
      result = cross_entropy(w, r, smoothing, weight, training);
    } else {
      result = elementwise_loss(w, loss, r, smoothing, weight, training);
    }
  });
  return result;
}

// The sum over a block's 16 rows, of values that both lanes of a row have: the same tree always.
template <class T>
__device__ __forceinline__ T block_sum(T value) {
  for (int mask = 8; mask > 0; mask /= 2)
    value += shuffle_xor(value, mask);
  return value;
}

// Deltas of the last layer, of the weighted sum (not yet the mean) of the rows' losses; and per
// block of rows of the batch the sums of losses and of weights, for every block of the member.
template <class W>
BROOD_PHASE void loss_gradient(Chunk chunk) {
  W const w;
  w.for_row_blocks(chunk.rows, [&](int local, int global) {
    if (w.column_warp != 0) return;
    float const weight = w.row_weights()[local * kBlockRows + (w.lane & 15)];
    float const loss = block_sum(loss_of_row<W>(local, weight, true) * weight);
    float const weights = block_sum(weight);
    if (w.lane != 0) return;
    float* const sums = w.block_sums() + 2 * (chunk.first / kBlockRows + global);
    w.store_everywhere(sums, loss);
    w.store_everywhere(sums + 1, weights);
  });
  w.sync_rows();
}

// ---- evaluation

// Targets met: of the class label, or of several labels; and errors in the user's units.
struct RowErrors {
  float correct, squared, absolute;
};
template <class W>
__device__ __forceinline__ RowErrors row_errors(W const& w, LossRow const& r) {
  Member const& m = w.member();
  if (m.target_kind == TargetKind::one_logit) {
    float const said = r.logit(0) > 0.0f ? 1.0f : 0.0f;
    return {said == r.targets[0] ? 1.0f : 0.0f, 0.0f, 0.0f};
  }
  if (m.target_kind != TargetKind::values) {
    // The largest logit, the first of equals.
    float top = -INFINITY;
    int label = r.outputs;
    r.for_columns(r.outputs, [&](int c) {
      float const z = r.logit(c);
      if (z > top || label == r.outputs) {
        top = z;
        label = c;
      }
    });
    float const other = shuffle_xor(top, 16);
    int const other_label = shuffle_xor(label, 16);
    if (other > top || (other == top && other_label < label)) label = other_label;
    return {static_cast<float>(label) == r.targets[0] ? 1.0f : 0.0f, 0.0f, 0.0f};
  }
  RowErrors e{0.0f, 0.0f, 0.0f};
  r.for_columns(r.outputs, [&](int c) {
    float const said = r.logit(c) > 0.0f ? 1.0f : 0.0f;
    e.correct += said == r.targets[c] ? 1.0f : 0.0f;
    float error = r.logit(c) - r.targets[c];
    if (w.task().target_scale != nullptr) error = error / w.task().target_scale[c];
    e.squared = fma(error, error, e.squared);
    e.absolute = e.absolute + abs(error);
  });
  return {row_sum(e.correct), row_sum(e.squared), row_sum(e.absolute)};
}

// Per block of rows of the chunk its evaluation sums, for every block of the member.
template <class W>
BROOD_PHASE void evaluation_sums(Chunk chunk) {
  W const w;
  w.for_row_blocks(chunk.rows, [&](int local, int global) {
    if (w.column_warp != 0) return;
    LossRow const r = loss_row(w, local);
    float const weight = w.row_weights()[r.row];
    float const loss = loss_of_row<W>(local, weight, false);
    RowErrors const errors = row_errors(w, r);
    float const values[kEvaluationSums] = {loss, 1.0f, errors.correct, errors.squared,
                                           errors.absolute};
    double* const sums = w.evaluation_sums() + kEvaluationSums * global;
#pragma unroll
    for (int i = 0; i < kEvaluationSums; ++i) {
      double const sum = block_sum(static_cast<double>(weight) * static_cast<double>(values[i]));
      if (w.lane == 0) w.store_everywhere(sums + i, sum);
    }
  });
}

}  // namespace brood::cuda
