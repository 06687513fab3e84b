// SPDX-License-Identifier: Apache-2.0
// The backward pass of a chunk: deltas layer by layer down, and the gradient of the weights, tile
// by tile. A tile's accumulators run over all rows of the batch in order; when the batch comes in
// chunks, or the update needs to see all of the gradient first, they rest in the gradient buffer.
#pragma once

#include "cuda/forward.cuh"
#include "cuda/worker.cuh"

namespace brood::cuda {

// Where slopes come from, and the deltas they make go: those of a block's rows of layer l - 1.
struct SlopePlaces {
  Shared slopes, to;
  bool by_value;  // slopes are told from hidden values, which are positive or not
  float kept;     // what is kept by dropout was multiplied by that; 1 without
};

// Deltas of 16 N of a layer's inputs, unit `j` on, in panel `local` of the rows: D W, times the
// slopes.
template <int N, class W, class Weights>
__device__ __forceinline__ void input_gradient_tile(W const& w, LayerPlaces const& layer,
                                                    SlopePlaces const& slopes, Weights weights,
                                                    int local, int j) {
  using P = typename W::Precision;
  constexpr bool kTransposed = P::kDeltaTransposed;
  constexpr int kUnit = P::template kWeightUnitBytes<Weights>;
  int const panel = 2 * layer.inputs * kUnit;
  Accumulators<kTransposed ? N : 2, kTransposed ? 2 : N> c;
  delta_product<P, N>(c, layer.delta + static_cast<Shared>(local) * layer.delta_panel,
                      advanced(weights, 2 * j * kUnit),
                      advanced(weights, layer.outputs / 2 * panel + j * kUnit), layer.outputs,
                      panel, w.place);
  auto const tile = static_cast<Shared>((local * layer.inputs * 2 + 2 * j) * P::kUnitBytes);
  auto for_quads_of_tile = [&](auto&& times_slope) {
#pragma unroll
    for (int n = 0; n < N; ++n) {
      Quad at[2][2];
      auto place = [&](int i, int h) {
        return tile + static_cast<Shared>((2 * n + i) * P::kUnitBytes + P::delta_place(w.place, h));
      };
#pragma unroll
      for (int i = 0; i < 2; ++i) {
#pragma unroll
        for (int h = 0; h < 2; ++h)
          at[i][h] = P::load_hidden(slopes.slopes + place(i, h));
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
          P::store_delta_at(slopes.to + place(i, h), d);
        }
      }
    }
  };
  if (!slopes.by_value) {
    for_quads_of_tile([](float d, float slope) { return d * slope; });
  } else if (slopes.kept == 1.0f) {
    for_quads_of_tile([](float d, float value) { return value > 0.0f ? d : 0.0f; });
  } else {
    for_quads_of_tile([&](float d, float value) { return value > 0.0f ? d * slopes.kept : 0.0f; });
  }
}

// Deltas of layer l - 1 from those of layer l. A barrier must follow.
template <class W>
__device__ __forceinline__ void input_gradient(W const& w, int number, int l, float const* from) {
  Member const& m = w.member();
  LayerPlaces const layer = w.places(l);
  SlopePlaces slopes;
  slopes.by_value = slopes_from_values(m);
  slopes.kept = m.dropout > 0.0f ? w.task().dropout.kept : 1.0f;
  slopes.to = layer.delta_before;
  slopes.slopes = slopes.by_value ? layer.input : layer.delta_before;
  auto const weights = w.weights(layer, from);
  w.for_panels(w.chunk(number).rows, [&](int local, int) {
#pragma unroll 1
    for (int j = 2 * w.column_warp; j < layer.inputs; j += 2 * w.column_warps) {
      if (j + 1 < layer.inputs) {
        input_gradient_tile<2>(w, layer, slopes, weights, local, j);
      } else {
        input_gradient_tile<1>(w, layer, slopes, weights, local, j);
      }
    }
  });
}

// ---- weights

// A tile of the gradient of a layer's weights: a panel of outputs, one or two units high, by one or
// two units of inputs. Those from the first unit of inputs on have the outputs' biases, too.
struct TilePlace {
  int panel, column;  // of outputs, and the first unit of inputs
  int high, wide;     // units

  __device__ __forceinline__ bool biased() const { return column == 0; }
  // Of a unit in the parameters, in floats from the layer's first weight.
  __device__ __forceinline__ int unit(LayerPlaces const& layer, int i, int j) const {
    return (2 * panel * layer.inputs + high * (column + j) + i) * kUnitWords;
  }
};

// This warp's share of the tiles of a layer, one after another. The same tile always falls to the
// same warp of a member that is cut in the same way.
class TileTurn {
 public:
  template <class W>
  __device__ __forceinline__ TileTurn(W const& w, LayerPlaces const& layer)
      : inputs_(layer.inputs),
        outputs_(layer.outputs),
        across_((layer.inputs + 1) / 2),
        width_(2),
        workers_(w.warps * w.blocks),
        at_(w.rank * w.warps + w.warp) {
    settle();
  }

  __device__ __forceinline__ bool more() const { return 2 * panel_ < outputs_; }
  __device__ __forceinline__ void next() {
    at_ += workers_;
    settle();
  }
  __device__ __forceinline__ TilePlace place() const {
    return {panel_, at_ * width_, min(outputs_ - 2 * panel_, 2),
            min(inputs_ - at_ * width_, width_)};
  }

