// SPDX-License-Identifier: Apache-2.0
// The three products of the step, of a warp's tile of up to 32 x 32:
//
//   forward   Z = X W^T    over the layer's inputs, in segments (tile_layout.hpp)
//   deltas    dX = D W     over its outputs
//   weights   dW = D^T X   over the rows of the batch
//
// Each runs over its inner dimension in ascending order into one accumulator, so that neither the
// shape of a tile nor who computes it changes a bit. Loads of a step are issued before the products
// of the step before; a few units at a time are straight-line code, since the tensor core is
// drained at every branch. The first product of a sum takes what the sum begins with as its
// addend.
#pragma once

#include <type_traits>

#include "cuda/kernels/precision.cuh"

namespace brood::cuda {

template <int N>
using Count = std::integral_constant<int, N>;

// A tile: units of 16 x 16, two accumulators each. See Precision::quad().
template <int M, int N>
struct Accumulators {
  float c[M][2 * N][4];

  __device__ __forceinline__ auto& operator[](int i) { return c[i]; }
  __device__ __forceinline__ auto const& operator[](int i) const { return c[i]; }
};

// The fragments of one step.
template <class P, int M, int N, bool WeightsLeft, bool WeightsRight>
struct Step {
  Fragment left[M], right[N];

  template <class Left, class Right>
  __device__ __forceinline__ void load(Left const& a, Right const& b, int step, int at_a, int at_b,
                                       int stride_a, int stride_b) {
#pragma unroll
    for (int i = 0; i < M; ++i)
      left[i] = a.load(step, at_a + i * stride_a);
#pragma unroll
    for (int j = 0; j < N; ++j)
      right[j] = b.load(step, at_b + j * stride_b);
  }

