// SPDX-License-Identifier: Apache-2.0
// The backward pass of a chunk: deltas layer by layer down, then the gradient of the weights, tile
// by tile. A tile's accumulators run over all rows of the batch in order; when the batch comes in
// chunks, or the update needs to see all of the gradient first, they rest in the gradient buffer.
#pragma once

#include "cuda/worker.cuh"

namespace brood::cuda {

// Deltas of layer l - 1 from those of layer l: D W, times the slopes that lie where they go.
template <class W>
__device__ __forceinline__ void input_gradient(W const& w, Chunk const& chunk, int l,
                                               float const* from) {
  using P = typename W::Precision;
  Operands const delta = w.delta(l);
  Operands const weights = w.weights(l, from);
  std::uint32_t* const before = shared_words(w.map().delta[l - 1]);
  TileMatrix const matrix = tile_matrix(w.layer(l).columns / P::kPerWord);
  int const words = w.layer(l).rows / P::kPerWord;
  w.for_row_blocks(chunk.rows, [&](int local, int) {
    int const row = local * kBlockRows;
    w.for_columns(w.layer(l).columns, [&](int k, int eights) {
      Accumulator c = {};
      with_eights(eights, [&](auto count) {
        P::template delta_product<decltype(count)::value, W::kShared>(c, delta, row, weights, k,
                                                                      words, w.place);
      });
      for_eights(c, eights, [&](int j, float(&here)[4]) {
        int const column = k + 8 * j + 2 * w.place.t;
        int const upper = matrix.at(row + w.place.g, column / P::kPerWord);
        int const lower = upper + 8 * matrix.stride;
        float2 const above = P::load_pair(before, upper);
        float2 const below = P::load_pair(before, lower);
        P::store_pair(before, upper, here[0] * above.x, here[1] * above.y);
        P::store_pair(before, lower, here[2] * below.x, here[3] * below.y);
      });
    });
  });
}

template <class W>
BROOD_PHASE void input_gradients(Chunk chunk, float const* from) {
  W const w;
#pragma unroll 1
  for (int l = w.member().layers - 1; l > 0; --l) {
    input_gradient(w, chunk, l, from);
    w.sync_rows();
  }
}

// ---- weights

// A lane's elements of the gradient of 16 outputs from n on and 8 * eights inputs from k on of
// layer l; and of the biases of outputs n + g and n + g + 8, if k is 0 (each in four lanes alike).
struct WeightTile {
  int index;  // of all the member's tiles
  int l, n, k;
  int eights;
  Accumulator c;
  float bias[4];
};

// Adds the chunk's rows, in order, from whichever block of the member holds them.
template <int N, class W>
__device__ __forceinline__ void add_rows_of(W const& w, Chunk const& chunk, WeightTile& tile) {
  using P = typename W::Precision;
  Operands const delta = w.delta(tile.l);
  Operands const input = w.layer_input(tile.l);
  int const count = (chunk.rows + kBlockRows - 1) / kBlockRows;
  if constexpr (W::kClustered) {
    for (int b = 0; b < count; ++b) {
      int const rank = b % w.blocks;
      Operands const far_delta{in_block(delta.words, rank), delta.matrix};
      Operands const far_input{in_block(input.words, rank), input.matrix};
      P::template weight_product<N, true>(tile.c, tile.bias, tile.k == 0, far_delta, far_input,
                                          b / w.blocks * kBlockRows, kBlockRows, tile.n, tile.k,
                                          w.place);
    }
  } else {
    P::template weight_product<N, false>(tile.c, tile.bias, tile.k == 0, delta, input, 0,
                                         count * kBlockRows, tile.n, tile.k, w.place);
  }
}

template <class W>
__device__ __forceinline__ void add_rows(W const& w, Chunk const& chunk, WeightTile& tile) {
  with_eights(tile.eights,
              [&](auto count) { add_rows_of<decltype(count)::value>(w, chunk, tile); });
}

// The tile's share of one copy of the parameters: pair(row, column, place, x, y) for two weights
// side by side in layer l, then single(row, place, x) for biases.
template <class W, class Pair, class Single>
__device__ __forceinline__ void for_tile(W const& w, WeightTile& tile, Pair&& pair,
                                         Single&& single) {
  TileLayer const& layer = w.layer(tile.l);
  TileMatrix const matrix = tile_matrix(layer.columns);
  int const row = tile.n + w.place.g;
  for_eights(tile.c, tile.eights, [&](int j, float(&c)[4]) {
    int const column = tile.k + 8 * j + 2 * w.place.t;
    int const upper = layer.weights + matrix.at(row, column);
    pair(row, column, upper, c[0], c[1]);
    pair(row + 8, column, upper + 8 * matrix.stride, c[2], c[3]);
  });
  if (tile.k != 0 || w.place.t != 0) return;
#pragma unroll 1
  for (int half = 0; half < 2; ++half) {
    single(row + 8 * half, layer.bias + row + 8 * half, tile.bias[0]);
    float const first = tile.bias[0];
    tile.bias[0] = tile.bias[2];
    tile.bias[2] = first;
  }
}

// f(tile) for this warp's share of the tiles of all layers. The same tile always falls to the same
// warp.
template <class W, class F>
__device__ __forceinline__ void for_weight_tiles(W const& w, F&& f) {
  int const workers = w.warps * w.blocks;
  int turn = w.rank * w.warps + w.warp;
  int before = 0;  // tiles of the layers below
#pragma unroll 1
  for (int l = 0; l < w.member().layers; ++l) {
    TileLayer const& layer = w.layer(l);
    int const across = (layer.columns + 31) / 32;
    int const count = weight_tiles(layer);
    for (; turn < count; turn += workers) {
      int const n = turn / across * 16;
      int const k = turn % across * 32;
      f(WeightTile{before + turn, l, n, k, min(layer.columns - k, 32) / 8, {}, {}});
    }
    turn -= count;
    before += count;
  }
}

// Takes up what former chunks left in the gradient buffer.
template <class W>
__device__ __forceinline__ void load_gradient(W const& w, WeightTile& tile) {
  float const* const gradient = w.gradient();
  for_tile(
      w, tile,
      [&](int, int, int at, float& x, float& y) {
        float2 const pair = *reinterpret_cast<float2 const*>(gradient + at);
        x = pair.x;
        y = pair.y;
      },
      [&](int, int at, float& x) { x = gradient[at]; });
}
template <class W>
__device__ __forceinline__ void store_gradient(W const& w, WeightTile& tile) {
  float* const gradient = w.gradient();
  for_tile(
      w, tile,
      [&](int, int, int at, float& x, float& y) {
        *reinterpret_cast<float2*>(gradient + at) = make_float2(x, y);
      },
      [&](int, int at, float& x) { gradient[at] = x; });
}

}  // namespace brood::cuda
