// SPDX-License-Identifier: Apache-2.0
// New columns through a saved encoding, as `predict` does it.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "brood/data.hpp"
#include "columns.hpp"

namespace brood {
namespace {

using test::kInfinity;
using test::kNaN;
using test::numbers;
using test::texts;
using Columns = std::vector<Column>;
using Floats = std::vector<float>;

Encoding pets() {
  Encoding encoding;
  encoding.inputs = {{.name = "age", .categorical = false, .levels = {}, .missing_indicator = true},
                     {.name = "kind", .categorical = true, .levels = {"cat", "dog", "emu"}},
                     {.name = "mass"}};
  encoding.targets = {"home"};
  encoding.classes = {"farm", "flat"};
  return encoding;
}

// Equal, and NaN where NaN is expected.
void expect_same(Floats const& actual, Floats const& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(actual[i])) << "at " << i;
    } else {
      EXPECT_EQ(actual[i], expected[i]) << "at " << i;
    }
  }
}

TEST(EncodingTest, counts_and_names_inputs_after_one_hot) {
  EXPECT_EQ(pets().input_count(), 6);
  EXPECT_EQ(pets().input_names(), (std::vector<std::string>{"age", "age missing", "kind=cat",
                                                            "kind=dog", "kind=emu", "mass"}));
}

TEST(EncodingTest, outputs_are_classes_or_targets) {
  Encoding encoding = pets();
  EXPECT_EQ(encoding.output_count(), 2);
  encoding.classes.push_back("zoo");
  EXPECT_EQ(encoding.output_count(), 3);
  encoding.task = Task::regression;
  EXPECT_EQ(encoding.output_count(), 1);
  encoding.task = Task::multi_label;
  encoding.targets = {"a", "b", "c", "d"};
  EXPECT_EQ(encoding.output_count(), 4);
}

TEST(EncodeInputsTest, finds_columns_by_name_in_any_order_and_ignores_others) {
  // Levels in another order than in training, one missing and one never seen.
  Columns const columns{texts("unused", {"p", "q", "r", "s"}), numbers("mass", {5, 6, 7, kNaN}),
                        texts("kind", {"dog", "", "yak", "cat"}), numbers("age", {1, kNaN, 3, 4})};
  expect_same(encode_inputs(columns, pets()), {1,    0, 0, 1, 0, 5,  //
                                               kNaN, 1, 0, 0, 0, 6,  //
                                               3,    0, 0, 0, 0, 7,  //
                                               4,    0, 1, 0, 0, kNaN});
}

TEST(EncodeInputsTest, pieces_say_how_far_a_number_has_come) {
  Encoding encoding;
  encoding.inputs = {{.name = "age", .missing_indicator = true, .edges = {10, 20, 40, 40.5f}},
                     {.name = "mass"}};
  EXPECT_EQ(encoding.input_count(), 6);
  EXPECT_EQ(encoding.input_names(),
            (std::vector<std::string>{"age", "age missing", "age from 10 to 20",
                                      "age from 20 to 40", "age from 40 to 40.5", "mass"}));
  Columns const columns{numbers("age", {5, 10, 15, 30, 40.25f, 90, kNaN}),
                        numbers("mass", {1, 2, 3, 4, 5, 6, 7})};
  expect_same(encode_inputs(columns, encoding), {5,      0, 0,    0,    0,    1,  //
                                                 10,     0, 0,    0,    0,    2,  //
                                                 15,     0, 0.5f, 0,    0,    3,  //
                                                 30,     0, 1,    0.5f, 0,    4,  //
                                                 40.25f, 0, 1,    1,    0.5f, 5,  //
                                                 90,     0, 1,    1,    1,    6,  //
                                                 kNaN,   1, kNaN, kNaN, kNaN, 7});
}

TEST(EncodeInputsTest, no_rows_give_no_numbers) {
  Columns const columns{numbers("mass", {}), texts("kind", {}), numbers("age", {})};
  EXPECT_TRUE(encode_inputs(columns, pets()).empty());
}

TEST(EncodeInputsTest, a_column_without_a_value_is_of_either_kind) {
  Columns const columns{numbers("kind", {kNaN, kNaN}), texts("age", {"", ""}),
                        numbers("mass", {1, 2})};
  expect_same(encode_inputs(columns, pets()), {kNaN, 1, 0, 0, 0, 1,  //
                                               kNaN, 1, 0, 0, 0, 2});
}

TEST(EncodeInputsTest, reports_every_unusable_column) {
  Columns const columns{numbers("kind", {1}), texts("age", {"old"})};
  auto const problems = test::problems_of([&] { encode_inputs(columns, pets()); });
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_EQ(problems[0], "column 'age' is text, such as 'old', but held numbers in training");
  EXPECT_TRUE(test::has(problems[1], "data.columns.kind=categorical")) << problems[1];
  EXPECT_TRUE(test::has(problems[2], "column 'mass' is absent")) << problems[2];
}

