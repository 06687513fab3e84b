// SPDX-License-Identifier: Apache-2.0
// The forward pass of a chunk, layer by layer. A training pass leaves each hidden layer's slopes,
// with the dropout factor in them, where the backward pass will put its deltas; but of relu, whose
// slope can be told from its value.
#pragma once

#include "core/activation.hpp"
#include "cuda/kernels/dropout.cuh"
#include "cuda/kernels/worker.cuh"

namespace brood::cuda {

// Whether slopes are told from values: positive, or not.
__device__ __forceinline__ bool slopes_from_values(Member const& m) {
  return m.activation == index_of<Relu>(Activations{});
}

// f(i, j, h, quad) for half `h` of unit (i, j) of a tile; unrolled.
template <class P, int N, class F>
__device__ __forceinline__ void for_quads(Accumulators<2, N> const& z, F&& f) {
#pragma unroll
  for (int j = 0; j < N; ++j) {
#pragma unroll
    for (int k = 0; k < 4; ++k)
      f(k / 2, j, k % 2, P::quad(z[k / 2][2 * j], z[k / 2][2 * j + 1], k % 2));
  }
}

// A tile of Z: quad[4 j + 2 i + h]. A narrow one has four of them.
struct QuadTile {
  Quad quad[8];
};

// A tile in any way: what activations put out, and in training of other ones than relu their
// slopes, both with the factors of dropout. What is padding of the network's outputs stays zero.
// hidden, slopes: of the tile; column: its first; block: its first 16 rows, in the batch.
template <class W>
BROOD_PHASE void activate_tile(int number, int layer, int column, int block, int wide,
                               Shared hidden, Shared slopes, QuadTile const* tile, bool training) {
  using P = typename W::Precision;
  W const w;
  Member const& m = w.member();
  bool const keeps_slopes = training && !slopes_from_values(m);
  bool const drops = training && m.dropout[layer] > 0.0f;
  DropoutScalars const dropout = w.task().dropout[layer];
  auto const step = static_cast<std::uint32_t>(w.step_chunk(number).step);
  int const outputs = w.layer(layer).outputs;
#pragma unroll 1
  for (int k = 0; k < 4 * wide; ++k) {
    int const i = k >> 1 & 1, h = k & 1;
    int const c = column + 16 * (k >> 2) + 8 * h + 2 * w.place.t;
    Quad const z = tile->quad[k];
    Quad value, slope;
    visit(Activations{}, m.activation, [&](auto function) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        auto const y = function.apply(Approx(z.v[e]));
        value.v[e] = y.value.v;
        slope.v[e] = y.slope.v;
      }
    });
    unsigned kept = 15u;
    if (drops) {
      kept = kept_by_dropout(dropout.threshold, m.seed, step, layer + 1, block + i, w.place.g, c);
    }
    float const factor = drops ? dropout.kept : 1.0f;
#pragma unroll
    for (int e = 0; e < 4; ++e) {
      float const times = (kept >> e & 1u) != 0 ? factor : 0.0f;
      bool const there = c + (e & 1) < outputs;
      value.v[e] = there ? value.v[e] * times : 0.0f;
      slope.v[e] = there ? slope.v[e] * times : 0.0f;
    }
    Shared const at =
        static_cast<Shared>((2 * (k >> 2) + i) * P::kUnitBytes + P::place(w.place, h));
    P::store_hidden(hidden + at, value);
    if (keeps_slopes) P::store_hidden(slopes + at, slope);
  }
}

// What becomes of a tile of Z, of the panel `local` of the block's rows, `global` of the chunk's.
template <int N, class W>
__device__ __forceinline__ void finish_forward(W const& w, Accumulators<2, N> const& z,
                                               ForwardWork const& work, int number, int global,
                                               int column, Shared out, Shared slopes,
                                               bool training) {
  using P = typename W::Precision;
  if (work.head.work == Work::logits) {
    for_quads<P, N>(z, [&](int i, int j, int h, Quad const& q) {
      store_16(out + static_cast<Shared>((2 * j + i) * 4 * kUnitWords + whole_block(w.place, h)),
               words_of(q));
    });
    return;
  }
  if (work.head.flags & kRelu && !(training && work.head.flags & kDrops)) {
    for_quads<P, N>(z, [&](int i, int j, int h, Quad q) {
#pragma unroll
      for (int e = 0; e < 4; ++e)
        q.v[e] = max_or_nan(q.v[e], 0.0f);
      P::store_hidden(out + static_cast<Shared>((2 * j + i) * P::kUnitBytes + P::place(w.place, h)),
                      q);
    });
    return;
  }
  QuadTile tile;
  for_quads<P, N>(z, [&](int i, int j, int h, Quad const& q) { tile.quad[4 * j + 2 * i + h] = q; });
  int const block = w.chunk(number).first / kUnitRows + 2 * global;
  activate_tile<typename W::OfRows>(number, work.head.layer, column, block, N, out, slopes, &tile,
                                    training);
}

// Tiles of 32 rows by 16 N outputs, of this warp's panels of the chunk's rows.
template <int N, class W>
__device__ __forceinline__ void forward_tiles(W const& w, ForwardWork const& work, int number,
                                              int rows, float const* from, bool training) {
  using P = typename W::Precision;
  auto const bias_at = [&](std::uint32_t bias, int i) {
    if constexpr (W::kParametersShared) {
      uint2 const words = load_8(bias + static_cast<Shared>(4 * i));
      return make_float2(float_of(words.x), float_of(words.y));
    } else {
      return *reinterpret_cast<float2 const*>(reinterpret_cast<char const*>(from) + bias + 4 * i);
    }
  };
  Shared x = work.x, out = work.out, slopes = work.slopes;
  w.for_panels(rows, [&](int, int global) {
    std::uint32_t weights = work.weights, bias = work.bias;
    Shared to = out, slopes_to = slopes;
    int column = work.column;
#pragma unroll 1
    for (int tile = work.tiles;;) {
      Accumulators<2, N> begin, z;
#pragma unroll
      for (int j = 0; j < N; ++j) {
#pragma unroll
        for (int h = 0; h < 2; ++h) {
          float2 const pair = bias_at(bias, 16 * j + 8 * h + 2 * w.place.t);
#pragma unroll
          for (int i = 0; i < 2; ++i) {
            P::set_quad(begin[i][2 * j], begin[i][2 * j + 1], h,
                        {{pair.x, pair.y, pair.x, pair.y}});
          }
        }
      }
      forward_product<P, N>(z, begin, x, w.weights(weights, from), work.units & 0xffff,
                            work.units >> 16, w.place);
      finish_forward<N>(w, z, work, number, global, column, to, slopes_to, training);
      if (--tile == 0) break;
      weights += work.weights_step;
      bias += static_cast<std::uint32_t>(4 * kPanelRows * w.column_warps);
      to += work.out_step;
      slopes_to += work.out_step;
      column += kPanelRows * w.column_warps;
    }
    x += work.x_panel;
    out += work.out_panel;
    slopes += work.out_panel;
  });
}

// Inputs are in place; afterwards the logits are.
template <class W>
__device__ __forceinline__ void forward_pass(W const& w, int number, float const* from,
                                             bool training) {
  int const rows = w.chunk(number).rows;
  w.for_work(w.forward_work(), [&](WorkWords const& words, Shared) {
    ForwardWork const work = words.as<ForwardWork>();
    if (work.head.work == Work::none) return;
    if (work.head.flags & kNarrow) {
      forward_tiles<1>(w, work, number, rows, from, training);
    } else {
      forward_tiles<2>(w, work, number, rows, from, training);
    }
  });
}

}  // namespace brood::cuda
