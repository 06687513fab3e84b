// SPDX-License-Identifier: Apache-2.0
// make_splits: nothing leaks, shares are right over all and in every class, seeds decide all.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "brood/data.hpp"
#include "columns.hpp"

namespace brood {
namespace {

using RowList = std::vector<std::int32_t>;

// A table of targets only: class c has sizes[c] rows, mixed so that classes interleave.
struct Classes {
  explicit Classes(std::vector<int> sizes) {
    table.classes = static_cast<int>(sizes.size());
    for (bool any = true; any;) {
      any = false;
      for (std::size_t c = 0; c < sizes.size(); ++c) {
        if (sizes[c]-- <= 0) continue;
        y.push_back(static_cast<float>(c));
        any = true;
      }
    }
    table.y = {y.data(), static_cast<std::int64_t>(y.size()), 1};
  }
  Classes(Classes const&) = delete;
  // Rows of each class among `rows`.
  std::vector<double> count(RowList const& rows) const {
    std::vector<double> counts(static_cast<std::size_t>(table.classes));
    for (auto const row : rows)
      ++counts[static_cast<std::size_t>(y[static_cast<std::size_t>(row)])];
    return counts;
  }
  std::vector<float> y;
  Table table;
};

struct Numbers {
  explicit Numbers(int rows, Task task = Task::regression) : y(static_cast<std::size_t>(rows)) {
    std::iota(y.begin(), y.end(), 0.5f);
    table.y = {y.data(), rows, 1};
    table.task = task;
  }
  Numbers(Numbers const&) = delete;
  std::vector<float> y;
  Table table;
};

RowList first_rows(std::int64_t count) {
  RowList rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

// The rows of both, ascending; a row in both is there twice.
RowList merged(RowList const& a, RowList const& b) {
  RowList both;
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

// Ascending parts that are disjoint and together all rows, in every split.
void expect_sound(Splits const& splits, std::int64_t rows) {
  ASSERT_EQ(merged(*splits.development, *splits.test), first_rows(rows));
  for (auto const& split : splits.splits) {
    EXPECT_TRUE(std::is_sorted(split.train->begin(), split.train->end()));
    EXPECT_TRUE(std::is_sorted(split.valid->begin(), split.valid->end()));
    EXPECT_EQ(merged(*split.train, *split.valid), *splits.development);
    EXPECT_FALSE(split.train->empty());
    EXPECT_FALSE(split.valid->empty());
  }
}

double const kNotANumber = std::numeric_limits<double>::quiet_NaN();

// ---- holdout

TEST(HoldoutTest, shares_are_of_all_rows_and_rounded_to_nearest) {
  Numbers const numbers(178);
  auto const splits = make_splits(numbers.table, Holdout{}, 1);
  expect_sound(splits, 178);
  EXPECT_EQ(splits.test->size(), 36u);  // 35.6
  ASSERT_EQ(splits.splits.size(), 1u);
  EXPECT_EQ(splits.splits[0].valid->size(), 36u);
  EXPECT_EQ(splits.splits[0].train->size(), 106u);
}

TEST(HoldoutTest, no_test_rows_if_not_wanted) {
  Numbers const numbers(10, Task::multi_label);
  auto const splits = make_splits(numbers.table, Holdout{.valid = 0.3, .test = 0}, 1);
  expect_sound(splits, 10);
  EXPECT_TRUE(splits.test->empty());
  EXPECT_EQ(splits.splits[0].valid->size(), 3u);
}

TEST(HoldoutTest, classes_keep_their_proportions) {
  Classes const classes({59, 71, 48});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    auto const splits = make_splits(classes.table, Holdout{.valid = 0.25, .test = 0.2}, seed);
    expect_sound(splits, 178);
    EXPECT_EQ(splits.test->size(), 36u);             // 35.6
    EXPECT_EQ(splits.splits[0].valid->size(), 45u);  // 44.5, away from zero
    auto const all = classes.count(first_rows(178));
    auto const development = classes.count(*splits.development);
    auto const test = classes.count(*splits.test);
    auto const valid = classes.count(*splits.splits[0].valid);
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_LT(std::fabs(test[c] - all[c] * 36 / 178), 1) << "class " << c << " seed " << seed;
      EXPECT_LT(std::fabs(valid[c] - development[c] * 45 / 142), 1) << c << " seed " << seed;
    }
  }
}

TEST(HoldoutTest, every_row_is_as_likely_as_another_to_be_held_out) {
  Classes const classes({20, 30});
  std::vector<double> tested(50), validated(50);
  constexpr int kSeeds = 4000;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    auto const splits = make_splits(classes.table, Holdout{.valid = 0.2, .test = 0.2}, seed);
    for (auto const row : *splits.test)
      ++tested[static_cast<std::size_t>(row)];
    for (auto const row : *splits.splits[0].valid)
      ++validated[static_cast<std::size_t>(row)];
  }
  // Shares are exact here (4 of 20, 6 of 30), so each count is binomial(4000, 0.2): deviation 25.3;
  // 4.5 of them hold for all 100 counts with probability 0.9993, and the seeds are fixed.
  for (std::size_t row = 0; row < 50; ++row) {
    EXPECT_NEAR(tested[row], 800, 114) << "row " << row;
    EXPECT_NEAR(validated[row], 800, 114) << "row " << row;
  }
}

TEST(HoldoutTest, repeats_share_one_split) {
  Numbers const numbers(20);
  auto const splits = make_splits(numbers.table, Holdout{.repeats = 3}, 1);
  ASSERT_EQ(splits.splits.size(), 3u);
  for (int repeat = 0; repeat < 3; ++repeat) {
    auto const& split = splits.splits[static_cast<std::size_t>(repeat)];
    EXPECT_EQ(split.repeat, repeat);
    EXPECT_EQ(split.fold, 0);
    EXPECT_EQ(split.train, splits.splits[0].train);  // the same rows in memory
    EXPECT_EQ(split.valid, splits.splits[0].valid);
  }
}

// ---- folds

TEST(FoldsTest, each_development_row_validates_once_in_a_repeat) {
  Classes const classes({23, 31, 17});
  auto const splits = make_splits(classes.table, Folds{.folds = 4, .repeats = 3, .test = 0.2}, 5);
  expect_sound(splits, 71);
  EXPECT_EQ(splits.test->size(), 14u);  // 14.2
  ASSERT_EQ(splits.splits.size(), 12u);
  for (std::size_t repeat = 0; repeat < 3; ++repeat) {
    RowList seen;
    for (std::size_t fold = 0; fold < 4; ++fold) {
      auto const& split = splits.splits[repeat * 4 + fold];
      EXPECT_EQ(split.repeat, static_cast<int>(repeat));
      EXPECT_EQ(split.fold, static_cast<int>(fold));
      seen = merged(seen, *split.valid);
    }
    EXPECT_EQ(seen, *splits.development);
  }
}

TEST(FoldsTest, folds_differ_by_at_most_a_row_in_all_and_in_each_class) {
  Classes const classes({23, 31, 17});
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    auto const splits =
        make_splits(classes.table, Folds{.folds = 5, .repeats = 2, .test = 0.1}, seed);
    auto const development = classes.count(*splits.development);
    for (auto const& split : splits.splits) {
      EXPECT_LT(std::fabs(static_cast<double>(split.valid->size()) -
                          static_cast<double>(splits.development->size()) / 5),
                1);
      auto const valid = classes.count(*split.valid);
      for (std::size_t c = 0; c < 3; ++c)
        EXPECT_LT(std::fabs(valid[c] - development[c] / 5), 1);
    }
  }
}

