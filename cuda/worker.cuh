// SPDX-License-Identifier: Apache-2.0
// What every phase of the step shares: the block's control data in shared memory, where tensors
// lie, who does which part of the work, and who must wait for whom.
#pragma once

#include "core/permutation.hpp"
#include "core/philox.hpp"
#include "cuda/member_task.hpp"
#include "cuda/precision.cuh"

namespace brood::cuda {

__device__ __forceinline__ Control& control() {
  return *reinterpret_cast<Control*>(shared_memory());
}
__device__ __forceinline__ std::uint32_t* shared_words(int place) {
  return reinterpret_cast<std::uint32_t*>(shared_memory()) + place;
}
__device__ __forceinline__ float* shared_floats(int place) {
  return reinterpret_cast<float*>(shared_memory()) + place;
}

// A run of rows of a batch, or of the evaluation rows, that is in flight at once.
struct Chunk {
  int first;  // position of its first row in the batch
  int rows;
  int begin;  // position of its first row in the epoch's order
  int epoch;  // < 0: evaluation rows, in their own order
};

// The sum of `count` values, `stride` apart: by lanes, then as a tree. Every warp gets the same
// bits.
__device__ __forceinline__ float sum_of(float const* values, int count, int stride) {
  float sum = 0.0f;
  for (int i = lane_number(); i < count; i += 32)
    sum += values[i * stride];
  for (int mask = 16; mask > 0; mask /= 2)
    sum += shuffle_xor(sum, mask);
  return sum;
}

// What a chunk goes through the network for. Evaluation drops nothing and keeps no slopes.
struct Pass {
  bool training;
  std::uint32_t step;  // counter of its dropout masks
};

template <int N>
struct Eights {
  static constexpr int value = N;
};

// f(Eights<N>) for a tile of so many fragments: four, or two at a matrix's edge.
template <class F>
__device__ __forceinline__ void with_eights(int eights, F&& f) {
  if (eights == 4) {
    f(Eights<4>{});
  } else {
    f(Eights<2>{});
  }
}

// f(j, fragment) for the first `eights` fragments of an accumulator, one after another: as a loop,
// so that what f does is in the program once, with the fragments going round through the registers
// of the first.
template <class F>
__device__ __forceinline__ void for_eights(Accumulator& c, int eights, F&& f) {
#pragma unroll 1
  for (int j = 0; j < 4; ++j) {
    if (j < eights) f(j, c[0]);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      float const first = c[0][i];
#pragma unroll
      for (int n = 0; n < 3; ++n)
        c[n][i] = c[n + 1][i];
      c[3][i] = first;
    }
  }
}

// Weights are read from shared memory, or else from global memory. Clustered: several blocks train
// one member.
template <class P, bool Shared, bool Clustered>
struct Worker {
  using Precision = P;
  static constexpr bool kShared = Shared;
  static constexpr bool kClustered = Clustered;

  Lane place;
  int lane, warp, warps;
  int rank, blocks;               // of the cluster
  int row_warp, row_warps;        // this warp's share of the blocks of rows ...
  int column_warp, column_warps;  // ... and of columns
  int span;

  __device__ __forceinline__ Worker() {
    WorkCut const& cut = control().task.cut;
    lane = lane_number();
    place = lane_place();
    warp = warp_number();
    warps = warp_count();
    rank = Clustered ? cluster_rank() : 0;
    blocks = Clustered ? cut.blocks : 1;
    row_warps = cut.row_warps;
    column_warps = cut.column_warps;
    row_warp = warp / column_warps;
    column_warp = warp % column_warps;
    span = cut.span;
  }

  __device__ __forceinline__ Member const& member() const { return control().task.member; }
  __device__ __forceinline__ MemberTask const& task() const { return control().task; }
  __device__ __forceinline__ SharedMap const& map() const { return control().task.map; }
  __device__ __forceinline__ TileLayer const& layer(int l) const {
    return control().task.layout.layer[l];
  }

  // ---- waiting

