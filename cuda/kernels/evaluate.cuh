// SPDX-License-Identifier: Apache-2.0
// Evaluation and prediction: forward passes over chunks of rows on the resident weights, or on the
// averaged or best ones, which take the weights' place for the while.
#pragma once

#include "cuda/kernels/forward.cuh"
#include "cuda/kernels/gather.cuh"
#include "cuda/kernels/loss.cuh"

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
      int const blocks = layer.rows * layer.columns / 4;
      for (int i = static_cast<int>(threadIdx.x); i < blocks; i += static_cast<int>(blockDim.x)) {
        int const unit = layer.weights + i / 64 * kUnitWords;
        Lane const place{i / 4 % 8, i % 4};
        int const half = i / 32 % 2;
        Quad const v = quad_of(load_16(
            Generic{reinterpret_cast<char const*>(from + unit) + whole_block(place, half)}));
        W::Precision::store_hidden(w.base + static_cast<Shared>(w.map().operands + 2 * unit +
                                                                W::Precision::place(place, half)),
                                   v);
      }
    }
  } else if (w.weights_shared()) {
    copy_tensor(shared_at<float>(w.map().parameters), from, layout.size);
  }
}

// Where the forward pass reads the parameters that lie at `global` and have been loaded.
template <class W>
__device__ __forceinline__ float const* loaded(W const& w, float const* global) {
  bool const in_place = w.weights_shared() && !W::Precision::kWeightCopy;
  return in_place ? shared_at<float>(w.map().parameters) : global;
}

// Puts the resident parameters where they live between launches. A barrier must follow.
template <class W>
__device__ __forceinline__ void put_parameters_back(W const& w) {
  if (w.map().parameters >= 0 && w.rank == 0)
    copy_tensor(w.task().parameters, shared_at<float>(w.map().parameters), w.task().layout.size);
}

// Runs f() with the parameters at `global` as the weights, then brings the resident ones back.
template <class W, class F>
__device__ __forceinline__ void with_weights(W const& w, float const* global, F&& f) {
  bool const swap = global != w.task().parameters;
  if (swap) {
    put_parameters_back(w);
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

// By the first thread: the evaluation rows from the number-th chunk's first on.
__device__ __forceinline__ void put_evaluation_chunk(int number) {
  MemberTask const& task = control().task;
  int const first = number * task.tiling.chunk_rows;
  int const all = task.member.eval_rows << task.member.head_bits;
  int const rows = max(0, min(task.tiling.chunk_rows, all - first));
  control().stream.chunk[number & 3] = {{0, rows, first, -1}, 0, 0, 1};
}

template <class W>
BROOD_PHASE void forward_chunk(int number, float const* from, bool training) {
  W const w;
  receive(w, number, training);
  forward_pass(w, number, from, training);
}

template <class W>
BROOD_PHASE void call_fetch(int number) {
  W const w;
  fetch(w, number);
}

// Calls each(number) with the logits of the task's evaluation rows, chunk by chunk; it must end
// with a barrier of the member.
template <class W, class Each>
__device__ __forceinline__ void forward_rows(W const& w, float const* from, Each&& each) {
  for (int number = 0; threadIdx.x == 0 && number < 3; ++number)
    put_evaluation_chunk(number);
  w.sync_all();
  find_rows<W>(0);
  find_rows<W>(1);
  await_copies();
  w.sync_all();
  call_fetch<W>(0);
  for (int number = 0; w.chunk(number).rows > 0; ++number) {
    forward_chunk<W>(number, from, false);
    if (threadIdx.x == 0) put_evaluation_chunk(number + 3);
    each(number);
    find_rows<W>(number + 2);
    call_fetch<W>(number + 1);
  }
  await_copies();
}

struct EvaluationTotals {
  double value[kEvaluationSums];
};

// The sums over the evaluation rows; in the first thread of every block.
template <class W>
BROOD_PHASE EvaluationTotals evaluate_rows(float const* from) {
  W const w;
  EvaluationTotals totals{};
  forward_rows(w, from, [&](int number) {
    evaluation_sums<W>(number);
    w.sync_all();
    if (threadIdx.x == 0) {
      double const* sums = w.evaluation_sums();
      for (int row = 0; row < w.chunk(number).rows; row += kUnitRows) {
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

// Logits of the rows of a unit to what is predicted: probabilities, or values in the user's units;
// (rows, outputs) with 2 outputs for one logit, of as many rows as are `left`, from `to` on. Of
// heads the first has what all predict.
template <class W>
BROOD_PHASE void predict_unit(int unit, int left, float* to) {
  W const w;
  Member const& m = w.member();
  if (m.head_bits > 0) average_heads<W>(unit);
  LogitRows<W> const rows(w, unit);
  bool const two = m.target_kind == TargetKind::one_logit;
  bool const softmax = !two && m.loss == index_of<CrossEntropy>(Losses{});
  bool const logistic = two || m.loss == index_of<Bce>(Losses{});
  bool const log_link = has_log_link(m.loss);
  int const outputs = two ? 2 : rows.outputs();
  bool const shares = softmax || (logistic && m.target_kind == TargetKind::one_hot);
  float top[2] = {-INFINITY, -INFINITY}, total[2] = {0.0f, 0.0f};
  if (softmax) {
    rows.for_logits([&](int q, int, float z) { top[q] = max_or_nan(top[q], z); });
    top[0] = row_top(top[0]);
    top[1] = row_top(top[1]);
  }
#pragma unroll 1
  for (int pass = shares ? 0 : 1; pass < 2; ++pass) {
    rows.for_logits([&](int q, int c, float z) {
      float value = z;
      if (softmax) {
        value = exp(z - top[q]);
      } else if (logistic) {
        value = sigmoid(z);
      } else if (w.task().target_scale != nullptr) {
        value = (log_link ? exp(z) : z) / w.task().target_scale[c] + w.task().target_shift[c];
      } else if (log_link) {
        value = exp(z);
      }
      int const row = w.place.g + 8 * q;
      if (pass == 0) {
        total[q] = total[q] + value;
      } else if (row < left && is_first_head(m, row)) {
        float* const out = to + (row >> m.head_bits) * outputs;
        if (two) out[0] = 1.0f - value;
        out[two ? 1 : c] = shares ? value / total[q] : value;
      }
    });
    if (pass == 0) {
      total[0] = row_sum(total[0]);
      total[1] = row_sum(total[1]);
    }
  }
}

// Of a unit of the evaluation rows, `left` of them, from row `first` on.
template <class W>
__device__ __forceinline__ void predict_evaluation_unit(W const& w, int unit, int left, int first) {
  std::int64_t const at =
      std::int64_t{first >> w.member().head_bits} * prediction_columns(w.member());
  predict_unit<typename W::OfRows>(unit, left, w.task().out + at);
}

// Predictions of the evaluation rows into the task's `out`.
template <class W>
BROOD_PHASE void predict_rows(float const* from) {
  W const w;
  forward_rows(w, from, [&](int number) {
    Chunk const chunk = w.chunk(number);
    w.for_row_units(chunk.rows, [&](int local, int global) {
      int const first = kUnitRows * global;
      predict_evaluation_unit(w, local, chunk.rows - first, chunk.begin + first);
    });
    w.sync_all();
  });
}

}  // namespace brood::cuda
