// SPDX-License-Identifier: Apache-2.0
// From the gradient of the summed loss to new weights, element by element, by the warp that owns
// the tile.
#pragma once

#include "cuda/kernels/backward.cuh"
#include "cuda/kernels/element_update.cuh"

namespace brood::cuda {

// Writes the scalars of the kScalarsAhead steps from `step` on, a lane each.
template <class W>
BROOD_PHASE void compute_scalars(std::int64_t step) {
  W const w;
  if (w.warp != 0 || w.lane >= kScalarsAhead) return;
  Member const& m = w.member();
  double const lr = lr_at_step(m, step + w.lane);
  TimedScalars const scalars{step_scalars(m, lr, step + w.lane), lr,
                             weight_decay_at_step(m, step + w.lane)};
  shared_at<StepScalars>(w.map().scalars)[w.lane] = scalars.step;
  int const bytes = w.map().layer_scalars_bytes;
  auto* const layers = shared_at<LayerScalars>(w.map().layer_scalars + w.lane * bytes);
  for (int l = 0; l * static_cast<int>(sizeof(LayerScalars)) < bytes; ++l)
    layers[l] = layer_scalars(m, l, scalars.step, scalars.lr, scalars.weight_decay);
}

// Writes the dropout of a step, if it has a schedule, to where forward and backward passes read it:
// by the first warp, a lane for each layer. None of them may be under way, and a barrier must
// follow.
template <class W>
BROOD_PHASE void schedule_dropout(std::int64_t step) {
  W const w;
  if (w.warp != 0) return;
  MemberTask& task = control().task;
  Member const& m = task.member;
  if (w.lane < m.layers) task.dropout[w.lane] = dropout_at_step(m, m.dropout[w.lane], step);
  if (w.lane == m.layers) task.input_dropout = dropout_at_step(m, m.input_dropout, step);
}

// Places of a step's scalars in shared memory.
struct ScalarsPlace {
  int step, layers;
  bool by_layer;  // else all layers have those of the first

