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
// There are three products: of the forward pass (Z = X W^T), of the deltas (dX = D W) and of the
// weights (dW = D^T X). Each runs over its inner dimension in ascending order, eight words at a
// time, into one accumulator, so that neither the shape of a tile nor who computes it changes a
// bit. Each has its own order inside the eight words, which is part of what a member is. Addresses
// of rows are worked out before the loops: inside, a load costs one addition.
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

// Where a lane reads a fragment of 16 rows from, row by row: of row g and of row g + 8.
struct RowPair {
  std::uint32_t const* upper;
  std::uint32_t const* lower;
  int bits;  // of the swizzle; rows 8 apart have the same
};
__device__ __forceinline__ RowPair rows_of(Operands m, int row, Lane p) {
  std::uint32_t const* const upper = m.words + (row + p.g) * m.matrix.stride;
  return {upper, upper + 8 * m.matrix.stride, swizzle(p.g) & m.matrix.mask};
}

// A[r][k] = M[row + r][word + k], with k as 2t, 2t + 1: pairs of neighbours.
__device__ __forceinline__ void load_neighbours(FragmentA& a, RowPair const& rows, int word,
                                                Lane p) {
  int const column = (word + 2 * p.t) ^ rows.bits;
  auto const upper = *reinterpret_cast<uint2 const*>(rows.upper + column);
  auto const lower = *reinterpret_cast<uint2 const*>(rows.lower + column);
  a[0] = upper.x;
  a[1] = lower.x;
  a[2] = upper.y;
  a[3] = lower.y;
}
// The same, with k as t, t + 4.
__device__ __forceinline__ void load_apart(FragmentA& a, RowPair const& rows, int word, Lane p) {
  int const near = (word + p.t) ^ rows.bits;
  int const far = near ^ 4;
  a[0] = rows.upper[near];
  a[1] = rows.lower[near];
  a[2] = rows.upper[far];
  a[3] = rows.lower[far];
}
// B[k][n] = M[n][word + k], with k as 2t, 2t + 1; `row` is the lane's.
__device__ __forceinline__ void load_neighbours(FragmentB& b, std::uint32_t const* row, int word,
                                                int bits, Lane p) {
  auto const pair = *reinterpret_cast<uint2 const*>(row + ((word + 2 * p.t) ^ bits));
  b[0] = pair.x;
  b[1] = pair.y;
}

// Where a lane reads columns from, eight rows at a time: from rows t and t + 4.
struct ColumnPair {
  std::uint32_t const* near;
  std::uint32_t const* far;

  __device__ __forceinline__ void advance(int words) {
    near += words;
    far += words;
  }
};
__device__ __forceinline__ ColumnPair column_of(Operands m, int row, int column, Lane p) {
  // swizzle(t + 4) is swizzle(t) ^ 4, and every mask has that bit.
  int const at = (column + p.g) ^ (swizzle(p.t) & m.matrix.mask);
  std::uint32_t const* const words = m.words + (row + p.t) * m.matrix.stride;
  return {words + at, words + 4 * m.matrix.stride + (at ^ 4)};
}

// What Tf32 and Fp32 share: operands of one word each.
template <class Precision>
struct WholeWords {
  static constexpr int kPerWord = 1;
  static constexpr bool kWeightCopy = false;  // weights are read from the parameters themselves

  // C[r][n] += sum over k < words of A[row + r][k] W[first + n][k].
  template <int N, bool Shared>
  static __device__ __forceinline__ void forward_product(Accumulator& c, Operands a, int row,
                                                         Operands w, int first, int words, Lane p) {
    RowPair const from = rows_of(a, row, p);
    int const bits = swizzle(p.g) & w.matrix.mask;
    std::uint32_t const* weights[N];
#pragma unroll
    for (int n = 0; n < N; ++n)
      weights[n] = w.words + (first + 8 * n + p.g) * w.matrix.stride;
#pragma unroll 2
    for (int word = 0; word < words; word += 8) {
      FragmentA fragment;
      load_neighbours(fragment, from, word, p);
      typename Precision::Left const left(fragment);
#pragma unroll
      for (int n = 0; n < N; ++n) {
        FragmentB b;
        load_neighbours(b, weights[n], word, bits, p);
        Precision::weight(b);
        left.multiply(c[n], b);
      }
    }
  }
  // C[r][k] += sum over n < words of D[row + r][n] W[n][first + k].
  template <int N, bool Shared>
  static __device__ __forceinline__ void delta_product(Accumulator& c, Operands d, int row,
                                                       Operands w, int first, int words, Lane p) {
    RowPair const from = rows_of(d, row, p);
    ColumnPair weights[N];
#pragma unroll
    for (int n = 0; n < N; ++n)
      weights[n] = column_of(w, 0, first + 8 * n, p);
#pragma unroll 2
    for (int word = 0; word < words; word += 8) {
      FragmentA fragment;
      load_apart(fragment, from, word, p);
      typename Precision::Left const left(fragment);
#pragma unroll
      for (int n = 0; n < N; ++n) {
        FragmentB b = {*weights[n].near, *weights[n].far};
        weights[n].advance(8 * w.matrix.stride);
        Precision::weight(b);
        left.multiply(c[n], b);
      }
    }
  }
  // C[n][k] += sum over r < rows of D[row + r][first_n + n] X[row + r][first_k + k], and of D alone
  // into `bias`. rows is a multiple of 16. Far: d and x lie in another block.
  template <int N, bool Far>
  static __device__ __forceinline__ void weight_product(Accumulator& c, float (&bias)[4],
                                                        bool with_bias, Operands d, Operands x,
                                                        int row, int rows, int n, int k, Lane p) {
    ColumnPair left_near = column_of(d, row, n, p);
    ColumnPair left_far = column_of(d, row, n + 8, p);
    ColumnPair inputs[N];
#pragma unroll
    for (int j = 0; j < N; ++j)
      inputs[j] = column_of(x, row, k + 8 * j, p);
#pragma unroll 2
    for (int r = 0; r < rows; r += 8) {
      FragmentA const fragment = {*left_near.near, *left_far.near, *left_near.far, *left_far.far};
      left_near.advance(8 * d.matrix.stride);
      left_far.advance(8 * d.matrix.stride);
      typename Precision::Left const left(fragment);
#pragma unroll
      for (int j = 0; j < N; ++j) {
        FragmentB const b = {*inputs[j].near, *inputs[j].far};
        inputs[j].advance(8 * x.matrix.stride);
        left.multiply(c[j], b);
      }
      if (with_bias) left.add_ones(bias);
    }
  }

