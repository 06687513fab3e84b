// SPDX-License-Identifier: Apache-2.0
// The first half of a step: rows of the table into the network's inputs, and the forward pass.
#pragma once

#include "backend/cpu/kernels.hpp"
#include "backend/cpu/matmul.hpp"
#include "backend/cpu/random.hpp"
#include "backend/cpu/scratch.hpp"
#include "core/activation.hpp"
#include "core/heads.hpp"
#include "core/input_shape.hpp"

namespace brood::cpu::BROOD_ISA {

// The signs that the inputs of row i of a block of 16 are read with. A row has all its heads in a
// block.
inline void lay_out_signs(Member const& m, Scratch const& s) {
  if (s.signs == nullptr) return;
  int const inputs = padded(m.width[0]);
  bool const listed = m.source_columns > 0;
  for (int j = 0; j < inputs; ++j) {
    std::uint32_t const signs = head_signs(j / 4).word[j % 4];
    for (int i = 0; i < kLanes; ++i) {
      float const sign = sign_of_head(signs, i & (heads_of(m) - 1));
      s.signs[listed ? j * kLanes + i : i * inputs + j] = sign;
    }
  }
}

// scratch.row[0 .. rows) becomes each of them once for each head.
inline void repeat_rows(Member const& m, Scratch const& s, int rows) {
  if (m.head_bits == 0) return;
  for (int i = (rows << m.head_bits) - 1; i > 0; --i)
    s.row[i] = s.row[i >> m.head_bits];
}

// x = isnan(r) ? 0 : (r - shift) * scale, for scratch.row[0 .. rows), of each column.
inline void gather_columns(MemberView const& view, TableView const& table, Scratch const& s,
                           int rows) {
  constexpr int kAhead = 4;  // rows fetched before they are used
  int const stride = table.stride;
  float const* const shift = view.shift;
  float const* const scale = view.scale;
  auto row_of = [&](int i) { return table.x + static_cast<std::int64_t>(s.row[i]) * stride; };
  for (int i = 0; i < rows; ++i) {
    float const* const from = row_of(i);
    float const* const later = row_of(i + kAhead < rows ? i + kAhead : i);
    float* const to = s.rows_by_features[0] + static_cast<std::int64_t>(i) * stride;
    for (int c = 0; c < stride; c += kLanes) {
      __builtin_prefetch(later + c);
      Float16 const raw = Float16::load(from + c);
      Float16 const x = (raw - Float16::load(shift + c)) * Float16::load(scale + c);
      select(raw == raw, x, Float16(0.0f)).store(to + c);
    }
  }
  if (s.signs != nullptr) {
    for (int i = 0; i < rows; ++i) {
      float* const x = s.rows_by_features[0] + static_cast<std::int64_t>(i) * stride;
      float const* const signs = s.signs + static_cast<std::int64_t>(i % kLanes) * stride;
      for (int c = 0; c < stride; c += kLanes)
        (Float16::load(x + c) * Float16::load(signs + c)).store(x + c);
    }
  }
  transpose_matrix(s.features_by_rows[0], s.rows16, s.rows_by_features[0], stride, rows, stride);
}

// The raw columns of scratch.row[0 .. rows), with rows in the lanes; NaN beyond `rows`.
inline void gather_raw(TableView const& table, Scratch const& s, int rows) {
  Float16 const missing(__builtin_nanf(""));
  auto row_of = [&](int i) { return table.x + static_cast<std::int64_t>(s.row[i]) * table.stride; };
  for (int r = 0; r < rows; r += kLanes) {
    int const next = r + kLanes;
    for (int i = next; i < next + kLanes && i < rows; ++i)
      __builtin_prefetch(row_of(i));
    for (int c = 0; c < table.stride; c += kLanes) {
      Float16 block[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i)
        block[i] = r + i < rows ? Float16::load(row_of(r + i) + c) : missing;
      transpose(block);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i)
        block[i].store(s.columns_by_rows + static_cast<std::int64_t>(c + i) * s.rows16 + r);
    }
  }
}

// Inputs that are a list (Transform): one shape after another, with rows in the lanes.
inline void make_inputs(MemberView const& view, TableView const& table, Scratch const& s,
                        int rows) {
  gather_raw(table, s, rows);
  int const inputs = view.member->width[0];
  for (int j = 0; j < inputs; ++j) {
    float const* const from = s.columns_by_rows + std::int64_t{view.source[j]} * s.rows16;
    float* const to = s.features_by_rows[0] + static_cast<std::int64_t>(j) * s.rows16;
    Float16 const shift(view.shift[j]), scale(view.scale[j]);
    Float16 const offset(view.offset[j]), gain(view.gain[j]);
    Float16 const signs = s.signs == nullptr ? Float16(1.0f) : Float16::load(s.signs + j * kLanes);
    visit(InputShapes{}, view.input_shape[j], [&](auto shape) {
      for (int r = 0; r < s.rows16; r += kLanes) {
        Float16 const raw = Float16::load(from + r);
        Float16 const x = shape.apply((raw - shift) * scale, offset, gain);
        select(raw == raw, x * signs, Float16(0.0f)).store(to + r);
      }
    });
  }
  for (int j = inputs; j < padded(inputs); ++j) {
    for (int r = 0; r < s.rows16; r += kLanes)
      Float16(0.0f).store(s.features_by_rows[0] + static_cast<std::int64_t>(j) * s.rows16 + r);
  }
  transpose_matrix(s.rows_by_features[0], padded(inputs), s.features_by_rows[0], s.rows16, inputs,
                   s.rows16);
}

