// SPDX-License-Identifier: Apache-2.0
#include "core/permutation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "support/oracle_random.hpp"

namespace brood {
namespace {

void expect_bijection(std::uint64_t seed, std::uint32_t epoch, std::uint32_t rows) {
  BatchOrder const order = batch_order(seed, epoch, rows);
  std::vector<bool> seen(rows, false);
  for (std::uint32_t position = 0; position < rows; ++position) {
    std::uint32_t const row = row_at(order, position);
    ASSERT_LT(row, rows) << "rows " << rows << " position " << position;
    ASSERT_FALSE(seen[row]) << "rows " << rows << " row " << row << " comes twice";
    seen[row] = true;
  }
}

TEST(Permutation, VisitsEveryRowOnceForSmallCounts) {
  for (std::uint32_t rows = 1; rows <= 300; ++rows) {
    for (std::uint32_t epoch = 0; epoch < 3; ++epoch)
      expect_bijection(rows * 77, epoch, rows);
  }
}

TEST(Permutation, VisitsEveryRowOnceForLargeCounts) {
  for (std::uint32_t const rows : {1000u, 4096u, 4097u, 60000u, 65536u, 65537u, 1048577u})
    expect_bijection(5, 1, rows);
}

// Positions near the end of the largest domain, where 32-bit arithmetic could overflow.
TEST(Permutation, StaysInsideTheLargestTables) {
  for (std::uint32_t const rows : {0x40000001u, 0x7fffffffu, 0x80000000u}) {
    BatchOrder const order = batch_order(3, 0, rows);
    for (std::uint32_t i = 0; i < 1000; ++i)
      ASSERT_LT(row_at(order, rows - 1 - i), rows);
  }
}

TEST(Permutation, EqualsTheSecondWriting) {
  for (int const rows : {1, 2, 15, 16, 17, 100, 1797, 5000}) {
    for (int epoch = 0; epoch < 3; ++epoch) {
      std::uint64_t const seed = 0xfeedbeef12345678u + static_cast<std::uint64_t>(rows);
      auto const expected = oracle::epoch_order(rows, epoch, seed);
      BatchOrder const order =
          batch_order(seed, static_cast<std::uint32_t>(epoch), static_cast<std::uint32_t>(rows));
      for (int p = 0; p < rows; ++p) {
        ASSERT_EQ(row_at(order, static_cast<std::uint32_t>(p)),
                  static_cast<std::uint32_t>(expected[static_cast<std::size_t>(p)]))
            << "rows " << rows << " epoch " << epoch << " position " << p;
      }
    }
  }
}

TEST(Permutation, DiffersBetweenEpochsAndSeeds) {
  auto differing = [](BatchOrder const& a, BatchOrder const& b) {
    int count = 0;
    for (std::uint32_t p = 0; p < 1000; ++p)
      count += row_at(a, p) != row_at(b, p);
    return count;
  };
  // Two random permutations agree in one place on average; in 10 or more with probability 1e-7.
  EXPECT_GT(differing(batch_order(1, 0, 1000), batch_order(1, 1, 1000)), 990);
  EXPECT_GT(differing(batch_order(1, 0, 1000), batch_order(2, 0, 1000)), 990);
}

// Chi-square of counts that should be equal, as deviations from its mean: with k cells the mean
// is k - 1 and the variance 2 (k - 1), near normal for the k used here.
double chi_square_deviations(std::vector<int> const& counts, double degrees) {
  double total = 0;
  for (int const c : counts)
    total += c;
  double const expected = total / static_cast<double>(counts.size());
  double chi_square = 0;
  for (int const c : counts)
    chi_square += (c - expected) * (c - expected) / expected;
  return (chi_square - degrees) / std::sqrt(2 * degrees);
}

// Where each row ends up, over many epochs: (rows - 1)^2 degrees of freedom. The threshold of 6
// deviations leaves room for the skew of chi-square (81 degrees at the least).
TEST(Permutation, EveryRowIsEquallyLikelyAtEveryPosition) {
  for (std::uint32_t const rows : {10u, 16u, 17u, 33u, 100u}) {
    std::vector<int> counts(rows * rows, 0);
    for (std::uint32_t epoch = 0; epoch < 40 * rows; ++epoch) {
      BatchOrder const order = batch_order(11, epoch, rows);
      for (std::uint32_t p = 0; p < rows; ++p)
        ++counts[p * rows + row_at(order, p)];
    }
    double const degrees = static_cast<double>(rows - 1) * (rows - 1);
    EXPECT_LT(std::fabs(chi_square_deviations(counts, degrees)), 6) << "rows " << rows;
  }
}

// Which two rows stand at neighbouring positions: rows (rows - 1) ordered pairs, equally likely.
TEST(Permutation, EveryPairIsEquallyLikelyAtNeighbouringPositions) {
  for (std::uint32_t const rows : {10u, 16u, 20u}) {
    for (std::uint32_t const position : {0u, 4u}) {
      std::vector<int> counts;
      std::vector<int> square(rows * rows, 0);
      for (std::uint32_t epoch = 0; epoch < 40 * rows * rows; ++epoch) {
        BatchOrder const order = batch_order(12, epoch, rows);
        ++square[row_at(order, position) * rows + row_at(order, position + 1)];
      }
      for (std::uint32_t i = 0; i < rows * rows; ++i) {
        if (i / rows != i % rows) counts.push_back(square[i]);
      }
      double const degrees = static_cast<double>(counts.size()) - 1;
      EXPECT_LT(std::fabs(chi_square_deviations(counts, degrees)), 6)
          << "rows " << rows << " position " << position;
    }
  }
}

}  // namespace
}  // namespace brood
