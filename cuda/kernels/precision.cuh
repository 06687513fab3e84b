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
// Units of words are made of 2 x 2 blocks (tile_layout.hpp): one 16-byte load is a fragment of the
// left operand, or two of the right one. In a block of inputs and hidden layers the words go down
// its columns, in one of deltas and weights along its rows; those are the orders in which each of
// the three products wants its left operand. Units of bf16 are four 8 x 8 matrices of 16-byte rows,
// columns 0 - 7 before 8 - 15: ldmatrix reads them in either direction.
//
// kSparesRegisters: products leave registers for longer straight-line code, and for phases that are
// part of the loop. Fp32, which keeps two parts of each operand, does not.
//
// In a product of words, a step over 8 of the inner dimension takes them in an order of its own
// (columns 0 2 4 6 1 3 5 7; rows of a batch 0 1 2 3 8 9 10 11, then the others), the same always.
#pragma once

#include <type_traits>

#include "core/math.hpp"
#include "cuda/kernels/approx.cuh"
#include "cuda/kernels/prims.cuh"
#include "cuda/task/tile_layout.hpp"

namespace brood::cuda {

// A lane's place in a fragment, lane 4 g + t.
struct Lane {
  int g, t;
};
__device__ __forceinline__ Lane lane_place() {
  return {lane_number() >> 2, lane_number() & 3};
}

// A lane's part of half a unit's columns: rows q = 0, 1 and columns e = 0, 1 as v[2 q + e].
struct Quad {
  float v[4];
};
__device__ __forceinline__ Quad quad_of(uint4 w) {
  return {{float_of(w.x), float_of(w.y), float_of(w.z), float_of(w.w)}};
}
__device__ __forceinline__ uint4 words_of(Quad const& q) {
  return make_uint4(bits_of(q.v[0]), bits_of(q.v[1]), bits_of(q.v[2]), bits_of(q.v[3]));
}

// Four registers as loaded.
struct Fragment {
  std::uint32_t r[4];
};
__device__ __forceinline__ Fragment fragment_of(uint4 w) {
  return {{w.x, w.y, w.z, w.w}};
}

// A generic address: in global memory, or in this block's shared memory.
struct Generic {
  char const* at;

  __device__ __forceinline__ Generic operator+(int bytes) const { return {at + bytes}; }
};
__device__ __forceinline__ uint4 load_16(Generic from) {
  return *reinterpret_cast<uint4 const*>(from.at);
}

template <class T>
__device__ __forceinline__ T advanced(T at, int bytes) {
  if constexpr (std::is_same_v<T, Shared>) {
    return at + static_cast<Shared>(bytes);
  } else {
    return at + bytes;
  }
}

// Bytes from a unit of words to the block that lane (g, t) reads: along a row of blocks from column
// 4 half on, or down a column of blocks from row 4 half on. Spread: with g / 2 + 4 (g % 2) in place
// of g, for the right operand, whose two fragments then put out columns 2t, 2t + 1 and 2t + 8,
// 2t + 9 of a unit. These are 4 block_words(g, t + 4 half) and 4 block_words(t + 4 half, g), whose
// bits are sums of the lane's bits, in few instructions; tests/cuda holds them to it.
__device__ __forceinline__ int block_along(int lane, int half) {
  int const at = lane << 4;
  return (at ^ (at >> 2 & 0x60)) ^ half * 0x210;
}
__device__ __forceinline__ int block_down(int lane, int half) {
  int const at = (lane & 3) << 6 | (lane & 16) << 5;
  return (at | ((lane & 12) << 2 ^ (lane & 2) << 4 ^ (lane & 16))) ^ half * 0x140;
}
__device__ __forceinline__ int spread_lane(Lane p) {
  return p.t | (p.g >> 1) << 2 | (p.g & 1) << 4;
}
__device__ __forceinline__ int whole_block(Lane p, int half) {
  return block_along(p.g << 2 | p.t, half);
}
__device__ __forceinline__ int whole_block_spread(Lane p, int half) {
  return block_along(spread_lane(p), half);
}
__device__ __forceinline__ int whole_block_down(Lane p, int half) {
  return block_down(p.g << 2 | p.t, half);
}
__device__ __forceinline__ int whole_block_down_spread(Lane p, int half) {
  return block_down(spread_lane(p), half);
}

// A value into this block's shared memory, or into another's.
__device__ __forceinline__ void store_value(Shared at, float v) {
  store_4(at, bits_of(v));
}
__device__ __forceinline__ void store_value(RemoteShared at, float v) {
  store_4(at, bits_of(v));
}
template <class At>
__device__ __forceinline__ void store_value(At at, double v) {
  std::uint64_t const bits = bits_of(v);
  store_8(at, make_uint2(static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32)));
}

