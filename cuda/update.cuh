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
  if (w.warp != 0 || w.lane >= kScalarsAhead) return;
  Member const& m = w.member();
  double const lr = lr_at_step(m, step + w.lane);
  auto* const table = shared_at<TimedScalars>(w.map().scalars);
  table[w.lane] = {step_scalars(m, lr, step + w.lane), lr};
}

template <class W>
__device__ __forceinline__ TimedScalars const& scalars_of(W const& w, int number) {
  auto const* const table = shared_at<TimedScalars const>(w.map().scalars);
  return table[w.step_chunk(number).step % kScalarsAhead];
}

// What the update needs to know of the step beside gradient and state.
struct StepSums {
  float loss, weight;  // of the batch, summed
  float mean;          // factor that makes the mean's gradient of the sum's
};

// ---- parameters

template <class W>
__device__ __forceinline__ Quad load_parameters(W const& w, float const* parameters, int at) {
  if constexpr (W::kParametersShared) {
    return quad_of(load_16(w.parameter_address(at)));
  } else {
    return quad_of(*reinterpret_cast<uint4 const*>(parameters + at));
  }
}
// Parameters in shared memory are kept by every block of the member.
template <class W>
__device__ __forceinline__ void store_parameters(W const& w, float* parameters, int at,
                                                 Quad const& v) {
  if (W::kParametersShared || (W::kClustered && w.map().parameters >= 0)) {
    w.everywhere(w.parameter_address(at), [&](auto to) { store_16(to, words_of(v)); });
  } else {
    *reinterpret_cast<uint4*>(parameters + at) = words_of(v);
  }
}
template <class W>
__device__ __forceinline__ void store_parameter(W const& w, float* parameters, int at, float v) {
  if (W::kParametersShared || (W::kClustered && w.map().parameters >= 0)) {
    w.everywhere(w.parameter_address(at), [&](auto to) { store_value(to, v); });
  } else {
    parameters[at] = v;
  }
}

// The rounded copy of a quad of weights; `unit`: its unit's place in the parameters, in floats.
template <class W>
__device__ __forceinline__ void store_operands(W const& w, int unit, int h, Quad const& v) {
  using P = typename W::Precision;
  Shared const at =
      w.base + static_cast<Shared>(w.map().operands + 2 * unit + P::place(w.place, h));
  w.everywhere(at, [&](auto to) { store_4(to, to_bf16_pair(v.v[0], v.v[1])); });
  w.everywhere(at + 128, [&](auto to) { store_4(to, to_bf16_pair(v.v[2], v.v[3])); });
}

__device__ __forceinline__ Quad load_quad(float const* from) {
  return quad_of(*reinterpret_cast<uint4 const*>(from));
}
__device__ __forceinline__ void store_quad(float* to, Quad const& q) {
  *reinterpret_cast<uint4*>(to) = words_of(q);
}

// New values of a quad of weights from place `at` of the parameters on.
template <class W, class Update>
class QuadUpdate {
 public:
  __device__ __forceinline__ void load(W const& w, ParameterTensors const& tensors, int at) {
    v_ = load_parameters(w, tensors.parameters, at);
    if constexpr (Update::kStates > 0) a_ = load_quad(tensors.moments + at);
    if constexpr (Update::kStates > 1) b_ = load_quad(tensors.moments + tensors.size + at);
  }
  __device__ __forceinline__ void run(W const& w, ParameterTensors const& tensors,
                                      Update const& update, int at, int h, Quad const& g) {
#pragma unroll
    for (int e = 0; e < 4; ++e)
      v_.v[e] = update.weight(v_.v[e], g.v[e], a_.v[e], b_.v[e]);
    store_parameters(w, tensors.parameters, at, v_);
    if constexpr (Update::kStates > 0) store_quad(tensors.moments + at, a_);
    if constexpr (Update::kStates > 1) store_quad(tensors.moments + tensors.size + at, b_);
    if constexpr (W::Precision::kWeightCopy && W::kShared)
      store_operands(w, at - whole_block(w.place, h) / 4, h, v_);
    if constexpr (!Update::kPlain) {
      if (tensors.average == nullptr) return;
      Quad mean = load_quad(tensors.average + at);
#pragma unroll
      for (int e = 0; e < 4; ++e)
        mean.v[e] = update.averaged(mean.v[e], v_.v[e]);
      store_quad(tensors.average + at, mean);
    }
  }

 private:
  Quad v_, a_{}, b_{};
};

