// SPDX-License-Identifier: Apache-2.0
// Rows of the table into a block's shared memory, in three acts: find_rows() sends for the numbers
// of the rows of a chunk two chunks ahead; fetch() sends the raw rows on their way, one ahead;
// receive() waits for all that is under way and turns raw rows into operands: missing values,
// transform, input dropout, targets, row weights.
//
// A raw row lies by units, 16 bytes for each lane that takes part: lane (g, t) fetches, and later
// reads, inputs 4 t .. 4 t + 3 of rows g and g + 8 of a unit.
//
// Where inputs are a list (Transform), each is fetched from its column, word by word, so that a raw
// row lies as the inputs do, and the lane that has fetched them gives them their shape in place
// before they become operands. Where a network has heads, it gives each row the signs of its head
// then, too: a row of the table is fetched by neighbouring lanes, once for each head.
#pragma once

#include "core/heads.hpp"
#include "core/input_shape.hpp"
#include "cuda/kernels/approx.cuh"
#include "cuda/kernels/dropout.cuh"
#include "cuda/kernels/worker.cuh"

namespace brood::cuda {

// The place of the numbers of a chunk's rows; chunks take turns.
template <class W>
__device__ __forceinline__ Shared index_place(W const& w, int number) {
  return w.base + static_cast<Shared>(w.map().index + (number & 1) * w.map().index_bytes);
}

template <class W>
BROOD_PHASE void find_rows(int number) {
  W const w;
  if (w.column_warp != 0) return;
  int const head_bits = w.member().head_bits;
  Chunk const chunk = w.chunk(number);
  MemberTask const& task = w.task();
  Shared const index = index_place(w, number);
  w.for_panels(chunk.rows, [&](int local, int global) {
    int const mine = kPanelRows * global + w.lane;
    bool const there = mine < chunk.rows;
    auto const position =
        static_cast<std::uint32_t>((chunk.begin + (there ? mine : 0)) >> head_bits);
    std::int32_t const* const from =
        chunk.epoch < 0 ? task.eval_rows + position
                        : task.train_rows + row_at(control().order[chunk.epoch & 1], position);
    copy_4_async(index + static_cast<Shared>(4 * (kPanelRows * local + w.lane)), from, there);
  });
}

// f(place, input) for the first of every four inputs that this lane fetches, behind before(local,
// global) of their panel: the place is that of its first row, the next three are 512 bytes apart.
template <class W, class Before, class F>
__device__ __forceinline__ void for_raw(W const& w, int number, Before&& before, F&& f) {
  int const units = w.input_units(0);
  Shared const raw = w.base + static_cast<Shared>(w.map().raw + 16 * w.lane);
  w.for_panels(w.chunk(number).rows, [&](int local, int global) {
    before(local, global);
    Shared const panel = raw + static_cast<Shared>(local * w.map().raw_panel);
#pragma unroll 1
    for (int j = w.column_warp; j < units; j += w.column_warps)
      f(panel + static_cast<Shared>(2048 * j), 16 * j + 4 * w.place.t);
  });
}

template <class W>
BROOD_PHASE void fetch_listed(int number) {
  W const w;
  MemberTask const& task = w.task();
  Shared const index = index_place(w, number);
  float const* from[4];
  int left = 0;
  for_raw(
      w, number,
      [&](int local, int global) {
        left = w.chunk(number).rows - kPanelRows * global;
        Shared const rows = index + static_cast<Shared>(4 * (kPanelRows * local + w.place.g));
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          auto const row = static_cast<int>(load_4(rows + static_cast<Shared>(32 * i)));
          from[i] = task.table.x + std::int64_t{row} * task.table.stride;
        }
      },
      [&](Shared to, int first) {
#pragma unroll 1
        for (int c = 0; c < 4; ++c) {
          int const column = task.list.source[first + c];
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            copy_4_async(to + static_cast<Shared>(512 * i + 4 * c), from[i] + column,
                         8 * i + w.place.g < left);
          }
        }
      });
}

// x of an input that is one of a list.
__device__ __forceinline__ float shaped(InputList const& list, int input, float raw) {
  Approx const z((raw - list.shift[input]) * list.scale[input]);
  Approx const offset(list.offset[input]), gain(list.gain[input]);
  float x = 0.0f;
  visit(InputShapes{}, list.shape[input], [&](auto shape) { x = shape.apply(z, offset, gain).v; });
  return raw == raw ? x : 0.0f;
}

