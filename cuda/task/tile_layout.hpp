// SPDX-License-Identifier: Apache-2.0
// How matrices lie where tensor cores read them. Every dimension is padded to 16; a matrix is units
// of 16 x 16, a unit is 8 x 8 blocks of 2 x 2 numbers, a block is 16 bytes of 32-bit words. A lane
// reads a whole block at a time: a fragment of the left operand of mma.m16n8k8, or two of the right
// one, whether the product runs along rows or down columns. block_words() puts the blocks of a unit
// where 8 lanes in a row that read them find 8 different groups of four banks, along and down.
//
// Units stand in panels of 32 rows, two high, so that a step along the columns is a constant: the
// units of column J of a panel are at 2 J and 2 J + 1. A last panel of 16 rows is one unit high,
// its unit of column J at J. Activations (rows of a batch) have whole panels only.
#pragma once

#include <cstdint>

#include "core/macros.hpp"
#include "core/member.hpp"
#include "core/param_layout.hpp"

namespace brood::cuda {

inline constexpr int kUnitRows = 16;    // and columns
inline constexpr int kUnitWords = 256;  // fp32
inline constexpr int kPanelRows = 32;   // of a whole panel

// Words from the start of a unit to its block (row, column), each below 8. The four and the two
// bits that a lane varies reach all groups of banks in every access: rows g with columns t, rows t
// with columns g, and both with g / 2 + 4 (g % 2) in place of g.
BROOD_HD constexpr int block_words(int row, int column) {
  return 4 * ((column >> 2 & 1) * 32 + (row >> 2 & 1) * 16 + (row >> 1 & 1) * 8 +
              ((row ^ row >> 2) & 1) * 4 + ((column >> 1 ^ row >> 1) & 1) * 2 +
              ((column ^ column >> 2) & 1));
}

// Which two rows of a unit of weights share a block.
enum class TileOrder : std::int32_t {
  neighbours,  // 2 R and 2 R + 1: as the outputs of fragments of 32-bit words lie
  apart,       // R and R + 8: as those of 16-bit words lie
  rows,        // no units at all: row by row, for libraries
};

// A sum over more inputs than this is made of equal segments (the last may be shorter), each from
// zero, added in their order: so that a segment may be summed by whoever has its inputs.
inline constexpr int kMaxSegmentUnits = 8;

// Units of the segments of a layer: by its width alone.
BROOD_HD constexpr int segment_units(int input_units) {
  int const segments = (input_units + kMaxSegmentUnits - 1) / kMaxSegmentUnits;
  return (input_units + segments - 1) / segments;
}

// One copy of a member's parameters: per layer the weights, a matrix of (outputs, inputs), then the
// biases in their order. Padding is zero, and every update keeps it so.
struct TileLayer {
  std::int32_t inputs, outputs;  // of the network
  std::int32_t columns, rows;    // the same, padded
  std::int32_t weights, bias;    // places of the first, in floats
  std::int32_t segment;          // segment_units() of its inputs
};

struct TileLayout {
  std::int32_t layers;
  TileOrder order;
  TileLayer layer[kMaxLayers];
  std::int32_t size;  // floats of one copy; a multiple of 16

  // Place of the weight (row, column) of layer l, in floats from the start of the copy.
  BROOD_HD constexpr int weight(int l, int row, int column) const {
    TileLayer const& matrix = layer[l];
    if (order == TileOrder::rows) return matrix.weights + row * matrix.columns + column;
    int const panel = row / kPanelRows;
    int const high = matrix.rows - panel * kPanelRows >= kPanelRows ? 2 : 1;  // units
    int const unit =
        panel * 2 * (matrix.columns / kUnitRows) + column / kUnitRows * high + row / kUnitRows % 2;
    int const r = row % kUnitRows, c = column % kUnitRows;
    bool const neighbours = order == TileOrder::neighbours;
    int const block = block_words(neighbours ? r / 2 : r % 8, c / 2);
    return matrix.weights + unit * kUnitWords + block + (neighbours ? r % 2 : r / 8) * 2 + c % 2;
  }
};

BROOD_HD constexpr TileLayout tile_layout(Member const& m, TileOrder order) {
  TileLayout layout{};
  layout.layers = m.layers;
  layout.order = order;
  for (int l = 0; l < m.layers; ++l) {
    TileLayer& layer = layout.layer[l];
    layer = {m.width[l], m.width[l + 1], padded(m.width[l]), padded(m.width[l + 1]), 0, 0, 0};
    layer.weights = layout.size;
    layer.segment = segment_units(layer.columns / kUnitRows);
    layer.bias = layer.weights + layer.columns * layer.rows;
    layout.size = layer.bias + layer.rows;
  }
  return layout;
}

}  // namespace brood::cuda
