// SPDX-License-Identifier: Apache-2.0
// The forward pass of a chunk, layer by layer. A training pass leaves each hidden layer's slopes,
// with the dropout factor in them, where the backward pass will put its deltas; but of relu, whose
// slope can be told from its value.
#pragma once

#include "core/activation.hpp"
#include "cuda/dropout.cuh"
#include "cuda/worker.cuh"

namespace brood::cuda {

// Whether slopes are told from values: positive, or not.
__device__ __forceinline__ bool slopes_from_values(Member const& m) {
  return m.activation == index_of<Relu>(Activations{});
}

// Z of 32 rows and 16 N outputs of a layer, from panel `n` of the weights on; `weights`: those of
// the layer; `bias(i)`: biases i and i + 1 of the panel.
template <int N, class W, class Weights, class Bias>
__device__ __forceinline__ void forward_tile(W const& w, Accumulators<2, N>& z,
                                             LayerPlaces const& layer, Shared input,
                                             Weights weights, int n, Bias&& bias) {
  using P = typename W::Precision;
  Accumulators<2, N> begin;
#pragma unroll
  for (int j = 0; j < N; ++j) {
#pragma unroll
    for (int h = 0; h < 2; ++h) {
      float2 const pair = bias(16 * j + 8 * h + 2 * w.place.t);
#pragma unroll
      for (int i = 0; i < 2; ++i)
        P::set_quad(begin[i][2 * j], begin[i][2 * j + 1], h, {{pair.x, pair.y, pair.x, pair.y}});
    }
  }
  forward_product<P, N>(
      z, begin, input,
      advanced(weights, n * 2 * layer.inputs * P::template kWeightUnitBytes<Weights>), layer.inputs,
      layer.segment, w.place);
}

// A tile of Z as its eight quads: of half `h` of unit (i, j) as quad[4 i + 2 j + h]. A narrow one
// has those of j = 0.
struct QuadTile {
  Quad quad[8];
  int wide;  // units
};
template <class P, int N>
__device__ __forceinline__ void set_quads(QuadTile& tile, Accumulators<2, N> const& z) {
  tile.wide = N;
#pragma unroll
  for (int i = 0; i < 2; ++i) {
#pragma unroll
    for (int j = 0; j < N; ++j) {
#pragma unroll
      for (int h = 0; h < 2; ++h)
        tile.quad[4 * i + 2 * j + h] = P::quad(z[i][2 * j], z[i][2 * j + 1], h);
    }
  }
}
// f(i, j, h, quad) for each quad of a tile; unrolled.
template <class F>
__device__ __forceinline__ void for_quads(QuadTile const& tile, F&& f) {
#pragma unroll
  for (int j = 0; j < 2; ++j) {
    if (j >= tile.wide) break;
#pragma unroll
    for (int k = 0; k < 4; ++k)
      f(k / 2, j, k % 2, tile.quad[4 * (k / 2) + 2 * j + k % 2]);
  }
}
// Of one quad by any activation: what it puts out, and with `slopes` (0: none) what the deltas are
// to be multiplied by; both with the factors of dropout, bits of `kept` times `factor`. `inside`:
// how many of its columns are the network's; the others stay zero.
template <class P>
BROOD_PHASE void activate_quad(int activation, float z0, float z1, float z2, float z3,
                               Shared hidden, Shared slopes, unsigned kept, float factor,
                               int inside) {
  float const z[4] = {z0, z1, z2, z3};
  Quad value, slope;
  visit(Activations{}, activation, [&](auto function) {
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      auto const y = function.apply(Fast(z[e]));
      value.v[e] = y.value.v;
      slope.v[e] = y.slope.v;
    }
  });
#pragma unroll
  for (int e = 0; e < 4; ++e) {
    float const times = (kept >> e & 1u) != 0 ? factor : 0.0f;
    bool const there = (e & 1) < inside;
    value.v[e] = there ? value.v[e] * times : 0.0f;
    slope.v[e] = there ? slope.v[e] * times : 0.0f;
  }
  P::store_hidden(hidden, value);
  if (slopes != 0) P::store_hidden(slopes, slope);
}

// What an activation needs to know of its layer and chunk.
struct ActivationPlaces {
  Shared hidden, slopes;
  int outputs, width;  // units of the layer's outputs; those of the network
  int layer;
  int block;   // of the chunk's first 16 rows, in the batch
  float rate;  // of dropout
  bool relu;
  std::uint32_t step;
};

