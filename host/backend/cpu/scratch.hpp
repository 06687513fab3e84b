// SPDX-License-Identifier: Apache-2.0
// A worker's scratch memory, carved up for one member. Activations are held twice: features by
// rows, with rows in the lanes, for the products of the forward pass; and rows by features,
// transposed, as the operand of dW.
#pragma once

#include <cstdint>

#include "backend/cpu/kernels.hpp"
#include "core/member.hpp"
#include "core/param_layout.hpp"

namespace brood::cpu::BROOD_ISA {

// rows16: rows of a batch, each once for each head, padded to a multiple of 16. All offsets are
// multiples of 16 floats.
struct Scratch {
  int rows16;
  std::uint32_t* row;      // (rows16): the batch's rows of the table
  float* columns_by_rows;  // raw columns of the table that inputs are made of by a list, or null:
                           // (padded(source_columns), rows16)
  float* signs;            // of the heads on the inputs (lay_out_signs), or null:
                           // (16, padded(inputs)), or of a list (padded(inputs), 16)
  float* rows_by_features[kMaxLayers];  // input of layer l: (rows16, padded(width[l]))
  float* features_by_rows[kMaxLayers];  // the same, transposed: (padded(width[l]), rows16)
  float* slope[kMaxLayers];             // activation's slope at input l >= 1: (width[l], rows16)
  float* output;                        // logits: (outputs, rows16)
  float* delta[2];                      // gradient of a layer's pre-activations: (width, rows16)
  float* target;                        // (targets, rows16)
  float* weight;                        // (rows16), zero beyond the batch
  float* gradient;                      // one copy of the parameters
  std::int64_t size;                    // floats in all
};

inline Scratch carve(Member const& m, ParamLayout const& layout, int rows, float* base) {
  Scratch s{};
  s.rows16 = padded(rows);
  std::int64_t at = 0;
  auto take = [&](std::int64_t floats) {
    float* const p = base == nullptr ? nullptr : base + at;
    at += (floats + kLanes - 1) / kLanes * kLanes;
    return p;
  };
  std::int64_t const n = s.rows16;
  // First, where it stays from batch to batch.
  if (m.head_bits > 0) s.signs = take(std::int64_t{kLanes} * padded(m.width[0]));
  s.row = reinterpret_cast<std::uint32_t*>(take(n));
  if (m.source_columns > 0) s.columns_by_rows = take(n * padded(m.source_columns));
  int widest = m.width[m.layers];
  for (int l = 0; l < m.layers; ++l) {
    s.rows_by_features[l] = take(n * padded(m.width[l]));
    s.features_by_rows[l] = take(n * padded(m.width[l]));
    if (l > 0) s.slope[l] = take(n * m.width[l]);
    if (l > 0 && m.width[l] > widest) widest = m.width[l];
  }
  s.output = take(n * m.width[m.layers]);
  s.delta[0] = take(n * widest);
  s.delta[1] = take(n * widest);
  s.target = take(n * target_columns(m));
  s.weight = take(n);
  s.gradient = take(layout.size);
  s.size = at;
  return s;
}

}  // namespace brood::cpu::BROOD_ISA
