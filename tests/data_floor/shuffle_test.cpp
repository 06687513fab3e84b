// SPDX-License-Identifier: Apache-2.0
// The random order of rows: known words, every order equally likely, streams apart.
#include "data/shuffle.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <vector>

namespace brood {
namespace {

std::vector<std::int32_t> first_rows(int count) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

TEST(SplitMix64Test, mixes_like_the_reference) {
  // First words of the reference implementation (Vigna, splitmix64.c) for state 1234567.
  std::uint64_t const golden = 0x9e3779b97f4a7c15ULL;
  EXPECT_EQ(SplitMix64::mix(1234567 + golden), 6457827717110365317ULL);
  EXPECT_EQ(SplitMix64::mix(1234567 + 2 * golden), 3203168211198807973ULL);
}

TEST(SplitMix64Test, bounded_words_are_uniform) {
  constexpr int kBound = 7, kDraws = 70000;
  std::array<double, kBound> counts{};
  SplitMix64 random(5, 9);
  for (int i = 0; i < kDraws; ++i)
    ++counts[random.below(kBound)];
  double chi2 = 0;
  for (double const count : counts)
    chi2 += (count - 1e4) * (count - 1e4) / 1e4;
  EXPECT_LT(chi2, 22.46);  // 6 degrees of freedom, p = 0.001; the seed is fixed
}

TEST(SplitMix64Test, a_large_bound_is_never_reached) {
  SplitMix64 random(1, 1);
  std::uint64_t const bound = (std::uint64_t{1} << 63) + 1;  // about half of all words are rejected
  for (int i = 0; i < 1000; ++i)
    EXPECT_LT(random.below(bound), bound);
}

TEST(ShuffledTest, keeps_every_row_once) {
  auto const rows = first_rows(1000);
  auto order = shuffled(rows, 1, 2);
  EXPECT_NE(order, rows);
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, rows);
}

TEST(ShuffledTest, nothing_and_a_single_row_stay) {
  EXPECT_TRUE(shuffled({}, 1, 2).empty());
  EXPECT_EQ(shuffled(first_rows(1), 1, 2), first_rows(1));
}

TEST(ShuffledTest, is_the_same_on_every_machine) {
  // Written down from the first run; a change here changes the splits of every study.
  EXPECT_EQ(shuffled(first_rows(8), 7, 3), (std::vector<std::int32_t>{2, 0, 4, 7, 3, 5, 1, 6}));
}

TEST(ShuffledTest, depends_on_seed_and_stream) {
  auto const rows = first_rows(50);
  EXPECT_EQ(shuffled(rows, 1, 2), shuffled(rows, 1, 2));
  EXPECT_NE(shuffled(rows, 1, 2), shuffled(rows, 2, 2));
  EXPECT_NE(shuffled(rows, 1, 2), shuffled(rows, 1, 3));
  EXPECT_NE(shuffled(rows, 1, 2), shuffled(rows, 2, 1));
}

TEST(ShuffledTest, all_orders_are_equally_likely_over_seeds) {
  std::map<std::vector<std::int32_t>, double> counts;
  for (std::uint64_t seed = 0; seed < 24000; ++seed)
    ++counts[shuffled(first_rows(4), seed, 0)];
  ASSERT_EQ(counts.size(), 24u);
  double chi2 = 0;
  for (auto const& [order, count] : counts)
    chi2 += (count - 1000) * (count - 1000) / 1000;
  EXPECT_LT(chi2, 49.73);  // 23 degrees of freedom, p = 0.001
}

}  // namespace
}  // namespace brood
