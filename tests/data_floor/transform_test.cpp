// SPDX-License-Identifier: Apache-2.0
// fit_transform against values worked out by hand, and its corner cases.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "brood/data.hpp"
#include "columns.hpp"

namespace brood {
namespace {

using test::kNaN;
using RowList = std::vector<std::int32_t>;

// A classification table of one or more input columns; targets are all 0.
struct Inputs {
  explicit Inputs(std::vector<float> values, int columns = 1)
      : x(std::move(values)), y(x.size() / static_cast<std::size_t>(columns)) {
    auto const rows = static_cast<std::int64_t>(y.size());
    table.x = {x.data(), rows, columns};
    table.y = {y.data(), rows, 1};
    table.classes = 2;
  }
  Inputs(Inputs const&) = delete;
  RowList all() const {
    RowList rows(y.size());
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }
  std::vector<float> x, y;
  Table table;
};

Transform fit_all(Inputs const& inputs) {
  return fit_transform(inputs.table, inputs.all());
}

TEST(FitTransformTest, shifts_by_the_mean_and_scales_by_the_population_deviation) {
  // 2 4 4 4 5 5 7 9: mean 5, squared deviations add to 32, variance 32 / 8 = 4.
  auto const fitted = fit_all(Inputs({2, 4, 4, 4, 5, 5, 7, 9}));
  EXPECT_EQ(fitted.shift, std::vector<float>{5});
  EXPECT_EQ(fitted.scale, std::vector<float>{0.5f});
  EXPECT_TRUE(fitted.target_shift.empty());
  EXPECT_TRUE(fitted.target_scale.empty());
}

TEST(FitTransformTest, uses_no_other_rows) {
  Inputs const inputs({1000, 2, 4, 4, 4, -7000, 5, 5, 7, 9});
  auto const fitted = fit_transform(inputs.table, RowList{1, 2, 3, 4, 6, 7, 8, 9});
  EXPECT_EQ(fitted.shift, std::vector<float>{5});
  EXPECT_EQ(fitted.scale, std::vector<float>{0.5f});
}

TEST(FitTransformTest, leaves_out_missing_values_column_by_column) {
  Inputs const inputs({1, kNaN,   //
                       kNaN, 10,  //
                       3, 30},
                      2);
  auto const fitted = fit_all(inputs);
  EXPECT_EQ(fitted.shift, (std::vector<float>{2, 20}));
  EXPECT_EQ(fitted.scale, (std::vector<float>{1, 0.1f}));
}

TEST(FitTransformTest, a_constant_column_gets_scale_zero) {
  // 0.1 is not a binary fraction; 1000 of them must not add up to a deviation.
  auto const fitted = fit_all(Inputs(std::vector<float>(1000, 0.1f)));
  EXPECT_EQ(fitted.shift, std::vector<float>{0.1f});
  EXPECT_EQ(fitted.scale, std::vector<float>{0});
}

TEST(FitTransformTest, a_column_that_is_constant_on_the_training_rows_gets_scale_zero) {
  Inputs const inputs({3, 3, 8});
  EXPECT_EQ(fit_transform(inputs.table, RowList{0, 1}).scale, std::vector<float>{0});
  EXPECT_NE(fit_all(inputs).scale, std::vector<float>{0});
}

TEST(FitTransformTest, a_column_missing_everywhere_gets_shift_and_scale_zero) {
  auto const fitted = fit_all(Inputs({kNaN, kNaN}));
  EXPECT_EQ(fitted.shift, std::vector<float>{0});
  EXPECT_EQ(fitted.scale, std::vector<float>{0});
}

TEST(FitTransformTest, no_rows_say_nothing) {
  auto const fitted = fit_transform(Inputs({1, 2}).table, RowList{});
  EXPECT_EQ(fitted.shift, std::vector<float>{0});
  EXPECT_EQ(fitted.scale, std::vector<float>{0});
}

TEST(FitTransformTest, differences_in_the_last_bit_are_rounding_and_count_as_constant) {
  float const next = std::nextafter(1.0f, 2.0f);
  EXPECT_EQ(fit_all(Inputs({1, next, 1, next})).scale, std::vector<float>{0});
}

TEST(FitTransformTest, small_differences_beside_a_large_mean_are_kept) {
  // Numbers near 2^20 have steps of 2^-3; these lie 2 apart: mean 2^20 + 1, deviation 1. A sum of
  // squares in fp32, or in double without the second pass at larger sizes, would lose it.
  auto const fitted = fit_all(Inputs({1048576, 1048578, 1048576, 1048578}));
  EXPECT_EQ(fitted.shift, std::vector<float>{1048577});
  EXPECT_EQ(fitted.scale, std::vector<float>{1});
}

TEST(FitTransformTest, tiny_and_huge_numbers_give_finite_normal_scales) {
  for (float const size : {1e-37f, 1e-30f, 1e30f, 1e37f}) {
    float const scale = fit_all(Inputs({-size, size})).scale[0];
    EXPECT_TRUE(std::isnormal(scale)) << size;
    EXPECT_NEAR(scale * size, 1.0f, 1e-6f) << size;  // two roundings of 2^-24 each
  }
}

TEST(FitTransformTest, a_deviation_below_the_normal_numbers_counts_as_constant) {
  EXPECT_EQ(fit_all(Inputs({-1e-39f, 1e-39f})).scale, std::vector<float>{0});
}

TEST(FitTransformTest, columns_marked_as_is_are_left_alone) {
  Inputs inputs({1, 1, 0,  //
                 3, 0, 0},
                3);
  inputs.table.as_is = {false, true, true};
  auto const fitted = fit_all(inputs);
  EXPECT_EQ(fitted.shift, (std::vector<float>{2, 0, 0}));
  EXPECT_EQ(fitted.scale, (std::vector<float>{1, 1, 1}));
}

TEST(FitTransformTest, regression_targets_are_standardised_and_constant_ones_only_shifted) {
  Inputs inputs({1, 2, 3, 4});
  std::vector<float> const y{2, 7,  //
                             6, 7,  //
                             2, 7,  //
                             6, 7};
  inputs.table.y = {y.data(), 4, 2};
  inputs.table.task = Task::regression;
  auto const fitted = fit_all(inputs);
  EXPECT_EQ(fitted.target_shift, (std::vector<float>{4, 7}));
  EXPECT_EQ(fitted.target_scale, (std::vector<float>{0.5f, 1}));
}

TEST(FitTransformTest, targets_of_a_log_link_are_divided_by_their_mean) {
  Inputs inputs({1, 2, 3, 4});
  std::vector<float> const y{2, 0, 7,  //
                             6, 0, 7,  //
                             2, 0, 7,  //
                             6, 0, 7};
  inputs.table.y = {y.data(), 4, 3};
  inputs.table.task = Task::regression;
  RowList const rows = inputs.all();
  auto const fitted = fit_transform(inputs.table, rows, TargetScaling::by_mean);
  EXPECT_EQ(fitted.target_shift, (std::vector<float>{0, 0, 0}));
  EXPECT_EQ(fitted.target_scale, (std::vector<float>{0.25f, 1, 1.0f / 7}));
  EXPECT_EQ(fitted.shift, fit_transform(inputs.table, rows).shift);
  auto const robust =
      fit_transform(inputs.table, rows, {.scaling = Scaling::robust}, 1, TargetScaling::by_mean);
  EXPECT_EQ(robust.target_scale, fitted.target_scale);
}

TEST(FitTransformTest, standardised_columns_have_mean_0_and_deviation_1) {
  std::vector<float> values;
  for (int i = 0; i < 999; ++i)
    values.push_back(50.0f + 3.0f * std::sin(static_cast<float>(i)));
  auto const fitted = fit_all(Inputs(values));
  double sum = 0, squares = 0;
  for (float const value : values) {
    double const standardised = (value - fitted.shift[0]) * fitted.scale[0];
    sum += standardised;
    squares += standardised * standardised;
  }
  // The shift is rounded to fp32: off by at most 2^-24 * 64 = 4e-6, times a scale of about 0.47.
  EXPECT_NEAR(sum / 999, 0.0, 4e-6);
  // Scale, difference and product are each off by 2^-24 at most, squared.
  EXPECT_NEAR(squares / 999, 1.0, 1e-6);
}

TEST(FitTransformTest, a_row_outside_the_table_is_refused) {
  Inputs const inputs({1, 2});
  EXPECT_ONLY_PROBLEM(fit_transform(inputs.table, RowList{0, 2}), "row index 2", "0 .. 1");
  EXPECT_ONLY_PROBLEM(fit_transform(inputs.table, RowList{-1}), "row index -1");
}

TEST(FitTransformTest, as_is_of_the_wrong_length_is_refused) {
  Inputs inputs({1, 2});
  inputs.table.as_is = {true, false};
  EXPECT_ONLY_PROBLEM(fit_all(inputs), "as_is has 2 entries for 1 inputs");
}

}  // namespace
}  // namespace brood
