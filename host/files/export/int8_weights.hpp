// SPDX-License-Identifier: Apache-2.0
// Weights in eight bits: those of an output share a scale, which the largest of them reaches at 127
// (symmetric, per channel: Krishnamoorthi 2018, section 3). Biases stay in fp32.
#pragma once

#include <cstdint>
#include <vector>

#include "brood/files/model_file.hpp"

namespace brood::files {

struct Int8Weights {
  std::vector<std::int8_t> values;  // (outputs, inputs)
  std::vector<float> scales;        // (outputs): weight = value * scale
};
Int8Weights int8_weights(LayerWeights const& layer);

}  // namespace brood::files