// x = isnan(r) ? 0 : (r - shift) * scale, never fused.
__device__ __forceinline__ float transformed(float raw, float shift, float scale) {
  float const x = (raw - shift) * scale;
  return raw == raw ? x : 0.0f;
}

// An input as the table's column or the list makes it of what was fetched; 0 of padding.
__device__ __forceinline__ float input_of(MemberTask const& task, int input, float raw) {
  if (input >= task.layout.layer[0].inputs) return 0.0f;
  if (task.list.source != nullptr) return shaped(task.list, input, raw);
  return transformed(raw, task.shift[input], task.scale[input]);
}

// Raw rows that this lane has fetched, and which are there, to inputs in their places, with the
// signs of their heads.
template <class W>
BROOD_PHASE void shape_inputs(int number) {
  W const w;
  int const last_head = heads_of(w.member()) - 1;
  for_raw(
      w, number, [](int, int) {},
      [&](Shared at, int first) {
        PhiloxBlock const signs = last_head > 0 ? head_signs(first / 4) : PhiloxBlock{};
#pragma unroll 1
        for (int c = 0; c < 4; ++c) {
          std::uint32_t const own = c < 2 ? (c == 0 ? signs.word[0] : signs.word[1])
                                          : (c == 2 ? signs.word[2] : signs.word[3]);
#pragma unroll 1
          for (int i = 0; i < 4; ++i) {
            Shared const place = at + static_cast<Shared>(512 * i + 4 * c);
            float const x = input_of(w.task(), first + c, float_of(load_4(place)));
            store_4(place, bits_of(x * sign_of_head(own, (8 * i + w.place.g) & last_head)));
          }
        }
      });
}

template <class W>
__device__ __forceinline__ void fetch(W const& w, int number) {
  Chunk const chunk = w.chunk(number);
  MemberTask const& task = w.task();
  bool const listed = task.list.source != nullptr;
  if (listed) fetch_listed<W>(number);
  float const* const table_x = task.table.x;
  int const stride = 4 * task.table.stride;  // bytes
  int const targets = task.table.targets;
  int const units = listed ? 0 : w.input_units(0);
  // Only of the last unit of inputs a part may be missing in the table's rows.
  bool const last_inside = 64 * units - 64 + 16 * w.place.t < stride;
  Shared const index = index_place(w, number);
  Shared const raw = w.base + static_cast<Shared>(w.map().raw + 16 * w.lane);
  int const raw_panel = w.map().raw_panel;
  auto const* const x = reinterpret_cast<char const*>(table_x) + 16 * w.place.t;
  w.for_panels(chunk.rows, [&](int local, int global) {
    int const left = chunk.rows - kPanelRows * global;
    Shared const panel_index = index + static_cast<Shared>(4 * kPanelRows * local);
    char const* from[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      auto const row =
          static_cast<int>(load_4(panel_index + static_cast<Shared>(4 * w.place.g + 32 * i)));
      from[i] = x + std::int64_t{row} * stride;
    }
    Shared const to = raw + static_cast<Shared>(local * raw_panel);
#pragma unroll 1
    for (int j = w.column_warp; j < units; j += w.column_warps) {
      bool const inside = j + 1 < units || last_inside;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        copy_16_async(to + static_cast<Shared>(2048 * j + 512 * i), from[i] + 64 * j,
                      inside && 8 * i + w.place.g < left);
      }
    }
    if (w.column_warp != 0) return;
    int const r = kPanelRows * local + w.lane;
    int const row = static_cast<int>(load_4(panel_index + static_cast<Shared>(4 * w.lane)));
    Shared const y_to = w.base + static_cast<Shared>(w.map().targets + 4 * r * targets);
    float const* const y = task.table.y + std::int64_t{row} * targets;
#pragma unroll 1
    for (int t = 0; t < targets; ++t)
      copy_4_async(y_to + static_cast<Shared>(4 * t), y + t, w.lane < left);
    if (task.table.weights != nullptr) {
      copy_4_async(w.base + static_cast<Shared>(w.map().weights + 4 * r), task.table.weights + row,
                   w.lane < left);
    }
  });
}

