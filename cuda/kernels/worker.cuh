// SPDX-License-Identifier: Apache-2.0
// What every phase of the step shares: the block's control data in shared memory, where tensors
// lie, who does which part of the work, and who must wait for whom.
#pragma once

#include "core/permutation.hpp"
#include "core/philox.hpp"
#include "cuda/kernels/products.cuh"
#include "cuda/kernels/reach.hpp"
#include "cuda/task/member_task.hpp"
#include "cuda/task/step_program.hpp"

namespace brood::cuda {

__device__ __forceinline__ Control& control() {
  return *reinterpret_cast<Control*>(shared_memory());
}
template <class T>
__device__ __forceinline__ T* shared_at(int place) {
  return reinterpret_cast<T*>(shared_memory() + place);
}

// The sum of `count` values, `stride` apart: by lanes, then as a tree. Every warp gets the same
// bits.
__device__ __forceinline__ float sum_of(float const* values, int count, int stride) {
  float sum = 0.0f;
#pragma unroll 1
  for (int i = lane_number(); i < count; i += 32)
    sum += values[i * stride];
  for (int mask = 16; mask > 0; mask /= 2)
    sum += shuffle_xor(sum, mask);
  return sum;
}

// A piece of work from its list.
struct WorkWords {
  uint4 four[kWorkBytes / 16];

  __device__ __forceinline__ explicit WorkWords(Shared at) { load(at); }
  __device__ __forceinline__ void load(Shared at) {
#pragma unroll
    for (int i = 0; i < kWorkBytes / 16; ++i)
      four[i] = load_16(at + static_cast<Shared>(16 * i));
  }
  template <class T>
  __device__ __forceinline__ T as() const {
    T work;
    auto* const words = reinterpret_cast<std::uint32_t*>(&work);
#pragma unroll
    for (int i = 0; i < static_cast<int>(sizeof(T) / 16); ++i) {
      words[4 * i] = four[i].x;
      words[4 * i + 1] = four[i].y;
      words[4 * i + 2] = four[i].z;
      words[4 * i + 3] = four[i].w;
    }
    return work;
  }
};

template <class P, Reach R>
struct Worker {
  using Precision = P;
  static constexpr Reach kReach = R;
  static constexpr bool kClustered = R == Reach::cluster;
  // Whether the weights are known to be in shared memory.
  static constexpr bool kShared = R == Reach::chip || R == Reach::cluster;
  using WeightAddress = std::conditional_t<kShared, Shared, Generic>;
  static_assert(R != Reach::anywhere || !P::kWeightCopy);
  // Of phases that see nothing but rows of this block, and the member: one code for all kernels.
  using OfRows = Worker<P, Reach::chip>;

  Shared base;
  int lane, warp, warps;
  Lane place;
  int rank, blocks;               // of the cluster
  int row_warp, row_warps;        // this warp's share of the panels of rows ...
  int column_warp, column_warps;  // ... and of columns

  __device__ __forceinline__ Worker() {
    Tiling const& tiling = control().task.tiling;
    base = shared_base();
    lane = lane_number();
    place = lane_place();
    warp = warp_number();
    warps = warp_count();
    rank = kClustered ? cluster_rank() : 0;
    blocks = kClustered ? tiling.blocks : 1;
    row_warps = tiling.row_warps;
    column_warps = tiling.column_warps;
    row_warp = warp >> tiling.column_bits;
    column_warp = warp & (column_warps - 1);
  }

  __device__ __forceinline__ Member const& member() const { return control().task.member; }
  __device__ __forceinline__ MemberTask const& task() const { return control().task; }
  __device__ __forceinline__ SharedMap const& map() const { return control().task.map; }
  __device__ __forceinline__ TileLayer const& layer(int l) const {
    return control().task.layout.layer[l];
  }

  // The chunks in work have numbers; arguments of phases are numbers, which registers can hold.
  __device__ __forceinline__ StepChunk const& step_chunk(int number) const {
    return control().stream.chunk[number & 3];
  }
  __device__ __forceinline__ Chunk const& chunk(int number) const {
    return step_chunk(number).chunk;
  }

  // ---- waiting

  // Between phases in which a warp reads what warps of its own rows wrote.
  __device__ __forceinline__ void sync_rows() const {
    if (opaque(column_warps) == 1) {
      sync_warp();
    } else {
      sync_block();
    }
  }
  // Between phases in which it reads what any warp of the member wrote.
  __device__ __forceinline__ void sync_all() const {
    if constexpr (kClustered) {
      sync_cluster();
    } else if (opaque(warps) == 1) {
      sync_warp();
    } else {
      sync_block();
    }
  }
  // ... what any warp of the member wrote before it came to sync_rows().
  __device__ __forceinline__ void sync_sums() const {
    if (kClustered || opaque(column_warps) == 1) sync_all();
  }
  // f(address) for a place in every block of the member, where the same is to be written.
  template <class F>
  __device__ __forceinline__ void everywhere(Shared at, F&& f) const {
    if constexpr (kClustered) {
#pragma unroll 1
      for (int r = 0; r < blocks; ++r)
        f(in_block(at, r));
    } else {
      f(at);
    }
  }

  // ---- who does what

  // f(local, global) for this warp's panels of 32 rows: `local` numbers them in this block's
  // memory, `global` in the chunk.
  template <class F>
  __device__ __forceinline__ void for_panels(int rows, F&& f) const {
    int const count = (rows + kPanelRows - 1) / kPanelRows;
#pragma unroll 1
    for (int local = row_warp; local * blocks + rank < count; local += row_warps)
      f(local, local * blocks + rank);
  }
  // f(local, global) for this warp's units of 16 rows.
  template <class F>
  __device__ __forceinline__ void for_row_units(int rows, F&& f) const {
    for_panels(rows, [&](int local, int global) {
#pragma unroll 1
      for (int half = 0; half < 2; ++half) {
        if (column_warps == 1 || column_warp == half) f(2 * local + half, 2 * global + half);
      }
    });
  }

