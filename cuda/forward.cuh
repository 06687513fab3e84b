// SPDX-License-Identifier: Apache-2.0
// The forward pass of a chunk, layer by layer. A training pass leaves each hidden layer's slope,
// with the dropout factor in it, where the backward pass will put its delta.
#pragma once

#include "core/activation.hpp"
#include "cuda/dropout.cuh"
#include "cuda/fast.cuh"
#include "cuda/worker.cuh"

namespace brood::cuda {

// Z (16 rows, 8 N columns) of layer l: accumulators begin as the bias. `from`: the fp32 parameters,
// see Worker::weights.
template <class W>
__device__ __forceinline__ void forward_tile(W const& w, Accumulator& z, int eights, int l, int row,
                                             int n, float const* from) {
  using P = typename W::Precision;
  float const* const bias = from + w.layer(l).bias + n;
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    if (j >= eights) break;
    float2 const pair = *reinterpret_cast<float2 const*>(bias + 8 * j + 2 * w.place.t);
    z[j][0] = z[j][2] = pair.x;
    z[j][1] = z[j][3] = pair.y;
  }
  Operands const input = w.layer_input(l);
  Operands const weights = w.weights(l, from);
  int const words = w.layer(l).columns / P::kPerWord;
  with_eights(eights, [&](auto count) {
    P::template forward_product<decltype(count)::value, W::kShared>(z, input, row, weights, n,
                                                                    words, w.place);
  });
}

// Activations and slopes of a tile of layer l.
template <class W>
__device__ __forceinline__ void activate_tile(W const& w, Accumulator& z, int eights, int l,
                                              int row, int n, int block, Pass pass) {
  using P = typename W::Precision;
  int const width = w.layer(l).outputs;
  TileMatrix const matrix = tile_matrix(w.layer(l).rows / P::kPerWord);
  std::uint32_t* const values = shared_words(w.map().hidden[l]);
  std::uint32_t* const slopes = shared_words(w.map().delta[l]);
  Dropout const dropout(pass.training ? w.member().dropout : 0.0f, w.member().seed, pass.step,
                        l + 1);
  for_eights(z, eights, [&](int j, float(&here)[4]) {
    int const c = n + 8 * j + 2 * w.place.t;
    DropoutFactors const factors = dropout.factors(block, w.place.g, c);
    float value[4], slope[4];
    visit(Activations{}, w.member().activation, [&](auto function) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        auto const y = function.apply(Fast(here[i]));
        value[i] = y.value.v;
        slope[i] = y.slope.v;
      }
    });
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      bool const inside = c + (i & 1) < width;  // padding stays zero
      value[i] = inside ? value[i] * factors.value[i] : 0.0f;
      slope[i] = inside ? slope[i] * factors.value[i] : 0.0f;
    }
    int const upper = matrix.at(row + w.place.g, c / P::kPerWord);
    int const lower = upper + 8 * matrix.stride;
    P::store_pair(values, upper, value[0], value[1]);
    P::store_pair(values, lower, value[2], value[3]);
    if (!pass.training) return;
    P::store_pair(slopes, upper, slope[0], slope[1]);
    P::store_pair(slopes, lower, slope[2], slope[3]);
  });
}

template <class W>
__device__ __forceinline__ void store_logits(W const& w, Accumulator& z, int eights, int row,
                                             int n) {
  TileMatrix const matrix = tile_matrix(w.layer(w.member().layers - 1).rows);
  for_eights(z, eights, [&](int j, float(&here)[4]) {
    float* const upper =
        shared_floats(w.map().logits) + matrix.at(row + w.place.g, n + 8 * j + 2 * w.place.t);
    *reinterpret_cast<float2*>(upper) = make_float2(here[0], here[1]);
    *reinterpret_cast<float2*>(upper + 8 * matrix.stride) = make_float2(here[2], here[3]);
  });
}

// Inputs are in place; afterwards the logits are.
template <class W>
BROOD_PHASE void forward_pass(Chunk chunk, float const* from, Pass pass) {
  W const w;
  int const layers = w.member().layers;
#pragma unroll 1
  for (int l = 0; l < layers; ++l) {
    w.for_row_blocks(chunk.rows, [&](int local, int global) {
      int const row = local * kBlockRows;
      w.for_columns(w.layer(l).rows, [&](int n, int eights) {
        Accumulator z;
        forward_tile(w, z, eights, l, row, n, from);
        if (l + 1 == layers) {
          store_logits(w, z, eights, row, n);
        } else {
          activate_tile(w, z, eights, l, row, n, chunk.first / kBlockRows + global, pass);
        }
      });
    });
    w.sync_rows();
  }
}

}  // namespace brood::cuda
