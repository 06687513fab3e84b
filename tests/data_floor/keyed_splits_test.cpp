// SPDX-License-Identifier: Apache-2.0
// make_splits by group, by time and by given folds: nothing leaks, scikit-learn's rules hold, and
// what cannot be done is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "brood/data.hpp"
#include "columns.hpp"
#include "golden/split_cases.hpp"

namespace brood {
namespace {

using RowList = std::vector<std::int32_t>;

// A table of targets and keys only.
struct Keyed {
  explicit Keyed(RowList keys, std::vector<float> classes = {}) : y(std::move(classes)) {
    table.task = y.empty() ? Task::regression : Task::classification;
    table.classes = 2;
    if (y.empty()) {
      y.resize(keys.size());
      std::iota(y.begin(), y.end(), 0.5f);
    }
    table.y = {y.data(), static_cast<std::int64_t>(y.size()), 1};
    table.keys = std::move(keys);
  }
  Keyed(Keyed const&) = delete;
  std::set<std::int32_t> keys_of(RowList const& rows) const {
    std::set<std::int32_t> keys;
    for (auto const row : rows)
      keys.insert(table.keys[static_cast<std::size_t>(row)]);
    return keys;
  }
  std::vector<float> y;
  Table table;
};

// 1 to 6 rows of each of `groups` groups, mixed.
RowList uneven_groups(int groups) {
  RowList keys;
  for (int round = 0; round < 6; ++round) {
    for (int g = 0; g < groups; ++g) {
      if (round <= (g * 5) % 6) keys.push_back((g * 7) % groups);
    }
  }
  return keys;
}

bool disjoint(std::set<std::int32_t> const& a, std::set<std::int32_t> const& b) {
  return std::none_of(a.begin(), a.end(), [&](std::int32_t x) { return b.contains(x); });
}

RowList merged(RowList a, RowList const& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  return a;
}

RowList all_rows(Keyed const& keyed) {
  RowList rows(keyed.y.size());
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

// ---- groups

TEST(GroupSplitsTest, no_group_is_on_two_sides) {
  for (int const groups : {8, 31, 200}) {
    Keyed const keyed(uneven_groups(groups));
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      for (Validation const& validation :
           {Validation(Holdout{.by = SplitBy::group}),
            Validation(Folds{.folds = 4, .repeats = 2, .by = SplitBy::group})}) {
        Splits const splits = make_splits(keyed.table, validation, seed);
        auto const test = keyed.keys_of(*splits.test);
        EXPECT_EQ(merged(*splits.test, *splits.development), all_rows(keyed));
        EXPECT_TRUE(disjoint(test, keyed.keys_of(*splits.development)));
        for (Split const& split : splits.splits) {
          EXPECT_TRUE(disjoint(keyed.keys_of(*split.train), keyed.keys_of(*split.valid)));
          EXPECT_EQ(merged(*split.train, *split.valid), *splits.development);
          EXPECT_FALSE(split.train->empty());
          EXPECT_FALSE(split.valid->empty());
        }
      }
    }
  }
}

TEST(GroupSplitsTest, shares_of_rows_are_met_as_nearly_as_groups_allow) {
  Keyed const keyed(uneven_groups(100));
  auto const rows = static_cast<double>(keyed.y.size());
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Splits const splits =
        make_splits(keyed.table, Holdout{.valid = 0.3, .test = 0.1, .by = SplitBy::group}, seed);
    // A group that goes too far goes by fewer rows than were missing, and has 6 rows at most: by 2.
    // With half a row of rounding the count.
    EXPECT_NEAR(static_cast<double>(splits.test->size()), 0.1 * rows, 2.5);
    EXPECT_NEAR(static_cast<double>(splits.splits.front().valid->size()), 0.3 * rows, 2.5);
  }
}

TEST(GroupSplitsTest, the_seed_chooses_the_groups) {
  Keyed const keyed(uneven_groups(50));
  Folds const folds{.folds = 5, .by = SplitBy::group};
  std::set<RowList> tests;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    Splits const splits = make_splits(keyed.table, folds, seed);
    tests.insert(*splits.test);
    Splits const again = make_splits(keyed.table, folds, seed);
    EXPECT_EQ(*again.test, *splits.test);
    EXPECT_EQ(*again.splits.back().valid, *splits.splits.back().valid);
  }
  EXPECT_EQ(tests.size(), 8u);
}