 private:
  // Finds the panel. One of 16 outputs has tiles of one unit.
  __device__ __forceinline__ void settle() {
    for (;;) {
      if (2 * panel_ + 1 == outputs_) {
        width_ = 1;
        across_ = inputs_;
      }
      if (at_ < across_) return;
      at_ -= across_;
      ++panel_;
    }
  }

  int inputs_, outputs_, across_, width_, workers_, at_;
  int panel_ = 0;
};

// A lane's elements of a tile of M x N units, and of its outputs' biases (in the four lanes of a
// row alike): of output output_of(g, q) as bias[2 q].
template <int M, int N>
struct WeightTile {
  Accumulators<M, N> c;
  float bias[M][4];
};

// f(Count<M>, Count<N>) for a tile of M x N units.
template <class F>
__device__ __forceinline__ void with_shape(TilePlace const& tile, F&& f) {
  if (tile.high == 1) return f(Count<1>{}, Count<1>{});
  if (tile.wide == 2) return f(Count<2>{}, Count<2>{});
  f(Count<2>{}, Count<1>{});
}

// Adds the chunk's rows to what is there, or to nothing if `fresh`, in order, from whichever block
// of the member holds them. The usual 64 rows have code
// of their own.
template <bool Bias, int M, int N, class W>
__device__ __forceinline__ void add_rows_of(W const& w, LayerPlaces const& layer, int rows,
                                            TilePlace const& place, WeightTile<M, N>& tile,
                                            bool fresh) {
  using P = typename W::Precision;
  auto const d_panel = static_cast<int>(layer.delta_panel);
  auto const x_panel = static_cast<int>(layer.input_panel);
  Shared const d = layer.delta + static_cast<Shared>(4 * place.panel * P::kUnitBytes);
  Shared const x = layer.input + static_cast<Shared>(2 * place.column * P::kUnitBytes);
  int panels = (rows + kPanelRows - 1) / kPanelRows;
  if constexpr (W::kClustered) {
    if (fresh) tile = {};
    int rank = 0, local = 0;
#pragma unroll 1
    for (; panels > 0; --panels) {
      auto const left =
          P::left_down(in_block(d + static_cast<Shared>(local * d_panel), rank), w.place);
      auto const right =
          P::right_down(in_block(x + static_cast<Shared>(local * x_panel), rank), w.place);
      weight_panels<P, false, Bias, 1>(tile.c, tile.bias, left, right, 0, 0);
      if (++rank == w.blocks) {
        rank = 0;
        ++local;
      }
    }
  } else {
    auto left = P::left_down(d, w.place);
    auto right = P::right_down(x, w.place);
    if (fresh && panels == 2)
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
__device__ __forceinline__ void add_rows(W const& w, LayerPlaces const& layer, int rows,
                                         TilePlace const& place, WeightTile<M, N>& tile,
                                         bool fresh) {
  if (place.biased()) {
    add_rows_of<true>(w, layer, rows, place, tile, fresh);
  } else {
    add_rows_of<false>(w, layer, rows, place, tile, fresh);
  }
}

// f(unit of outputs, place of its bias in the parameters, bias's gradient) for the lane's share of
// a tile's biases: `bias`, of up to High units, holds the lane's value for each, or accumulators.
template <int High, class W, class Bias, class F>
__device__ __forceinline__ void for_biases(W const& w, LayerPlaces const& layer,
                                           TilePlace const& place, Bias const& bias, F&& f) {
  using P = typename W::Precision;
  if (!place.biased() || w.place.t > 1) return;
  int const first = layer.bias + kPanelRows * place.panel + P::output_of(w.place.g, w.place.t);
#pragma unroll
  for (int i = 0; i < High; ++i) {
    if (i >= place.high) break;
    float g;
    if constexpr (std::is_same_v<Bias, float[High]>) {
      g = bias[i];
    } else {
      g = w.place.t == 0 ? bias[i][0] : bias[i][2];
    }
    f(i, first + kUnitRows * i, g);
  }
}

// f(unit of outputs, unit of inputs, half, place in the parameters, quad of the gradient);
// unrolled.
template <int M, int N, class W, class F>
__device__ __forceinline__ void for_weight_quads(W const& w, LayerPlaces const& layer,
                                                 TilePlace const& place,
                                                 WeightTile<M, N> const& tile, F&& f) {
  using P = typename W::Precision;
#pragma unroll
  for (int i = 0; i < M; ++i) {
#pragma unroll
    for (int j = 0; j < N; ++j) {
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        f(i, j, h, layer.weights + place.unit(layer, i, j) + whole_block(w.place, h) / 4,
          P::quad(tile.c[i][2 * j], tile.c[i][2 * j + 1], h));
      }
    }
  }
}

// Takes up what former chunks left in the gradient buffer.
template <int M, int N, class W>
__device__ __forceinline__ void load_gradient(W const& w, LayerPlaces const& layer,
                                              TilePlace const& place, float const* gradient,
                                              WeightTile<M, N>& tile) {
  using P = typename W::Precision;
  for_weight_quads(w, layer, place, tile, [&](int i, int j, int h, int at, Quad const&) {
    P::set_quad(tile.c[i][2 * j], tile.c[i][2 * j + 1], h,
                quad_of(*reinterpret_cast<uint4 const*>(gradient + at)));
  });
  for (auto& bias : tile.bias) {
    for (float& b : bias)
      b = 0.0f;
  }
  for_biases<M>(w, layer, place, tile.bias, [&](int i, int at, float) {
    tile.bias[i][0] = gradient[at];
    tile.bias[i][2] = tile.bias[i][0];
  });
}

}  // namespace brood::cuda