// Targets in the network's units, and weights of a panel's rows; a lane each, which has fetched
// them.
template <class W>
__device__ __forceinline__ void receive_targets(W const& w, int local, int left, bool training) {
  MemberTask const& task = w.task();
  TableView const& table = task.table;
  int const r = kPanelRows * local + w.lane;
  float* const targets = shared_at<float>(w.map().targets) + r * table.targets;
  if (task.target_scale != nullptr) {
    for (int t = 0; t < table.targets; ++t)
      targets[t] = (targets[t] - task.target_shift[t]) * task.target_scale[t];
  }
  float* const weights = shared_at<float>(w.map().weights) + r;
  float weight = table.weights != nullptr ? *weights : 1.0f;
  if (training && task.class_weights != nullptr)
    weight *= task.class_weights[static_cast<int>(targets[0])];
  *weights = w.lane < left ? weight : 0.0f;
}

template <class W>
__device__ __forceinline__ void receive(W const& w, int number, bool training) {
  Chunk const chunk = w.chunk(number);
  using P = typename W::Precision;
  await_copies();
  int const units = w.input_units(0);
  MemberTask const& task = w.task();
  if (control().shapes_inputs != 0) shape_inputs<W>(number);
  Shared const input = w.base + static_cast<Shared>(w.map().input);
  Shared const shift = w.base + static_cast<Shared>(w.map().shift + 16 * w.place.t);
  Shared const scale = w.base + static_cast<Shared>(w.map().scale + 16 * w.place.t);
  Shared const raw = w.base + static_cast<Shared>(w.map().raw + 16 * w.lane);
  int const raw_panel = w.map().raw_panel;
  float const rate = training ? w.member().input_dropout : 0.0f;
  w.for_panels(chunk.rows, [&](int local, int global) {
    Shared const from = raw + static_cast<Shared>(local * raw_panel);
    Shared const to = input + static_cast<Shared>(local * units * 2 * P::kUnitBytes);
    int const left = chunk.rows - kPanelRows * global;
#pragma unroll 1
    for (int j = w.column_warp; j < units; j += w.column_warps) {
      Quad const shifts = quad_of(load_16(shift + static_cast<Shared>(64 * j)));
      Quad const scales = quad_of(load_16(scale + static_cast<Shared>(64 * j)));
      Quad raw[4];
#pragma unroll
      for (int i = 0; i < 4; ++i)
        raw[i] = quad_of(load_16(from + static_cast<Shared>(2048 * j + 512 * i)));
      sync_warp();  // the inputs may lie where the raw rows do
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float upper[4], lower[4];
#pragma unroll
        for (int c = 0; c < 4; ++c) {
          upper[c] = transformed(raw[2 * half].v[c], shifts.v[c], scales.v[c]);
          lower[c] = transformed(raw[2 * half + 1].v[c], shifts.v[c], scales.v[c]);
        }
        if (left < kPanelRows) {  // what is padding stays zero
          bool const there = 16 * half + w.place.g < left, below = 16 * half + w.place.g + 8 < left;
#pragma unroll
          for (int c = 0; c < 4; ++c) {
            upper[c] = there ? upper[c] : 0.0f;
            lower[c] = below ? lower[c] : 0.0f;
          }
        }
        if (rate > 0.0f) {
          int const block = chunk.first / kUnitRows + 2 * global + half;
          for (int c = 0; c < 4; c += 2) {
            Quad const factors =
                dropout_factors(task.input_dropout, w.member().seed,
                                static_cast<std::uint32_t>(w.step_chunk(number).step), 0, block,
                                w.place.g, 16 * j + 4 * w.place.t + c);
            upper[c] *= factors.v[0];
            upper[c + 1] *= factors.v[1];
            lower[c] *= factors.v[2];
            lower[c + 1] *= factors.v[3];
          }
        }
        P::store_inputs(to + static_cast<Shared>(2 * P::kUnitBytes * j + P::kUnitBytes * half),
                        w.place, upper, lower);
      }
    }
    if (w.column_warp == 0) receive_targets(w, local, left, training);
  });
  w.sync_rows();
}

}  // namespace brood::cuda