TEST(GroupSplitsTest, repeats_deal_groups_of_the_same_size_anew) {
  RowList keys;
  for (int row = 0; row < 60; ++row)
    keys.push_back(row % 20);
  Keyed const keyed(keys);
  Splits const splits =
      make_splits(keyed.table, Folds{.folds = 2, .repeats = 2, .test = 0, .by = SplitBy::group}, 1);
  EXPECT_NE(*splits.splits[0].valid, *splits.splits[2].valid);
  EXPECT_NE(*splits.splits[0].valid, *splits.splits[3].valid);
}

TEST(GroupSplitsTest, folds_are_scikit_learns) {
  for (auto const& c : golden::kGroupCases) {
    Keyed const keyed(c.groups);
    Splits const splits =
        make_splits(keyed.table, Folds{.folds = c.folds, .test = 0, .by = SplitBy::group}, 12345);
    for (Split const& split : splits.splits) {
      for (auto const row : *split.valid)
        EXPECT_EQ(c.fold[static_cast<std::size_t>(row)], split.fold) << "row " << row;
    }
  }
}

TEST(GroupSplitsTest, too_few_groups_are_refused) {
  Keyed const keyed({0, 0, 1, 1, 2, 2});
  EXPECT_ONLY_PROBLEM(
      make_splits(keyed.table, Folds{.folds = 4, .test = 0, .by = SplitBy::group}, 0),
      "validation.folds is 4, but there are 3 groups outside the test rows");
  Keyed const two({0, 0, 0, 0, 0, 1, 1, 1, 1, 1});
  EXPECT_ONLY_PROBLEM(make_splits(two.table, Holdout{.by = SplitBy::group}, 0),
                      "validation.test 0.2 of 10 rows is 2 rows",
                      "none or all of the 2 groups would come nearest");
  Keyed const one({3, 3, 3, 3, 3});
  EXPECT_ONLY_PROBLEM(make_splits(one.table, Holdout{.test = 0, .by = SplitBy::group}, 0),
                      "validation.holdout 0.2 of 5 rows is 1 rows", "none or all of the 1 groups");
}

TEST(GroupSplitsTest, a_class_that_lies_in_one_group_cannot_train) {
  Keyed const keyed({0, 0, 1, 1, 2, 2}, {0, 0, 0, 0, 1, 1});
  EXPECT_ONLY_PROBLEM(
      make_splits(keyed.table, Folds{.folds = 3, .test = 0, .by = SplitBy::group}, 0),
      "validation: in fold ", "class index 1 has no training rows: of its 2 rows", "2 validate");
}

// ---- time

TEST(TimeSplitsTest, what_trains_is_before_what_validates_is_before_what_is_tested) {
  // Times come in no order and several rows share one, here and there many.
  RowList keys;
  for (int row = 0; row < 300; ++row)
    keys.push_back(row % 10 == 0 ? 40 : (row * 37) % 61);
  Keyed const keyed(keys);
  for (Validation const& validation :
       {Validation(Holdout{.by = SplitBy::time}),
        Validation(Folds{.folds = 5, .repeats = 2, .by = SplitBy::time})}) {
    Splits const splits = make_splits(keyed.table, validation, 3);
    ASSERT_FALSE(splits.test->empty());
    EXPECT_EQ(merged(*splits.test, *splits.development), all_rows(keyed));
    EXPECT_LT(*keyed.keys_of(*splits.development).rbegin(), *keyed.keys_of(*splits.test).begin());
    for (Split const& split : splits.splits) {
      EXPECT_LT(*keyed.keys_of(*split.train).rbegin(), *keyed.keys_of(*split.valid).begin());
      EXPECT_TRUE(std::is_sorted(split.train->begin(), split.train->end()));
      EXPECT_TRUE(std::is_sorted(split.valid->begin(), split.valid->end()));
    }
  }
}

