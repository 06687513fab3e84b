// SPDX-License-Identifier: Apache-2.0
// The three precisions: how operands are stored, read as fragments, and multiplied. Accumulators
// are fp32 always, and so are master weights, moments and losses.
//
//            a word holds    rounded when               products for one
//   Tf32     one tf32        stored (weights: read)     1 mma
//   Fp32     one float       read, into high + low      3 mma (low parts together: 22 bits)
//   Bf16     two bf16        stored (weights: a copy,   1 mma of twice the depth
//                            or read from global memory)
//
// Every product runs over its inner dimension in ascending order, eight words at a time, into one
// accumulator: so neither the shape of a tile nor who computes it changes a bit. Each of the three
// products has its own order inside the eight words, which is part of what a member is.
#pragma once

#include "cuda/prims.cuh"
#include "cuda/tile_layout.hpp"

namespace brood::cuda {

// A lane's place in a fragment.
struct Lane {
  int g, t;
};
__device__ __forceinline__ Lane lane_place() {
  return {lane_number() >> 2, lane_number() & 3};
}

// A matrix of operands where it lies.
struct Operands {
  std::uint32_t const* words;
  TileMatrix matrix;
};

// Fragments as loaded; a Fp32 one is split into two when it is multiplied.
using FragmentA = std::uint32_t[4];
using FragmentB = std::uint32_t[2];
// Accumulators of a tile of 16 rows and up to 32 columns; a narrow tile uses the first N = 2 of the
// four fragments of 8 columns.
using Accumulator = float[4][4];

// ---- 32-bit words

// A[r][k] = M[row + r][word + k], with k as 2t, 2t + 1: pairs of neighbours.
__device__ __forceinline__ void load_a_rows(FragmentA& a, Operands m, int row, int word, Lane p) {
  int const column = (word + 2 * p.t) ^ (swizzle(p.g) & m.matrix.mask);
  std::uint32_t const* const at = m.words + (row + p.g) * m.matrix.stride + column;
  auto const upper = *reinterpret_cast<uint2 const*>(at);
  auto const lower = *reinterpret_cast<uint2 const*>(at + 8 * m.matrix.stride);
  a[0] = upper.x;
  a[1] = lower.x;
  a[2] = upper.y;
  a[3] = lower.y;
}
// B[k][n] = M[row + n][word + k], k likewise.
__device__ __forceinline__ void load_b_rows(FragmentB& b, Operands m, int row, int word, Lane p) {
  int const column = (word + 2 * p.t) ^ (swizzle(p.g) & m.matrix.mask);
  auto const pair =
      *reinterpret_cast<uint2 const*>(m.words + (row + p.g) * m.matrix.stride + column);
  b[0] = pair.x;
  b[1] = pair.y;
}
// A[r][k] = M[row + r][word + k], with k as t, t + 4.
__device__ __forceinline__ void load_a_rows_apart(FragmentA& a, Operands m, int row, int word,
                                                  Lane p) {
  int const column = (word + p.t) ^ (swizzle(p.g) & m.matrix.mask);
  std::uint32_t const* const at = m.words + (row + p.g) * m.matrix.stride;
  a[0] = at[column];
  a[1] = at[8 * m.matrix.stride + column];
  a[2] = at[column ^ 4];
  a[3] = at[8 * m.matrix.stride + (column ^ 4)];
}
// A[c][k] = M[row + k][column + c], with k as t, t + 4.
__device__ __forceinline__ void load_a_columns(FragmentA& a, Operands m, int row, int column,
                                               Lane p) {
  int const bits = swizzle(p.t) & m.matrix.mask;
  std::uint32_t const* const at = m.words + (row + p.t) * m.matrix.stride;
  std::uint32_t const* const below = at + 4 * m.matrix.stride;
  int const near = (column + p.g) ^ bits;
  int const far = (column + 8 + p.g) ^ bits;
  a[0] = at[near];
  a[1] = at[far];
  a[2] = below[near ^ 4];  // swizzle(t + 4) is swizzle(t) ^ 4, and every mask has that bit
  a[3] = below[far ^ 4];
}
// B[k][c] = M[row + k][column + c], k likewise.
__device__ __forceinline__ void load_b_columns(FragmentB& b, Operands m, int row, int column,
                                               Lane p) {
  int const at = (column + p.g) ^ (swizzle(p.t) & m.matrix.mask);
  std::uint32_t const* const words = m.words + (row + p.t) * m.matrix.stride;
  b[0] = words[at];
  b[1] = words[4 * m.matrix.stride + (at ^ 4)];
}

// What Tf32 and Fp32 share: operands of one word each.
struct WholeWords {
  static constexpr int kPerWord = 1;
  static constexpr bool kWeightCopy = false;  // weights are read from the parameters themselves

