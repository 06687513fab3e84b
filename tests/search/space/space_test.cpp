// SPDX-License-Identifier: Apache-2.0
// Every distribution as a function of a point: bounds, masses, kinds of values.
// Optuna's transform table is the outside reference for the quantised ones.
#include "brood/space.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "brood/error.hpp"
#include "search/samplers/random.hpp"

namespace brood {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kAlmostOne = 1 - 0x1p-53;  // the largest double below 1

SearchSpace space_of(Parameter parameter) {
  SearchSpace space;
  parameter.name = "p";
  return space.add(std::move(parameter));
}
Value decode(SearchSpace const& space, double u) {
  return *space.decode(std::vector{u}).find("p");
}
double real(SearchSpace const& space, double u) {
  return std::get<double>(decode(space, u));
}
std::int64_t whole(SearchSpace const& space, double u) {
  return std::get<std::int64_t>(decode(space, u));
}
SearchSpace ranged(Distribution distribution, double min, double max, double q = 0) {
  return space_of({.distribution = distribution, .min = min, .max = max, .q = q});
}
SearchSpace bell(Distribution distribution, double mu, double sigma, double q = 0) {
  return space_of({.distribution = distribution, .q = q, .mu = mu, .sigma = sigma});
}

TEST(Uniform, RunsFromMinTowardsMax) {
  auto const space = ranged(Distribution::uniform, -1, 3);
  EXPECT_EQ(real(space, 0), -1);
  EXPECT_EQ(real(space, 0.25), 0);
  EXPECT_EQ(real(space, 0.5), 1);
  EXPECT_LE(real(space, kAlmostOne), 3);
}

TEST(LogUniform, IsUniformInTheLogarithm) {
  for (auto const distribution :
       {Distribution::log_uniform_values, Distribution::inv_log_uniform_values}) {
    auto const space = ranged(distribution, 1e-5, 1e-1);
    // Optuna's table to its five digits; at u = 0 Optuna 3.1 gives 9.999999999999997e-06.
    EXPECT_EQ(real(space, 0), 1e-5);
    EXPECT_NEAR(real(space, 0.1), 2.5119e-5, 5e-10);
    EXPECT_NEAR(real(space, 0.25), 1e-4, 1e-16);
    EXPECT_NEAR(real(space, 0.5), 1e-3, 1e-15);
    EXPECT_NEAR(real(space, 0.9), 0.0398107, 5e-8);
    EXPECT_NEAR(real(space, 0.999999), 0.0999991, 5e-8);
    EXPECT_LE(real(space, kAlmostOne), 1e-1);
  }
}

TEST(IntUniform, FollowsEqualCells) {
  SearchSpace space;
  space.integer("p", 1, 10);
  // Optuna's table (1..10); at its ties, u = 0.1 and 0.9, a cell begins.
  EXPECT_EQ(whole(space, 0), 1);
  EXPECT_EQ(whole(space, 0.25), 3);
  EXPECT_EQ(whole(space, 0.75), 8);
  EXPECT_EQ(whole(space, 0.999999), 10);
  EXPECT_EQ(whole(space, kAlmostOne), 10);
}

TEST(IntUniform, IsExactAtTheBoundariesOfCells) {
  for (int const cells : {3, 7, 10, 49, 1000}) {
    SearchSpace space;
    space.integer("p", 0, cells - 1);
    for (int k = 1; k < cells; ++k) {
      double const boundary = static_cast<double>(k) / cells;
      // Whether the double is below the true k / cells: the sign of a remainder without rounding.
      bool const below = std::fma(boundary, cells, -k) < 0;
      ASSERT_EQ(whole(space, boundary), below ? k - 1 : k) << k << " / " << cells;
      ASSERT_EQ(whole(space, std::nextafter(boundary, 0.0)), k - 1) << k << " / " << cells;
      ASSERT_EQ(whole(space, std::nextafter(boundary, 1.0)), k) << k << " / " << cells;
    }
  }
}

TEST(IntUniform, ReachesBothEndsOfNarrowAndWideRanges) {
  std::int64_t const far = std::int64_t{1} << 51;
  for (auto const& [min, max] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 0}, {-3, 4}, {5, 6}, {-far, far}}) {
    SearchSpace space;
    space.integer("p", min, max);
    ASSERT_TRUE(space.problems().empty());
    EXPECT_EQ(whole(space, 0), min);
    EXPECT_EQ(whole(space, kAlmostOne), max);
  }
}

TEST(IntUniform, DrawsBothEndsInAThousandTrials) {
  SearchSpace space;
  space.integer("p", 1, 16);
  std::map<std::int64_t, int> counts;
  for (int trial = 0; trial < 1000; ++trial)
    ++counts[whole(space, uniform_draw(0, trial, "p"))];
  EXPECT_EQ(counts.size(), 16u);
  EXPECT_EQ(counts.begin()->first, 1);
  EXPECT_EQ(counts.rbegin()->first, 16);
}