  __device__ __forceinline__ StepScalars const& of_step() const {
    return *shared_at<StepScalars const>(step);
  }
  __device__ __forceinline__ LayerScalars const& of_layer(int l) const {
    return shared_at<LayerScalars const>(layers)[by_layer ? l : 0];
  }
};
template <class W>
__device__ __forceinline__ ScalarsPlace scalars_place(W const& w, int number) {
  int const slot = static_cast<int>(w.step_chunk(number).step) & (kScalarsAhead - 1);
  int const bytes = w.map().layer_scalars_bytes;
  return {w.map().scalars + slot * static_cast<int>(sizeof(StepScalars)),
          w.map().layer_scalars + slot * bytes, bytes > static_cast<int>(sizeof(LayerScalars))};
}

// What the update needs to know of the step beside gradient and state.
struct StepSums {
  float loss, weight;  // of the batch, summed
  float mean;          // factor that makes the mean's gradient of the sum's
};

// ---- parameters

template <class W>
__device__ __forceinline__ Quad load_parameters(ParameterTensors const& tensors, int at) {
  if constexpr (W::kParametersShared) {
    return quad_of(load_16(tensors.shared_parameters + static_cast<Shared>(4 * at)));
  } else {
    return quad_of(*reinterpret_cast<uint4 const*>(tensors.parameters + at));
  }
}
// Parameters in shared memory are kept by every block of the member.
template <class W>
__device__ __forceinline__ void store_parameters(W const& w, ParameterTensors const& tensors,
                                                 int at, Quad const& v) {
  if (W::kParametersShared || (W::kClustered && tensors.shared_parameters != 0)) {
    w.everywhere(tensors.shared_parameters + static_cast<Shared>(4 * at),
                 [&](auto to) { store_16(to, words_of(v)); });
  } else {
    *reinterpret_cast<uint4*>(tensors.parameters + at) = words_of(v);
  }
}
template <class W>
__device__ __forceinline__ void store_parameter(W const& w, ParameterTensors const& tensors, int at,
                                                float v) {
  if (W::kParametersShared || (W::kClustered && tensors.shared_parameters != 0)) {
    w.everywhere(tensors.shared_parameters + static_cast<Shared>(4 * at),
                 [&](auto to) { store_value(to, v); });
  } else {
    tensors.parameters[at] = v;
  }
}

// The rounded copy of a quad of weights; `unit`: its unit's place in the parameters, in floats.
template <class W>
__device__ __forceinline__ void store_operands(W const& w, ParameterTensors const& tensors,
                                               int unit, int h, Quad const& v) {
  using P = typename W::Precision;
  Shared const at = tensors.operands + static_cast<Shared>(2 * unit + P::place(w.place, h));
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
  __device__ __forceinline__ void load(ParameterTensors const& tensors, int at) {
    v_ = load_parameters<W>(tensors, at);
    if constexpr (Update::kStates > 0) a_ = load_quad(tensors.moments + at);
    if constexpr (Update::kStates > 1) b_ = load_quad(tensors.moments + tensors.size + at);
  }
  // Decays: a weight may decay; else it is known not to.
  template <bool Decays>
  __device__ __forceinline__ void run(W const& w, ParameterTensors const& tensors,
                                      Update const& update, int at, int h, Quad const& g) {
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      v_.v[e] = Decays ? update.weight(v_.v[e], g.v[e], a_.v[e], b_.v[e])
                       : update.kept(v_.v[e], g.v[e], a_.v[e], b_.v[e]);
    }
    store_parameters(w, tensors, at, v_);
    if constexpr (Update::kStates > 0) store_quad(tensors.moments + at, a_);
    if constexpr (Update::kStates > 1) store_quad(tensors.moments + tensors.size + at, b_);
    if constexpr (W::Precision::kWeightCopy && W::kShared)
      store_operands(w, tensors, at - whole_block(w.place, h) / 4, h, v_);
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
  float const v = update.kept(tensors.parameters[at], g, a, b);
  if constexpr (Update::kStates > 0) *first = a;
  if constexpr (Update::kStates > 1) *second = b;
  if constexpr (!Update::kPlain) {
    if (tensors.average != nullptr) tensors.average[at] = update.averaged(tensors.average[at], v);
  }
  store_parameter(w, tensors, at, v);
}

template <class W>
__device__ __forceinline__ ParameterTensors tensors_of(W const& w) {
  auto address = [&](int place) { return place >= 0 ? w.base + static_cast<Shared>(place) : 0u; };
  return {w.parameters(),
          w.moments(),
          w.task().average,
          w.task().layout.size,
          address(w.map().parameters),
          address(w.map().operands)};
}

// ---- a tile, by the optimizers that most members have and nothing else, when the whole batch is
// in flight

// The units of a row of a tile: loads first, so that they run beside each other.
template <bool Decays, int N, class W, class Update>
__device__ __forceinline__ void update_units(W const& w, ParameterTensors const& tensors,
                                             Update const& update, int first, int across,
                                             float const (&c)[2 * N][4]) {
  auto at = [&](int k) { return first + k / 2 * across + whole_block(w.place, k % 2) / 4; };
  QuadUpdate<W, Update> quads[2 * N];
#pragma unroll
  for (int k = 0; k < 2 * N; ++k)
    quads[k].load(tensors, at(k));
#pragma unroll
  for (int k = 0; k < 2 * N; ++k) {
    quads[k].template run<Decays>(w, tensors, update, at(k), k % 2,
                                  W::Precision::quad(c[k / 2 * 2], c[k / 2 * 2 + 1], k % 2));
  }
}

template <class Optimizer, int M, int N, class W>
__device__ __forceinline__ void update_tile(W const& w, ScalarsPlace const& scalars, int l,
                                            TilePlace const& place, WeightTile<M, N> const& tile,
                                            float mean) {
  ParameterTensors const tensors = tensors_of(w);
  ElementUpdate<Optimizer, true> const update(w.member(), scalars.of_step(), scalars.of_layer(l),
                                              mean, 1.0f);
  auto with_units = [&](auto decays) {
#pragma unroll
    for (int i = 0; i < M; ++i) {
      update_units<decays.value, N>(w, tensors, update, place.weights + i * kUnitWords,
                                    M * kUnitWords, tile.c[i]);
    }
  };
  if (update.kScales && !update.decays()) {
    with_units(std::false_type{});
  } else {
    with_units(std::true_type{});
  }
  for_biases<M>(w, place.bias, M, [&](int i, int at) {
    update_bias(w, tensors, update.of_biases(scalars.of_step(), scalars.of_layer(l)), at,
                own_bias(w.place, tile.bias[i]));
  });
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
    quads.bias[i] = own_bias(w.place, tile.bias[i]);
  }
}