  // c = a b + from; `from` may be c. With ones: sums = a 1 + sums.
  template <bool Ones>
  __device__ __forceinline__ void multiply(Accumulators<M, N>& c, Accumulators<M, N> const& from,
                                           float (&sums)[M][4],
                                           float const (&sums_from)[M][4]) const {
    typename P::Prepared a[M], b[N];
#pragma unroll
    for (int i = 0; i < M; ++i)
      a[i] = P::template prepare<WeightsLeft>(left[i]);
#pragma unroll
    for (int j = 0; j < N; ++j)
      b[j] = P::template prepare<WeightsRight>(right[j]);
#pragma unroll
    for (int j = 0; j < 2 * N; ++j) {
#pragma unroll
      for (int i = 0; i < M; ++i)
        P::multiply(c[i][j], a[i], b[j / 2], j % 2, from[i][j]);
    }
    if constexpr (Ones) {
#pragma unroll
      for (int i = 0; i < M; ++i)
        P::add_ones(sums[i], a[i], sums_from[i]);
    }
  }
};

// Units of the inner dimension, one after another; at_a(u), at_b(u): where unit u lies from the
// readers' places.
template <class P, int Units, bool First, bool WeightsLeft, bool WeightsRight, bool Ones, int M,
          int N, class Left, class Right, class AtA, class AtB>
__device__ __forceinline__ void multiply_units(Accumulators<M, N>& c,
                                               Accumulators<M, N> const& from, float (&sums)[M][4],
                                               Left const& a, Right const& b, AtA&& at_a,
                                               AtB&& at_b, int stride_a, int stride_b) {
  constexpr int kAll = Units * P::kSteps;
  Step<P, M, N, WeightsLeft, WeightsRight> step[2];
  float const nothing[M][4] = {};
  step[0].load(a, b, 0, at_a(0), at_b(0), stride_a, stride_b);
#pragma unroll
  for (int s = 0; s < kAll; ++s) {
    if (s + 1 < kAll) {
      int const u = (s + 1) / P::kSteps;
      step[(s + 1) % 2].load(a, b, (s + 1) % P::kSteps, at_a(u), at_b(u), stride_a, stride_b);
    }
    if (First && s == 0) {
      step[0].template multiply<Ones>(c, from, sums, nothing);
    } else {
      step[s % 2].template multiply<Ones>(c, c, sums, sums);
    }
  }
}

// One segment of a forward product: 32 rows of X by 16 N outputs. W: a panel of weights, whole if N
// is 2. Straight: the usual 64 inputs have code of their own.
template <class P, int N, bool Straight, class Left, class Right>
__device__ __forceinline__ void forward_segment(Accumulators<2, N>& c,
                                                Accumulators<2, N> const& from, Left& x, Right& w,
                                                int weight_unit, int units) {
  int const across = N * weight_unit;
  float none[2][4];
  auto run = [&](auto count, auto first) {
    multiply_units<P, count.value, first.value, false, true, false>(
        c, from, none, x, w, [](int u) { return 2 * P::kUnitBytes * u; },
        [&](int u) { return across * u; }, P::kUnitBytes, weight_unit);
    x.advance(2 * P::kUnitBytes * count.value);
    w.advance(across * count.value);
  };
  if (P::kSparesRegisters && Straight && units == 4) return run(Count<4>{}, std::true_type{});
  if (units >= 2) {
    run(Count<2>{}, std::true_type{});
    units -= 2;
  } else {
    run(Count<1>{}, std::true_type{});
    units -= 1;
  }
#pragma unroll 1
  for (; units >= 2; units -= 2)
    run(Count<2>{}, std::false_type{});
  if (units > 0) run(Count<1>{}, std::false_type{});
}

// `from`: what the sums begin with.
template <class P, int N, class W>
__device__ __forceinline__ void forward_product(Accumulators<2, N>& c,
                                                Accumulators<2, N> const& from, Shared x, W weights,
                                                int units, int segment, Lane p) {
  constexpr int kWeightUnit = P::template kWeightUnitBytes<W>;
  auto left = P::left_along(x, p);
  auto right = P::right_along(weights, p);
  forward_segment<P, N, true>(c, from, left, right, kWeightUnit, segment);
#pragma unroll 1
  for (units -= segment; units > 0; units -= segment) {
    Accumulators<2, N> more;
    Accumulators<2, N> const zero = {};
    forward_segment<P, N, false>(more, zero, left, right, kWeightUnit, min(units, segment));
#pragma unroll
    for (int i = 0; i < 16 * N; ++i) {
      float& sum = c[i / (8 * N)][i / 4 % (2 * N)][i % 4];
      sum = sum + more[i / (8 * N)][i / 4 % (2 * N)][i % 4];
    }
  }
}

// Deltas of 16 N inputs of 32 rows, before the slopes. Accumulators are of (inputs, rows) where P
// multiplies them transposed, else of (rows, inputs). `units`: of outputs; `panel`: bytes from a
// panel of weights to the next; `weights`: at the first of the inputs' units of the first panel.
template <class P, int N, class W>
__device__ __forceinline__ void delta_product(
    Accumulators<P::kDeltaTransposed ? N : 2, P::kDeltaTransposed ? 2 : N>& c, Shared d, W weights,
    W narrow, int units, int panel, Lane p) {
  constexpr bool kTransposed = P::kDeltaTransposed;
  constexpr int kM = kTransposed ? N : 2, kN = kTransposed ? 2 : N;
  constexpr int kWeightUnit = P::template kWeightUnitBytes<W>;
  Accumulators<kM, kN> const zero = {};
  float none[kM][4];
  auto rows = P::deltas_along(d, p);
  // Units of outputs from panels that are `high` units high.
  auto run = [&](auto count, auto first, auto high, auto& from) {
    auto at_weights = [&](int u) { return u % high.value * kWeightUnit + u / high.value * panel; };
    auto at_rows = [](int u) { return 2 * P::kUnitBytes * u; };
    int const stride = high.value * kWeightUnit;
    if constexpr (kTransposed) {
      multiply_units<P, count.value, first.value, true, false, false>(
          c, zero, none, from, rows, at_weights, at_rows, stride, P::kUnitBytes);
    } else {
      multiply_units<P, count.value, first.value, false, true, false>(
          c, zero, none, rows, from, at_rows, at_weights, P::kUnitBytes, stride);
    }
    rows.advance(2 * P::kUnitBytes * count.value);
    from.advance(panel * (count.value / 2));
  };
  if (units == 1) {
    auto only = P::weights_down(narrow, p);
    return run(Count<1>{}, std::true_type{}, Count<1>{}, only);
  }
  auto whole = P::weights_down(weights, p);
  if (P::kSparesRegisters && units >= 4) {
    run(Count<4>{}, std::true_type{}, Count<2>{}, whole);
    units -= 4;
  } else {
    run(Count<2>{}, std::true_type{}, Count<2>{}, whole);
    units -= 2;
  }
#pragma unroll 1
  for (; units >= 2; units -= 2)
    run(Count<2>{}, std::false_type{}, Count<2>{}, whole);
  if (units > 0) {
    auto last = P::weights_down(narrow, p);
    run(Count<1>{}, std::false_type{}, Count<1>{}, last);
  }
}

// The gradient of 16 M outputs x 16 N inputs, and with Bias of the outputs' biases, over one panel
// of 32 rows; begun with nothing, or added to what is there.
template <class P, bool First, bool Bias, int Panels, int M, int N, class Left, class Right>
__device__ __forceinline__ void weight_panels(Accumulators<M, N>& c, float (&bias)[M][4],
                                              Left const& d, Right const& x, int d_panel,
                                              int x_panel) {
  Accumulators<M, N> const zero = {};
  multiply_units<P, 2 * Panels, First, false, false, Bias>(
      c, zero, bias, d, x, [&](int u) { return u % 2 * P::kUnitBytes + u / 2 * d_panel; },
      [&](int u) { return u % 2 * P::kUnitBytes + u / 2 * x_panel; }, 2 * P::kUnitBytes,
      2 * P::kUnitBytes);
}

}  // namespace brood::cuda
