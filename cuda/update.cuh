// SPDX-License-Identifier: Apache-2.0
// From the gradient of the summed loss to new weights, element by element, by the warp that owns
// the tile.
#pragma once

#include "cuda/backward.cuh"
#include "cuda/element_update.cuh"

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

// Parameters in shared memory are kept by every block of the member.
template <class T, class W>
__device__ __forceinline__ void store_parameter(W const& w, float* parameters, int at, T value) {
  T* const to = reinterpret_cast<T*>(parameters + at);
  if constexpr (W::kClustered) {
    if (w.map().parameters >= 0) {
      w.store_everywhere(to, value);
      return;
    }
  }
  *to = value;
}

// Of two weights side by side in a layer.
template <class W>
__device__ __forceinline__ void store_operands(W const& w, TileLayer const& layer, int row,
                                               int column, float2 v) {
  TileMatrix const matrix = tile_matrix(layer.columns / 2);
  std::uint32_t* const to =
      shared_words(w.map().operands + layer.weights / 2) + matrix.at(row, column / 2);
  w.store_everywhere(to, to_bf16_pair(v.x, v.y));
}

template <class W>
__device__ __forceinline__ void update_tile(W const& w, WeightTile& tile,
                                            TimedScalars const& scalars, float mean,
                                            float norm_factor) {
  if (w.member().layer_lr[tile.l] == 0.0f) return;  // frozen
  float* const parameters = w.parameters();
  ParameterTensors const tensors{parameters, w.moments(), w.task().average, w.task().layout.size};
  visit(Optimizers{}, w.member().optimizer, [&](auto optimizer) {
    ElementUpdate<decltype(optimizer)> const update(w.member(), tile.l, scalars, mean, norm_factor);
    for_tile(
        w, tile,
        [&](int row, int column, int at, float x, float y) {
          float2 const v = update.pair(tensors, at, x, y);
          store_parameter(w, parameters, at, v);
          if constexpr (W::Precision::kWeightCopy && W::kShared)
            store_operands(w, w.layer(tile.l), row, column, v);
        },
        [&](int, int at, float x) {
          store_parameter(w, parameters, at, update.bias(tensors, at, x));
        });
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
  float const norm = sqrt(sum_of(shared_floats(w.map().unit_sums), tiles, 1));
  float const factor = w.member().clip_norm / (norm + 1e-6f);
  weight_pass<W>(chunk, WeightPass::clipped, &scalars, sums.mean, factor < 1.0f ? factor : 1.0f);
}

}  // namespace brood::cuda
