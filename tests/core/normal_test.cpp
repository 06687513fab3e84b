// SPDX-License-Identifier: Apache-2.0
#include "core/normal.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/philox.hpp"
#include "support/oracle_random.hpp"

namespace brood {
namespace {

struct Quantile {
  double p, z;
};
// sqrt(2) erfinv(2 p - 1) of the double nearest to p, by mpmath with 60 digits; the first branch of
// the algorithm ends at 0.075 and 0.925, the second at 1.39e-11.
Quantile const kQuantiles[] = {{0.25, -0.674489750196081743},  {0.1, -1.28155156554460044},
                               {0.075, -1.43953147093845593},  {0.0749, -1.44023826752796366},
                               {0.05, -1.64485362695147269},   {0.025, -1.95996398454005421},
                               {0.01, -2.32634787404084109},   {0.001, -3.09023230616781354},
                               {1e-5, -4.26489079392282461},   {1e-9, -5.99780701500768686},
                               {1e-11, -6.7060231554951363},   {1.4e-11, -6.65672309151818364},
                               {1e-12, -7.03448382530113193},  {0x1p-33, -6.33795775455378925},
                               {0.6, 0.253347103135799741},    {0.9, 1.28155156554460059},
                               {0.925, 1.43953147093845623},   {0.926, 1.44663206715897881},
                               {0.975, 1.95996398454005386},   {0.99, 2.32634787404084077},
                               {0.999999, 4.75342430881708777}};

// Wichura gives about 1e-16 relative for PPND16; its evaluation in double adds some roundings.
TEST(NormalQuantile, MatchesHighPrecisionValues) {
  for (auto const& [p, z] : kQuantiles)
    EXPECT_NEAR(normal_quantile(p), z, 2e-15 * std::fabs(z)) << "p = " << p;
}

TEST(NormalQuantile, IsZeroAtOneHalf) {
  EXPECT_EQ(normal_quantile(0.5), 0.0);
}

TEST(NormalQuantile, IsOddAroundOneHalf) {
  for (std::uint32_t word = 0; word < 0x80000000u; word += 0x10001u) {
    double const p = unit_interval(word);
    ASSERT_EQ(normal_quantile(p), -normal_quantile(1 - p)) << p;
  }
}

TEST(NormalQuantile, GrowsWithItsProbability) {
  double last = -INFINITY;
  for (std::uint64_t word = 0; word < 0x100000000u; word += 0x10001u) {
    double const z = normal_quantile(unit_interval(static_cast<std::uint32_t>(word)));
    ASSERT_GT(z, last);
    last = z;
  }
}

TEST(NormalQuantile, AgreesWithSolvingForTheProbability) {
  for (std::uint64_t word = 0; word < 0x100000000u; word += 0x140001u) {
    double const p = unit_interval(static_cast<std::uint32_t>(word));
    double const z = oracle::quantile(p);
    ASSERT_NEAR(normal_quantile(p), z, 2e-15 * std::fabs(z)) << "p = " << p;
  }
}

}  // namespace
}  // namespace brood
