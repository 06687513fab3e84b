// SPDX-License-Identifier: Apache-2.0
// The backward pass of a chunk: deltas layer by layer down, and the gradient of the weights, tile
// by tile. A tile's accumulators run over all rows of the batch in order; when the batch comes in
// chunks, or the update needs to see all of the gradient first, they rest in the gradient buffer.
#pragma once

#include "cuda/kernels/forward.cuh"
#include "cuda/kernels/worker.cuh"

namespace brood::cuda {

// Deltas of 16 N of a layer's inputs, of a panel of rows: D W, times the slopes.
template <int N, class W>
__device__ __forceinline__ void delta_tile(W const& w, DeltaWork const& work, Shared deltas,
                                           std::uint32_t weights, std::uint32_t last_weights,
                                           Shared slopes, Shared out, float const* from) {
  using P = typename W::Precision;
  constexpr bool kTransposed = P::kDeltaTransposed;
  Accumulators<kTransposed ? N : 2, kTransposed ? 2 : N> c;
  delta_product<P, N>(c, deltas, w.weights(weights, from), w.weights(last_weights, from),
                      work.units, static_cast<int>(work.weights_panel), w.place);
  auto for_quads_of_tile = [&](auto&& times_slope) {
#pragma unroll
    for (int n = 0; n < N; ++n) {
      Quad at[2][2];
      auto place = [&](int i, int h) {
        return static_cast<Shared>((2 * n + i) * P::kUnitBytes + P::delta_place(w.place, h));
      };
#pragma unroll
      for (int i = 0; i < 2; ++i) {
#pragma unroll
        for (int h = 0; h < 2; ++h)
          at[i][h] = P::load_hidden(slopes + place(i, h));
      }
#pragma unroll
      for (int i = 0; i < 2; ++i) {
#pragma unroll
        for (int h = 0; h < 2; ++h) {
          Quad d;
          if constexpr (kTransposed) {
            d = P::delta_quad(c[n][2 * i], c[n][2 * i + 1], h);
          } else {
            d = P::delta_quad(c[i][2 * n], c[i][2 * n + 1], h);
          }
#pragma unroll
          for (int e = 0; e < 4; ++e)
            d.v[e] = times_slope(d.v[e], at[i][h].v[e]);
          P::store_delta_at(out + place(i, h), d);
        }
      }
    }
  };
  if (!(work.head.flags & kRelu)) {
    for_quads_of_tile([](float d, float slope) { return d * slope; });
  } else if (!(work.head.flags & kDrops)) {
    for_quads_of_tile([](float d, float value) { return value > 0.0f ? d : 0.0f; });
  } else {
    // What is kept was multiplied by that.
    float const kept = w.task().dropout[work.head.layer - 1].kept;
    for_quads_of_tile([&](float d, float value) { return value > 0.0f ? d * kept : 0.0f; });
  }
}

// Tiles of 32 rows by 16 N inputs, of this warp's panels of the chunk's rows.
template <int N, class W>
__device__ __forceinline__ void delta_tiles(W const& w, DeltaWork const& work, int rows,
                                            float const* from) {
  Shared deltas = work.deltas, slopes = work.slopes, out = work.out;
  w.for_panels(rows, [&](int, int) {
    std::uint32_t weights = work.weights, last_weights = work.last_weights;
    Shared slopes_at = slopes, to = out;
#pragma unroll 1
    for (int tile = work.tiles;;) {
      delta_tile<N>(w, work, deltas, weights, last_weights, slopes_at, to, from);
      if (--tile == 0) break;
      weights += work.weights_step;
      last_weights += work.weights_step / 2;
      slopes_at += work.out_step;
      to += work.out_step;
    }
    deltas += work.deltas_panel;
    slopes += work.out_panel;
    out += work.out_panel;
  });
}

template <class W>
__device__ __forceinline__ void input_gradient(W const& w, DeltaWork const& work, int rows,
                                               float const* from) {
  if (work.head.flags & kNarrow) {
    delta_tiles<1>(w, work, rows, from);
  } else {
    delta_tiles<2>(w, work, rows, from);
  }
}

// ---- weights

// Where a tile of the gradient of a layer's weights lies: a panel of outputs, one or two units
// high, by one or two units of inputs. Its units lie one after another in the parameters, column by
// column.
struct TilePlace {
  Shared deltas, x;  // of the first 32 rows
  int weights;       // in floats from the first parameter
  int bias;          // likewise, of its outputs' biases, which come with a row's first tile; or -1
};

// A lane's elements of a tile of M x N units, and of its outputs' biases (in the four lanes of a
// row alike): of output output_of(g, q) as bias[2 q].
template <int M, int N>
struct WeightTile {
  Accumulators<M, N> c;
  float bias[M][4];
};

// Adds the chunk's rows to what is there, or to nothing if `fresh`, in order, from whichever block
// of the member holds them. The usual 64 rows of one block have code of their own.
template <bool Bias, int M, int N, class W>
__device__ __forceinline__ void add_rows_of(W const& w, WeightWork const& work, int rows,
                                            TilePlace const& place, WeightTile<M, N>& tile,
                                            bool fresh) {
  using P = typename W::Precision;
  auto const d_panel = static_cast<int>(work.deltas_panel);
  auto const x_panel = static_cast<int>(work.x_panel);
  int panels = opaque((rows + kPanelRows - 1) / kPanelRows);
  if constexpr (W::kClustered) {
    if (fresh) tile = {};
    int rank = 0, local = 0;
#pragma unroll 1
    for (; panels > 0; --panels) {
      auto const left = P::left_down(
          in_block(place.deltas + static_cast<Shared>(local * d_panel), rank), w.place);
      auto const right =
          P::right_down(in_block(place.x + static_cast<Shared>(local * x_panel), rank), w.place);
      weight_panels<P, false, Bias, 1>(tile.c, tile.bias, left, right, 0, 0);
      if (++rank == w.blocks) {
        rank = 0;
        ++local;
      }
    }
  } else {
    auto left = P::left_down(place.deltas, w.place);
    auto right = P::right_down(place.x, w.place);
    if (P::kSparesRegisters && fresh && panels == 2)
      return weight_panels<P, true, Bias, 2>(tile.c, tile.bias, left, right, d_panel, x_panel);
    if (fresh) {
      weight_panels<P, true, Bias, 1>(tile.c, tile.bias, left, right, 0, 0);
      left.advance(d_panel);
      right.advance(x_panel);
      --panels;
    }
#pragma unroll 1
    for (; panels > 0; --panels) {
      weight_panels<P, false, Bias, 1>(tile.c, tile.bias, left, right, 0, 0);
      left.advance(d_panel);
      right.advance(x_panel);
    }
  }
}

template <int M, int N, class W>
__device__ __forceinline__ void add_rows(W const& w, WeightWork const& work, int rows,
                                         TilePlace const& place, WeightTile<M, N>& tile,
                                         bool fresh) {
  if (place.bias >= 0) {
    add_rows_of<true>(w, work, rows, place, tile, fresh);
  } else {
    add_rows_of<false>(w, work, rows, place, tile, fresh);
  }
}

// Of a unit's accumulators of biases, the lane's share.
__device__ __forceinline__ float own_bias(Lane place, float const (&bias)[4]) {
  return place.t == 0 ? bias[0] : bias[2];
}
// f(unit of outputs, place of its bias in the parameters) for the lane's share of the biases of a
// tile `high` units high; place: of the tile's, or -1. Unroll: how many are one code.
template <int Unroll, class W, class F>
__device__ __forceinline__ void for_biases(W const& w, int place, int high, F&& f) {
  if (place < 0 || w.place.t > 1) return;
  int const first = place + W::Precision::output_of(w.place.g, w.place.t);
#pragma unroll Unroll
  for (int i = 0; i < high; ++i)
    f(i, first + kUnitRows * i);
}

// Of half `h` of unit (i, j) of a tile M units high, this lane's quad in the parameters.
template <int M, class W>
__device__ __forceinline__ int quad_place(W const& w, TilePlace const& place, int i, int j, int h) {
  return place.weights + (M * j + i) * kUnitWords + whole_block(w.place, h) / 4;
}

// Takes up what former chunks left in the gradient buffer.
template <int M, int N, class W>
__device__ __forceinline__ void load_gradient(W const& w, TilePlace const& place,
                                              float const* gradient, WeightTile<M, N>& tile) {
  using P = typename W::Precision;
#pragma unroll
  for (int i = 0; i < M; ++i) {
#pragma unroll
    for (int k = 0; k < 2 * N; ++k) {
      int const j = k / 2;
      P::set_quad(tile.c[i][2 * j], tile.c[i][2 * j + 1], k % 2,
                  quad_of(*reinterpret_cast<uint4 const*>(gradient +
                                                          quad_place<M>(w, place, i, j, k % 2))));
    }
  }
  for (auto& bias : tile.bias) {
    for (float& b : bias)
      b = 0.0f;
  }
  for_biases<M>(w, place.bias, M, [&](int i, int at) {
    tile.bias[i][0] = gradient[at];
    tile.bias[i][2] = tile.bias[i][0];
  });
}

}  // namespace brood::cuda