  // Between phases in which a warp reads what warps of its own rows wrote.
  __device__ __forceinline__ void sync_rows() const {
    if (column_warps == 1) {
      sync_warp();
    } else {
      sync_block();
    }
  }
  // Between phases in which it reads what any warp of the member wrote.
  __device__ __forceinline__ void sync_all() const {
    if constexpr (Clustered) {
      sync_cluster();
    } else {
      sync_block();
    }
  }
  // A value that every block of the member keeps: written by one of them.
  template <class T>
  __device__ __forceinline__ void store_everywhere(T* shared, T value) const {
    if constexpr (Clustered) {
#pragma unroll 1
      for (int r = 0; r < blocks; ++r)
        *in_block(shared, r) = value;
    } else {
      *shared = value;
    }
  }

  // ---- who does what

  // f(local, global) for this warp's blocks of rows: `local` numbers them in this block's memory,
  // `global` in the chunk.
  template <class F>
  __device__ __forceinline__ void for_row_blocks(int rows, F&& f) const {
    int const count = (rows + kBlockRows - 1) / kBlockRows;
    for (int local = row_warp; local * blocks + rank < count; local += row_warps)
      f(local, local * blocks + rank);
  }
  // f(first, eights) for this warp's runs of columns: of 32 columns, or of the 16 that are left.
  template <class F>
  __device__ __forceinline__ void for_columns(int columns, F&& f) const {
    for (int start = column_warp * span; start < columns; start += column_warps * span) {
      int const end = min(start + span, columns);
      for (int n = start; n < end; n += 32)
        f(n, min(end - n, 32) / 8);
    }
  }

  // ---- tensors

  // The weights of layer l as operands; `from`: the parameters to read where they are not in shared
  // memory.
  __device__ __forceinline__ Operands weights(int l, float const* from) const {
    TileLayer const& layer = this->layer(l);
    TileMatrix const whole = tile_matrix(layer.columns);
    if constexpr (!Shared) {
      return {reinterpret_cast<std::uint32_t const*>(from) + layer.weights, whole};
    } else if constexpr (P::kWeightCopy) {
      return {shared_words(map().operands + layer.weights / P::kPerWord),
              tile_matrix(layer.columns / P::kPerWord)};
    } else {
      return {shared_words(map().parameters + layer.weights), whole};
    }
  }
  __device__ __forceinline__ Operands activations(int place, int columns) const {
    return {shared_words(place), tile_matrix(columns / P::kPerWord)};
  }
  // The input of layer l.
  __device__ __forceinline__ Operands layer_input(int l) const {
    return activations(l == 0 ? map().input : map().hidden[l - 1], layer(l).columns);
  }
  __device__ __forceinline__ Operands delta(int l) const {
    return activations(map().delta[l], layer(l).rows);
  }
  // fp32 master parameters, wherever they lie.
  __device__ __forceinline__ float* parameters() const {
    int const place = map().parameters;
    return place >= 0 ? shared_floats(place) : task().parameters;
  }
  __device__ __forceinline__ float* moments() const {
    int const place = map().moments;
    return place >= 0 ? shared_floats(place) : task().moments;
  }
  __device__ __forceinline__ float* gradient() const {
    int const place = map().gradient;
    return place >= 0 ? shared_floats(place) : task().gradient;
  }

  // What the loss works on.
  __device__ __forceinline__ TileMatrix matrix(int words) const {
    return tile_matrix(words);
  }
  __device__ __forceinline__ float const* logits() const {
    return shared_floats(map().logits);
  }
  __device__ __forceinline__ float* targets() const {
    return shared_floats(map().targets);
  }
  __device__ __forceinline__ float* row_weights() const {
    return shared_floats(map().weights);
  }
  __device__ __forceinline__ float* block_sums() const {
    return shared_floats(map().block_sums);
  }
  __device__ __forceinline__ double* evaluation_sums() const {
    return reinterpret_cast<double*>(shared_words(map().block_sums));
  }
  __device__ __forceinline__ std::uint32_t* delta_words(int l) const {
    return shared_words(map().delta[l]);
  }
};

}  // namespace brood::cuda