  static __device__ __forceinline__ float2 load_pair(std::uint32_t const* words, int at) {
    return *reinterpret_cast<float2 const*>(words + at);
  }
};

struct Tf32 : WholeWords<Tf32> {
  static constexpr bool kRounds = true;
  // Weights are kept in full; they are rounded as they are read.
  static __device__ __forceinline__ void weight(FragmentB& b) {
    b[0] = to_tf32(float_of(b[0]));
    b[1] = to_tf32(float_of(b[1]));
  }
  static __device__ __forceinline__ void store_pair(std::uint32_t* words, int at, float x,
                                                    float y) {
    *reinterpret_cast<uint2*>(words + at) = make_uint2(to_tf32(x), to_tf32(y));
  }

  struct Left {
    FragmentA const& a;
    __device__ __forceinline__ explicit Left(FragmentA const& fragment) : a(fragment) {}
    __device__ __forceinline__ void multiply(float (&c)[4], FragmentB const& b) const {
      mma_tf32(c, a, b);
    }
    __device__ __forceinline__ void add_ones(float (&c)[4]) const {
      FragmentB const ones = {0x3f800000u, 0x3f800000u};
      mma_tf32(c, a, ones);
    }
  };
};

struct Fp32 : WholeWords<Fp32> {
  static constexpr bool kRounds = false;
  static __device__ __forceinline__ void weight(FragmentB&) {}
  static __device__ __forceinline__ void store_pair(std::uint32_t* words, int at, float x,
                                                    float y) {
    *reinterpret_cast<float2*>(words + at) = make_float2(x, y);
  }

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
  struct Left {
    FragmentA high, low;
    __device__ __forceinline__ explicit Left(FragmentA const& a) { split(high, low, a); }
    __device__ __forceinline__ void multiply(float (&c)[4], FragmentB const& b) const {
      FragmentB b_high, b_low;
      split(b_high, b_low, b);
      mma_tf32(c, low, b_high);
      mma_tf32(c, high, b_low);
      mma_tf32(c, high, b_high);
    }
    __device__ __forceinline__ void add_ones(float (&c)[4]) const {
      FragmentB const ones = {0x3f800000u, 0x3f800000u};
      mma_tf32(c, low, ones);
      mma_tf32(c, high, ones);
    }
  };
};

// ---- two bf16 in a word

struct Bf16 {
  static constexpr bool kRounds = true;  // operands hold less than fp32
  static constexpr int kPerWord = 2;
  static constexpr bool kWeightCopy = true;

