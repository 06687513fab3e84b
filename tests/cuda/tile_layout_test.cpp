// SPDX-License-Identifier: Apache-2.0
// How matrices lie: every number in a place of its own, and no two lanes of a load in one bank.
#include "cuda/task/tile_layout.hpp"

#include <cstdlib>
#include <set>
#include <string>

#include "cuda/planned.hpp"

namespace brood::cuda {
namespace {

using namespace planned;

TileLayout layout_of(Shape const& shape, TileOrder order) {
  return tile_layout(member_of(shape), order);
}

// Of dense rows, of panels of 16 and 32 rows, of one unit and of many.
std::vector<Shape> const kShapes = {{"one", 1, 2, {1}, 1},       {"odd", 13, 5, {37, 21}, 50},
                                    {"wide", 150, 40, {49}, 32}, {"narrow", 300, 17, {16}, 32},
                                    {"flat", 30, 28, {}, 7},     kA};

TEST(TileLayout, GivesEveryParameterAPlaceOfItsOwn) {
  for (Shape const& shape : kShapes) {
    for (TileOrder const order : {TileOrder::neighbours, TileOrder::apart, TileOrder::rows}) {
      SCOPED_TRACE(shape.name + " order " + std::to_string(static_cast<int>(order)));
      TileLayout const layout = layout_of(shape, order);
      std::set<int> places;
      int count = 0;
      for (int l = 0; l < layout.layers; ++l) {
        TileLayer const& layer = layout.layer[l];
        EXPECT_EQ(layer.weights % 4, 0) << "16-byte loads";
        for (int row = 0; row < layer.rows; ++row) {
          for (int column = 0; column < layer.columns; ++column, ++count) {
            int const place = layout.weight(l, row, column);
            EXPECT_GE(place, layer.weights);
            EXPECT_LT(place, layer.bias);
            places.insert(place);
          }
          places.insert(layer.bias + row);
          ++count;
        }
      }
      EXPECT_EQ(static_cast<int>(places.size()), count);
      EXPECT_EQ(*places.begin(), 0);
      EXPECT_EQ(*places.rbegin(), layout.size - 1);
      EXPECT_EQ(layout.size % 16, 0);
    }
  }
}

// Two rows of two neighbouring columns are 16 bytes: rows that are neighbours, or 8 apart.
TEST(TileLayout, BlocksHoldTwoRowsOfTwoColumns) {
  for (auto const& [order, apart] : {std::pair{TileOrder::neighbours, 1}, {TileOrder::apart, 8}}) {
    TileLayout const layout = layout_of({"odd", 13, 5, {37, 21}, 50}, order);
    for (int row = 0; row < layout.layer[0].rows; ++row) {
      if (row / apart % 2 != 0) continue;
      for (int column = 0; column < layout.layer[0].columns; column += 2) {
        int const first = layout.weight(0, row, column);
        EXPECT_EQ(first % 4, 0);
        EXPECT_EQ(layout.weight(0, row, column + 1), first + 1);
        EXPECT_EQ(layout.weight(0, row + apart, column), first + 2);
        EXPECT_EQ(layout.weight(0, row + apart, column + 1), first + 3);
      }
    }
  }
}

// Units of a panel lie beside the one below: a step along the columns is a constant, of two units
// where the panel is whole, of one where 16 rows are left.
TEST(TileLayout, PanelsAreTwoUnitsHigh) {
  TileLayout const layout = layout_of({"odd", 40, 5, {48}, 50}, TileOrder::neighbours);
  auto unit = [&](int row, int column) {
    return (layout.weight(0, 16 * row, 16 * column) - layout.layer[0].weights) / kUnitWords;
  };
  ASSERT_EQ(layout.layer[0].columns, 48);
  for (int column = 0; column < 3; ++column) {
    EXPECT_EQ(unit(0, column), 2 * column);
    EXPECT_EQ(unit(1, column), 2 * column + 1);
    EXPECT_EQ(unit(2, column), 6 + column);
  }
}

// Shared memory serves 8 lanes at a time of those that load 16 bytes each: they must find 8 groups
// of four banks.
TEST(TileLayout, EightLanesFindEightGroupsOfBanks) {
  auto groups = [](auto&& block_of) {
    int worst = 8;
    for (int first = 0; first < 32; first += 8) {
      std::set<int> found;
      for (int lane = first; lane < first + 8; ++lane)
        found.insert(block_of(lane / 4, lane % 4) / 4 % 8);
      worst = std::min(worst, static_cast<int>(found.size()));
    }
    return worst;
  };
  auto spread = [](int g) { return g / 2 + 4 * (g % 2); };
  for (int half = 0; half < 2; ++half) {
    EXPECT_EQ(groups([&](int g, int t) { return block_words(g, t + 4 * half); }), 8);
    EXPECT_EQ(groups([&](int g, int t) { return block_words(spread(g), t + 4 * half); }), 8);
    EXPECT_EQ(groups([&](int g, int t) { return block_words(t + 4 * half, g); }), 8);
    EXPECT_EQ(groups([&](int g, int t) { return block_words(t + 4 * half, spread(g)); }), 8);
  }
  std::set<int> blocks;
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 8; ++column) {
      EXPECT_EQ(block_words(row, column) % 4, 0);
      blocks.insert(block_words(row, column));
      // gather.cuh: the block beside one of an even column.
      if (column % 2 == 0) {
        EXPECT_EQ(block_words(row, column + 1), block_words(row, column) ^ 4);
      }
    }
  }
  EXPECT_EQ(blocks.size(), 64u);
  EXPECT_EQ(*blocks.rbegin(), kUnitWords - 4);
}

// The order of a sum is a layer's own, so segments are a function of its width.
TEST(TileLayout, SumsOfManyInputsAreMadeOfEqualSegments) {
  for (int units = 1; units <= 320; ++units) {
    int const segment = segment_units(units);
    int const count = (units + segment - 1) / segment;
    EXPECT_LE(segment, kMaxSegmentUnits);
    EXPECT_EQ(count, (units + kMaxSegmentUnits - 1) / kMaxSegmentUnits) << "no more than needed";
    EXPECT_LT(count * segment - units, count) << "the last is shorter by less than a unit each";
  }
  EXPECT_EQ(segment_units(8), 8);
  EXPECT_EQ(segment_units(9), 5);
  EXPECT_EQ(layout_of({"wide", 300, 17, {150}, 32}, TileOrder::rows).layer[0].segment, 7);
  EXPECT_EQ(layout_of({"wide", 300, 17, {150}, 32}, TileOrder::rows).layer[1].segment, 5);
}

}  // namespace
}  // namespace brood::cuda