// ---- 32-bit words

// Reads the fragments of a step: at(step) + offset.
template <class At>
struct WholeReader {
  At at[2];

  __device__ __forceinline__ Fragment load(int step, int offset) const {
    return fragment_of(load_16(advanced(at[step], offset)));
  }
  __device__ __forceinline__ void advance(int bytes) {
    at[0] = advanced(at[0], bytes);
    at[1] = advanced(at[1], bytes);
  }
};

// What Tf32 and Fp32 share: operands of one word each.
template <class Precision>
struct OneWordOperands {
  static constexpr int kUnitBytes = 1024;
  static constexpr int kSteps = 2;                // over a unit
  static constexpr bool kWeightCopy = false;      // weights are read from the parameters themselves
  static constexpr bool kDeltaTransposed = true;  // W^T D^T is multiplied, in place of D W

  template <class At>
  static constexpr int kWeightUnitBytes = 1024;

  template <class At>
  static __device__ __forceinline__ auto left_along(At m, Lane p) {
    return WholeReader<At>{{advanced(m, whole_block(p, 0)), advanced(m, whole_block(p, 1))}};
  }
  template <class At>
  static __device__ __forceinline__ auto right_along(At m, Lane p) {
    return WholeReader<At>{
        {advanced(m, whole_block_spread(p, 0)), advanced(m, whole_block_spread(p, 1))}};
  }
  template <class At>
  static __device__ __forceinline__ auto left_down(At m, Lane p) {
    return WholeReader<At>{
        {advanced(m, whole_block_down(p, 0)), advanced(m, whole_block_down(p, 1))}};
  }
  template <class At>
  static __device__ __forceinline__ auto right_down(At m, Lane p) {
    return WholeReader<At>{
        {advanced(m, whole_block_down_spread(p, 0)), advanced(m, whole_block_down_spread(p, 1))}};
  }
  template <class At>
  static __device__ __forceinline__ auto weights_down(At m, Lane p) {
    return left_down(m, p);
  }
  template <class At>
  static __device__ __forceinline__ auto deltas_along(At m, Lane p) {
    return right_along(m, p);
  }

  // The quad of half `h` that lies in accumulators c of a unit and its neighbour in the tile:
  // columns 16 j + 8 h + 2 t + e; rows g + 8 q of a batch, or outputs 2 g + q.
  static __device__ __forceinline__ Quad quad(float const (&even)[4], float const (&odd)[4],
                                              int h) {
    return {{even[h], odd[h], even[2 + h], odd[2 + h]}};
  }
  static __device__ __forceinline__ void set_quad(float (&even)[4], float (&odd)[4], int h,
                                                  Quad const& q) {
    even[h] = q.v[0];
    odd[h] = q.v[1];
    even[2 + h] = q.v[2];
    odd[2 + h] = q.v[3];
  }
  // Of deltas, which were multiplied transposed: rows t + 4 h + 8 q, columns 2 g + e.
  static __device__ __forceinline__ Quad delta_quad(float const (&upper)[4],
                                                    float const (&lower)[4], int h) {
    return {{upper[h], upper[2 + h], lower[h], lower[2 + h]}};
  }
  static __device__ __forceinline__ int delta_place(Lane p, int h) {
    return whole_block_down(p, h);
  }
  // Where a lane of the forward pass has its quad.
  static __device__ __forceinline__ int place(Lane p, int h) { return whole_block(p, h); }

