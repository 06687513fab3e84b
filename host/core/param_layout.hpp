// SPDX-License-Identifier: Apache-2.0
// The parameter layout of the CPU backend and of images: the only place of theirs that knows how a
// member's weights are packed. (cuda/task/tile_layout.hpp is the other backend's.)
// One copy of the parameters is a run of floats, layer by layer: weights (outputs, stride)
// row-major, each row padded with zeros to a multiple of 16, then the biases, padded likewise.
// Moments, gradient, average and best weights are further copies in the same layout. Padding is
// zero in every copy and every update keeps it so.
#pragma once

#include <cstdint>

#include "core/macros.hpp"
#include "core/member.hpp"

namespace brood {

inline constexpr int kLanes = 16;

BROOD_HD constexpr int padded(int n) {
  return (n + kLanes - 1) / kLanes * kLanes;
}

struct LayerLayout {
  int inputs, outputs;
  int stride;            // floats from one output's weights to the next
  std::int64_t weights;  // offset of the first, in floats
  std::int64_t bias;
};

struct ParamLayout {
  int layers;
  LayerLayout layer[kMaxLayers];
  std::int64_t size;  // floats of one copy; a multiple of 16
};

BROOD_HD constexpr ParamLayout param_layout(Member const& m) {
  ParamLayout layout{};
  layout.layers = m.layers;
  std::int64_t at = 0;
  for (int l = 0; l < m.layers; ++l) {
    LayerLayout& layer = layout.layer[l];
    layer.inputs = m.width[l];
    layer.outputs = m.width[l + 1];
    layer.stride = padded(layer.inputs);
    layer.weights = at;
    at += std::int64_t{layer.stride} * layer.outputs;
    layer.bias = at;
    at += padded(layer.outputs);
  }
  layout.size = at;
  return layout;
}

// Parameters without padding: what MemberImage and model files hold.
BROOD_HD constexpr std::int64_t dense_size(ParamLayout const& layout) {
  std::int64_t size = 0;
  for (int l = 0; l < layout.layers; ++l) {
    size += std::int64_t{layout.layer[l].inputs + 1} * layout.layer[l].outputs;
  }
  return size;
}

}  // namespace brood