TEST(FoldsTest, repeats_make_their_own_folds) {
  Numbers const numbers(40);
  auto const splits = make_splits(numbers.table, Folds{.folds = 2, .repeats = 2, .test = 0}, 1);
  EXPECT_NE(*splits.splits[0].valid, *splits.splits[2].valid);
  EXPECT_NE(*splits.splits[0].valid, *splits.splits[3].valid);
}

TEST(FoldsTest, more_repeats_leave_the_earlier_ones_alone) {
  Numbers const numbers(40);
  auto const one = make_splits(numbers.table, Folds{.folds = 3, .repeats = 1}, 9);
  auto const two = make_splits(numbers.table, Folds{.folds = 3, .repeats = 2}, 9);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(*one.splits[i].valid, *two.splits[i].valid);
}

TEST(FoldsTest, one_row_a_fold_is_allowed_without_classes) {
  Numbers const numbers(6);
  auto const splits = make_splits(numbers.table, Folds{.folds = 6, .repeats = 1, .test = 0}, 1);
  expect_sound(splits, 6);
  for (auto const& split : splits.splits)
    EXPECT_EQ(split.valid->size(), 1u);
}

// ---- what splits depend on

TEST(MakeSplitsTest, a_seed_gives_the_same_split_and_another_seed_another) {
  Classes const classes({40, 60});
  auto const a = make_splits(classes.table, Holdout{}, 3),
             b = make_splits(classes.table, Holdout{}, 3);
  EXPECT_EQ(*a.test, *b.test);
  EXPECT_EQ(*a.splits[0].valid, *b.splits[0].valid);
  auto const c = make_splits(classes.table, Holdout{}, 4);
  EXPECT_NE(*a.test, *c.test);
  EXPECT_NE(*a.splits[0].valid, *c.splits[0].valid);
}

