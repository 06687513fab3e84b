// SPDX-License-Identifier: Apache-2.0
// Evaluation and prediction: forward passes over chunks of rows on the resident weights, or on the
// averaged or best ones, which take the weights' place for the while.
#pragma once

#include "cuda/forward.cuh"
#include "cuda/gather.cuh"
#include "cuda/loss.cuh"

namespace brood::cuda {

// ---- whole tensors, by all threads of a block; 16 bytes at a time

__device__ __forceinline__ void copy_tensor(float* to, float const* from, int floats) {
  auto* const target = reinterpret_cast<float4*>(to);
  auto const* const source = reinterpret_cast<float4 const*>(from);
  for (int i = static_cast<int>(threadIdx.x); i < floats / 4; i += static_cast<int>(blockDim.x))
    target[i] = source[i];
}

// The weights as operands from the fp32 parameters at `from` in global memory. A barrier must
// follow.
template <class W>
__device__ __forceinline__ void load_operands(W const& w, float const* from) {
  TileLayout const& layout = w.task().layout;
  if constexpr (W::Precision::kWeightCopy && W::kShared) {
    for (int l = 0; l < layout.layers; ++l) {
      TileLayer const& layer = layout.layer[l];
      TileMatrix const whole = tile_matrix(layer.columns);
      TileMatrix const halved = tile_matrix(layer.columns / 2);
      int const pairs = layer.columns / 2;
      for (int i = static_cast<int>(threadIdx.x); i < layer.rows * pairs;
           i += static_cast<int>(blockDim.x)) {
        int const row = i / pairs;
        int const column = i % pairs * 2;
        float2 const v =
            *reinterpret_cast<float2 const*>(from + layer.weights + whole.at(row, column));
        shared_words(w.map().operands + layer.weights / 2)[halved.at(row, column / 2)] =
            to_bf16_pair(v.x, v.y);
      }
    }
  } else if constexpr (W::kShared) {
    copy_tensor(shared_floats(w.map().parameters), from, layout.size);
  }
}

// Where the forward pass reads the parameters that lie at `global` and have been loaded.
template <class W>
__device__ __forceinline__ float const* loaded(W const& w, float const* global) {
  bool const in_place = W::kShared && !W::Precision::kWeightCopy;
  return in_place ? shared_floats(w.map().parameters) : global;
}

// Puts the resident parameters where they live between launches. A barrier must follow.
template <class W>
__device__ __forceinline__ void store_parameters(W const& w) {
  if (w.map().parameters >= 0 && w.rank == 0)
    copy_tensor(w.task().parameters, shared_floats(w.map().parameters), w.task().layout.size);
}

// Runs f() with the parameters at `global` as the weights, then brings the resident ones back.
template <class W, class F>
__device__ __forceinline__ void with_weights(W const& w, float const* global, F&& f) {
  bool const swap = global != w.task().parameters;
  if (swap) {
    store_parameters(w);
    w.sync_all();
    load_operands(w, global);
    w.sync_all();
  }
  f(swap ? loaded(w, global) : static_cast<float const*>(w.parameters()));
  if (swap) {
    w.sync_all();
    load_operands(w, w.task().parameters);
    w.sync_all();
  }
}

// Calls each(chunk) with the logits of `count` of the task's evaluation rows, chunk by chunk.
template <class W, class Each>
__device__ __forceinline__ void forward_rows(W const& w, float const* from, int count,
                                             Each&& each) {
  int const most = w.task().cut.chunk_rows;
  auto chunk_at = [&](int first) { return Chunk{0, min(most, count - first), first, -1}; };
  if (fetches_ahead(w) && count > 0) fetch<W>(chunk_at(0));
  for (int first = 0; first < count; first += most) {
    Chunk const chunk = chunk_at(first);
    if (!fetches_ahead(w)) fetch<W>(chunk);
    receive<W>(chunk, Pass{false, 0u});
    if (fetches_ahead(w) && first + most < count) fetch<W>(chunk_at(first + most));
    forward_pass<W>(chunk, from, Pass{false, 0u});
    each(chunk);
  }
}

struct EvaluationTotals {
  double value[kEvaluationSums];
};

// The sums over the evaluation rows; in the first thread of every block.
template <class W>
BROOD_PHASE EvaluationTotals evaluate_rows(float const* from) {
  W const w;
  EvaluationTotals totals{};
  forward_rows(w, from, w.member().eval_rows, [&](Chunk const& chunk) {
    evaluation_sums<W>(chunk);
    w.sync_all();
    if (threadIdx.x == 0) {
      double const* sums = w.evaluation_sums();
      for (int row = 0; row < chunk.rows; row += kBlockRows) {
        for (int i = 0; i < kEvaluationSums; ++i)
          totals.value[i] += *sums++;
      }
    }
    w.sync_all();
  });
  return totals;
}

__device__ __forceinline__ double mean_loss(EvaluationTotals const& totals) {
  return totals.value[1] > 0.0 ? totals.value[0] / totals.value[1] : 0.0;
}

// The weights that predict: the best if the member has patience and was evaluated, the averaged
// ones if it keeps an average.
__device__ __forceinline__ float const* predicting(MemberTask const& task) {
  if (task.best != nullptr && control().progress.best >= 0) return task.best;
  return task.average != nullptr ? task.average : task.parameters;
}

// ---- prediction

// Logits of a row to what is predicted, in `out`: probabilities, or values in the user's units.
template <class W>
__device__ __forceinline__ void predict_row(W const& w, LossRow const& r, float* out) {
  Member const& m = w.member();
  bool const softmax = m.loss == index_of<CrossEntropy>(Losses{});
  bool const logistic = m.loss == index_of<Bce>(Losses{});
  if (m.target_kind == TargetKind::one_logit) {
    if (r.half != 0) return;
    float const p = sigmoid(r.logit(0));
    out[0] = 1.0f - p;
    out[1] = p;
    return;
  }
  bool const shares = softmax || (logistic && m.target_kind == TargetKind::one_hot);
  float top = r.logit(0);
  for (int c = 1; shares && c < r.outputs; ++c)
    top = at_least(r.logit(c), top);
  auto value = [&](int c) {
    float const z = r.logit(c);
    if (softmax) return exp(z - top);
    if (logistic) return sigmoid(z);
    if (w.task().target_scale == nullptr) return z;
    return z / w.task().target_scale[c] + w.task().target_shift[c];
  };
  float total = 1.0f;
  if (shares) {
    total = 0.0f;
    for (int c = 0; c < r.outputs; ++c)
      total = total + value(c);
  }
  r.for_columns(r.outputs, [&](int c) { out[c] = shares ? value(c) / total : value(c); });
}

// Predictions of the evaluation rows into the task's `out`: (rows, outputs) with 2 outputs for one
// logit.
template <class W>
BROOD_PHASE void predict_rows(float const* from) {
  W const w;
  int const network = w.layer(w.member().layers - 1).outputs;
  int const outputs = w.member().target_kind == TargetKind::one_logit ? 2 : network;
  forward_rows(w, from, w.member().eval_rows, [&](Chunk const& chunk) {
    w.for_row_blocks(chunk.rows, [&](int local, int global) {
      if (w.column_warp != 0) return;
      LossRow const r = loss_row(w, local);
      int const row = global * kBlockRows + (w.lane & 15);
      if (row < chunk.rows)
        predict_row(w, r, w.task().out + std::int64_t{chunk.begin + row} * outputs);
    });
    w.sync_rows();
  });
}

}  // namespace brood::cuda
