// SPDX-License-Identifier: Apache-2.0
// From the gradient of the summed loss to new weights: mean, clip_value, clip_norm, l1 and l2, the
// optimizer, decoupled decay, the moving average; element by element, by the warp that owns the
// tile.
#pragma once

#include "core/optimizer.hpp"
#include "cuda/backward.cuh"
#include "cuda/fast.cuh"

namespace brood::cuda {

// Writes the scalars of the kScalarsAhead steps from `step` on, a lane each.
template <class W>
BROOD_PHASE void compute_scalars(std::int64_t step) {
  W const w;
  if (w.warp != 0) return;
  Member const& m = w.member();
  double const lr = lr_at_step(m, step + w.lane);
  auto* const table = reinterpret_cast<TimedScalars*>(shared_words(w.map().scalars));
  table[w.lane] = {step_scalars(m, lr, step + w.lane), lr};
}
template <class W>
__device__ __forceinline__ TimedScalars const& scalars_of(W const& w, std::int64_t step) {
  auto const* const table = reinterpret_cast<TimedScalars const*>(shared_words(w.map().scalars));
  return table[step % kScalarsAhead];
}

// What the update needs to know of the step beside gradient and state.
struct StepSums {
  float loss, weight;  // of the batch, summed
  float mean;          // factor that makes the mean's gradient of the sum's
};

__device__ __forceinline__ float clipped(Member const& m, float g) {
  return m.clip_value > 0.0f ? at_least(at_most(g, m.clip_value), -m.clip_value) : g;
}

// New weights of a layer, with the factors of the step worked out once for a tile.
template <class Optimizer, class W>
class TileUpdate {
 public:
  __device__ __forceinline__ TileUpdate(W const& w, int l, TimedScalars const& scalars, float mean,
                                        float norm_factor)
      : w_(w),
        m_(w.member()),
        layer_(w.layer(l)),
        scalars_(scalars.step),
        mean_(mean),
        norm_factor_(norm_factor),
        parameters_(w.parameters()),
        first_(w.moments()),
        second_(first_ + (Optimizer::kStates > 1 ? w.task().layout.size : 0)),
        average_(w.task().average) {
    float const factor = m_.layer_lr[l];
    scalars_.rate = scalars_.rate * factor;
    decay_ = static_cast<float>(1.0 - scalars.lr * static_cast<double>(factor) *
                                          static_cast<double>(m_.weight_decay));
  }

  // Two weights side by side.
  __device__ __forceinline__ void pair(int row, int column, int at, float g0, float g1) const {
    float2 a = make_float2(0.0f, 0.0f), b = a;
    if constexpr (Optimizer::kStates > 0) a = *reinterpret_cast<float2 const*>(first_ + at);
    if constexpr (Optimizer::kStates > 1) b = *reinterpret_cast<float2 const*>(second_ + at);
    float2 v = *reinterpret_cast<float2 const*>(parameters_ + at);
    v.x = updated(v.x, penalized(gradient(g0), v.x), decay_, a.x, b.x);
    v.y = updated(v.y, penalized(gradient(g1), v.y), decay_, a.y, b.y);
    store(parameters_, at, v);
    if constexpr (Optimizer::kStates > 0) *reinterpret_cast<float2*>(first_ + at) = a;
    if constexpr (Optimizer::kStates > 1) *reinterpret_cast<float2*>(second_ + at) = b;
    if (average_ != nullptr) {
      float2 const old = *reinterpret_cast<float2 const*>(average_ + at);
      *reinterpret_cast<float2*>(average_ + at) =
          make_float2(averaged(old.x, v.x), averaged(old.y, v.y));
    }
    if constexpr (W::Precision::kWeightCopy && W::kShared) store_copy(row, column, v);
  }