template <class W, class Update>
__device__ __forceinline__ void update_bias(W const& w, ParameterTensors const& tensors,
                                            Update const& update, int at, float g) {
  float a = 0.0f, b = 0.0f;
  float* const first = tensors.moments + at;
  float* const second = first + tensors.size;
  if constexpr (Update::kStates > 0) a = *first;
  if constexpr (Update::kStates > 1) b = *second;
  float const v = update.bias(tensors.parameters[at], g, a, b);
  if constexpr (Update::kStates > 0) *first = a;
  if constexpr (Update::kStates > 1) *second = b;
  if constexpr (!Update::kPlain) {
    if (tensors.average != nullptr) tensors.average[at] = update.averaged(tensors.average[at], v);
  }
  store_parameter(w, tensors.parameters, at, v);
}

template <class W>
__device__ __forceinline__ ParameterTensors tensors_of(W const& w) {
  return {w.parameters(), w.moments(), w.task().average, w.task().layout.size};
}

// ---- a tile, by the optimizers that most members have and nothing else, when the whole batch is
// in flight

// The units of a row of a tile: loads first, so that they run beside each other.
template <int N, class W, class Update>
__device__ __forceinline__ void update_units(W const& w, ParameterTensors const& tensors,
                                             Update const& update, int first, int across,
                                             float const (&c)[2 * N][4]) {
  auto at = [&](int k) { return first + k / 2 * across + whole_block(w.place, k % 2) / 4; };
  QuadUpdate<W, Update> quads[2 * N];
#pragma unroll
  for (int k = 0; k < 2 * N; ++k)
    quads[k].load(w, tensors, at(k));
#pragma unroll
  for (int k = 0; k < 2 * N; ++k) {
    quads[k].run(w, tensors, update, at(k), k % 2,
                 W::Precision::quad(c[k / 2 * 2], c[k / 2 * 2 + 1], k % 2));
  }
}

template <class Optimizer, int M, int N, class W>
__device__ __forceinline__ void update_tile(W const& w, LayerPlaces const& layer, int number, int l,
                                            TilePlace const& place, WeightTile<M, N> const& tile,
                                            float mean) {
  ParameterTensors const tensors = tensors_of(w);
  ElementUpdate<Optimizer, true> const update(w.member(), l, scalars_of(w, number), mean, 1.0f);
#pragma unroll
  for (int i = 0; i < M; ++i) {
    update_units<N>(w, tensors, update, layer.weights + place.unit(layer, i, 0), M * kUnitWords,
                    tile.c[i]);
  }
  for_biases<M>(w, layer, place, tile.bias,
                [&](int, int at, float g) { update_bias(w, tensors, update, at, g); });
}

// ---- a tile in any way: what follows the product is in the program once, as a loop over a tile's
// quads, which wait in local memory

struct TileQuads {
  Quad quad[8];   // of half `h` of unit (i, j): [4 i + 2 j + h]
  float bias[2];  // of the lanes that have them: see for_biases
};

template <int M, int N, class W>
__device__ __forceinline__ void put_quads(TileQuads& quads, WeightTile<M, N> const& tile,
                                          W const& w) {
#pragma unroll
  for (int i = 0; i < M; ++i) {
#pragma unroll
    for (int k = 0; k < 2 * N; ++k) {
      quads.quad[4 * i + k] =
          W::Precision::quad(tile.c[i][k / 2 * 2], tile.c[i][k / 2 * 2 + 1], k % 2);
    }
    quads.bias[i] = w.place.t == 0 ? tile.bias[i][0] : tile.bias[i][2];
  }
}

// The squares of a unit's gradient, as clip_value leaves it: to every block.
template <class W>
__device__ __forceinline__ void store_squares(W const& w, LayerPlaces const& layer,
                                              TilePlace const& place, TileQuads const& quads, int i,
                                              int j, float mean) {
  int const number = layer.first_unit + (2 * place.panel + i) * layer.inputs + place.column + j;
  float sum = 0.0f;
  auto add = [&](float x) {
    float const g = clipped(w.member(), x * mean);
    sum = fma(g, g, sum);
  };
  if (place.biased() && j == 0 && w.place.t < 2) add(quads.bias[i]);
#pragma unroll
  for (int k = 0; k < 8; ++k)
    add(quads.quad[4 * i + 2 * j + k / 4].v[k % 4]);
  for (int mask = 16; mask > 0; mask /= 2)
    sum += shuffle_xor(sum, mask);
  if (w.lane == 0) w.store_sum(shared_at<float>(w.map().unit_sums) + number, sum);
}

// What becomes of a layer's gradient once a chunk's rows are in it.
enum class WeightPass {
  keep,     // it rests in the gradient buffer: more chunks follow
  measure,  // likewise, and its squares are summed, for clip_norm
  update,   // the step's update
  clipped,  // the same, of what rests in the buffer
};

