// SPDX-License-Identifier: Apache-2.0
#include "files/export/int8_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "brood/files/export.hpp"
#include "files/saved_models.hpp"

namespace brood::files {
namespace {

TEST(Int8Weights, EachOutputReaches127) {
  Int8Weights const weights = int8_weights({2, 3, {1, -0.5f, 0, 0, -8, 2}, {0, 0, 0}});
  EXPECT_EQ(weights.values, (std::vector<std::int8_t>{127, -64, 0, 0, -127, 32}));
  EXPECT_EQ(weights.scales, (std::vector<float>{1.0f / 127, 1, 8.0f / 127}));
}

TEST(Int8Weights, OfAPredictorAreWithinHalfAScale) {
  SavedModel const saved = saved_model(Task::classification, "cross_entropy");
  SavedPredictor predictor{{}, saved.encoding, saved.metric};
  predictor.models.parts = {{.model = saved.model}};
  SavedPredictor const rounded = with_int8_weights(predictor);
  LayerWeights const& before = saved.model.layers[0];
  LayerWeights const& after = rounded.models.parts[0].model.layers[0];
  ASSERT_EQ(after.weights.size(), before.weights.size());
  bool any = false;
  for (std::size_t i = 0; i < before.weights.size(); ++i) {
    EXPECT_LE(std::fabs(after.weights[i] - before.weights[i]), 0.3f / 127 / 2 * 1.0001f);
    any = any || after.weights[i] != before.weights[i];
  }
  EXPECT_TRUE(any);
  EXPECT_EQ(after.bias, before.bias);
}

}  // namespace
}  // namespace brood::files