  // C[r][n] += sum over k of A[r][k] W[n][k] ...
  template <int N, class Precision, bool Shared>
  static __device__ __forceinline__ void forward_step(Accumulator& c, Operands a, int row,
                                                      Operands w, int first, int word, Lane p) {
    FragmentA fragment;
    load_a_rows(fragment, a, row, word, p);
    Precision::template multiply_all<N>(c, fragment, [&](FragmentB& b, int n) {
      load_b_rows(b, w, first + 8 * n, word, p);
      Precision::weight(b);
    });
  }
  // C[r][k] += sum over n of D[r][n] W[n][k] ...
  template <int N, class Precision, bool Shared>
  static __device__ __forceinline__ void input_step(Accumulator& c, Operands d, int row, Operands w,
                                                    int first, int word, Lane p) {
    FragmentA fragment;
    load_a_rows_apart(fragment, d, row, word, p);
    Precision::template multiply_all<N>(c, fragment, [&](FragmentB& b, int n) {
      load_b_columns(b, w, word, first + 8 * n, p);
      Precision::weight(b);
    });
  }
  // C[n][k] += sum over 16 rows r of D[r][n] X[r][k] ... and of D[r][n] alone into `bias`.
  template <int N, class Precision, bool Far>
  static __device__ __forceinline__ void weight_step(Accumulator& c, float (&bias)[4],
                                                     bool with_bias, Operands d, Operands x,
                                                     int row, int n, int k, Lane p) {
#pragma unroll
    for (int half = 0; half < kLanes; half += 8) {
      FragmentA fragment;
      load_a_columns(fragment, d, row + half, n, p);
      Precision::template multiply_all<N>(c, fragment, [&](FragmentB& b, int j) {
        load_b_columns(b, x, row + half, k + 8 * j, p);
      });
      if (with_bias) Precision::add_ones(bias, fragment);
    }
  }

  static __device__ __forceinline__ float2 load_pair(std::uint32_t const* words, int at) {
    return *reinterpret_cast<float2 const*>(words + at);
  }
};

struct Tf32 : WholeWords {
  static __device__ __forceinline__ std::uint32_t operand(float x) { return to_tf32(x); }
  // Weights are kept in full; they are rounded as they are read.
  static __device__ __forceinline__ void weight(FragmentB& b) {
    b[0] = to_tf32(float_of(b[0]));
    b[1] = to_tf32(float_of(b[1]));
  }
  template <int N, class LoadB>
  static __device__ __forceinline__ void multiply_all(Accumulator& c, FragmentA const& a,
                                                      LoadB&& load_b) {
#pragma unroll
    for (int n = 0; n < N; ++n) {
      FragmentB b;
      load_b(b, n);
      mma_tf32(c[n], a, b);
    }
  }
  static __device__ __forceinline__ void add_ones(float (&c)[4], FragmentA const& a) {
    FragmentB const ones = {0x3f800000u, 0x3f800000u};
    mma_tf32(c, a, ones);
  }
  static __device__ __forceinline__ void store_pair(std::uint32_t* words, int at, float x,
                                                    float y) {
    *reinterpret_cast<uint2*>(words + at) = make_uint2(operand(x), operand(y));
  }
};

struct Fp32 : WholeWords {
  static __device__ __forceinline__ void weight(FragmentB&) {}
  template <int N>
  static __device__ __forceinline__ void split(std::uint32_t (&high)[N], std::uint32_t (&low)[N],
                                               std::uint32_t const (&whole)[N]) {
#pragma unroll
    for (int i = 0; i < N; ++i) {
      float const x = float_of(whole[i]);
      high[i] = to_tf32(x);
      low[i] = to_tf32(x - float_of(high[i]));
    }
  }
  template <int N, class LoadB>
  static __device__ __forceinline__ void multiply_all(Accumulator& c, FragmentA const& a,
                                                      LoadB&& load_b) {
    FragmentA a_high, a_low;
    split(a_high, a_low, a);
#pragma unroll
    for (int n = 0; n < N; ++n) {
      FragmentB b, b_high, b_low;
      load_b(b, n);
      split(b_high, b_low, b);
      mma_tf32(c[n], a_low, b_high);
      mma_tf32(c[n], a_high, b_low);
      mma_tf32(c[n], a_high, b_high);
    }
  }
  static __device__ __forceinline__ void add_ones(float (&c)[4], FragmentA const& a) {
    FragmentB const ones = {0x3f800000u, 0x3f800000u};
    FragmentA high, low;
    split(high, low, a);
    mma_tf32(c, low, ones);
    mma_tf32(c, high, ones);
  }
  static __device__ __forceinline__ void store_pair(std::uint32_t* words, int at, float x,
                                                    float y) {
    *reinterpret_cast<float2*>(words + at) = make_float2(x, y);
  }
};

// ---- two bf16 in a word

struct Bf16 {
  static constexpr int kPerWord = 2;
  static constexpr bool kWeightCopy = true;

