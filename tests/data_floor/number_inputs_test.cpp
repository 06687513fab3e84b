// SPDX-License-Identifier: Apache-2.0
// The inputs that numbers become (fit_transform with Numbers): scales and pieces against numbers of
// RealMLP's and rtdl's preprocessing, statistics against what they are of, and corner cases.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "brood/data.hpp"
#include "columns.hpp"
#include "core/input_shape.hpp"
#include "data/number_summary.hpp"

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

// The i-th input of a value of its column.
float input(Transform const& transform, std::size_t i, float raw) {
  float x = 0;
  visit(InputShapes{}, static_cast<int>(transform.shape[i]), [&](auto shape) {
    x = shape.apply((raw - transform.shift[i]) * transform.scale[i], transform.offset[i],
                    transform.gain[i]);
  });
  return std::isnan(raw) ? 0.0f : x;
}

Transform fit(Inputs const& inputs, Numbers const& numbers, std::uint64_t seed = 1) {
  return fit_transform(inputs.table, inputs.all(), numbers, seed);
}

std::vector<std::size_t> of_shape(Transform const& transform, InputShape shape) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < transform.shape.size(); ++i) {
    if (transform.shape[i] == shape) found.push_back(i);
  }
  return found;
}

// pytabkit 1.8.0: median, factor and clipped values.
struct RobustColumn {
  std::vector<float> values;
  float median, factor;
  std::vector<double> clipped;
};

TEST(NumberInputsTest, robust_scale_and_smooth_clip_are_those_of_realmlp) {
  for (RobustColumn const& column :
       {RobustColumn{{1, 2, 3, 4, 100},
                     3,
                     0.5f,
                     {-0.94868329805, -0.49319696192, 0, 0.49319696192, 2.9942772309}},
        RobustColumn{{0, 0, 0, 0, 0, 0, 7}, 0, 0.28571428571f, {0, 0, 0, 0, 0, 0, 1.6641005887}},
        RobustColumn{{5, 5, 5}, 5, 0, {0, 0, 0}}}) {
    Inputs const inputs(column.values);
    auto const fitted = fit(inputs, {.scaling = Scaling::robust});
    ASSERT_EQ(fitted.source, std::vector<std::int32_t>{0});
    EXPECT_EQ(fitted.shape[0], InputShape::smooth_clip);
    EXPECT_EQ(fitted.shift[0], column.median);
    EXPECT_FLOAT_EQ(fitted.scale[0], column.factor);
    for (std::size_t i = 0; i < column.values.size(); ++i)
      EXPECT_NEAR(static_cast<double>(input(fitted, 0, column.values[i])), column.clipped[i], 5e-7);
  }
}

TEST(NumberInputsTest, quartiles_are_interpolated_as_numpy_has_them) {
  // numpy.quantile([0 1 10 20], [.25 .5 .75]): 0.75, 5.5, 12.5.
  NumberSummary const summary({20, 0, 10, 1});
  EXPECT_EQ(summary.lower_quartile(), 0.75);
  EXPECT_EQ(summary.median(), 5.5);
  EXPECT_EQ(summary.upper_quartile(), 12.5);
}

TEST(NumberInputsTest, plain_numbers_are_the_plain_transform) {
  Inputs const inputs({2, 4, 4, 4, 5, 5, 7, 9});
  for (Numbers const& numbers : {Numbers{}, Numbers{.pieces = 1}, Numbers{.periodic_sigma = 3}}) {
    auto const fitted = fit(inputs, numbers);
    EXPECT_TRUE(fitted.is_plain());
    EXPECT_EQ(fitted.shift, std::vector<float>{5});
    EXPECT_EQ(fitted.scale, std::vector<float>{0.5f});
  }
}

TEST(NumberInputsTest, pieces_are_what_rtdl_encodes_held_inside) {
  // Edges 0 1 3 7: the quantiles of these in three pieces.
  Inputs const inputs({0, 0.5f, 1, 2, 3, 5, 7});
  auto const fitted = fit(inputs, {.pieces = 3});
  auto const pieces = of_shape(fitted, InputShape::piece);
  ASSERT_EQ(pieces.size(), 3u);
  double const encoded[5][3] = {{0, 0, 0}, {0.5, 0, 0}, {1, 0.5, 0}, {1, 1, 0.75}, {1, 1, 1}};
  float const values[5] = {-1, 0.5f, 2, 6, 9};
  for (int v = 0; v < 5; ++v) {
    for (std::size_t p = 0; p < 3; ++p) {
      auto const offset = static_cast<double>(fitted.offset[pieces[p]]);
      auto const gain = static_cast<double>(fitted.gain[pieces[p]]);
      EXPECT_NEAR(static_cast<double>(input(fitted, pieces[p], values[v])),
                  (encoded[v][p] - offset) * gain, 1e-6)
          << v << ", " << p;
    }
  }
}

