// SPDX-License-Identifier: Apache-2.0
// Initial weights: the laws' spreads, the draws' distribution, and their very bits.
#include "core/init.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/oracle_random.hpp"
#include "sweep.hpp"

namespace brood {
namespace {

constexpr int kIn = 60, kOut = 40;
constexpr std::uint64_t kSeed = 0x5eed5eed12345678;

template <class T>
class Init : public ::testing::Test {};
TYPED_TEST_SUITE(Init, TypedTests<Inits>::type, ByName);

template <class Law>
std::vector<float> draws(std::uint32_t layer, int count) {
  std::vector<float> result(static_cast<std::size_t>(count));
  initial_weights(Law::law(kIn, kOut), philox_key(kSeed), layer, 0, count, result.data());
  return result;
}

TYPED_TEST(Init, SpreadIsTheTextbooks) {
  for (int const in : {1, 7, 784}) {
    for (int const out : {1, 10, 300}) {
      InitLaw const law = TypeParam::law(in, out);
      oracle::Law const expected = oracle::initial_law(TypeParam::name, in, out);
      EXPECT_EQ(law.normal, expected.normal);
      EXPECT_NEAR(law.spread, expected.spread, 4 * 0x1p-53 * expected.spread);
    }
  }
}

TYPED_TEST(Init, BitsAreThoseOfTheSecondWriting) {
  auto const expected = oracle::initial_weights({kIn, kOut}, TypeParam::name, true, kSeed);
  auto const got = draws<TypeParam>(0, (kIn + 1) * kOut);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(got[i]), std::bit_cast<std::uint32_t>(expected[i]))
        << "element " << i << ": " << got[i] << " for " << expected[i];
  }
}

// Over n draws of deviation s the mean has deviation s / sqrt(n), and the mean square a relative
// one of sqrt(2 / n) (normal; smaller for uniform). 5 deviations: probability 6e-7 each.
TYPED_TEST(Init, DrawsHaveTheLawsMeanAndDeviation) {
  int const n = 1 << 16;
  InitLaw const law = TypeParam::law(kIn, kOut);
  double const deviation = law.normal ? law.spread : law.spread / std::sqrt(3.0);
  double sum = 0, squares = 0;
  for (float const w : draws<TypeParam>(1, n)) {
    sum += w;
    squares += static_cast<double>(w) * w;
    if (!law.normal) {
      ASSERT_LE(std::fabs(w), law.spread);
    }
  }
  EXPECT_LE(std::fabs(sum / n), 5 * deviation / std::sqrt(n));
  EXPECT_NEAR(squares / n, deviation * deviation, 5 * std::sqrt(2.0 / n) * deviation * deviation);
}

TYPED_TEST(Init, LayersDrawDifferently) {
  auto const first = draws<TypeParam>(0, 100);
  auto const second = draws<TypeParam>(1, 100);
  int equal = 0;
  for (std::size_t i = 0; i < first.size(); ++i)
    equal += first[i] == second[i];
  if (TypeParam::law(kIn, kOut).spread == 0) {
    EXPECT_EQ(equal, 100);
  } else {
    EXPECT_LE(equal, 1);
  }
}

// Rows of a weight matrix are drawn one by one, and need not begin at a whole block of four words.
TYPED_TEST(Init, DrawsDoNotDependOnWhereARunBegins) {
  InitLaw const law = TypeParam::law(kIn, kOut);
  auto const all = draws<TypeParam>(3, 50);
  for (int first = 0; first < 9; ++first) {
    std::vector<float> part(static_cast<std::size_t>(50 - first));
    initial_weights(law, philox_key(kSeed), 3, static_cast<std::uint32_t>(first), 50 - first,
                    part.data());
    EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin() + first)) << "from " << first;
  }
}

// FNV-1a over the bits of 2^20 standard normal draws. Golden: computed by g++ 12 and clang 14
// alike; another compiler, or other flags, that changes a bit of a draw changes this.
TEST(Init, NormalDrawsHaveTheRecordedBits) {
  std::vector<float> drawn(1 << 20);
  initial_weights({true, 1.0}, philox_key(kSeed), 2, 0, 1 << 20, drawn.data());
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (float const w : drawn) {
    hash ^= std::bit_cast<std::uint32_t>(w);
    hash *= 0x100000001b3u;
  }
  EXPECT_EQ(hash, 0x9b33165e44da6d13u) << std::hex << hash;
}

}  // namespace
}  // namespace brood