TEST(TimeSplitsTest, a_holdout_is_the_last_rows_before_the_test_rows) {
  Keyed const keyed({9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
  Splits const splits =
      make_splits(keyed.table, Holdout{.valid = 0.3, .test = 0.2, .by = SplitBy::time}, 0);
  EXPECT_EQ(*splits.test, (RowList{0, 1}));
  EXPECT_EQ(*splits.splits.front().valid, (RowList{2, 3, 4}));
  EXPECT_EQ(*splits.splits.front().train, (RowList{5, 6, 7, 8, 9}));
}

TEST(TimeSplitsTest, cuts_move_to_where_the_time_changes) {
  // The last 4 of 10 would begin amid time 2, which begins at row 5 and ends at row 8.
  Keyed const keyed({0, 0, 1, 1, 1, 2, 2, 2, 3, 3});
  auto const test_rows = [&](double share) {
    return *make_splits(keyed.table, Holdout{.valid = 0.2, .test = share, .by = SplitBy::time}, 0)
                .test;
  };
  EXPECT_EQ(test_rows(0.4), (RowList{5, 6, 7, 8, 9}));
  EXPECT_EQ(test_rows(0.3), (RowList{8, 9}));
  EXPECT_EQ(test_rows(0.1), (RowList{8, 9}));
}

TEST(TimeSplitsTest, windows_are_scikit_learns) {
  for (auto const& c : golden::kTimeCases) {
    RowList keys(c.fold.size());
    std::iota(keys.begin(), keys.end(), 100);
    Keyed const keyed(keys);
    Splits const splits =
        make_splits(keyed.table, Folds{.folds = c.folds, .test = 0, .by = SplitBy::time}, 9);
    ASSERT_EQ(splits.splits.size(), static_cast<std::size_t>(c.folds));
    for (Split const& split : splits.splits) {
      auto const k = static_cast<std::size_t>(split.fold);
      EXPECT_EQ(split.train->size(), static_cast<std::size_t>(c.train[k]));
      EXPECT_EQ(split.train->back(), c.train[k] - 1);
      for (auto const row : *split.valid)
        EXPECT_EQ(c.fold[static_cast<std::size_t>(row)], split.fold) << "row " << row;
    }
    auto const validating =
        std::count_if(c.fold.begin(), c.fold.end(), [](std::int32_t fold) { return fold >= 0; });
    std::int64_t own = 0;
    for (Split const& split : splits.splits)
      own += static_cast<std::int64_t>(split.valid->size());
    EXPECT_EQ(own, validating);
  }
}

TEST(TimeSplitsTest, repeats_have_the_same_rows) {
  Keyed const keyed(uneven_groups(40));
  Splits const splits =
      make_splits(keyed.table, Folds{.folds = 3, .repeats = 2, .by = SplitBy::time}, 4);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_EQ(*splits.splits[k].train, *splits.splits[k + 3].train);
    EXPECT_EQ(splits.splits[k + 3].repeat, 1);
  }
}

TEST(TimeSplitsTest, too_few_times_are_refused) {
  Keyed const three({0, 0, 1, 1, 2, 2});
  EXPECT_ONLY_PROBLEM(
      make_splits(three.table, Folds{.folds = 3, .test = 0, .by = SplitBy::time}, 0),
      "validation.folds is 3, but the 6 rows outside the test rows, of 3 different times",
      "use fewer folds");
  EXPECT_EQ(
      make_splits(three.table, Folds{.folds = 2, .test = 0, .by = SplitBy::time}, 0).splits.size(),
      2u);
  Keyed const same({4, 4, 4, 4, 4});
  EXPECT_ONLY_PROBLEM(make_splits(same.table, Holdout{.by = SplitBy::time}, 0),
                      "validation.test 0.2 of 5 rows cannot be the last in time",
                      "same validation.time");
}

TEST(TimeSplitsTest, a_class_that_comes_later_cannot_train) {
  Keyed const keyed({0, 1, 2, 3, 4, 5}, {0, 0, 0, 0, 1, 1});
  auto const problems = test::problems_of(
      [&] { make_splits(keyed.table, Folds{.folds = 2, .test = 0, .by = SplitBy::time}, 0); });
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_TRUE(test::has(problems[0],
                        "in fold 0 class index 1 has no training rows: of its 2 rows outside the "
                        "test rows, 0 validate and the others come later"));
}

// ---- given folds

TEST(GivenFoldsTest, are_what_the_keys_say) {
  Keyed const keyed({1, kTestRow, 0, kTrainOnly, 1, 0, kTestRow});
  Splits const splits = make_splits(keyed.table, GivenFolds{.repeats = 2}, 5);
  EXPECT_EQ(*splits.test, (RowList{1, 6}));
  EXPECT_EQ(*splits.development, (RowList{0, 2, 3, 4, 5}));
  ASSERT_EQ(splits.splits.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    bool const first = i % 2 == 0;
    EXPECT_EQ(splits.splits[i].fold, first ? 0 : 1);
    EXPECT_EQ(splits.splits[i].repeat, i < 2 ? 0 : 1);
    EXPECT_EQ(*splits.splits[i].valid, first ? (RowList{2, 5}) : (RowList{0, 4}));
    EXPECT_EQ(*splits.splits[i].train, first ? (RowList{0, 3, 4}) : (RowList{2, 3, 5}));
  }
}

TEST(GivenFoldsTest, one_fold_is_a_holdout_without_test_rows) {
  Keyed const keyed({0, kTrainOnly, 0, kTrainOnly});
  Splits const splits = make_splits(keyed.table, GivenFolds{}, 5);
  ASSERT_EQ(splits.splits.size(), 1u);
  EXPECT_EQ(*splits.splits[0].valid, (RowList{0, 2}));
  EXPECT_EQ(*splits.splits[0].train, (RowList{1, 3}));
  EXPECT_TRUE(splits.test->empty());
}

TEST(GivenFoldsTest, that_cannot_train_or_validate_are_refused) {
  auto const split = [](RowList keys, std::vector<float> classes = {}) {
    Keyed const keyed(std::move(keys), std::move(classes));
    return make_splits(keyed.table, GivenFolds{}, 0);
  };
  EXPECT_ONLY_PROBLEM(split({0, 0, kTestRow}), "all rows that are not test rows validate");
  EXPECT_ONLY_PROBLEM(split({kTrainOnly, kTestRow}), "no row validates");
  EXPECT_ONLY_PROBLEM(split({0, 2, kTrainOnly}), "fold 1 has no rows");
  EXPECT_ONLY_PROBLEM(split({0, -3, 1}), "the table's key is -3 in row 2; it must be -2 or more");
  EXPECT_ONLY_PROBLEM(split({0, 1, 0, 1}, {0, 1, 1, 1}), "in fold 0 class index 0 has no");
}

TEST(KeyedSplitsTest, need_a_key_for_each_row) {
  Keyed const none({});
  std::vector<float> const y = {1, 2, 3, 4};
  Table table{.y = {y.data(), 4, 1}, .task = Task::regression};
  for (Validation const& validation :
       {Validation(Holdout{.by = SplitBy::group}), Validation(Folds{.by = SplitBy::time}),
        Validation(GivenFolds{})}) {
    EXPECT_ONLY_PROBLEM(make_splits(table, validation, 0), "the table has 0 keys",
                        "needs one for each of its 4 rows");
  }
  table.keys = {0, 1, -1, 2};
  EXPECT_ONLY_PROBLEM(make_splits(table, Holdout{.by = SplitBy::group}, 0), "key is -1 in row 3");
}

// ---- keys of columns

using test::numbers;
using test::texts;

RowList keys_of(Column column, DatasetOptions options) {
  options.targets = {"y"};
  auto const rows = column.categorical ? column.codes.size() : column.numbers.size();
  std::vector<double> y(rows), x(rows, 1);
  std::iota(y.begin(), y.end(), 0.25f);
  std::vector<Column> const columns = {std::move(column), numbers("x", x), numbers("y", y)};
  Dataset const data = make_dataset(columns, options);
  EXPECT_EQ(data.encoding.input_names(), std::vector<std::string>{"x"});
  EXPECT_EQ(data.table().keys, data.keys);
  return data.keys;
}

TEST(RowKeysTest, groups_are_numbered_by_value_or_by_text) {
  DatasetOptions const options{.group = "k"};
  EXPECT_EQ(keys_of(numbers("k", {10, 2, 10, -1}), options), (RowList{2, 1, 2, 0}));
  EXPECT_EQ(keys_of(texts("k", {"10", "2", "10.0", "-1"}), options), (RowList{2, 1, 2, 0}));
  EXPECT_EQ(keys_of(texts("k", {"b", "a", "b", "10", "2"}), options), (RowList{3, 2, 3, 0, 1}));
}

TEST(RowKeysTest, times_are_in_order_and_equal_ones_are_equal) {
  DatasetOptions const options{.time = "k"};
  EXPECT_EQ(keys_of(numbers("k", {3, 1.5f, 3, 2}), options), (RowList{2, 0, 2, 1}));
  // Seconds since 1970 that fp32 cannot tell apart.
  EXPECT_EQ(keys_of(texts("k", {"1700000002", "1700000001", "1.7e9"}), options),
            (RowList{2, 1, 0}));
  EXPECT_EQ(keys_of(texts("k", {"2024-01-31", "2023-12-31", "2024-01-31 00:00", "2024-01-31T00:00Z",
                                "2024-01-31T10:20:30Z", "2024-01-31T10:20:30.5Z"}),
                    options),
            (RowList{1, 0, 2, 2, 3, 4}));
  EXPECT_EQ(keys_of(texts("k", {"31/12/2023", "01/02/2024", "15/01/2024"}), options),
            (RowList{0, 2, 1}));
  EXPECT_EQ(keys_of(texts("k", {"1.2.2024", "31.12.2023 23:00"}), options), (RowList{1, 0}));
  EXPECT_EQ(keys_of(texts("k", {"2024-01-31T10:00+02:00", "2024-01-31T09:00Z"}), options),
            (RowList{0, 1}));
}

TEST(RowKeysTest, folds_are_numbered_and_some_have_names) {
  DatasetOptions const options{.fold = "k"};
  EXPECT_EQ(keys_of(numbers("k", {3, 1, -1, 3}), options), (RowList{1, 0, kTrainOnly, 1}));
  EXPECT_EQ(keys_of(texts("k", {"train", "valid", "test", "-1"}), options),
            (RowList{kTrainOnly, 0, kTestRow, kTrainOnly}));
  EXPECT_EQ(keys_of(texts("k", {"10", "9", "test"}), options), (RowList{1, 0, kTestRow}));
}

TEST(RowKeysTest, what_cannot_be_a_key_is_refused) {
  EXPECT_ONLY_PROBLEM(keys_of(texts("k", {"a", "", "b"}), {.group = "k"}),
                      "validation.group 'k' is missing in row 2");
  EXPECT_ONLY_PROBLEM(keys_of(texts("k", {"2024-01-31", "31.1.2024"}), {.time = "k"}),
                      "validation.time 'k' is '31.1.2024'", "dates such as 2024-01-31");
  EXPECT_ONLY_PROBLEM(keys_of(texts("k", {"01/02/2024", "03/02/2024"}), {.time = "k"}),
                      "'01/02/2024' in some row", "another format that tells days from months");
  EXPECT_ONLY_PROBLEM(keys_of(texts("k", {"2024-01-31", "2024"}), {.time = "k"}),
                      "numbers such as 2024 and dates such as 2024-01-31");
  EXPECT_ONLY_PROBLEM(keys_of(numbers("k", {1, 2}), {.group = "g"}),
                      "validation.group: there is no column 'g'; the columns are: k, x, y");
  EXPECT_ONLY_PROBLEM(keys_of(numbers("k", {1, 2}), {.group = "k", .fold = "k"}),
                      "validation.fold 'k' contradicts validation.group 'k'");
  EXPECT_ONLY_PROBLEM(keys_of(numbers("k", {1, 2}), {.weight = "k", .time = "k"}),
                      "validation.time: column 'k' is data.weight too");
  EXPECT_ONLY_PROBLEM(keys_of(numbers("k", {1, 2}), {.drop = {"k"}, .time = "k"}),
                      "validation.time: column 'k' is in data.drop too");
  EXPECT_ONLY_PROBLEM(keys_of(numbers("k", {1, 2}), {.group = "y"}),
                      "validation.group: column 'y' is data.target too");
}

TEST(RowKeysTest, change_the_fingerprint) {
  Keyed const a({0, 1, 2}), b({0, 2, 1});
  Table none = a.table;
  none.keys.clear();
  EXPECT_NE(fingerprint(a.table), fingerprint(b.table));
  EXPECT_NE(fingerprint(a.table), fingerprint(none));
}

}  // namespace
}  // namespace brood