// A column with ties, outliers and missing values, which is no other one's multiple.
std::vector<float> uneven(int rows) {
  std::vector<float> values;
  for (int r = 0; r < rows; ++r) {
    float const base = static_cast<float>((r * 7919) % 1009) / 100.0f;
    values.push_back(r % 11 == 3 ? kNaN : r % 5 == 0 ? 2.5f : r % 97 == 1 ? 1e6f : base * base);
  }
  return values;
}

TEST(NumberInputsTest, pieces_have_mean_zero_and_deviation_one_over_the_training_rows) {
  Inputs const inputs(uneven(3000));
  for (int const pieces : {2, 7, 16, 64}) {
    auto const fitted = fit(inputs, {.pieces = pieces});
    auto const found = of_shape(fitted, InputShape::piece);
    EXPECT_GT(found.size(), 1u);
    EXPECT_LE(found.size(), static_cast<std::size_t>(pieces));
    for (std::size_t const i : found) {
      double sum = 0, squares = 0, count = 0;
      for (float const value : inputs.x) {
        if (std::isnan(value)) continue;
        auto const x = static_cast<double>(input(fitted, i, value));
        sum += x, squares += x * x, ++count;
      }
      EXPECT_NEAR(sum / count, 0, 1e-5) << pieces;
      EXPECT_NEAR(squares / count, 1, 1e-4) << pieces;
    }
  }
}

TEST(NumberInputsTest, pieces_lie_where_data_bins_has_them) {
  auto const values = uneven(1500);
  Column column{.name = "a"};
  Column target{.name = "y"};
  for (std::size_t r = 0; r < values.size(); ++r) {
    column.numbers.push_back(static_cast<double>(values[r]));
    target.numbers.push_back(static_cast<double>(r % 2));
  }
  for (int const bins : {2, 5, 24, 64}) {
    Dataset const data =
        make_dataset(std::vector{column, target}, {.targets = {"y"}, .bins = bins});
    auto const& edges = data.encoding.inputs.front().edges;
    std::vector<float> present;
    std::copy_if(values.begin(), values.end(), std::back_inserter(present),
                 [](float value) { return !std::isnan(value); });
    EXPECT_EQ(NumberSummary(present).edges(bins), edges) << bins;
  }
}

TEST(NumberInputsTest, cosines_are_of_the_robust_number) {
  Inputs const inputs({1, 2, 3, 4, 100, 7, 8, 1}, 1);
  auto const fitted = fit(inputs, {.periodic = 5, .periodic_sigma = 0.3}, 42);
  auto const robust = fit(inputs, {.scaling = Scaling::robust});
  auto const cosines = of_shape(fitted, InputShape::cosine);
  ASSERT_EQ(cosines.size(), 5u);
  for (std::size_t const i : cosines) {
    EXPECT_EQ(fitted.shift[i], robust.shift[0]);
    EXPECT_LE(std::fabs(fitted.offset[i]), std::numbers::pi_v<float>);
    double const z =
        (5.0 - static_cast<double>(robust.shift[0])) * static_cast<double>(robust.scale[0]);
    double const w = static_cast<double>(fitted.scale[i]) /
                     (2 * std::numbers::pi * static_cast<double>(robust.scale[0]));
    EXPECT_LT(std::fabs(w), 0.3 * 5);
    EXPECT_NEAR(static_cast<double>(input(fitted, i, 5)),
                std::cos(2 * std::numbers::pi * w * z - static_cast<double>(fitted.offset[i])),
                2e-5);
  }
}

TEST(NumberInputsTest, frequencies_are_normal_and_phases_uniform) {
  std::vector<float> values;
  for (int i = 0; i < 40 * 64; ++i)
    values.push_back(static_cast<float>(i / 64) - 19.5f);  // rows 0 .. 39 of 64 equal columns
  Inputs const inputs(values, 64);
  double const sigma = 2;
  auto const fitted = fit(inputs, {.periodic = 64, .periodic_sigma = sigma}, 9);
  double squares = 0, fourth = 0, phase = 0, phases = 0;
  auto const cosines = of_shape(fitted, InputShape::cosine);
  ASSERT_EQ(cosines.size(), 64u * 64u);
  auto const robust = fit(inputs, {.scaling = Scaling::robust});
  for (std::size_t const i : cosines) {
    auto const scale = static_cast<double>(robust.scale[0]);
    double const w = static_cast<double>(fitted.scale[i]) / (2 * std::numbers::pi * scale) / sigma;
    auto const b = static_cast<double>(fitted.offset[i]);
    squares += w * w, fourth += w * w * w * w, phase += b, phases += b * b;
  }
  auto const count = static_cast<double>(cosines.size());
  // Four standard errors of 4096 draws.
  EXPECT_NEAR(squares / count, 1, 4 * std::sqrt(2 / count));
  EXPECT_NEAR(fourth / count, 3, 4 * std::sqrt(96 / count));
  EXPECT_NEAR(phase / count, 0, 4 * std::numbers::pi / std::sqrt(3 * count));
  EXPECT_NEAR(phases / count, std::numbers::pi * std::numbers::pi / 3, 0.2);
}