  // Inputs, hidden layers and slopes: blocks go down their columns. `at`: of the quad.
  static __device__ __forceinline__ void store_hidden(Shared at, Quad const& q) {
    store_16(at, make_uint4(Precision::operand(q.v[0]), Precision::operand(q.v[2]),
                            Precision::operand(q.v[1]), Precision::operand(q.v[3])));
  }
  static __device__ __forceinline__ Quad load_hidden(Shared at) {
    uint4 const w = load_16(at);
    return {{float_of(w.x), float_of(w.z), float_of(w.y), float_of(w.w)}};
  }
  // Deltas: blocks go along their rows.
  static __device__ __forceinline__ void store_delta_at(Shared at, Quad const& q) {
    store_16(at, make_uint4(Precision::operand(q.v[0]), Precision::operand(q.v[1]),
                            Precision::operand(q.v[2]), Precision::operand(q.v[3])));
  }
  static __device__ __forceinline__ void store_delta(Shared unit, Lane p, int h, Quad const& q) {
    store_delta_at(unit + static_cast<Shared>(place(p, h)), q);
  }
  // Of 16 inputs lane (g, t) has those from 4 t on, of rows g and g + 8.
  static __device__ __forceinline__ void store_inputs(Shared unit, Lane p, float const (&upper)[4],
                                                      float const (&lower)[4]) {
    Shared const at = unit + static_cast<Shared>(4 * block_words(p.g, 2 * p.t));
    store_hidden(at, {{upper[0], upper[1], lower[0], lower[1]}});
    store_hidden(at ^ 16u, {{upper[2], upper[3], lower[2], lower[3]}});  // the block beside it
  }
  // The output of a row of a unit that lane g of fragment row q puts out.
  static __device__ __forceinline__ int output_of(int g, int q) { return 2 * g + q; }

  // Two neighbours in a row of a matrix without units.
  static __device__ __forceinline__ float2 load_pair(std::uint32_t const* words, int at) {
    return *reinterpret_cast<float2 const*>(words + at);
  }
  static __device__ __forceinline__ void store_pair(std::uint32_t* words, int at, float x,
                                                    float y) {
    *reinterpret_cast<uint2*>(words + at) =
        make_uint2(Precision::operand(x), Precision::operand(y));
  }
  static constexpr int kPerWord = 1;
};

struct Tf32 : OneWordOperands<Tf32> {
  static constexpr bool kSparesRegisters = true;
  static __device__ __forceinline__ std::uint32_t operand(float x) { return to_tf32(x); }

  using Prepared = Fragment;
  // Weights are kept in full; they are rounded as they are read.
  template <bool Weights>
  static __device__ __forceinline__ Prepared prepare(Fragment const& f) {
    Fragment prepared = f;
    if constexpr (Weights) {
#pragma unroll
      for (int i = 0; i < 4; ++i)
        prepared.r[i] = to_tf32(float_of(f.r[i]));
    }
    return prepared;
  }
  // d = a b + c, with b the fragment of half h of the right operand.
  static __device__ __forceinline__ void multiply(float (&d)[4], Prepared const& a,
                                                  Prepared const& b, int h, float const (&c)[4]) {
    mma_tf32(d, a.r, {b.r[2 * h], b.r[2 * h + 1]}, c);
  }
  static __device__ __forceinline__ void add_ones(float (&d)[4], Prepared const& a,
                                                  float const (&c)[4]) {
    mma_tf32(d, a.r, {0x3f800000u, 0x3f800000u}, c);
  }
  static __device__ __forceinline__ float exp(float x) {
    return power_of_two(x * 1.44269504f);
  }
  static __device__ __forceinline__ float log(float x) {
    return log_of_two(x) * 0.693147181f;
  }
};

struct Fp32 : OneWordOperands<Fp32> {
  static constexpr bool kSparesRegisters = false;
  static __device__ __forceinline__ std::uint32_t operand(float x) { return bits_of(x); }

  struct Prepared {
    std::uint32_t high[4], low[4];
  };
  template <bool Weights>
  static __device__ __forceinline__ Prepared prepare(Fragment const& f) {
    Prepared p;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      float const x = float_of(f.r[i]);
      p.high[i] = to_tf32(x);
      p.low[i] = to_tf32(x - float_of(p.high[i]));
    }
    return p;
  }
  static __device__ __forceinline__ void multiply(float (&d)[4], Prepared const& a,
                                                  Prepared const& b, int h, float const (&c)[4]) {
    std::uint32_t const high[2] = {b.high[2 * h], b.high[2 * h + 1]};
    std::uint32_t const low[2] = {b.low[2 * h], b.low[2 * h + 1]};
    mma_tf32(d, a.low, high, c);
    mma_tf32(d, a.high, low, d);
    mma_tf32(d, a.high, high, d);
  }
  static __device__ __forceinline__ void add_ones(float (&d)[4], Prepared const& a,
                                                  float const (&c)[4]) {
    std::uint32_t const ones[2] = {0x3f800000u, 0x3f800000u};
    mma_tf32(d, a.low, ones, c);
    mma_tf32(d, a.high, ones, d);
  }
  static __device__ __forceinline__ float exp(float x) {
    return x < -87.0f ? 0.0f : brood::exp(x);
  }
  static __device__ __forceinline__ float log(float x) {
    return brood::log(x);
  }
};

// ---- two bf16 in a word