TEST(MakeSplitsTest, test_rows_do_not_depend_on_the_validation) {
  Classes const classes({40, 60});
  auto const test = *make_splits(classes.table, Holdout{.valid = 0.2, .test = 0.15}, 3).test;
  EXPECT_EQ(test,
            *make_splits(classes.table, Holdout{.valid = 0.4, .test = 0.15, .repeats = 2}, 3).test);
  EXPECT_EQ(test,
            *make_splits(classes.table, Folds{.folds = 7, .repeats = 2, .test = 0.15}, 3).test);
}

TEST(MakeSplitsTest, splits_do_not_depend_on_the_inputs_or_the_values_of_regression_targets) {
  Numbers const plain(30);
  Numbers other(30);
  for (auto& value : other.y)
    value *= -2;
  std::vector<float> const x(30, 1.0f);
  other.table.x = {x.data(), 30, 1};
  EXPECT_EQ(*make_splits(plain.table, Holdout{}, 2).test,
            *make_splits(other.table, Holdout{}, 2).test);
}

TEST(MakeSplitsTest, properties_hold_for_many_shapes) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    int const classes_count = 2 + static_cast<int>(seed % 4);
    std::vector<int> sizes;
    for (int c = 0; c < classes_count; ++c) {
      sizes.push_back(8 + static_cast<int>((seed * 7 + static_cast<std::uint64_t>(c) * 13) % 40));
    }
    Classes const classes(sizes);
    auto const rows = classes.table.y.rows;
    double const test = 0.05 * static_cast<double>(seed % 5);
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_sound(make_splits(classes.table, Holdout{.valid = 0.2, .test = test}, seed), rows);
    int const folds = 2 + static_cast<int>(seed % 4);
    expect_sound(
        make_splits(classes.table, Folds{.folds = folds, .repeats = 2, .test = test}, seed), rows);
  }
}

// ---- refusals