TEST(NumberInputsTest, draws_are_of_seed_column_and_index_alone) {
  Inputs const inputs({1, 5, 2, 9, 3, 4, 7, 7, 8, 2}, 2);
  auto const fitted = fit(inputs, {.periodic = 3}, 7);
  auto const others = fit(inputs, {.scaling = Scaling::robust, .pieces = 3, .periodic = 5}, 7);
  auto const some = of_shape(fitted, InputShape::cosine),
             all = of_shape(others, InputShape::cosine);
  ASSERT_EQ(some.size(), 6u);
  ASSERT_EQ(all.size(), 10u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(fitted.offset[some[i]], others.offset[all[i]]);
    EXPECT_EQ(fitted.scale[some[i]], others.scale[all[i]]);
    EXPECT_EQ(fitted.offset[some[3 + i]], others.offset[all[5 + i]]);
  }
  // Other rows: the same phases, on their own scale.
  auto const fold = fit_transform(inputs.table, RowList{0, 1, 2}, {.periodic = 3}, 7);
  EXPECT_EQ(fold.offset, fitted.offset);
  EXPECT_NE(fold.scale, fitted.scale);
  EXPECT_NE(fit(inputs, {.periodic = 3}, 8).offset, fitted.offset);
}

TEST(NumberInputsTest, only_numbers_of_more_than_two_values_become_more) {
  // A one-hot column, one of two values, one that is derived, a number.
  Inputs inputs({0, 3, 1, 1,  //
                 1, 5, 2, 2,  //
                 0, 3, 3, 4,  //
                 1, 3, 4, 8},
                4);
  inputs.table.as_is = {true, false, false, false};
  inputs.table.derived = {false, false, true, false};
  EXPECT_TRUE(is_number(inputs.table, 1) && is_number(inputs.table, 3));
  EXPECT_FALSE(is_number(inputs.table, 0) || is_number(inputs.table, 2));
  auto const fitted = fit(inputs, {.scaling = Scaling::robust, .pieces = 2, .periodic = 1});
  EXPECT_EQ(fitted.columns, 4);
  EXPECT_EQ(fitted.source, (std::vector<std::int32_t>{0, 1, 2, 3, 3, 3, 3}));
  EXPECT_EQ(fitted.shape,
            (std::vector<InputShape>{InputShape::linear, InputShape::smooth_clip,
                                     InputShape::linear, InputShape::smooth_clip, InputShape::piece,
                                     InputShape::piece, InputShape::cosine}));
  auto const plain = fit_transform(inputs.table, inputs.all());
  for (std::size_t const column : {0u, 2u}) {
    EXPECT_EQ(fitted.shift[column], plain.shift[column]);
    EXPECT_EQ(fitted.scale[column], plain.scale[column]);
    EXPECT_EQ(fitted.offset[column], 0);
    EXPECT_EQ(fitted.gain[column], 1);
  }
}

TEST(NumberInputsTest, missing_values_and_no_rows_are_borne) {
  Inputs const inputs({kNaN, kNaN, 1, kNaN}, 1);
  Numbers const all{.scaling = Scaling::robust, .pieces = 8, .periodic = 4};
  auto const one = fit(inputs, all);  // one value: a constant
  EXPECT_EQ(one.source.size(), 1u);
  EXPECT_EQ(one.scale[0], 0);
  auto const none = fit_transform(inputs.table, RowList{0, 1}, all, 1);
  EXPECT_EQ(none.source.size(), 1u);
  EXPECT_EQ(none.shift[0], 0);
  EXPECT_EQ(none.scale[0], 0);
}

TEST(NumberInputsTest, numbers_at_the_ends_of_fp32_give_finite_inputs) {
  for (float const size : {1e-44f, 1e-37f, 1e37f, 3e38f}) {
    std::vector<float> values;
    for (int i = -10; i <= 10; ++i)
      values.push_back(size * (static_cast<float>(i) / 10.0f));
    Inputs const inputs(values);
    auto const fitted = fit(
        inputs, {.scaling = Scaling::robust, .pieces = 7, .periodic = 3, .periodic_sigma = 100});
    for (std::size_t i = 0; i < fitted.source.size(); ++i) {
      EXPECT_TRUE(std::isfinite(fitted.scale[i]) && std::isfinite(fitted.gain[i])) << size;
      for (float const value : values)
        EXPECT_TRUE(std::isfinite(input(fitted, i, value))) << size << ", input " << i;
    }
  }
}

TEST(NumberInputsTest, targets_are_those_of_the_plain_transform) {
  Inputs inputs({1, 2, 3, 4, 5});
  inputs.y = {1, 2, 4, 8, 16};
  inputs.table.task = Task::regression;
  auto const fitted = fit(inputs, {.pieces = 2});
  auto const plain = fit_transform(inputs.table, inputs.all());
  EXPECT_EQ(fitted.target_shift, plain.target_shift);
  EXPECT_EQ(fitted.target_scale, plain.target_scale);
}

}  // namespace
}  // namespace brood