template <class W>
BROOD_PHASE void finish_tile(int number, int l, WeightPass pass, float mean, float norm_factor,
                             int panel, int column, int high_wide, TileQuads const* given) {
  W const w;
  Member const& m = w.member();
  LayerPlaces const layer = w.places(l);
  TilePlace const place{panel, column, high_wide >> 2, high_wide & 3};
  TileQuads const& quads = *given;
  float* const gradient = w.gradient();
  auto for_all = [&](auto&& of_quad, auto&& of_bias) {
#pragma unroll 1
    for (int k = 0; k < 8; ++k) {
      int const i = k / 4, j = k / 2 % 2;
      if (i >= place.high || j >= place.wide) continue;
      of_quad(layer.weights + place.unit(layer, i, j) + whole_block(w.place, k % 2) / 4, k % 2,
              quads.quad[k]);
    }
    for_biases<2>(w, layer, place, quads.bias, of_bias);
  };
  if (pass == WeightPass::keep || pass == WeightPass::measure) {
    for_all([&](int at, int, Quad const& g) { store_quad(gradient + at, g); },
            [&](int, int at, float g) { gradient[at] = g; });
    if (pass == WeightPass::keep) return;
#pragma unroll 1
    for (int k = 0; k < 4; ++k) {
      if (k / 2 < place.high && k % 2 < place.wide)
        store_squares(w, layer, place, quads, k / 2, k % 2, mean);
    }
    return;
  }
  ParameterTensors const tensors = tensors_of(w);
  with_update(m, l, scalars_of(w, number), mean, norm_factor, [&](auto const& update) {
    using Update = std::remove_cvref_t<decltype(update)>;
    for_all(
        [&](int at, int h, Quad const& g) {
          QuadUpdate<W, Update> quad;
          quad.load(w, tensors, at);
          quad.run(w, tensors, update, at, h, g);
        },
        [&](int, int at, float g) { update_bias(w, tensors, update, at, g); });
  });
}

// ---- a layer

// What a chunk's rows add to the gradient of a layer's weights, and what the pass makes of it.
template <class W>
__device__ __forceinline__ void weight_layer(W const& w, int number, int l, WeightPass pass,
                                             float mean) {
  Member const& m = w.member();
  if (m.layer_lr[l] == 0.0f && m.clip_norm <= 0.0f) return;  // frozen
  LayerPlaces const layer = w.places(l);
  int const rows = w.chunk(number).rows;
  bool const resumes = w.chunk(number).first > 0;
  UpdateKind const kind =
      pass == WeightPass::update && !resumes ? control().update : UpdateKind::any;
  TileQuads quads;
#pragma unroll 1
  for (TileTurn turn(w, layer); turn.more(); turn.next()) {
    TilePlace const place = turn.place();
    with_shape(place, [&](auto high, auto wide) {
      WeightTile<high.value, wide.value> tile;
      if (resumes) load_gradient(w, layer, place, w.gradient(), tile);
      add_rows(w, layer, rows, place, tile, !resumes);
      if (kind == UpdateKind::sgd) {
        update_tile<Sgd>(w, layer, number, l, place, tile, mean);
      } else if (kind == UpdateKind::adam) {
        update_tile<Adam>(w, layer, number, l, place, tile, mean);
      } else if (kind == UpdateKind::momentum) {
        update_tile<Momentum>(w, layer, number, l, place, tile, mean);
      } else {
        put_quads(quads, tile, w);
        finish_tile<W>(number, l, pass, mean, 1.0f, place.panel, place.column,
                       place.high << 2 | place.wide, &quads);
      }
    });
  }
}

// The update of a layer's gradient that rests in its buffer.
template <class W>
__device__ __forceinline__ void update_clipped_layer(W const& w, int number, int l, float mean,
                                                     float norm_factor) {
  if (w.member().layer_lr[l] == 0.0f) return;  // frozen
  LayerPlaces const layer = w.places(l);
  TileQuads quads;
#pragma unroll 1
  for (TileTurn turn(w, layer); turn.more(); turn.next()) {
    TilePlace const place = turn.place();
    with_shape(place, [&](auto high, auto wide) {
      WeightTile<high.value, wide.value> tile;
      load_gradient(w, layer, place, w.gradient(), tile);
      put_quads(quads, tile, w);
    });
    finish_tile<W>(number, l, WeightPass::clipped, mean, norm_factor, place.panel, place.column,
                   place.high << 2 | place.wide, &quads);
  }
}

// The factor of clip_norm, from the squares of all units.
template <class W>
__device__ __forceinline__ float norm_factor(W const& w) {
  int units = 0;
  for (int l = 0; l < w.member().layers; ++l)
    units += units_of(w.layer(l));
  float const norm = sqrt(sum_of(shared_at<float>(w.map().unit_sums), units, 1));
  return at_most(w.member().clip_norm / (norm + 1e-6f), 1.0f);
}

}  // namespace brood::cuda
