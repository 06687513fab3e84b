// SPDX-License-Identifier: Apache-2.0
#include "core/philox.hpp"

#include <gtest/gtest.h>

#include "support/oracle_random.hpp"

namespace brood {
namespace {

constexpr bool equal(PhiloxBlock a, PhiloxBlock b) {
  return a.word[0] == b.word[0] && a.word[1] == b.word[1] && a.word[2] == b.word[2] &&
         a.word[3] == b.word[3];
}

// Random123's kat_vectors, philox4x32 10.
constexpr PhiloxBlock kZeros = philox({{0, 0, 0, 0}}, {0, 0});
constexpr PhiloxBlock kOnes =
    philox({{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}}, {0xffffffff, 0xffffffff});
constexpr PhiloxBlock kPi =
    philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, {0xa4093822, 0x299f31d0});
static_assert(equal(kZeros, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}));
static_assert(equal(kOnes, {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}));
static_assert(equal(kPi, {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}));

TEST(Philox, MatchesRandom123VectorsAtRunTime) {
  std::uint32_t volatile zero = 0;  // keeps the compiler from evaluating it
  EXPECT_TRUE(equal(philox({{zero, zero, zero, zero}}, {zero, zero}), kZeros));
}

TEST(Philox, EqualsTheSecondWritingForManyCounters) {
  for (std::uint32_t i = 0; i < 10000; ++i) {
    std::uint64_t const seed = 0x9E3779B97F4A7C15u * (i + 1);
    PhiloxBlock const counter{{i * 2654435761u, i, i << 16, ~i}};
    PhiloxBlock const got = philox(counter, philox_key(seed));
    oracle::Words const expected = oracle::philox4x32(
        {counter.word[0], counter.word[1], counter.word[2], counter.word[3]}, seed);
    for (std::size_t w = 0; w < 4; ++w)
      ASSERT_EQ(got.word[w], expected[w]) << "counter " << i << " word " << w;
  }
}

TEST(Philox, KeyIsTheSeedLowWordFirst) {
  EXPECT_EQ(philox_key(0x0123456789abcdefu).low, 0x89abcdefu);
  EXPECT_EQ(philox_key(0x0123456789abcdefu).high, 0x01234567u);
}

TEST(Philox, UnitIntervalIsTheMiddleOfTheWordsCell) {
  EXPECT_EQ(unit_interval(0), 0x1p-33);
  EXPECT_EQ(unit_interval(0xffffffffu), 1 - 0x1p-33);
  EXPECT_EQ(unit_interval(0x80000000u), 0.5 + 0x1p-33);
}

TEST(Philox, DropoutThresholdIsTheRoundedShareOfAllWords) {
  EXPECT_EQ(dropout_threshold(0.0), 0u);
  EXPECT_EQ(dropout_threshold(0.5), 0x80000000u);
  EXPECT_EQ(dropout_threshold(0.25), 0x40000000u);
  EXPECT_EQ(dropout_threshold(0x1.8p-32), 2u);
  EXPECT_EQ(dropout_threshold(1.0), 0xffffffffu);
}

// Each mask bit is a word against a threshold: over n of them the kept share has deviation
// sqrt(p (1 - p) / n); 5 of them are exceeded with probability 6e-7.
TEST(Philox, DropoutKeepsTheStatedShare) {
  int const n = 1 << 18;
  for (double const rate : {0.1, 0.5, 0.9}) {
    int kept = 0;
    for (int i = 0; i < n; ++i)
      kept += oracle::dropout_keeps(rate, i / 4096, 1, i / 64 % 64, i % 64, 42);
    EXPECT_NEAR(kept / static_cast<double>(n), 1 - rate, 5 * std::sqrt(rate * (1 - rate) / n));
  }
}

}  // namespace
}  // namespace brood
