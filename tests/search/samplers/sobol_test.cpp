// SPDX-License-Identifier: Apache-2.0
// Sobol: published points, the net property, and what the shift keeps and changes.
#include "search/samplers/sobol.hpp"

#include <gtest/gtest.h>

#include <set>

#include "search/asking.hpp"

namespace brood {
namespace {

SearchSpace cube(int dimensions) {
  SearchSpace space;
  for (int i = 0; i < dimensions; ++i)
    space.uniform("x" + std::to_string(i), 0, 1);
  return space;
}

// Joe & Kuo's points in Gray-code order, as their program prints them for three dimensions. A point
// is the middle of a cell of width 2^-52.
TEST(SobolPoint, IsThePublishedOne) {
  double const expected[][3] = {{0, 0, 0},
                                {0.5, 0.5, 0.5},
                                {0.75, 0.25, 0.25},
                                {0.25, 0.75, 0.75},
                                {0.375, 0.375, 0.625},
                                {0.875, 0.875, 0.125},
                                {0.625, 0.125, 0.875},
                                {0.125, 0.625, 0.375}};
  SobolSequence sequence({0, 0, 0});
  for (std::size_t const i : {0, 1, 2, 3, 4, 5, 6, 7, 3, 0, 7, 6}) {
    auto const point = sequence.point(i);
    for (std::size_t j = 0; j < 3; ++j)
      EXPECT_EQ(point[j], expected[i][j] + 0x1p-53) << i << ' ' << j;
  }
}

TEST(Sobol, HasOnePointInEachDyadicInterval) {
  int const dimensions = 7;
  auto const asked = ask_all(
      {.sampler = Sobol{}, .space = cube(dimensions), .trials = 1024, .batch = 100, .seed = 5});
  for (int k = 0; k <= 10; ++k) {
    int const points = 1 << k;
    for (int first = 0; first < 1024; first += points) {
      for (int d = 0; d < dimensions; ++d) {
        std::set<int> cells;
        for (int i = first; i < first + points; ++i) {
          auto const& config = asked.configs[static_cast<std::size_t>(i)];
          cells.insert(static_cast<int>(
              std::get<double>(config.entries()[static_cast<std::size_t>(d)].second) * points));
        }
        ASSERT_EQ(static_cast<int>(cells.size()), points)
            << "points from " << first << ", dimension " << d;
      }
    }
  }
}

// 4096 points: a mean of a product of two coordinates is within 0.25 +- 0.001 (it would be 0.0045
// off by chance, the standard deviation of random points being sqrt(7 / 144 / 4096) = 0.0034).
TEST(Sobol, IntegratesProductsOfAllPairs) {
  int const dimensions = 6;
  SobolSequence sequence(sobol_shift(cube(dimensions), 11));
  std::vector<std::vector<double>> points;
  for (std::uint64_t i = 0; i < 4096; ++i)
    points.push_back(sequence.point(i));
  for (std::size_t a = 0; a < 6; ++a) {
    for (std::size_t b = a + 1; b < 6; ++b) {
      double sum = 0;
      for (auto const& point : points)
        sum += point[a] * point[b];
      EXPECT_NEAR(sum / 4096, 0.25, 1e-3) << a << ' ' << b;
    }
  }
}

TEST(Sobol, IsShiftedByTheSeedAndTheName) {
  auto const space = cube(2);
  auto const zero = sobol_shift(space, 0), one = sobol_shift(space, 1);
  EXPECT_NE(zero[0], zero[1]);
  EXPECT_NE(zero[0], one[0]);
  EXPECT_NE(sobol_shift(space, std::uint64_t{1} << 32)[0], zero[0]);
  auto const first = propose(Sobol{}, space, 0, 0, 1, {}, false).front();
  EXPECT_EQ(first, space.decode(SobolSequence(zero).point(0))) << "the first point is not left out";
}

TEST(Sobol, RefusesMoreDimensionsThanItHas) {
  EXPECT_TRUE(problems(Sobol{}, cube(3667)).empty());
  EXPECT_EQ(problems(Sobol{}, cube(3668)),
            std::vector<std::string>{"The search space has 3668 parameters that vary; a Sobol "
                                     "sequence has at most 3667."});
}

}  // namespace
}  // namespace brood
