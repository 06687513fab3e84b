// SPDX-License-Identifier: Apache-2.0
// What a search space refuses, and how it says so.
#include <gtest/gtest.h>

#include <limits>

#include "brood/space.hpp"

namespace brood {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct ProblemCase {
  char const* name;
  Parameter parameter;
  char const* sentence;  // how the only problem begins, after "p: "
};
void PrintTo(ProblemCase const& problem, std::ostream* out) {
  *out << problem.name;
}
class Problem : public testing::TestWithParam<ProblemCase> {};

TEST_P(Problem, IsASentenceWithTheNameAndTheValue) {
  Parameter parameter = GetParam().parameter;
  parameter.name = "p";
  auto const problems = SearchSpace().add(parameter).problems();
  ASSERT_EQ(problems.size(), 1u) << testing::PrintToString(problems);
  EXPECT_EQ(problems[0].rfind(std::string("p: ") + GetParam().sentence, 0), 0u) << problems[0];
  EXPECT_EQ(problems[0].back(), '.');
}

using D = Distribution;
INSTANTIATE_TEST_SUITE_P(
    Parameters, Problem,
    testing::Values(
        ProblemCase{"constant_without_value", {.distribution = D::constant}, "a constant has 0"},
        ProblemCase{"constant_with_two", {.values = {1.0, 2.0}}, "a constant has 2 values"},
        ProblemCase{"no_choices", {.distribution = D::categorical}, "there are no values"},
        ProblemCase{"a_choice_twice",
                    {.distribution = D::categorical, .values = {1.0, std::int64_t{1}, 1.0}},
                    "the value 1 is there more than once"},
        ProblemCase{"too_few_probabilities",
                    {.distribution = D::categorical, .values = {1.0, 2.0}, .probabilities = {1.0}},
                    "there are 1 probabilities for 2 values"},
        ProblemCase{
            "negative_probability",
            {.distribution = D::categorical, .values = {1.0, 2.0}, .probabilities = {1.5, -0.5}},
            "a probability is 1.5; each must be in 0 .. 1"},
        ProblemCase{
            "probability_nan",
            {.distribution = D::categorical, .values = {1.0, 2.0}, .probabilities = {kNaN, 0.5}},
            "a probability is nan"},
        ProblemCase{
            "probabilities_sum",
            {.distribution = D::categorical, .values = {1.0, 2.0}, .probabilities = {0.5, 0.25}},
            "the probabilities sum to 0.75"},
        ProblemCase{"empty_range",
                    {.distribution = D::uniform, .min = 2, .max = 1},
                    "min is 2 and max is 1; the range is empty"},
        ProblemCase{"nan_bound",
                    {.distribution = D::uniform, .min = kNaN, .max = 1},
                    "min is nan and max is 1; both must be finite"},
        ProblemCase{"infinite_bound",
                    {.distribution = D::int_uniform, .min = 0, .max = kInf},
                    "min is 0 and max is inf; both must be finite"},
        ProblemCase{"range_overflows",
                    {.distribution = D::uniform, .min = -1e308, .max = 1e308},
                    "the range -1e+308 .. 1e+308 is too wide"},
        ProblemCase{"fractional_integer",
                    {.distribution = D::int_uniform, .min = 0.5, .max = 3},
                    "the bound 0.5 of int_uniform must be a whole number"},
        ProblemCase{"huge_integer",
                    {.distribution = D::int_uniform, .min = 0, .max = 1e18},
                    "the bound 1e+18 of int_uniform must be a whole number of at most 2^51"},
        ProblemCase{"log_of_zero",
                    {.distribution = D::log_uniform_values, .min = 0, .max = 1},
                    "min is 0; log_uniform_values takes a logarithm"},
        ProblemCase{"log_of_negative",
                    {.distribution = D::q_log_uniform_values, .min = -1, .max = 1, .q = 1},
                    "min is -1; q_log_uniform_values takes a logarithm"},
        ProblemCase{"no_step",
                    {.distribution = D::q_uniform, .min = 0, .max = 1},
                    "q is 0; the step must be a finite number above 0"},
        ProblemCase{
            "negative_step", {.distribution = D::q_normal, .q = -1}, "q is -1; the step must be"},
        ProblemCase{"tiny_step",
                    {.distribution = D::q_uniform, .min = 0, .max = 1, .q = 1e-300},
                    "q is 1e-300 for the range 0 .. 1; at most 2^51"},
        ProblemCase{"no_multiple",
                    {.distribution = D::q_uniform, .min = 1, .max = 7, .q = 8},
                    "no multiple of q = 8 lies in 1 .. 7"},
        ProblemCase{"sigma_zero",
                    {.distribution = D::normal, .sigma = 0},
                    "sigma is 0; it must be a finite number above 0"},
        ProblemCase{"mu_infinite",
                    {.distribution = D::normal, .mu = kInf},
                    "mu is inf; it must be a finite number"},
        ProblemCase{"sigma_overflows",
                    {.distribution = D::normal, .mu = 0, .sigma = 1e308},
                    "mu 0 and sigma 1e+308 are too large"},
        ProblemCase{"log_normal_overflows",
                    {.distribution = D::log_normal, .mu = 700, .sigma = 5},
                    "exp(mu - 4 sigma) .. exp(mu + 4 sigma) is"}),
    [](testing::TestParamInfo<ProblemCase> const& info) { return std::string(info.param.name); });

TEST(Problems, AreReportedForAllParametersAtOnce) {
  SearchSpace space;
  space.uniform("a", 1, 0).integer("b", 0, 3).log_uniform("c", -2, -3);
  auto const problems = space.problems();
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_EQ(problems[0].substr(0, 3), "a: ");
  EXPECT_EQ(problems[1].substr(0, 3), "c: ");
  EXPECT_EQ(problems[2].substr(0, 3), "c: ");
}

TEST(Problems, IncludeAMissingName) {
  SearchSpace space;
  space.uniform("", 0, 1);
  ASSERT_EQ(space.problems().size(), 1u);
  EXPECT_EQ(space.problems()[0], "(a parameter without a name): every parameter needs a name.");
}

TEST(Problems, LetProbabilitiesBeRoundedInTheSeventhDigit) {
  SearchSpace space;
  space.choice("p", {1.0, 2.0, 3.0}, {0.3333333, 0.3333333, 0.3333333});
  EXPECT_TRUE(space.problems().empty());
}

}  // namespace
}  // namespace brood