TEST(MakeSplitsTest, shares_out_of_range_are_refused_all_at_once) {
  Numbers const numbers(100);
  auto const holdout = [&](double valid, double test) {
    return make_splits(numbers.table, Holdout{.valid = valid, .test = test}, 1);
  };
  EXPECT_ONLY_PROBLEM(holdout(0, 0.2), "validation.holdout is 0", "above 0");
  EXPECT_ONLY_PROBLEM(holdout(0.2, 1), "validation.test is 1", "below 1");
  EXPECT_ONLY_PROBLEM(holdout(0.2, kNotANumber), "validation.test is ", "nan");
  EXPECT_ONLY_PROBLEM(holdout(0.5, 0.5), "add up to 1", "below 1");
  EXPECT_EQ(test::problems_of([&] { holdout(-0.1, 20); }).size(), 2u);
  EXPECT_EQ(test::problems_of([&] {
              make_splits(numbers.table, Folds{.folds = 1, .repeats = 0, .test = kNotANumber}, 1);
            }).size(),
            3u);
}

TEST(MakeSplitsTest, too_many_members_of_a_trial_are_refused) {
  Numbers const numbers(2000);
  EXPECT_ONLY_PROBLEM(make_splits(numbers.table, Holdout{.repeats = 1001}, 1), "1001 members",
                      "1000");
  EXPECT_ONLY_PROBLEM(
      make_splits(numbers.table, Folds{.folds = 2000000000, .repeats = 2000000000}, 1),
      "4000000000000000000 members");
  EXPECT_EQ(make_splits(numbers.table, Holdout{.repeats = 1000}, 1).splits.size(), 1000u);
}

TEST(MakeSplitsTest, an_empty_part_is_refused) {
  Numbers const two(2), three(3);
  EXPECT_ONLY_PROBLEM(make_splits(two.table, Holdout{.valid = 0.5, .test = 0.2}, 1),
                      "validation.test 0.2 of 2 rows is 0 test rows");
  EXPECT_ONLY_PROBLEM(make_splits(two.table, Holdout{.valid = 0.2, .test = 0}, 1),
                      "validation.holdout 0.2 of 2 rows is 0 validation rows");
  EXPECT_ONLY_PROBLEM(make_splits(three.table, Holdout{.valid = 0.5, .test = 0.33}, 1),
                      "is 2 validation rows, of 2");
  EXPECT_ONLY_PROBLEM(make_splits(three.table, Folds{.folds = 2, .repeats = 1, .test = 0.99}, 1),
                      "is 3 test rows");
  EXPECT_ONLY_PROBLEM(make_splits(three.table, Folds{.folds = 4, .repeats = 1, .test = 0}, 1),
                      "validation.folds is 4", "there are 3 rows");
  EXPECT_ONLY_PROBLEM(make_splits(Numbers(0).table, Holdout{}, 1), "0 rows");
}

TEST(MakeSplitsTest, a_class_with_fewer_rows_than_folds_is_noted) {
  Classes classes({50, 3, 50, 1});
  Folds const folds{.folds = 4, .repeats = 2, .test = 0};
  Splits const splits = make_splits(classes.table, folds, 1);
  ASSERT_EQ(splits.splits.size(), 8u);
  for (Split const& split : splits.splits) {
    EXPECT_NEAR(static_cast<double>(split.valid->size()), 26, 1);
    EXPECT_EQ(split.valid->size() + split.train->size(), 104u);
  }
  ASSERT_EQ(splits.notes.size(), 1u);
  EXPECT_TRUE(test::has(splits.notes[0], "class index 1 (3), class index 3 (1)"))
      << splits.notes[0];
  classes.table.class_names = {"a", "b", "c", "d"};
  EXPECT_TRUE(test::has(make_splits(classes.table, folds, 1).notes[0], "class 'b' (3), class 'd'"));
  EXPECT_TRUE(make_splits(Classes({50, 50}).table, folds, 1).notes.empty());
}

