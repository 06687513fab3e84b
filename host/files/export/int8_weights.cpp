// SPDX-License-Identifier: Apache-2.0
#include "files/export/int8_weights.hpp"

#include <algorithm>
#include <cmath>

#include "brood/files/export.hpp"

namespace brood::files {

Int8Weights int8_weights(LayerWeights const& layer) {
  constexpr float kMost = 127;
  Int8Weights result;
  auto const inputs = static_cast<std::ptrdiff_t>(layer.inputs);
  for (auto row = layer.weights.begin(); row != layer.weights.end(); row += inputs) {
    float most = 0;
    std::for_each(row, row + inputs, [&](float w) { most = std::max(most, std::fabs(w)); });
    float const scale = most > 0 ? most / kMost : 1.0f;
    result.scales.push_back(scale);
    std::for_each(row, row + inputs, [&](float w) {
      result.values.push_back(
          static_cast<std::int8_t>(std::clamp(std::nearbyint(w / scale), -kMost, kMost)));
    });
  }
  return result;
}

SavedPredictor with_int8_weights(SavedPredictor saved) {
  for (Ensemble::Part& part : saved.models.parts) {
    for (LayerWeights& layer : part.model.layers) {
      Int8Weights const rounded = int8_weights(layer);
      for (std::size_t i = 0; i < layer.weights.size(); ++i) {
        layer.weights[i] = static_cast<float>(rounded.values[i]) *
                           rounded.scales[i / static_cast<std::size_t>(layer.inputs)];
      }
    }
  }
  return saved;
}

}  // namespace brood::files