// Reads units of 8 x 8 matrices by ldmatrix.
template <bool Transposed>
struct MatrixReader {
  Shared at;

  __device__ __forceinline__ Fragment load(int, int offset) const {
    Shared const row = at + static_cast<Shared>(offset);
    return fragment_of(Transposed ? load_transposed(row) : load_matrices(row));
  }
  __device__ __forceinline__ void advance(int bytes) { at += static_cast<Shared>(bytes); }
};

// Bytes from a unit to the row of a matrix that a lane names: matrices in their order (rows 0 - 7
// and 8 - 15 of columns 0 - 7, then of 8 - 15), or by rows first.
__device__ __forceinline__ int matrix_row() {
  return 16 * lane_number();
}
__device__ __forceinline__ int matrix_row_swapped() {
  int const matrix = lane_number() >> 3;
  return ((matrix & 1) << 1 | matrix >> 1) * 128 + (lane_number() & 7) * 16;
}

// Reads transposed fragments of another block's units, which ldmatrix cannot.
template <bool Swapped>
struct FarMatrixReader {
  RemoteShared at;
  Lane p;

  // Elements (row, g) and (row + 1, g) of an 8 x 8 matrix.
  __device__ __forceinline__ std::uint32_t pair(int offset) const {
    int const column = offset + (p.g >> 1) * 4;
    int const shift = 16 * (p.g & 1);
    std::uint32_t const upper = load_4(at + (column + 32 * p.t)) >> shift;
    std::uint32_t const lower = load_4(at + (column + 32 * p.t + 16)) >> shift;
    return (upper & 0xffffu) | lower << 16;
  }
  __device__ __forceinline__ Fragment load(int, int offset) const {
    Fragment f;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      int const matrix = Swapped ? (i & 1) << 1 | i >> 1 : i;
      f.r[i] = pair(offset + 128 * matrix);
    }
    return f;
  }
  __device__ __forceinline__ void advance(int bytes) {
    at = at + bytes;
  }
};

// Reads fragments of fp32 weights in global memory, rounded: two for the right operand.
template <bool Down>
struct RoundingReader {
  Generic at;
  Lane p;

  __device__ __forceinline__ float element(int offset, int row, int column) const {
    int const word = block_words(row % 8, column / 2) + row / 8 * 2 + column % 2;
    return *reinterpret_cast<float const*>(at.at + offset + 4 * word);
  }
  __device__ __forceinline__ Fragment load(int, int offset) const {
    Fragment f;
    if constexpr (Down) {  // elements (k, n) and (k + 1, n): rows are k
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        int const k = 2 * p.t + 8 * (i & 1), n = p.g + 8 * (i >> 1);
        f.r[i] = to_bf16_pair(element(offset, k, n), element(offset, k + 1, n));
      }
    } else {  // elements (n, k) and (n, k + 1): a block has those of n and n + 8
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        Quad const q = quad_of(load_16(at + (offset + whole_block(p, half))));
        f.r[half] = to_bf16_pair(q.v[0], q.v[1]);
        f.r[2 + half] = to_bf16_pair(q.v[2], q.v[3]);
      }
    }
    return f;
  }
  __device__ __forceinline__ void advance(int bytes) {
    at = at + bytes;
  }
};

struct Bf16 {
  static constexpr bool kSparesRegisters = true;
  static constexpr int kPerWord = 2;
  static constexpr int kUnitBytes = 512;
  static constexpr int kSteps = 1;
  static constexpr bool kWeightCopy = true;
  static constexpr bool kDeltaTransposed = false;

  template <class At>
  static constexpr int kWeightUnitBytes = std::is_same_v<At, Generic> ? 1024 : 512;

  static __device__ __forceinline__ auto left_along(Shared m, Lane) {
    return MatrixReader<false>{m + static_cast<Shared>(matrix_row())};
  }
  static __device__ __forceinline__ auto right_along(Shared m, Lane) {
    return MatrixReader<false>{m + static_cast<Shared>(matrix_row_swapped())};
  }
  static __device__ __forceinline__ auto right_along(Generic m, Lane p) {
    return RoundingReader<false>{m, p};
  }
  static __device__ __forceinline__ auto left_down(Shared m, Lane) {
    return MatrixReader<true>{m + static_cast<Shared>(matrix_row_swapped())};
  }
  static __device__ __forceinline__ auto left_down(RemoteShared m, Lane p) {
    return FarMatrixReader<true>{m, p};
  }
  static __device__ __forceinline__ auto right_down(Shared m, Lane) {
    return MatrixReader<true>{m + static_cast<Shared>(matrix_row())};
  }
  static __device__ __forceinline__ auto right_down(RemoteShared m, Lane p) {
    return FarMatrixReader<false>{m, p};
  }
  static __device__ __forceinline__ auto weights_down(Shared m, Lane p) { return right_down(m, p); }
  static __device__ __forceinline__ auto weights_down(Generic m, Lane p) {
    return RoundingReader<true>{m, p};
  }
  static __device__ __forceinline__ auto deltas_along(Shared m, Lane p) { return left_along(m, p); }