TEST(MakeSplitsTest, that_train_no_two_classes_are_refused) {
  // Of the one row of class 1, a share of 0.6 rounds up.
  EXPECT_ONLY_PROBLEM(make_splits(Classes({9, 1}).table, Holdout{.valid = 0.6, .test = 0}, 1),
                      "class index 1 has no training rows", "1 validate");
  EXPECT_FALSE(make_splits(Classes({9, 1, 9}).table, Holdout{}, 1).notes.empty());
}

TEST(MakeSplitsTest, targets_that_are_no_class_are_refused) {
  for (float const bad : {3.0f, -1.0f, 0.5f, test::kNaN, test::kInfinity}) {
    Classes classes({5, 5, 5});
    classes.y[4] = bad;
    EXPECT_ONLY_PROBLEM(make_splits(classes.table, Holdout{}, 1), "in row 5", "0 .. 2");
  }
  Classes one({5});
  EXPECT_ONLY_PROBLEM(make_splits(one.table, Holdout{}, 1), "1 classes", "at least 2");
}

std::vector<bool> mask_of(RowList const& rows, std::int64_t size) {
  std::vector<bool> mask(static_cast<std::size_t>(size), false);
  for (auto const row : rows)
    mask[static_cast<std::size_t>(row)] = true;
  return mask;
}

TEST(MakeSplitsTest, rows_that_must_not_test_do_not) {
  Classes classes({60, 40});
  Splits const first = make_splits(classes.table, Holdout{}, 1);
  auto const seen = mask_of(*first.development, 100);
  // As many rows may test as are to: whatever the seed and the validation, they stay the test rows.
  for (Validation const& validation :
       {Validation(Holdout{}), Validation(Folds{.folds = 3}), Validation(Holdout{.test = 0.4})})
    EXPECT_EQ(*make_splits(classes.table, validation, 7, seen).test, *first.test);
  // Of more, some in every class.
  Splits const fewer = make_splits(classes.table, Holdout{.test = 0.1}, 7, seen);
  EXPECT_EQ(classes.count(*fewer.test), (std::vector<double>{6, 4}));
  for (auto const row : *fewer.test)
    EXPECT_FALSE(seen[static_cast<std::size_t>(row)]);
  EXPECT_EQ(fewer.development->size(), 90u);
  EXPECT_EQ(make_splits(classes.table, Holdout{.test = 0}, 7, seen).development->size(), 100u);
  EXPECT_ONLY_PROBLEM(make_splits(classes.table, Holdout{}, 7, mask_of(first_rows(100), 100)),
                      "every row trained the network", "validation.test=0");
}

TEST(MakeSplitsTest, groups_of_rows_that_must_not_test_do_not) {
  Numbers numbers(40);
  for (int row = 0; row < 40; ++row)
    numbers.table.keys.push_back(row / 4);
  auto const seen = mask_of({1, 5, 9, 13, 17}, 40);  // of the first five groups
  Splits const splits =
      make_splits(numbers.table, Holdout{.test = 0.3, .by = SplitBy::group}, 3, seen);
  EXPECT_EQ(splits.test->size(), 12u);
  EXPECT_GE(splits.test->front(), 20);
  std::iota(numbers.table.keys.begin(), numbers.table.keys.end(), 0);
  Splits const last = make_splits(numbers.table, Holdout{.test = 0.2, .by = SplitBy::time}, 3,
                                  mask_of({39, 38}, 40));
  EXPECT_EQ(last.test->size(), 8u);
  EXPECT_LT(last.test->back(), 38);
}

TEST(MakeSplitsTest, a_given_test_row_that_must_not_test_is_refused) {
  Numbers numbers(6);
  numbers.table.keys = {0, 1, 0, kTestRow, 1, 0};
  EXPECT_EQ(make_splits(numbers.table, GivenFolds{}, 1, mask_of({0, 1}, 6)).test->size(), 1u);
  EXPECT_ONLY_PROBLEM(make_splits(numbers.table, GivenFolds{}, 1, mask_of({3}, 6)),
                      "row 4 is a test row", "trained the network");
}

}  // namespace
}  // namespace brood