  __device__ __forceinline__ void bias(int at, float g) const {
    float a = 0.0f, b = 0.0f;
    if constexpr (Optimizer::kStates > 0) a = first_[at];
    if constexpr (Optimizer::kStates > 1) b = second_[at];
    float const v = updated(parameters_[at], gradient(g), 1.0f, a, b);
    store(parameters_, at, v);
    if constexpr (Optimizer::kStates > 0) first_[at] = a;
    if constexpr (Optimizer::kStates > 1) second_[at] = b;
    if (average_ != nullptr) average_[at] = averaged(average_[at], v);
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
  // Parameters in shared memory are kept by every block of the member.
  template <class T>
  __device__ __forceinline__ void store(float* parameters, int at, T value) const {
    T* const to = reinterpret_cast<T*>(parameters + at);
    if constexpr (W::kClustered) {
      if (w_.map().parameters >= 0) {
        w_.store_everywhere(to, value);
        return;
      }
    }
    *to = value;
  }
  __device__ __forceinline__ void store_copy(int row, int column, float2 v) const {
    TileMatrix const matrix = tile_matrix(layer_.columns / 2);
    std::uint32_t* const to =
        shared_words(w_.map().operands + layer_.weights / 2) + matrix.at(row, column / 2);
    w_.store_everywhere(to, to_bf16_pair(v.x, v.y));
  }

  W const& w_;
  Member const& m_;
  TileLayer const& layer_;
  StepScalars scalars_;
  float mean_, norm_factor_, decay_;
  float* parameters_;
  float* first_;
  float* second_;
  float* average_;
};

template <class W>
__device__ __forceinline__ void update_tile(W const& w, WeightTile& tile,
                                            TimedScalars const& scalars, float mean,
                                            float norm_factor) {
  if (w.member().layer_lr[tile.l] == 0.0f) return;  // frozen
  visit(Optimizers{}, w.member().optimizer, [&](auto optimizer) {
    TileUpdate<decltype(optimizer), W> const update(w, tile.l, scalars, mean, norm_factor);
    for_tile(
        w, tile,
        [&](int row, int column, int at, float x, float y) { update.pair(row, column, at, x, y); },
        [&](int, int at, float x) { update.bias(at, x); });
  });
}

// The tile's part of the squared norm of the gradient, as clip_value leaves it: to every block.
template <class W>
__device__ __forceinline__ void store_squares(W const& w, WeightTile& tile, float mean) {
  Member const& m = w.member();
  float sum = 0.0f;
  auto add = [&](float x) {
    float const g = clipped(m, x * mean);
    sum = fma(g, g, sum);
  };
  for_tile(
      w, tile,
      [&](int, int, int, float x, float y) {
        add(x);
        add(y);
      },
      [&](int, int, float x) { add(x); });
  for (int mask = 16; mask > 0; mask /= 2)
    sum += shuffle_xor(sum, mask);
  if (w.lane == 0) w.store_everywhere(shared_floats(w.map().unit_sums) + tile.index, sum);
}

// What becomes of a tile once a chunk's rows are in it.
enum class WeightPass {
  keep,     // it rests in the gradient buffer: more chunks follow
  measure,  // likewise, and its squares are summed, for clip_norm
  update,   // the step's update
  clipped,  // the same, of what rests in the buffer, without adding rows
};

template <class W>
BROOD_PHASE void weight_pass(Chunk chunk, WeightPass pass, TimedScalars const* scalars, float mean,
                             float norm_factor) {
  W const w;
  bool const adds = pass != WeightPass::clipped;
  bool const resumes = !adds || chunk.first > 0;
  bool const rests = pass == WeightPass::keep || pass == WeightPass::measure;
  for_weight_tiles(w, [&](WeightTile tile) {
    if (resumes) load_gradient(w, tile);
    if (adds) add_rows(w, chunk, tile);
    if (rests) store_gradient(w, tile);
    if (pass == WeightPass::measure) store_squares(w, tile, mean);
    if (!rests) update_tile(w, tile, *scalars, mean, norm_factor);
  });
}

// The last chunk's share of the gradient, and the step's update.
template <class W>
__device__ __forceinline__ void update_weights(W const& w, Chunk const& chunk, StepSums const& sums,
                                               std::int64_t step) {
  TimedScalars const& scalars = scalars_of(w, step);
  if (w.member().clip_norm <= 0.0f) {
    weight_pass<W>(chunk, WeightPass::update, &scalars, sums.mean, 1.0f);
    return;
  }
  weight_pass<W>(chunk, WeightPass::measure, &scalars, sums.mean, 1.0f);
  w.sync_all();
  int tiles = 0;
  for (int l = 0; l < w.member().layers; ++l)
    tiles += weight_tiles(w.layer(l));
  float const norm = sqrt(w.sum_of(shared_floats(w.map().unit_sums), tiles, 1));
  float const factor = w.member().clip_norm / (norm + 1e-6f);
  weight_pass<W>(chunk, WeightPass::clipped, &scalars, sums.mean, factor < 1.0f ? factor : 1.0f);
}

}  // namespace brood::cuda