// Activations and slopes of a tile: panel `n` of the layer's outputs, panel `local` of the block's
// rows, `global` of the chunk's.
template <bool Training, class W>
__device__ __forceinline__ void activate_tile(W const& w, QuadTile const& z,
                                              ActivationPlaces const& to, int n, int local,
                                              int global) {
  using P = typename W::Precision;
  Shared const tile = static_cast<Shared>((2 * local * to.outputs + 4 * n) * P::kUnitBytes);
  auto place = [&](int i, int j, int h) {
    return tile + static_cast<Shared>((2 * j + i) * P::kUnitBytes + P::place(w.place, h));
  };
  if (to.relu && to.rate == 0.0f) {
    for_quads(z, [&](int i, int j, int h, Quad q) {
#pragma unroll
      for (int e = 0; e < 4; ++e)
        q.v[e] = max_or_nan(q.v[e], 0.0f);
      P::store_hidden(to.hidden + place(i, j, h), q);
    });
    return;
  }
  Member const& m = w.member();
  bool const keeps_slopes = Training && !to.relu;
  for_quads(z, [&](int i, int j, int h, Quad const& q) {
    int const c = kPanelRows * n + 16 * j + 8 * h + 2 * w.place.t;
    unsigned kept = 15u;
    float factor = 1.0f;
    if (Training && to.rate > 0.0f) {
      DropoutScalars const dropout = w.task().dropout;
      factor = dropout.kept;
      kept = kept_by_dropout(dropout.threshold, m.seed, to.step, to.layer + 1,
                             to.block + 2 * global + i, w.place.g, c);
    }
    activate_quad<P>(m.activation, q.v[0], q.v[1], q.v[2], q.v[3], to.hidden + place(i, j, h),
                     keeps_slopes ? to.slopes + place(i, j, h) : 0u, kept, factor, to.width - c);
  });
}

template <class W>
__device__ __forceinline__ void store_logits(W const& w, QuadTile const& z, Shared logits,
                                             int outputs, int n, int local) {
  Shared const tile = logits + static_cast<Shared>((2 * local * outputs + 4 * n) * 1024);
  for_quads(z, [&](int i, int j, int h, Quad const& q) {
    store_16(tile + static_cast<Shared>((2 * j + i) * 1024 + whole_block(w.place, h)), words_of(q));
  });
}

// One layer: this warp's panels of rows by its panels of outputs. `from`: the fp32 parameters, see
// Worker::weights.
template <bool Training, class W>
__device__ __forceinline__ void forward_layer(W const& w, StepChunk const& at, int l,
                                              float const* from) {
  using P = typename W::Precision;
  Member const& m = w.member();
  LayerPlaces const layer = w.places(l);
  bool const last = l + 1 == m.layers;
  Shared const logits = w.base + static_cast<Shared>(w.map().logits);
  ActivationPlaces const to{layer.hidden,
                            layer.delta,
                            layer.outputs,
                            layer.width,
                            l,
                            at.chunk.first / kUnitRows,
                            Training ? m.dropout : 0.0f,
                            slopes_from_values(m),
                            static_cast<std::uint32_t>(at.step)};
  auto const weights = w.weights(layer, from);
  auto const bias_at = [&] {
    if constexpr (W::kParametersShared) {
      return static_cast<Shared>(layer.bias_at);
    } else {
      return from + layer.bias;
    }
  }();
  w.for_panels(at.chunk.rows, [&](int local, int global) {
    Shared const x = layer.input + static_cast<Shared>(local) * layer.input_panel;
#pragma unroll 1
    for (int n = w.column_warp; 2 * n < layer.outputs; n += w.column_warps) {
      auto bias = [&](int i) {
        if constexpr (W::kParametersShared) {
          uint2 const words = load_8(bias_at + static_cast<Shared>(4 * (kPanelRows * n + i)));
          return make_float2(float_of(words.x), float_of(words.y));
        } else {
          return *reinterpret_cast<float2 const*>(bias_at + kPanelRows * n + i);
        }
      };
      QuadTile tile;
      if (2 * n + 1 < layer.outputs) {
        Accumulators<2, 2> z;
        forward_tile<2>(w, z, layer, x, weights, n, bias);
        set_quads<P>(tile, z);
      } else {
        Accumulators<2, 1> z;
        forward_tile<1>(w, z, layer, x, weights, n, bias);
        set_quads<P>(tile, z);
      }
      if (last) {
        store_logits(w, tile, logits, layer.outputs, n, local);
      } else {
        activate_tile<Training>(w, tile, to, n, local, global);
      }
    }
  });
}

// Inputs are in place; afterwards the logits are.
template <bool Training, class W>
__device__ __forceinline__ void forward_pass(W const& w, int number, float const* from) {
  int const layers = w.member().layers;
#pragma unroll 1
  for (int l = 0; l < layers; ++l) {
    forward_layer<Training>(w, w.step_chunk(number), l, from);
    w.sync_rows();
  }
}

}  // namespace brood::cuda
