// SPDX-License-Identifier: Apache-2.0
// How matrices lie where tensor cores read them. Every dimension is padded to 16. An element's
// place in its row is its column XOR a number that depends on the row, so that the 32 lanes of a
// fragment load hit 32 banks whether they run along rows or columns:
//   along a row   lanes read (g, t) or (g, 2t), g = 0 .. 7, t = 0 .. 3
//   down columns  lanes read (t, g)
// With r0, r1, r2 the bits of row % 8, the column is XORed with r0 << 4 | r1 << 3 | r2 << 2, of
// which a stride that is no multiple of 32 words supplies the upper bits itself. Chunks of 4 words
// (16 bytes, for cp.async and ldmatrix) stay whole. Columns count words: one float or two bf16.
#pragma once

#include <cstdint>

#include "core/macros.hpp"
#include "core/member.hpp"
#include "core/param_layout.hpp"

namespace brood::cuda {

// The bits to XOR the columns of a row with, for a matrix whose rows are `stride` words.
BROOD_HD constexpr int swizzle_mask(int stride) {
  if (stride % 32 == 0) return 28;
  return stride % 16 == 0 ? 12 : 4;
}
BROOD_HD constexpr int swizzle(int row) {
  return (row & 1) << 4 | (row & 2) << 2 | (row & 4);
}

// A matrix by the place of its first element.
struct TileMatrix {
  int stride;  // words of a row
  int mask;    // swizzle_mask(stride)

  BROOD_HD int at(int row, int column) const {
    return row * stride + (column ^ (swizzle(row) & mask));
  }
};

BROOD_HD constexpr TileMatrix tile_matrix(int stride) {
  return {stride, swizzle_mask(stride)};
}

// One copy of a member's parameters: per layer the weights, a matrix of (outputs, inputs), then the
// biases. Padding is zero, and every update keeps it so.
struct TileLayer {
  std::int32_t inputs, outputs;  // of the network
  std::int32_t columns, rows;    // the same, padded
  std::int32_t weights, bias;    // places of the first, in floats
};

struct TileLayout {
  std::int32_t layers;
  std::int32_t swizzled;  // 0: the matrices lie row by row, for libraries
  TileLayer layer[kMaxLayers];
  std::int32_t size;  // floats of one copy; a multiple of 16
};

BROOD_HD constexpr TileLayout tile_layout(Member const& m, bool swizzled = true) {
  TileLayout layout{};
  layout.layers = m.layers;
  layout.swizzled = swizzled ? 1 : 0;
  for (int l = 0; l < m.layers; ++l) {
    TileLayer& layer = layout.layer[l];
    layer = {m.width[l], m.width[l + 1], padded(m.width[l]), padded(m.width[l + 1]), 0, 0};
    layer.weights = layout.size;
    layer.bias = layer.weights + layer.columns * layer.rows;
    layout.size = layer.bias + layer.rows;
  }
  return layout;
}

// The weights of one of its layers.
BROOD_HD constexpr TileMatrix weight_matrix(TileLayout const& layout, TileLayer const& layer) {
  return layout.swizzled != 0 ? tile_matrix(layer.columns) : TileMatrix{layer.columns, 0};
}

}  // namespace brood::cuda