// The squares of a unit's gradient, as clip_value leaves it: to every block. `number`: of the unit
// among those of all layers.
template <class W>
__device__ __forceinline__ void store_squares(W const& w, TileQuads const& quads, int i, int j,
                                              int number, bool biased, float mean) {
  float sum = 0.0f;
  auto add = [&](float x) {
    float const g = clipped(x * mean, clip_bound(w.member()));
    sum = fma(g, g, sum);
  };
  if (biased && j == 0 && w.place.t < 2) add(quads.bias[i]);
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
  norm,     // likewise, and its squares are summed, for clip_norm
  update,   // the step's update
  clipped,  // the same, of what rests in the buffer
};

// Of a tile at place `weights` of the parameters, with biases at place `bias` or, -1, without.
template <class W>
BROOD_PHASE void finish_tile(int number, int l, WeightPass pass, float mean, float norm_factor,
                             int weights, int bias, int high, int wide, TileQuads const* given) {
  W const w;
  Member const& m = w.member();
  TileQuads const& quads = *given;
  float* const gradient = w.gradient();
  auto for_all = [&](auto&& of_quad, auto&& of_bias) {
#pragma unroll 1
    for (int k = 0; k < 8; ++k) {
      int const i = k / 4, j = k / 2 % 2;
      if (i >= high || j >= wide) continue;
      of_quad(weights + (high * j + i) * kUnitWords + whole_block(w.place, k % 2) / 4, k % 2,
              quads.quad[k]);
    }
    for_biases<1>(w, bias, high, [&](int i, int at) { of_bias(at, quads.bias[i]); });
  };
  if (pass == WeightPass::keep || pass == WeightPass::norm) {
    for_all([&](int at, int, Quad const& g) { store_quad(gradient + at, g); },
            [&](int at, float g) { gradient[at] = g; });
    if (pass == WeightPass::keep) return;
    int number_of_first = (weights - w.layer(l).weights) / kUnitWords;
    for (int before = 0; before < l; ++before)
      number_of_first += units_of(w.layer(before));
#pragma unroll 1
    for (int k = 0; k < 4; ++k) {
      int const i = k / 2, j = k % 2;
      if (i < high && j < wide)
        store_squares(w, quads, i, j, number_of_first + high * j + i, bias >= 0, mean);
    }
    return;
  }
  ParameterTensors const tensors = tensors_of(w);
  ScalarsPlace const scalars = scalars_place(w, number);
  with_update(m, scalars.of_step(), scalars.of_layer(l), mean, norm_factor,
              [&](auto const& update) {
                using Update = std::remove_cvref_t<decltype(update)>;
                for_all(
                    [&](int at, int h, Quad const& g) {
                      QuadUpdate<W, Update> quad;
                      quad.load(tensors, at);
                      quad.template run<true>(w, tensors, update, at, h, g);
                    },
                    [&](int at, float g) {
                      update_bias(w, tensors,
                                  update.of_biases(scalars.of_step(), scalars.of_layer(l)), at, g);
                    });
              });
}

// ---- a run of tiles

