// SPDX-License-Identifier: Apache-2.0
// Rows of the table into a block's shared memory, in two halves: fetch() sends the raw rows of a
// chunk on their way, a step ahead of their use; receive() waits for them and turns them into
// operands: missing values, transform, input dropout, targets, row weights.
#pragma once

#include "cuda/dropout.cuh"
#include "cuda/worker.cuh"

namespace brood::cuda {

// Row of the table that lane `i` < 16 of a block of rows is to fetch.
template <class W>
__device__ __forceinline__ int row_to_fetch(W const& w, Chunk const& chunk, int position) {
  MemberTask const& task = w.task();
  if (chunk.epoch < 0) return task.eval_rows[position];
  BatchOrder const& order = control().order[chunk.epoch & 1];
  return task.train_rows[row_at(order, static_cast<std::uint32_t>(position))];
}

template <class W>
BROOD_PHASE void fetch(Chunk chunk) {
  W const w;
  MemberTask const& task = w.task();
  TableView const& table = task.table;
  TileMatrix const staged = tile_matrix(w.layer(0).columns);
  w.for_row_blocks(chunk.rows, [&](int local, int global) {
    int const mine = global * kBlockRows + (w.lane & 15);
    bool const valid = mine < chunk.rows;
    int const row = valid ? row_to_fetch(w, chunk, chunk.begin + mine) : 0;
    int const place = local * kBlockRows;
    // A lane copies 16 bytes of row lane / 4, then of row lane / 4 + 8; four lanes a row.
    for (int half = 0; half < kBlockRows; half += 8) {
      int const r = half + w.place.g;
      int const from = shuffle(row, r);
      bool const there = global * kBlockRows + r < chunk.rows;
      for (int c = 4 * (w.place.t + 4 * w.column_warp); c < w.layer(0).columns;
           c += 16 * w.column_warps) {
        float* const to = shared_floats(w.map().staged) + staged.at(place + r, c);
        bool const inside = there && c < table.stride;
        copy_16_async(to, table.x + std::int64_t{from} * table.stride + (inside ? c : 0), inside);
      }
    }
    if (w.column_warp != 0 || w.lane >= kBlockRows) return;
    for (int t = 0; t < table.targets; ++t) {
      copy_4_async(shared_floats(w.map().staged_targets) + (place + w.lane) * table.targets + t,
                   table.y + std::int64_t{row} * table.targets + t, valid);
    }
    if (table.weights != nullptr) {
      copy_4_async(shared_floats(w.map().staged_weights) + place + w.lane, table.weights + row,
                   valid);
    }
  });
}

// Whether rows are fetched beside those in use; else in the place of the inputs, when these are
// done with.
template <class W>
__device__ __forceinline__ bool fetches_ahead(W const& w) {
  return w.map().staged != w.map().input;
}

// x = isnan(r) ? 0 : (r - shift) * scale, never fused.
__device__ __forceinline__ float transformed(float raw, float shift, float scale) {
  return raw == raw ? (raw - shift) * scale : 0.0f;
}

template <class W>
BROOD_PHASE void receive(Chunk chunk, Pass pass) {
  W const w;
  using P = typename W::Precision;
  MemberTask const& task = w.task();
  TableView const& table = task.table;
  await_copies();
  w.sync_rows();
  int const columns = w.layer(0).columns;
  TileMatrix const staged = tile_matrix(columns);
  TileMatrix const input = tile_matrix(columns / P::kPerWord);
  float const* const shift = shared_floats(w.map().shift);
  float const* const scale = shared_floats(w.map().scale);
  Dropout const dropout(pass.training ? w.member().input_dropout : 0.0f, w.member().seed, pass.step,
                        0);
  w.for_row_blocks(chunk.rows, [&](int local, int global) {
    int const place = local * kBlockRows;
    for (int c = 8 * w.column_warp + 2 * w.place.t; c < columns; c += 8 * w.column_warps) {
      float2 const shifts = *reinterpret_cast<float2 const*>(shift + c);
      float2 const scales = *reinterpret_cast<float2 const*>(scale + c);
      DropoutFactors factors = dropout.factors(chunk.first / kBlockRows + global, w.place.g, c);
      for (int half = 0; half < 2; ++half) {
        int const r = 8 * half + w.place.g;
        float2 const raw = *reinterpret_cast<float2 const*>(shared_floats(w.map().staged) +
                                                            staged.at(place + r, c));
        bool const there = global * kBlockRows + r < chunk.rows;
        float const x = there ? transformed(raw.x, shifts.x, scales.x) : 0.0f;
        float const y = there ? transformed(raw.y, shifts.y, scales.y) : 0.0f;
        P::store_pair(shared_words(w.map().input), input.at(place + r, c / P::kPerWord),
                      x * factors.value[2 * half], y * factors.value[2 * half + 1]);
      }
    }
    if (w.column_warp != 0 || w.lane >= kBlockRows) return;
    int const r = place + w.lane;
    for (int t = 0; t < table.targets; ++t) {
      float y = shared_floats(w.map().staged_targets)[r * table.targets + t];
      if (task.target_scale != nullptr) y = (y - task.target_shift[t]) * task.target_scale[t];
      shared_floats(w.map().targets)[r * table.targets + t] = y;
    }
    float weight = table.weights != nullptr ? shared_floats(w.map().staged_weights)[r] : 1.0f;
    if (pass.training && task.class_weights != nullptr) {
      weight *= task.class_weights[static_cast<int>(shared_floats(w.map().targets)[r])];
    }
    bool const there = global * kBlockRows + w.lane < chunk.rows;
    shared_floats(w.map().weights)[r] = there ? weight : 0.0f;
  });
  w.sync_rows();
}

}  // namespace brood::cuda