  // ---- this warp's lists of work

  __device__ __forceinline__ Shared forward_work() const {
    return base + static_cast<Shared>(map().program + warp * map().program_bytes);
  }
  __device__ __forceinline__ Shared backward_work() const {
    return forward_work() + static_cast<Shared>(map().program_backward);
  }
  // f(work, its address) for the pieces of a list, each waiting behind it as it says, if `waits`;
  // the next one is on its way meanwhile.
  template <class F>
  __device__ __forceinline__ void for_work(Shared at, F&& f, bool waits = true) const {
    WorkWords work(at);
    for (;;) {
      f(work, at);
      WorkHead const head = work.as<WorkHead>();
      bool const over = (head.flags & kEndOfList) != 0;
      at += kWorkBytes;
      if (!over) work.load(at);
      if (waits) wait(head.waits);
      if (over) break;
    }
  }
  __device__ __forceinline__ void wait(Waits waits) const {
    if (waits == Waits::rows) {
      sync_rows();
    } else if (waits == Waits::all) {
      sync_all();
    }
  }

  // ---- tensors

  __device__ __forceinline__ int input_units(int l) const {
    return layer(l).columns >> 4;
  }
  __device__ __forceinline__ int output_units(int l) const {
    return layer(l).rows >> 4;
  }

  // Of a unit of rows, numbered in this block's memory.
  __device__ __forceinline__ Shared logits(int unit, int units) const {
    return base + static_cast<Shared>(map().logits) +
           static_cast<Shared>((unit >> 1) * units * 2048 + (unit & 1) * 1024);
  }
  // Weights as operands; `from`: the parameters to read where they may be in global memory.
  __device__ __forceinline__ WeightAddress weights(std::uint32_t at, float const* from) const {
    if constexpr (kShared) {
      return at;
    } else {
      return {reinterpret_cast<char const*>(from) + at};
    }
  }
  // Whether the weights, or the copy that products read, are in shared memory.
  __device__ __forceinline__ bool weights_shared() const {
    if constexpr (R == Reach::anywhere) {
      return map().parameters >= 0;
    } else {
      return kShared;
    }
  }
  // Whether parameters are in shared memory whenever the kernel runs; else it depends on the
  // member.
  static constexpr bool kParametersShared = kShared && !P::kWeightCopy;
  static __device__ __forceinline__ OperandForm operand_form() {
    return {P::kUnitBytes, P::template kWeightUnitBytes<WeightAddress>, kShared, P::kWeightCopy,
            kParametersShared};
  }
  // fp32 master parameters and the other tensors, wherever they lie.
  __device__ __forceinline__ float* parameters() const {
    return control().parameters;
  }
  __device__ __forceinline__ float* moments() const {
    return control().moments;
  }
  __device__ __forceinline__ float* gradient() const {
    return control().gradient;
  }

  // ---- what the loss works on (loss.cuh)

  __device__ __forceinline__ float const* targets() const {
    return shared_at<float>(map().targets);
  }
  __device__ __forceinline__ float const* row_weights() const {
    return shared_at<float>(map().weights);
  }
  __device__ __forceinline__ float* block_sums() const {
    return shared_at<float>(map().block_sums);
  }
  __device__ __forceinline__ double* evaluation_sums() const {
    return shared_at<double>(map().block_sums);
  }
  // Of a unit of rows in this block: this lane's four logits in a block of the unit `u` of columns,
  // rows g and g + 8, columns 16 u + 8 half + 2 t and the next.
  __device__ __forceinline__ Quad logit_quad(int unit, int u, int half) const {
    return quad_of(load_16(logits(unit, output_units(member().layers - 1)) +
                           static_cast<Shared>(2048 * u + whole_block(place, half))));
  }
  // A logit of row r of a unit.
  __device__ __forceinline__ float* logit(int unit, int r, int column) const {
    Lane const of{r & 7, column >> 1 & 3};
    int const place = 2048 * (column >> 4) + static_cast<int>(whole_block(of, column >> 3 & 1)) +
                      8 * (r >> 3) + 4 * (column & 1);
    Shared const at = logits(unit, output_units(member().layers - 1)) - base;
    return shared_at<float>(static_cast<int>(at) + place);
  }
  __device__ __forceinline__ void store_delta_quad(int unit, int u, int half,
                                                   Quad const& values) const {
    int const last = member().layers - 1;
    int const at = ((unit >> 1) * output_units(last) + u) * 2 + (unit & 1);
    P::store_delta(base + static_cast<Shared>(map().delta[last] + at * P::kUnitBytes), place, half,
                   values);
  }
  // Loss and weight of a unit of rows of the batch.
  __device__ __forceinline__ void store_unit_sums(int unit, float loss, float weight) const {
    everywhere(base + static_cast<Shared>(map().block_sums + 8 * unit),
               [&](auto at) { store_8(at, make_uint2(bits_of(loss), bits_of(weight))); });
  }
  template <class T>
  __device__ __forceinline__ void store_sum(T* to, T value) const {
    everywhere(base + static_cast<Shared>(reinterpret_cast<char*>(to) -
                                          reinterpret_cast<char*>(shared_memory())),
               [&](auto at) { store_value(at, value); });
  }
};

}  // namespace brood::cuda