// f(place) for each of them.
template <class P, class F>
__device__ __forceinline__ void for_tiles(WeightWork const& work, F&& f) {
  TilePlace panel{work.deltas, work.x, work.weights, work.bias};
#pragma unroll 1
  for (int left = work.panels;;) {
    TilePlace place = panel;
#pragma unroll 1
    for (int tile = work.tiles;;) {
      f(place);
      if (--tile == 0) break;
      place.x += work.x_step;
      place.weights += work.weights_step;
      place.bias = -1;
    }
    if (--left == 0) break;
    panel.deltas += work.deltas_step;
    panel.weights += work.weights_panel;
    if (panel.bias >= 0) panel.bias += static_cast<int>(work.deltas_step) / P::kUnitBytes * 8;
  }
}
// f(Count<M>, Count<N>) for tiles of M x N units.
template <class F>
__device__ __forceinline__ void with_shape(WorkHead const& head, F&& f) {
  if (head.flags & kLow) return f(Count<1>{}, Count<1>{});
  if (head.flags & kNarrow) return f(Count<2>{}, Count<1>{});
  f(Count<2>{}, Count<2>{});
}

// What a backward pass is to make of a chunk.
struct BackwardPass {
  int number;  // of the chunk
  int rows;
  int first;  // > 0: chunks of the batch have been before
  WeightPass pass;
  UpdateKind kind;  // `any` unless the pass is to update and all of the batch is in this chunk
  float mean;
  ScalarsPlace scalars;
};

// What a chunk's rows add to the gradient of weights, and what becomes of it.
template <class W>
__device__ __forceinline__ void weight_gradient(W const& w, WeightWork const& work,
                                                BackwardPass const& is) {
  int const l = work.head.layer;
  TileQuads quads;
  with_shape(work.head, [&](auto high, auto wide) {
    for_tiles<typename W::Precision>(work, [&](TilePlace const& place) {
      WeightTile<high.value, wide.value> tile;
      bool const resumes = opaque(is.first) > 0;
      if (resumes) load_gradient(w, place, w.gradient(), tile);
      add_rows(w, work, is.rows, place, tile, !resumes);
      auto const kind = static_cast<UpdateKind>(opaque(static_cast<int>(is.kind)));
      if (kind == UpdateKind::sgd) {
        update_tile<Sgd>(w, is.scalars, l, place, tile, is.mean);
      } else if (kind == UpdateKind::adam) {
        update_tile<Adam>(w, is.scalars, l, place, tile, is.mean);
      } else if (kind == UpdateKind::momentum) {
        update_tile<Momentum>(w, is.scalars, l, place, tile, is.mean);
      } else {
        put_quads(quads, tile, w);
        finish_tile<W>(is.number, l, is.pass, is.mean, 1.0f, place.weights, place.bias, high.value,
                       wide.value, &quads);
      }
    });
  });
}

// The update of a gradient that rests in its buffer.
template <class W>
__device__ __forceinline__ void clipped_update(W const& w, WeightWork const& work, int number,
                                               float mean, float norm_factor) {
  if (is_frozen(w.member(), work.head.layer)) return;
  TileQuads quads;
  with_shape(work.head, [&](auto high, auto wide) {
    for_tiles<typename W::Precision>(work, [&](TilePlace const& place) {
      WeightTile<high.value, wide.value> tile;
      load_gradient(w, place, w.gradient(), tile);
      put_quads(quads, tile, w);
      finish_tile<W>(number, work.head.layer, WeightPass::clipped, mean, norm_factor, place.weights,
                     place.bias, high.value, wide.value, &quads);
    });
  });
}

// The factor of clip_norm, from the squares of all units.
template <class W>
__device__ __forceinline__ float norm_factor(W const& w) {
  int units = 0;
  for (int l = 0; l < w.member().layers; ++l)
    units += units_of(w.layer(l));
  float const norm = sqrt(sum_of(shared_at<float>(w.map().unit_sums), units, 1));
  return clip_factor(w.member().clip_norm, norm);
}

}  // namespace brood::cuda
