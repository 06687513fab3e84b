// SPDX-License-Identifier: Apache-2.0
#include "core/param_layout.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace brood {
namespace {

Member member(std::vector<int> const& widths) {
  Member m{};
  m.layers = static_cast<int>(widths.size()) - 1;
  for (std::size_t i = 0; i < widths.size(); ++i)
    m.width[i] = widths[i];
  return m;
}

TEST(ParamLayout, PaddingReachesTheNextMultipleOfSixteen) {
  EXPECT_EQ(padded(1), 16);
  EXPECT_EQ(padded(16), 16);
  EXPECT_EQ(padded(17), 32);
}

TEST(ParamLayout, LayersFollowEachOtherWithoutOverlap) {
  for (auto const& widths : std::vector<std::vector<int>>{
           {1, 1}, {784, 16, 10}, {3, 17, 33, 2}, {5, 1, 2, 3, 4, 5, 6, 7, 8, 9}}) {
    ParamLayout const layout = param_layout(member(widths));
    std::int64_t end = 0;
    std::int64_t parameters = 0;
    ASSERT_EQ(layout.layers, static_cast<int>(widths.size()) - 1);
    for (int l = 0; l < layout.layers; ++l) {
      LayerLayout const& layer = layout.layer[l];
      auto const at = static_cast<std::size_t>(l);
      EXPECT_EQ(layer.inputs, widths[at]);
      EXPECT_EQ(layer.outputs, widths[at + 1]);
      EXPECT_GE(layer.stride, layer.inputs);
      EXPECT_EQ(layer.weights, end);
      EXPECT_EQ(layer.bias, layer.weights + std::int64_t{layer.stride} * layer.outputs);
      EXPECT_EQ(layer.weights % kLanes, 0);
      EXPECT_EQ(layer.bias % kLanes, 0);
      end = layer.bias + padded(layer.outputs);
      parameters += (layer.inputs + 1) * layer.outputs;
    }
    EXPECT_EQ(layout.size, end);
    EXPECT_EQ(dense_size(layout), parameters);
  }
}

TEST(ParamLayout, LargestNetworkDoesNotOverflow) {
  Member m = member(std::vector<int>(kMaxLayers + 1, 16384));
  EXPECT_EQ(param_layout(m).size, std::int64_t{9} * (16384 * 16384 + 16384));
}

}  // namespace
}  // namespace brood
