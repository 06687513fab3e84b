// SPDX-License-Identifier: Apache-2.0
// The first half of a step: rows of the table into the network's inputs, and the forward pass.
#pragma once

#include "backend/cpu/kernels.hpp"
#include "backend/cpu/matmul.hpp"
#include "backend/cpu/random.hpp"
#include "backend/cpu/scratch.hpp"
#include "core/activation.hpp"

namespace brood::cpu::BROOD_ISA {

// x = isnan(r) ? 0 : (r - shift) * scale, for scratch.row[0 .. rows).
inline void gather_inputs(MemberView const& view, TableView const& table, Scratch const& s,
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
  transpose_matrix(s.features_by_rows[0], s.rows16, s.rows_by_features[0], stride, rows, stride);
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
