// SPDX-License-Identifier: Apache-2.0
// Rows that are known again, and no others.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "brood/data.hpp"

namespace brood {
namespace {

std::vector<std::uint64_t> of(std::vector<float> const& values, int columns) {
  return row_fingerprints(
      {values.data(), static_cast<std::int64_t>(values.size()) / columns, columns});
}

TEST(RowFingerprints, AreThoseOfTheNumbersAlone) {
  float const nan = std::numeric_limits<float>::quiet_NaN();
  auto const one = of({1, 2, nan, 0}, 2);
  EXPECT_EQ(of({nan, 0, 1, 2}, 2), (std::vector{one[1], one[0]}));
  EXPECT_EQ(of({1, 2, -nan, -0.0F}, 2), one);
  EXPECT_TRUE(of({}, 3).empty());
}

// Rows that differ by one bit of one number, by order, and by how many columns there are.
TEST(RowFingerprints, TellRowsApart) {
  std::set<std::uint64_t> seen;
  std::size_t rows = 0;
  auto const add = [&](std::vector<float> const& row) {
    seen.insert(of(row, static_cast<int>(row.size())).front());
    ++rows;
  };
  for (int a = 0; a < 100; ++a) {
    for (int b = 0; b < 100; ++b)
      add({static_cast<float>(a), static_cast<float>(b)});
  }
  for (float x = 0.5F; x < 2.0F; x = std::nextafter(x * 1.001F, 2.0F))
    add({x, 1.0F}), add({std::nextafter(x, 2.0F), 1.0F});
  add({1});
  add({1, 1, 0});
  add({std::numeric_limits<float>::quiet_NaN(), 1});
  EXPECT_EQ(seen.size(), rows);
}

}  // namespace
}  // namespace brood