TEST(QUniform, GivesTheOptunaTableOfSteps) {
  auto const quarter = ranged(Distribution::q_uniform, 0, 1, 0.25);
  double const expected[] = {0, 0, 0.25, 0.5, 0.75, 1, 1};
  auto const fives = ranged(Distribution::q_uniform, 0, 10, 5);
  std::int64_t const expected_fives[] = {0, 0, 0, 5, 10, 10, 10};
  double const points[] = {0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999999};
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(real(quarter, points[i]), expected[i]) << points[i];
    EXPECT_EQ(whole(fives, points[i]), expected_fives[i]) << points[i];
  }
}

TEST(QLogUniform, GivesTheOptunaTableOfIntegers) {
  auto const space = ranged(Distribution::q_log_uniform_values, 1, 1024, 1);
  std::int64_t const expected[] = {1, 1, 3, 23, 152, 478, 1024};
  double const points[] = {0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999999};
  for (int i = 0; i < 7; ++i)
    EXPECT_EQ(whole(space, points[i]), expected[i]) << points[i];
}

TEST(Quantised, StaysOnMultiplesInsideBoundsThatAreNone) {
  auto const space = ranged(Distribution::q_uniform, 3, 31, 8);
  EXPECT_EQ(whole(space, 0), 8);
  EXPECT_EQ(whole(space, 0.5), 16);
  EXPECT_EQ(whole(space, kAlmostOne), 24);
  auto const logarithmic = ranged(Distribution::q_log_uniform_values, 1, 250, 8);
  EXPECT_EQ(whole(logarithmic, 0), 8);
  EXPECT_EQ(whole(logarithmic, kAlmostOne), 248);
}

TEST(Quantised, GivesDecimalMultiplesAsTheyAreWritten) {
  auto const space = ranged(Distribution::q_uniform, 0.1, 0.7, 0.1);
  std::vector<std::string> texts;
  for (int k = 0; k < 7; ++k)
    texts.push_back(to_text(decode(space, (k + 0.5) / 7)));
  EXPECT_EQ(texts, (std::vector<std::string>{"0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"}));
}

TEST(Quantised, RoundsNegativeValuesAndNeverGivesMinusZero) {
  auto const space = ranged(Distribution::q_uniform, -0.5, 0.5, 0.5);
  EXPECT_EQ(real(space, 0), -0.5);
  EXPECT_FALSE(std::signbit(real(space, 0.5)));
  EXPECT_EQ(real(space, kAlmostOne), 0.5);
}

TEST(Quantised, UniformGivesEveryMultipleTheSameMass) {
  auto const space = ranged(Distribution::q_uniform, 0, 1, 0.25);
  std::map<double, int> counts;
  for (int i = 0; i < 1000; ++i)
    ++counts[real(space, (i + 0.5) / 1000)];
  ASSERT_EQ(counts.size(), 5u);
  for (auto const& [value, count] : counts)
    EXPECT_EQ(count, 200) << value;
}

TEST(Normal, InvertsTheDistributionAndClipsAtFourSigma) {
  auto const space = bell(Distribution::normal, 10, 2);
  EXPECT_EQ(real(space, 0.5), 10);
  EXPECT_NEAR(real(space, 0.975), 10 + 2 * 1.959963984540054, 1e-13);
  EXPECT_NEAR(real(space, 0.001), 10 - 2 * 3.090232306167814, 1e-13);
  EXPECT_EQ(real(space, 0), 2);
  EXPECT_EQ(real(space, 1e-300), 2);
  EXPECT_EQ(real(space, kAlmostOne), 18);
}

TEST(Normal, LogarithmicIsItsExponential) {
  auto const space = bell(Distribution::log_normal, -3, 0.5);
  EXPECT_EQ(real(space, 0.5), std::exp(-3.0));
  EXPECT_EQ(real(space, 0), std::exp(-5.0));
  EXPECT_EQ(real(space, kAlmostOne), std::exp(-1.0));
}

TEST(Normal, QuantisedStaysOnMultiplesInsideFourSigma) {
  auto const space = bell(Distribution::q_normal, 0, 1, 3);
  EXPECT_EQ(whole(space, 0), -3);
  EXPECT_EQ(whole(space, 0.5), 0);
  EXPECT_EQ(whole(space, kAlmostOne), 3);
  // 0 stands for -1.5 .. 1.5: P(Z > 1.5) = 0.0668.
  EXPECT_EQ(whole(space, 1 - 0.067), 0);
  EXPECT_EQ(whole(space, 1 - 0.066), 3);
}