inline void gather_inputs(MemberView const& view, TableView const& table, Scratch const& s,
                          int rows) {
  if (view.source == nullptr) {
    gather_columns(view, table, s, rows);
  } else {
    make_inputs(view, table, s, rows);
  }
}

// Targets as the loss wants them, (targets, rows16); zero beyond `rows`.
inline void gather_targets(MemberView const& view, TableView const& table, Scratch const& s,
                           int rows) {
  for (int t = 0; t < table.targets; ++t) {
    float* const out = s.target + static_cast<std::int64_t>(t) * s.rows16;
    for (int i = 0; i < rows; ++i)
      out[i] = table.y[std::int64_t{s.row[i]} * table.targets + t];
    for (int i = rows; i < s.rows16; ++i)
      out[i] = 0.0f;
    if (view.target_scale == nullptr) continue;
    for (int i = 0; i < rows; ++i)
      out[i] = (out[i] - view.target_shift[t]) * view.target_scale[t];
  }
}

// Row weights; zero beyond `rows`. Class weights count in training only.
inline void gather_weights(MemberView const& view, TableView const& table, Scratch const& s,
                           int rows, bool training) {
  for (int i = 0; i < rows; ++i)
    s.weight[i] = 1.0f;
  for (int i = rows; i < s.rows16; ++i)
    s.weight[i] = 0.0f;
  if (table.weights != nullptr) {
    for (int i = 0; i < rows; ++i)
      s.weight[i] = table.weights[s.row[i]];
  }
  if (training && view.class_weights != nullptr) {
    for (int i = 0; i < rows; ++i)
      s.weight[i] *= view.class_weights[static_cast<int>(s.target[i])];
  }
}

// Pre-activations of layer l into `out` (outputs, rows16).
inline void linear(MemberView const& view, float const* weights, Scratch const& s, int l,
                   float* out) {
  LayerLayout const& layer = view.layout->layer[l];
  matmul<Start::bias>(out, s.rows16, layer.outputs, s.rows16 / kLanes,
                      {weights + layer.weights, layer.stride, 1}, s.features_by_rows[l], s.rows16,
                      layer.inputs, weights + layer.bias);
}

// values (count) become activations; slopes, if wanted, the slope at each.
template <bool WithSlope>
inline void activate(int activation, float* values, float* slopes, std::int64_t count) {
  visit(Activations{}, activation, [&](auto function) {
    for (std::int64_t i = 0; i < count; i += kLanes) {
      auto const y = function.apply(Float16::load(values + i));
      y.value.store(values + i);
      if constexpr (WithSlope) y.slope.store(slopes + i);
    }
  });
}

// Inputs are in place; afterwards s.output holds the logits. A training pass also leaves slopes
// (with the dropout factors in them) and transposed activations for the backward pass.
template <bool Training>
inline void forward_pass(MemberView const& view, float const* weights, Scratch const& s,
                         std::int64_t step) {
  Member const& m = *view.member;
  auto const counter = static_cast<std::uint32_t>(step);
  if (Training && m.input_dropout > 0.0f) {
    drop_out(s.features_by_rows[0], nullptr, m.width[0], s.rows16,
             dropout_at_step(m, m.input_dropout, step), m.seed, counter, 0);
    transpose_matrix(s.rows_by_features[0], padded(m.width[0]), s.features_by_rows[0], s.rows16,
                     m.width[0], s.rows16);
  }
  for (int l = 0; l + 1 < m.layers; ++l) {
    float* const h = s.features_by_rows[l + 1];
    float* const slope = s.slope[l + 1];
    int const width = m.width[l + 1];
    linear(view, weights, s, l, h);
    activate<Training>(m.activation, h, slope, static_cast<std::int64_t>(width) * s.rows16);
    if constexpr (Training) {
      if (m.dropout[l] > 0.0f) {
        drop_out(h, slope, width, s.rows16, dropout_at_step(m, m.dropout[l], step), m.seed, counter,
                 static_cast<std::uint32_t>(l + 1));
      }
      transpose_matrix(s.rows_by_features[l + 1], padded(width), h, s.rows16, width, s.rows16);
    }
  }
  linear(view, weights, s, m.layers - 1, s.output);
}

}  // namespace brood::cpu::BROOD_ISA