  // Columns 16 j + 8 h + 2 t + e; rows g + 8 q.
  static __device__ __forceinline__ Quad quad(float const (&first)[4], float const (&second)[4],
                                              int h) {
    auto const& c = h == 0 ? first : second;
    return {{c[0], c[1], c[2], c[3]}};
  }
  static __device__ __forceinline__ void set_quad(float (&first)[4], float (&second)[4], int h,
                                                  Quad const& q) {
    auto& c = h == 0 ? first : second;
#pragma unroll
    for (int i = 0; i < 4; ++i)
      c[i] = q.v[i];
  }
  static __device__ __forceinline__ Quad delta_quad(float const (&first)[4],
                                                    float const (&second)[4], int h) {
    return quad(first, second, h);
  }
  static __device__ __forceinline__ int place(Lane p, int h) {
    return 256 * h + 16 * p.g + 4 * p.t;
  }
  static __device__ __forceinline__ int delta_place(Lane p, int h) {
    return place(p, h);
  }

  // `at`: of the quad's first row.
  static __device__ __forceinline__ void store_hidden(Shared at, Quad const& q) {
    store_4(at, to_bf16_pair(q.v[0], q.v[1]));
    store_4(at + 128, to_bf16_pair(q.v[2], q.v[3]));
  }
  static __device__ __forceinline__ Quad load_hidden(Shared at) {
    std::uint32_t const upper = load_4(at), lower = load_4(at + 128);
    return {{float_of(upper << 16), float_of(upper & 0xffff0000u), float_of(lower << 16),
             float_of(lower & 0xffff0000u)}};
  }
  static __device__ __forceinline__ void store_delta_at(Shared at, Quad const& q) {
    store_hidden(at, q);
  }
  static __device__ __forceinline__ void store_delta(Shared unit, Lane p, int h, Quad const& q) {
    store_hidden(unit + static_cast<Shared>(place(p, h)), q);
  }
  static __device__ __forceinline__ void store_inputs(Shared unit, Lane p, float const (&upper)[4],
                                                      float const (&lower)[4]) {
    Shared const at = unit + static_cast<Shared>(256 * (p.t >> 1) + 16 * p.g + 8 * (p.t & 1));
    store_8(at, make_uint2(to_bf16_pair(upper[0], upper[1]), to_bf16_pair(upper[2], upper[3])));
    store_8(at + 128,
            make_uint2(to_bf16_pair(lower[0], lower[1]), to_bf16_pair(lower[2], lower[3])));
  }
  static __device__ __forceinline__ int output_of(int g, int q) {
    return g + 8 * q;
  }

  static __device__ __forceinline__ float2 load_pair(std::uint32_t const* words, int at) {
    std::uint32_t const pair = words[at];
    return make_float2(float_of(pair << 16), float_of(pair & 0xffff0000u));
  }
  static __device__ __forceinline__ void store_pair(std::uint32_t* words, int at, float x,
                                                    float y) {
    words[at] = to_bf16_pair(x, y);
  }

  using Prepared = Fragment;
  template <bool Weights>
  static __device__ __forceinline__ Prepared prepare(Fragment const& f) {
    return f;
  }
  static __device__ __forceinline__ void multiply(float (&d)[4], Prepared const& a,
                                                  Prepared const& b, int h, float const (&c)[4]) {
    mma_bf16(d, a.r, {b.r[2 * h], b.r[2 * h + 1]}, c);
  }
  static __device__ __forceinline__ void add_ones(float (&d)[4], Prepared const& a,
                                                  float const (&c)[4]) {
    mma_bf16(d, a.r, {0x3f803f80u, 0x3f803f80u}, c);
  }
  static __device__ __forceinline__ float exp(float x) {
    return power_of_two(x * 1.44269504f);
  }
  static __device__ __forceinline__ float log(float x) {
    return log_of_two(x) * 0.693147181f;
  }
};

}  // namespace brood::cuda