TEST(Categorical, DividesTheLineEquallyWithoutProbabilities) {
  SearchSpace space;
  space.choice("p", {std::string("a"), std::string("b"), std::string("c")});
  EXPECT_EQ(decode(space, 0), Value(std::string("a")));
  EXPECT_EQ(decode(space, 0.34), Value(std::string("b")));
  EXPECT_EQ(decode(space, kAlmostOne), Value(std::string("c")));
}

TEST(Categorical, KeepsListsAndFlagsAsTheyAre) {
  SearchSpace space;
  space.choice("p", {std::vector<std::int64_t>{64, 64}, true});
  EXPECT_EQ(decode(space, 0), Value(std::vector<std::int64_t>{64, 64}));
  EXPECT_EQ(decode(space, 0.5), Value(true));
}

TEST(Categorical, NeverChoosesAnImpossibleValue) {
  SearchSpace space;
  space.choice("p", {1.0, 2.0, 3.0, 4.0}, {0, 0.5, 0.5, 0});
  EXPECT_EQ(decode(space, 0), Value(2.0));
  EXPECT_EQ(decode(space, 0.5), Value(3.0));
  EXPECT_EQ(decode(space, kAlmostOne), Value(3.0));
  EXPECT_EQ(space.size(), 2);
}

TEST(Categorical, FollowsItsProbabilities) {
  std::vector<double> const probabilities{0.1, 0.2, 0.7};
  SearchSpace space;
  space.choice("p", {std::int64_t{0}, std::int64_t{1}, std::int64_t{2}}, probabilities);
  int const n = 60000;
  std::array<int, 3> counts{};
  for (int trial = 0; trial < n; ++trial) {
    ++counts[static_cast<std::size_t>(whole(space, uniform_draw(2, trial, "p")))];
  }
  for (std::size_t i = 0; i < 3; ++i) {
    double const p = probabilities[i];
    // Binomial standard deviation; six of them are exceeded with probability 2e-9.
    EXPECT_LT(std::abs(counts[i] - n * p), 6 * std::sqrt(n * p * (1 - p))) << i;
  }
}

struct BoundsCase {
  char const* name;
  SearchSpace space;
  double min, max;
};
void PrintTo(BoundsCase const& bounds, std::ostream* out) {
  *out << bounds.name;
}
class Bounds : public testing::TestWithParam<BoundsCase> {};