  template <int N, bool Shared>
  static __device__ __forceinline__ void forward_product(Accumulator& c, Operands a, int row,
                                                         Operands w, int first, int words, Lane p) {
    RowPair const from = rows_of(a, row, p);
    int const bits = swizzle(p.g) & w.matrix.mask;
    std::uint32_t const* weights[N];
#pragma unroll
    for (int n = 0; n < N; ++n)
      weights[n] = w.words + (first + 8 * n + p.g) * w.matrix.stride;
#pragma unroll 2
    for (int word = 0; word < words; word += 8) {
      FragmentA fragment;
      load_neighbours(fragment, from, word, p);
#pragma unroll
      for (int n = 0; n < N; ++n) {
        FragmentB b;
        if constexpr (Shared) {
          load_neighbours(b, weights[n], word, bits, p);
        } else {
          int const column = 2 * (word + 2 * p.t);
          b[0] = rounded_row(weights[n], column ^ bits);
          b[1] = rounded_row(weights[n], (column + 2) ^ bits);
        }
        mma_bf16(c[n], fragment, b);
      }
    }
  }
  // The rows of W that eight words of D meet are sixteen.
  template <int N, bool Shared>
  static __device__ __forceinline__ void delta_product(Accumulator& c, Operands d, int row,
                                                       Operands w, int first, int words, Lane p) {
    RowPair const from = rows_of(d, row, p);
#pragma unroll 2
    for (int word = 0; word < words; word += 8) {
      FragmentA fragment;
      load_apart(fragment, from, word, p);
#pragma unroll
      for (int n = 0; n < N; n += 2) {
        std::uint32_t b[4];
        if constexpr (Shared) {
          // Matrices: rows 0-7 and 8-15 of columns 0-7, then of 8-15.
          int const lane = lane_number();
          load_transposed(b, chunk(w, 2 * word + (lane & 15), first / 2 + 4 * (n + (lane >> 4))));
        } else {
          for (int i = 0; i < 4; ++i) {
            b[i] = rounded_column(w, 2 * word + 8 * (i & 1) + 2 * p.t,
                                  first + 8 * (n + (i >> 1)) + p.g);
          }
        }
        multiply_two(c[n], c[n + 1], fragment, b);
      }
    }
  }
  template <int N, bool Far>
  static __device__ __forceinline__ void weight_product(Accumulator& c, float (&bias)[4],
                                                        bool with_bias, Operands d, Operands x,
                                                        int row, int rows, int n, int k, Lane p) {
    for (int r = row; r < row + rows; r += 16) {
      FragmentA a;
      load_left<Far>(a, d, r, n, p);
#pragma unroll
      for (int j = 0; j < N; j += 2) {
        std::uint32_t b[4];
        load_right<Far>(b, x, r, k + 8 * j, p);
        multiply_two(c[j], c[j + 1], a, b);
      }
      if (with_bias) {
        FragmentB const ones = {0x3f803f80u, 0x3f803f80u};
        mma_bf16(bias, a, ones);
      }
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
  static __device__ __forceinline__ void multiply_two(float (&first)[4], float (&second)[4],
                                                      FragmentA const& a,
                                                      std::uint32_t const (&b)[4]) {
    FragmentB const near = {b[0], b[1]};
    FragmentB const far = {b[2], b[3]};
    mma_bf16(first, a, near);
    mma_bf16(second, a, far);
  }

  // Two neighbours of an fp32 matrix, in a row or in a column, rounded.
  static __device__ __forceinline__ std::uint32_t rounded_row(std::uint32_t const* row,
                                                              int column) {
    float2 const pair = *reinterpret_cast<float2 const*>(row + column);
    return to_bf16_pair(pair.x, pair.y);
  }
  static __device__ __forceinline__ std::uint32_t rounded_column(Operands m, int row, int column) {
    return to_bf16_pair(float_of(m.words[m.matrix.at(row, column)]),
                        float_of(m.words[m.matrix.at(row + 1, column)]));
  }

  // D^T: 16 columns from n on of rows r .. r + 15, as matrices: rows 0-7 of columns 0-7 and 8-15,
  // then rows 8-15.
  template <bool Far>
  static __device__ __forceinline__ void load_left(FragmentA& a, Operands m, int r, int n, Lane p) {
    if constexpr (Far) {
      a[0] = far_pair(m, r, n, p);
      a[1] = far_pair(m, r, n + 8, p);
      a[2] = far_pair(m, r + 8, n, p);
      a[3] = far_pair(m, r + 8, n + 8, p);
    } else {
      int const lane = lane_number();
      load_transposed(a, chunk(m, r + (lane & 7) + (lane >> 4) * 8, n / 2 + (lane >> 1 & 4)));
    }
  }
  // X: 16 columns from k on, as matrices: rows 0-7 and 8-15 of columns 0-7, then of 8-15.
  template <bool Far>
  static __device__ __forceinline__ void load_right(std::uint32_t (&b)[4], Operands m, int r, int k,
                                                    Lane p) {
    if constexpr (Far) {
      b[0] = far_pair(m, r, k, p);
      b[1] = far_pair(m, r + 8, k, p);
      b[2] = far_pair(m, r, k + 8, p);
      b[3] = far_pair(m, r + 8, k + 8, p);
    } else {
      int const lane = lane_number();
      load_transposed(b, chunk(m, r + (lane & 15), k / 2 + 4 * (lane >> 4)));
    }
  }
  // A lane's part of a transposed 8x8 matrix from anywhere: ldmatrix reads this block's memory
  // only.
  static __device__ __forceinline__ std::uint32_t far_pair(Operands m, int row, int column,
                                                           Lane p) {
    int const shift = 16 * (p.g & 1);
    int const word = (column + p.g) / 2;
    std::uint32_t const upper = m.words[m.matrix.at(row + 2 * p.t, word)] >> shift;
    std::uint32_t const lower = m.words[m.matrix.at(row + 2 * p.t + 1, word)] >> shift;
    return (upper & 0xffffu) | lower << 16;
  }
  // The 16 bytes from word `word` (a multiple of 4) of a row.
  static __device__ __forceinline__ void const* chunk(Operands m, int row, int word) {
    return m.words + m.matrix.at(row, word);
  }
};

}  // namespace brood::cuda