  template <int N, class Precision, bool Shared>
  static __device__ __forceinline__ void forward_step(Accumulator& c, Operands a, int row,
                                                      Operands w, int first, int word, Lane p) {
    FragmentA fragment;
    load_a_rows(fragment, a, row, word, p);
#pragma unroll
    for (int n = 0; n < N; ++n) {
      FragmentB b;
      if constexpr (Shared) {
        load_b_rows(b, w, first + 8 * n, word, p);
      } else {
        round_row(b[0], w, first + 8 * n + p.g, 2 * (word + 2 * p.t));
        round_row(b[1], w, first + 8 * n + p.g, 2 * (word + 2 * p.t) + 2);
      }
      mma_bf16(c[n], fragment, b);
    }
  }
  // The rows of W that are multiplied here are 2 * word .. 2 * word + 15.
  template <int N, class Precision, bool Shared>
  static __device__ __forceinline__ void input_step(Accumulator& c, Operands d, int row, Operands w,
                                                    int first, int word, Lane p) {
    FragmentA fragment;
    load_a_rows_apart(fragment, d, row, word, p);
#pragma unroll
    for (int n = 0; n < N; n += 2) {
      std::uint32_t b[4];
      if constexpr (Shared) {
        // Matrices: rows 0-7 and 8-15 of columns 0-7, then of 8-15.
        int const lane = lane_number();
        load_transposed(b, chunk(w, 2 * word + (lane & 15), first / 2 + 4 * (n + (lane >> 4))));
      } else {
        for (int i = 0; i < 4; ++i) {
          round_column(b[i], w, 2 * word + 8 * (i & 1) + 2 * p.t, first + 8 * (n + (i >> 1)) + p.g);
        }
      }
      FragmentB const near = {b[0], b[1]};
      FragmentB const far = {b[2], b[3]};
      mma_bf16(c[n], fragment, near);
      mma_bf16(c[n + 1], fragment, far);
    }
  }
  template <int N, class Precision, bool Far>
  static __device__ __forceinline__ void weight_step(Accumulator& c, float (&bias)[4],
                                                     bool with_bias, Operands d, Operands x,
                                                     int row, int n, int k, Lane p) {
    FragmentA a;
    if constexpr (Far) {
      load_far(a[0], d, row, n, p);
      load_far(a[1], d, row, n + 8, p);
      load_far(a[2], d, row + 8, n, p);
      load_far(a[3], d, row + 8, n + 8, p);
    } else {
      // Matrices of D: rows 0-7 of columns 0-7 and 8-15, then rows 8-15.
      int const lane = lane_number();
      load_transposed(a,
                      chunk(d, row + (lane & 7) + (lane >> 4) * 8, n / 2 + 4 * ((lane >> 3) & 1)));
    }
#pragma unroll
    for (int j = 0; j < N; j += 2) {
      std::uint32_t b[4];
      if constexpr (Far) {
        load_far(b[0], x, row, k + 8 * j, p);
        load_far(b[1], x, row + 8, k + 8 * j, p);
        load_far(b[2], x, row, k + 8 * j + 8, p);
        load_far(b[3], x, row + 8, k + 8 * j + 8, p);
      } else {
        int const lane = lane_number();
        load_transposed(b, chunk(x, row + (lane & 15), k / 2 + 4 * (j + (lane >> 4))));
      }
      FragmentB const near = {b[0], b[1]};
      FragmentB const far = {b[2], b[3]};
      mma_bf16(c[j], a, near);
      mma_bf16(c[j + 1], a, far);
    }
    if (with_bias) {
      FragmentB const ones = {0x3f803f80u, 0x3f803f80u};
      mma_bf16(bias, a, ones);
    }
  }

  static __device__ __forceinline__ void store_pair(std::uint32_t* words, int at, float x,
                                                    float y) {
    words[at] = to_bf16_pair(x, y);
  }
  static __device__ __forceinline__ float2 load_pair(std::uint32_t const* words, int at) {
    std::uint32_t const pair = words[at];
    return make_float2(float_of(pair << 16), float_of(pair & 0xffff0000u));
  }

 private:
  // Two neighbours of an fp32 matrix, in a row or in a column.
  static __device__ __forceinline__ void round_row(std::uint32_t& out, Operands m, int row,
                                                   int column) {
    float2 const pair = *reinterpret_cast<float2 const*>(m.words + m.matrix.at(row, column));
    out = to_bf16_pair(pair.x, pair.y);
  }
  static __device__ __forceinline__ void round_column(std::uint32_t& out, Operands m, int row,
                                                      int column) {
    out = to_bf16_pair(float_of(m.words[m.matrix.at(row, column)]),
                       float_of(m.words[m.matrix.at(row + 1, column)]));
  }
  // A lane's part of a transposed 8x8 matrix from anywhere: ldmatrix reads this block's memory
  // only.
  static __device__ __forceinline__ void load_far(std::uint32_t& out, Operands m, int row,
                                                  int column, Lane p) {
    int const shift = 16 * (p.g & 1);
    int const word = (column + p.g) / 2;
    std::uint32_t const upper = m.words[m.matrix.at(row + 2 * p.t, word)] >> shift;
    std::uint32_t const lower = m.words[m.matrix.at(row + 2 * p.t + 1, word)] >> shift;
    out = (upper & 0xffffu) | lower << 16;
  }
  // The 16 bytes from word `word` (a multiple of 4) of a row.
  static __device__ __forceinline__ void const* chunk(Operands m, int row, int word) {
    return m.words + m.matrix.at(row, word);
  }
};

}  // namespace brood::cuda