TEST_P(Bounds, HoldForAThousandDrawsAndTheExtremePoints) {
  auto const& [name, space, min, max] = GetParam();
  ASSERT_TRUE(space.problems().empty()) << space.problems().front();
  std::vector<double> points{0, std::numeric_limits<double>::denorm_min(), 1e-300, kAlmostOne};
  for (int trial = 0; trial < 1000; ++trial)
    points.push_back(uniform_draw(4, trial, "p"));
  for (double const u : points) {
    Value const value = decode(space, u);
    double const x = std::holds_alternative<double>(value)
                         ? std::get<double>(value)
                         : static_cast<double>(std::get<std::int64_t>(value));
    ASSERT_GE(x, min) << u;
    ASSERT_LE(x, max) << u;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Distributions, Bounds,
    testing::Values(
        BoundsCase{"int_uniform", ranged(Distribution::int_uniform, -7, 9), -7, 9},
        BoundsCase{"uniform", ranged(Distribution::uniform, 0.1, 0.3), 0.1, 0.3},
        BoundsCase{"uniform_of_one_value", ranged(Distribution::uniform, 0.1, 0.1), 0.1, 0.1},
        BoundsCase{"uniform_wide", ranged(Distribution::uniform, -8e307, 8e307), -8e307, 8e307},
        BoundsCase{"q_uniform", ranged(Distribution::q_uniform, 0.1, 0.7, 0.1), 0.1, 0.7},
        BoundsCase{"q_uniform_thirds", ranged(Distribution::q_uniform, -0.9, 0.9, 0.3), -0.9, 0.9},
        BoundsCase{"q_uniform_odd", ranged(Distribution::q_uniform, -2, 2, 0.7), -1.4, 1.4},
        BoundsCase{"log_uniform", ranged(Distribution::log_uniform_values, 1e-5, 1e-1), 1e-5, 1e-1},
        BoundsCase{"log_uniform_of_one_value", ranged(Distribution::log_uniform_values, 0.3, 0.3),
                   0.3, 0.3},
        BoundsCase{"log_uniform_widest",
                   ranged(Distribution::log_uniform_values, 5e-324, 1.7976931348623157e308), 5e-324,
                   1.7976931348623157e308},
        BoundsCase{"inv_log_uniform", ranged(Distribution::inv_log_uniform_values, 0.7, 0.9), 0.7,
                   0.9},
        BoundsCase{"q_log_uniform", ranged(Distribution::q_log_uniform_values, 10, 300, 16), 16,
                   288},
        BoundsCase{"q_log_uniform_fraction",
                   ranged(Distribution::q_log_uniform_values, 0.01, 0.3, 0.02), 0.02, 0.3},
        BoundsCase{"normal", bell(Distribution::normal, 0.1, 0.2), 0.1 - 4 * 0.2, 0.1 + 4 * 0.2},
        BoundsCase{"q_normal", bell(Distribution::q_normal, 0.1, 0.2, 0.05), -0.7, 0.9},
        BoundsCase{"log_normal", bell(Distribution::log_normal, 0, 1), std::exp(-4.0),
                   std::exp(4.0)}),
    [](testing::TestParamInfo<BoundsCase> const& info) { return std::string(info.param.name); });

// ---- the space

TEST(SearchSpace, DecodesParametersInOrderAndConstantsWithoutACoordinate) {
  SearchSpace space;
  space.uniform("a", 0, 1).constant("b", std::string("adam")).integer("c", 0, 9);
  EXPECT_EQ(space.dimensions(), 2);
  EXPECT_EQ(space.decode(std::vector{0.5, 0.95}),
            (Config{{"a", 0.5}, {"b", std::string("adam")}, {"c", std::int64_t{9}}}));
}

TEST(SearchSpace, ReplacesAParameterInItsPlace) {
  SearchSpace space;
  space.uniform("a", 1, 0).uniform("b", 0, 1);
  EXPECT_FALSE(space.problems().empty());
  space.integer("a", 3, 3);
  EXPECT_TRUE(space.problems().empty());
  ASSERT_EQ(space.parameters().size(), 2u);
  EXPECT_EQ(space.parameters()[0].name, "a");
  EXPECT_EQ(space.decode(std::vector{0.5, 0.5}), (Config{{"a", std::int64_t{3}}, {"b", 0.5}}));
  EXPECT_EQ(space.find("b")->distribution, Distribution::uniform);
  EXPECT_EQ(space.find("c"), nullptr);
}

TEST(SearchSpace, OfNothingHasOneEmptyConfiguration) {
  SearchSpace const space;
  EXPECT_EQ(space.dimensions(), 0);
  EXPECT_EQ(space.size(), 1);
  EXPECT_EQ(space.decode({}), Config{});
}

TEST(SearchSpace, CountsItsConfigurations) {
  SearchSpace space;
  space.integer("a", -1, 2).choice("b", {1.0, 2.0, 3.0}).constant("c", true);
  EXPECT_EQ(space.size(), 12);
  space.add(
      {.name = "d", .distribution = Distribution::q_uniform, .min = 0.1, .max = 0.7, .q = 0.1});
  EXPECT_EQ(space.size(), 84);
  space.add({.name = "e", .distribution = Distribution::q_normal, .q = 2, .mu = 0, .sigma = 1});
  EXPECT_EQ(space.size(), 420);
  space.uniform("f", 2, 2);
  EXPECT_EQ(space.size(), 420);
  space.uniform("f", 2, 3);
  EXPECT_EQ(space.size(), 0);
}

TEST(SearchSpace, CountsNoFurtherThanTheLargestInteger) {
  SearchSpace space;
  for (auto const* name : {"a", "b", "c"})
    space.integer(name, 0, (std::int64_t{1} << 40) - 1);
  EXPECT_EQ(space.size(), std::numeric_limits<std::int64_t>::max());
  space.uniform("d", 0, 1);
  EXPECT_EQ(space.size(), 0);
}

TEST(SearchSpace, RefusesAPointThatIsNotInItsCube) {
  SearchSpace space;
  space.integer("a", 0, 9);
  for (auto const& point :
       std::vector<std::vector<double>>{{}, {0.5, 0.5}, {1.0}, {-0.1}, {kNaN}, {kInf}}) {
    EXPECT_THROW(space.decode(point), UsageError);
  }
}

TEST(SearchSpace, RefusesToDecodeOrCountWithProblems) {
  SearchSpace space;
  space.choice("a", {}).integer("b", 5, 1);
  EXPECT_THROW(space.decode(std::vector{0.5, 0.5}), UsageError);
  try {
    space.size();
    FAIL() << "no error";
  } catch (UsageError const& error) {
    EXPECT_EQ(error.problems().size(), 2u);
  }
}

TEST(SearchSpace, NamesEveryDistribution) {
  for (int i = 0; i <= static_cast<int>(Distribution::log_normal); ++i) {
    EXPECT_FALSE(name_of(static_cast<Distribution>(i)).empty()) << i;
  }
  EXPECT_EQ(name_of(Distribution::q_log_uniform_values), "q_log_uniform_values");
}

}  // namespace
}  // namespace brood