TEST(EncodeInputsTest, refuses_two_columns_of_a_needed_name) {
  Columns const columns{numbers("age", {1}),  texts("kind", {"cat"}), numbers("mass", {1}),
                        numbers("mass", {2}), numbers("extra", {1}),  numbers("extra", {2})};
  EXPECT_ONLY_PROBLEM(encode_inputs(columns, pets()), "several columns are called 'mass'");
}

TEST(EncodeInputsTest, refuses_columns_of_unequal_length) {
  Columns const columns{numbers("age", {1, 2}), texts("kind", {"cat"}), numbers("mass", {1, 2})};
  EXPECT_ONLY_PROBLEM(encode_inputs(columns, pets()), "'kind' has 1 rows", "'age' has 2");
}

TEST(EncodeInputsTest, refuses_infinite_numbers_and_codes_without_level_but_no_large_ones) {
  Columns columns{numbers("age", {1, -kInfinity}), texts("kind", {"cat", "dog"}),
                  numbers("mass", {1, 2e37f})};
  columns[1].codes[0] = 2;
  auto const problems = test::problems_of([&] { encode_inputs(columns, pets()); });
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_TRUE(test::has(problems[0], "'age': number -inf in row 2")) << problems[0];
  EXPECT_TRUE(test::has(problems[1], "'kind': code 2 in row 1")) << problems[1];
}

TEST(EncodeTargetsTest, gives_nothing_if_a_target_is_absent_or_all_missing) {
  EXPECT_FALSE(encode_targets(Columns{numbers("age", {1})}, pets()).has_value());
  EXPECT_FALSE(encode_targets(Columns{texts("home", {"", ""})}, pets()).has_value());
  EXPECT_FALSE(encode_targets(Columns{numbers("home", {kNaN})}, pets()).has_value());
  EXPECT_FALSE(encode_targets(Columns{}, pets()).has_value());
  Encoding several;
  several.task = Task::regression;
  several.targets = {"a", "b"};
  EXPECT_FALSE(encode_targets(Columns{numbers("a", {1})}, several).has_value());
}

TEST(EncodeTargetsTest, compares_labels_without_outer_spaces_and_a_full_stop) {
  Columns const columns{texts("home", {"flat", "farm.", " flat. ", "farm"})};
  EXPECT_EQ(encode_targets(columns, pets()), (Floats{1, 0, 1, 0}));
  Encoding with_stop = pets();
  with_stop.classes = {" farm", "flat."};
  EXPECT_EQ(encode_targets(columns, with_stop), (Floats{1, 0, 1, 0}));
}

TEST(EncodeTargetsTest, removes_one_full_stop_only) {
  EXPECT_ONLY_PROBLEM(encode_targets(Columns{texts("home", {"flat", "flat.."})}, pets()),
                      "label 'flat..' in row 2", "farm, flat");
}

TEST(EncodeTargetsTest, numbers_are_classes_by_their_text) {
  Encoding encoding = pets();
  encoding.classes = {"-1", "0", "2.5", "100000"};
  EXPECT_EQ(encode_targets(Columns{numbers("home", {2.5f, 100000, -0.0f, -1})}, encoding),
            (Floats{2, 3, 1, 0}));
  EXPECT_EQ(encode_targets(Columns{texts("home", {"0", "2.5"})}, encoding), (Floats{1, 2}));
}

TEST(EncodeTargetsTest, an_unknown_label_or_a_missing_cell_is_refused) {
  EXPECT_ONLY_PROBLEM(encode_targets(Columns{texts("home", {"flat", "zoo", "sea"})}, pets()),
                      "label 'zoo' in rows 2, 3 is none of the classes");
  EXPECT_ONLY_PROBLEM(encode_targets(Columns{texts("home", {"flat", "", "farm"})}, pets()),
                      "'home' is missing in row 2");
}

TEST(EncodeTargetsTest, several_targets_lie_row_by_row_in_the_encoding_s_order) {
  Encoding encoding;
  encoding.task = Task::regression;
  encoding.targets = {"b", "a"};
  Columns const columns{numbers("a", {1, 2}), numbers("b", {30, 40})};
  EXPECT_EQ(encode_targets(columns, encoding), (Floats{30, 1, 40, 2}));
}

TEST(EncodeTargetsTest, targets_of_the_wrong_kind_are_refused_all_at_once) {
  Encoding encoding;
  encoding.targets = {"a", "b"};
  Columns const columns{texts("a", {"x", "y"}), numbers("b", {0, 2})};
  encoding.task = Task::regression;
  EXPECT_ONLY_PROBLEM(encode_targets(columns, encoding), "'a' is text");
  encoding.task = Task::multi_label;
  auto const problems = test::problems_of([&] { encode_targets(columns, encoding); });
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_TRUE(test::has(problems[1], "'b' is 2 in row 2")) << problems[1];
}

}  // namespace
}  // namespace brood
