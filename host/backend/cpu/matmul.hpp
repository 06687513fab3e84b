// SPDX-License-Identifier: Apache-2.0
// The one matrix product of the CPU backend: C[m, :] = start[m, :] + sum_k A[m, k] B[k, :], with
// the elements of A broadcast and 16 elements of a row of B and C in a vector. Forward, dX and dW
// are three ways to point at their operands, so nothing is packed.
//
// Every element of C is one chain of fused multiply-adds over k in ascending order, so the shape of
// a tile, the blocks over k and the width of a vector change no bit.
#pragma once

#include <cstddef>
#include <utility>

#include "backend/cpu/simd.hpp"

namespace brood::cpu::BROOD_ISA {

// A matrix by strides, in floats.
struct Strided {
  float const* data;
  std::ptrdiff_t row, column;
};

enum class Start { zero, bias, add };  // C begins as 0, as bias[m] in all of row m, or as it is

// Rows beyond which k is blocked, so that a panel of B stays in cache.
inline constexpr int kBlock = 256;

template <int Rows, int Vectors, Start From>
BROOD_HD void tile(float* c, std::ptrdiff_t c_row, float const* bias, float const* a,
                   std::ptrdiff_t a_row, std::ptrdiff_t a_column, float const* b,
                   std::ptrdiff_t b_row, int k) {
  Float16 sum[Rows][Vectors];
#pragma GCC unroll 16
  for (int m = 0; m < Rows; ++m) {
#pragma GCC unroll 4
    for (int n = 0; n < Vectors; ++n) {
      if constexpr (From == Start::zero) {
        sum[m][n] = Float16(0.0f);
      } else if constexpr (From == Start::bias) {
        sum[m][n] = Float16(bias[m]);
      } else {
        sum[m][n] = Float16::load(c + m * c_row + n * kLanes);
      }
    }
  }
  for (int i = 0; i < k; ++i) {
    Float16 row[Vectors];
#pragma GCC unroll 4
    for (int n = 0; n < Vectors; ++n)
      row[n] = Float16::load(b + n * kLanes);
#pragma GCC unroll 16
    for (int m = 0; m < Rows; ++m) {
      Float16 const factor(a[m * a_row]);
#pragma GCC unroll 4
      for (int n = 0; n < Vectors; ++n)
        sum[m][n] = fma(factor, row[n], sum[m][n]);
    }
    a += a_column;
    b += b_row;
  }
#pragma GCC unroll 16
  for (int m = 0; m < Rows; ++m) {
#pragma GCC unroll 4
    for (int n = 0; n < Vectors; ++n)
      sum[m][n].store(c + m * c_row + n * kLanes);
  }
}

using TileFunction = void (*)(float*, std::ptrdiff_t, float const*, float const*, std::ptrdiff_t,
                              std::ptrdiff_t, float const*, std::ptrdiff_t, int);

template <int Rows, int Vectors, Start From>
void tile_function(float* c, std::ptrdiff_t c_row, float const* bias, float const* a,
                   std::ptrdiff_t a_row, std::ptrdiff_t a_column, float const* b,
                   std::ptrdiff_t b_row, int k) {
  tile<Rows, Vectors, From>(c, c_row, bias, a, a_row, a_column, b, b_row, k);
}

// The tiles of one width by their number of rows: tiles[rows - 1].
template <int Vectors, Start From>
struct Tiles {
  static constexpr int kMaxRows = kTileRows[Vectors];
  template <std::size_t... I>
  static constexpr auto functions(std::index_sequence<I...>) {
    struct Table {
      TileFunction row[kMaxRows];
    };
    return Table{{&tile_function<static_cast<int>(I) + 1, Vectors, From>...}};
  }
  static constexpr auto table = functions(std::make_index_sequence<kMaxRows>{});
};

// All rows of C, `Vectors` vectors wide.
template <int Vectors, Start From>
inline void columns(float* c, std::ptrdiff_t c_row, int rows, float const* bias, Strided a,
                    float const* b, std::ptrdiff_t b_row, int k) {
  constexpr int kMax = kTileRows[Vectors];
  for (int m = 0; m < rows; m += kMax) {
    int const height = rows - m < kMax ? rows - m : kMax;
    float const* const start = From == Start::bias ? bias + m : nullptr;
    Tiles<Vectors, From>::table.row[height - 1](c + m * c_row, c_row, start, a.data + m * a.row,
                                                a.row, a.column, b, b_row, k);
  }
}

template <Start From>
inline void block(float* c, std::ptrdiff_t c_row, int rows, int vectors, float const* bias,
                  Strided a, float const* b, std::ptrdiff_t b_row, int k) {
  int n = 0;
  for (; n + kTileVectors <= vectors; n += kTileVectors) {
    columns<kTileVectors, From>(c + n * kLanes, c_row, rows, bias, a, b + n * kLanes, b_row, k);
  }
  if constexpr (kTileVectors > 1) {
    int const left = vectors - n;
    c += n * kLanes;
    b += n * kLanes;
    if (left == 1) columns<1, From>(c, c_row, rows, bias, a, b, b_row, k);
    if constexpr (kTileVectors > 2) {
      if (left == 2) columns<2, From>(c, c_row, rows, bias, a, b, b_row, k);
      if (left == 3) columns<3, From>(c, c_row, rows, bias, a, b, b_row, k);
    }
  }
}

// C (rows, vectors * 16) from A (rows, k) and B (k, vectors * 16). `bias` is read for Start::bias.
template <Start From>
inline void matmul(float* c, std::ptrdiff_t c_row, int rows, int vectors, Strided a, float const* b,
                   std::ptrdiff_t b_row, int k, float const* bias = nullptr) {
  int const first = k < kBlock ? k : kBlock;
  block<From>(c, c_row, rows, vectors, bias, a, b, b_row, first);
  for (int i = first; i < k; i += kBlock) {
    int const depth = k - i < kBlock ? k - i : kBlock;
    Strided const next{a.data + i * a.column, a.row, a.column};
    block<Start::add>(c, c_row, rows, vectors, bias, next, b + i * b_row, b_row, depth);
  }
}

// out (columns, padded rows) = in (rows, columns) transposed, in blocks of 16; `in` has row stride
// `in_row` and `rows16` readable rows' worth of blocks; out rows are `out_row` apart. Rows of `in`
// from `rows` on count as zero.
inline void transpose_matrix(float* out, std::ptrdiff_t out_row, float const* in,
                             std::ptrdiff_t in_row, int rows, int columns16) {
  for (int r = 0; r < rows; r += kLanes) {
    for (int c = 0; c < columns16; c += kLanes) {
      Float16 block[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i) {
        block[i] = r + i < rows ? Float16::load(in + (r + i) * in_row + c) : Float16(0.0f);
      }
      transpose(block);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i)
        block[i].store(out + (c + i) * out_row + r);
    }
  }
}

}  // namespace brood::cpu::BROOD_ISA
