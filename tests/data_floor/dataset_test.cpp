// SPDX-License-Identifier: Apache-2.0
// make_dataset: what columns become, how the task is chosen, and what is refused.
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
using Numbers = std::vector<double>;
using Names = std::vector<std::string>;

// 0, 1, .., count-1
Numbers counting(int count) {
  Numbers values;
  for (int i = 0; i < count; ++i)
    values.push_back(static_cast<float>(i));
  return values;
}

// `count` texts of which `distinct` differ.
Names labels(int count, int distinct) {
  Names cells;
  for (int i = 0; i < count; ++i)
    cells.push_back(test::numbered("t", i % distinct));
  return cells;
}

Columns with_target(Column target) {
  auto const rows =
      static_cast<int>(target.categorical ? target.codes.size() : target.numbers.size());
  return {numbers("x", counting(rows)), std::move(target)};
}

Dataset make(Columns const& columns, Names targets = {"y"}) {
  return make_dataset(columns, {.targets = std::move(targets)});
}

Task task_of(Column const& target) {
  return make(with_target(target)).encoding.task;
}

// ---- what comes out

TEST(MakeDatasetTest, columns_become_rows_in_file_order) {
  Columns const columns{texts("colour", {"red", "blue", "", "red"}),
                        texts("y", {"no", "yes", "yes", "no"}), numbers("size", {1, 2, 3, kNaN}),
                        numbers("w", {1, 0, 2, 1}), numbers("id", {7, 8, 9, 10})};
  auto const data = make_dataset(columns, {.targets = {"y"}, .drop = {"id"}, .weight = "w"});
  EXPECT_EQ(data.rows, 4);
  EXPECT_EQ(data.encoding.input_names(), (Names{"colour=blue", "colour=red", "size"}));
  EXPECT_EQ(data.encoding.classes, (Names{"no", "yes"}));
  EXPECT_EQ(data.encoding.targets, Names{"y"});
  EXPECT_EQ(Floats(data.x.begin(), data.x.end() - 1), (Floats{0, 1, 1,  //
                                                              1, 0, 2,  //
                                                              0, 0, 3,  //
                                                              0, 1}));
  EXPECT_TRUE(std::isnan(data.x.back()));
  EXPECT_EQ(data.y, (Floats{0, 1, 1, 0}));
  EXPECT_EQ(data.weights, (Floats{1, 0, 2, 1}));
}

TEST(MakeDatasetTest, the_table_shows_the_same_numbers) {
  Columns const columns{texts("c", {"a", "b", "a"}), numbers("n", {1, kNaN, 3}),
                        numbers("w", {1, 2, 3}), numbers("y", {0, 1, 2})};
  auto const data =
      make_dataset(columns, {.targets = {"y"}, .missing_indicator = true, .weight = "w"});
  Table const table = data.table();
  EXPECT_EQ(table.x.data, data.x.data());
  EXPECT_EQ(table.x.rows, 3);
  EXPECT_EQ(table.x.columns, 4);
  EXPECT_EQ(table.as_is, (std::vector<bool>{true, true, false, true}));
  EXPECT_EQ(table.y.data, data.y.data());
  EXPECT_EQ(table.y.rows, 3);
  EXPECT_EQ(table.y.columns, 1);
  EXPECT_EQ(table.weights.data, data.weights.data());
  EXPECT_EQ(table.weights.rows, 3);
  EXPECT_EQ(table.weights.columns, 1);
  EXPECT_EQ(table.task, Task::classification);
  EXPECT_EQ(table.classes, 3);
}

TEST(MakeDatasetTest, without_weights_the_table_has_none) {
  auto const data = make(with_target(numbers("y", {0, 1})));
  EXPECT_TRUE(data.weights.empty());
  EXPECT_EQ(data.table().weights.data, nullptr);
  EXPECT_EQ(data.table().weights.rows, 0);
}

TEST(MakeDatasetTest, an_indicator_comes_only_with_columns_that_have_missing_values) {
  Columns const columns{numbers("whole", {1, 2}), numbers("holed", {kNaN, 2}),
                        texts("c", {"", "b"}), numbers("y", {0, 1})};
  auto const data = make_dataset(columns, {.targets = {"y"}, .missing_indicator = true});
  EXPECT_EQ(data.encoding.input_names(), (Names{"whole", "holed", "holed missing", "c=b"}));
  EXPECT_EQ(data.x[2], 1.0f);
  EXPECT_EQ(data.x[4 + 2], 0.0f);
  EXPECT_EQ(make(columns).encoding.input_names(), (Names{"whole", "holed", "c=b"}));
}

// Of five numbers all; of equal ones each once; of two values there are none.
TEST(MakeDatasetTest, bins_lie_between_quantiles) {
  Columns const columns{numbers("x", {4, kNaN, 1, 2, 10, 3}), numbers("same", {1, 1, 1, 5, 5, 9}),
                        numbers("two", {0, 1, 0, 1, 1, 0}),
                        texts("c", {"a", "b", "a", "b", "a", "b"}),
                        numbers("y", {0, 1, 0, 1, 0, 1})};
  auto const data = make_dataset(columns, {.targets = {"y"}, .bins = 4});
  auto const& inputs = data.encoding.inputs;
  EXPECT_EQ(inputs[0].edges, (Floats{1, 2, 3, 4, 10}));
  EXPECT_EQ(inputs[1].edges, (Floats{1, 5, 9}));
  EXPECT_TRUE(inputs[2].edges.empty());
  EXPECT_TRUE(inputs[3].edges.empty());
  EXPECT_EQ(data.encoding.input_count(), 1 + 4 + 1 + 2 + 1 + 2);
  EXPECT_EQ(data.table().as_is, (std::vector<bool>{false, false, false, false, false, false, false,
                                                   false, false, true, true}));
  EXPECT_EQ(data.table().derived, (std::vector<bool>{false, true, true, true, true, false, true,
                                                     true, false, false, false}));
  for (int const bins : {-1, 1, 65}) {
    EXPECT_ONLY_PROBLEM(make_dataset(columns, {.targets = {"y"}, .bins = bins}), "data.bins is",
                        "0, or 2 to 64");
  }
}

TEST(MakeDatasetTest, levels_that_do_not_occur_make_no_input_and_no_class) {
  Column colour = texts("colour", {"red", "blue"}), target = texts("y", {"p", "q"});
  colour.levels.push_back("green");
  target.levels.insert(target.levels.begin(), "a");
  for (auto& code : target.codes)
    ++code;
  auto const data = make({colour, target});
  EXPECT_EQ(data.encoding.input_names(), (Names{"colour=blue", "colour=red"}));
  EXPECT_EQ(data.encoding.classes, (Names{"p", "q"}));
}

TEST(MakeDatasetTest, the_saved_encoding_gives_the_same_numbers) {
  Columns const columns{texts("c", {"b", "a", "b"}), numbers("n", {1, 4, 3}),
                        texts("y", {"u", "v", "u"})};
  auto const data = make(columns);
  EXPECT_EQ(encode_inputs(columns, data.encoding), data.x);
  EXPECT_EQ(encode_targets(columns, data.encoding), data.y);
}

// ---- targets and tasks

TEST(MakeDatasetTest, text_is_classes_sorted_in_their_own_spelling) {
  auto const data = make(with_target(texts("y", {"b.", " a", "b.", "10", "9", "10"})));
  EXPECT_EQ(data.encoding.classes, (Names{" a", "10", "9", "b."}));
  EXPECT_EQ(data.y, (Floats{3, 0, 3, 1, 2, 1}));
}

TEST(MakeDatasetTest, numeric_classes_are_in_numeric_order) {
  auto const data = make(with_target(numbers("y", {10, 9, -2, 100000, 9, -0.0f, 0})));
  EXPECT_EQ(data.encoding.task, Task::classification);
  EXPECT_EQ(data.encoding.classes, (Names{"-2", "0", "9", "10", "100000"}));
  EXPECT_EQ(data.y, (Floats{3, 2, 0, 4, 2, 1, 1}));
}

TEST(MakeDatasetTest, the_positive_class_comes_second) {
  auto const columns = with_target(texts("y", {"yes", "no", "no", "yes"}));
  auto const data = make_dataset(columns, {.targets = {"y"}, .positive = "no"});
  EXPECT_EQ(data.encoding.classes, (Names{"yes", "no"}));
  EXPECT_EQ(data.y, (Floats{0, 1, 1, 0}));
  EXPECT_EQ(encode_targets(columns, data.encoding), data.y);
  auto const other = make_dataset(columns, {.targets = {"y"}, .positive = "yes"});
  EXPECT_EQ(other.encoding.classes, (Names{"no", "yes"}));
}

TEST(MakeDatasetTest, a_positive_class_is_one_of_two) {
  EXPECT_ONLY_PROBLEM(make_dataset(with_target(texts("y", {"yes", "no", "no", "yes"})),
                                   {.targets = {"y"}, .positive = "maybe"}),
                      "data.positive: 'maybe' is not one of two classes; the target has no, yes");
  EXPECT_ONLY_PROBLEM(make_dataset(with_target(texts("y", {"a", "b", "c", "a", "b", "c"})),
                                   {.targets = {"y"}, .positive = "a"}),
                      "'a' is not one of two classes; the target has 3: a, b, c");
  EXPECT_ONLY_PROBLEM(make_dataset(with_target(numbers("y", {0.5f, 1.5f, 2.5f})),
                                   {.targets = {"y"}, .positive = "a"}),
                      "data.positive: 'a' is for two classes; the targets are values");
}

TEST(MakeDatasetTest, up_to_20_distinct_whole_numbers_are_classes) {
  Numbers twenty, twenty_one;
  for (int i = 0; i < 120; ++i) {
    twenty.push_back(i % 20);
    twenty_one.push_back(i % 21);
  }
  EXPECT_EQ(task_of(numbers("y", twenty)), Task::classification);
  EXPECT_EQ(task_of(numbers("y", twenty_one)), Task::regression);
  EXPECT_EQ(task_of(numbers("y", {0, 1, 0.5f})), Task::regression);
}

TEST(MakeDatasetTest, whole_numbers_of_which_some_are_rare_are_a_scale) {
  Numbers grades;
  for (int i = 0; i < 60; ++i)
    grades.push_back(i % 5);
  grades.push_back(7);
  auto const data = make(with_target(numbers("y", grades)));
  EXPECT_EQ(data.encoding.task, Task::regression);
  ASSERT_EQ(data.notes.size(), 1u);
  EXPECT_TRUE(test::has(data.notes[0], "'y' has 6 different whole numbers"));
  EXPECT_TRUE(test::has(data.notes[0], "say task=classification"));
  grades.back() = 4;
  EXPECT_EQ(task_of(numbers("y", grades)), Task::classification) << "few of them";
}

TEST(MakeDatasetTest, several_targets_are_labels_if_binary_else_regression) {
  Columns const columns{numbers("x", {1, 2}), numbers("a", {0, 1}), numbers("b", {1, 1}),
                        numbers("c", {1, 2})};
  auto const binary = make(columns, {"b", "a"});
  EXPECT_EQ(binary.encoding.task, Task::multi_label);
  EXPECT_EQ(binary.y, (Floats{1, 0, 1, 1}));
  EXPECT_EQ(binary.encoding.output_count(), 2);
  EXPECT_EQ(binary.encoding.input_names(), (Names{"x", "c"}));
  EXPECT_TRUE(binary.encoding.classes.empty());
  EXPECT_EQ(make(columns, {"a", "c"}).encoding.task, Task::regression);
}

TEST(MakeDatasetTest, the_task_can_be_chosen) {
  auto const columns = with_target(numbers("y", {0, 1, 1}));
  auto const regression = make_dataset(columns, {.targets = {"y"}, .task = Task::regression});
  EXPECT_EQ(regression.encoding.task, Task::regression);
  EXPECT_EQ(regression.y, (Floats{0, 1, 1}));
  EXPECT_EQ(regression.table().classes, 0);
  auto const label = make_dataset(columns, {.targets = {"y"}, .task = Task::multi_label});
  EXPECT_EQ(label.encoding.output_count(), 1);
  auto const halves = make_dataset(with_target(numbers("y", {1.5f, 0.5f, 1.5f})),
                                   {.targets = {"y"}, .task = Task::classification});
  EXPECT_EQ(halves.encoding.classes, (Names{"0.5", "1.5"}));
}

TEST(MakeDatasetTest, tasks_that_do_not_fit_the_targets_are_refused) {
  auto const text = with_target(texts("y", {"a", "b"}));
  EXPECT_ONLY_PROBLEM(make_dataset(text, {.targets = {"y"}, .task = Task::regression}),
                      "'y' is text", "data.task=classification");
  EXPECT_ONLY_PROBLEM(make_dataset(text, {.targets = {"y"}, .task = Task::multi_label}),
                      "'y' is text", "0 and 1");
  EXPECT_ONLY_PROBLEM(make_dataset(with_target(numbers("y", {0, 1, 3, 4})),
                                   {.targets = {"y"}, .task = Task::multi_label}),
                      "'y' is 3 in rows 3, 4");
  Columns const two{numbers("x", {1, 2}), numbers("a", {0, 1}), numbers("b", {1, 0})};
  EXPECT_ONLY_PROBLEM(make_dataset(two, {.targets = {"a", "b"}, .task = Task::classification}),
                      "names 2 columns", "takes one", "multi_label");
  EXPECT_ONLY_PROBLEM(
      make({numbers("x", {1, 2}), texts("a", {"p", "q"}), numbers("b", {1, 0})}, {"a", "b"}),
      "'a' is text");
}

TEST(MakeDatasetTest, missing_target_cells_are_counted_and_named) {
  EXPECT_ONLY_PROBLEM(make(with_target(numbers("y", {0, kNaN, 1, kNaN}))),
                      "'y' is missing in rows 2, 4");
  auto cells = labels(12, 2);
  for (int i = 3; i < 11; ++i)
    cells[static_cast<std::size_t>(i)].clear();
  EXPECT_ONLY_PROBLEM(make(with_target(texts("y", cells))), "rows 4, 5, 6, 7, 8 and 3 more");
  EXPECT_ONLY_PROBLEM(make(with_target(numbers("y", {kNaN, kNaN}))), "'y' is empty", "2 rows");
}

TEST(MakeDatasetTest, a_single_class_is_refused) {
  EXPECT_ONLY_PROBLEM(make(with_target(numbers("y", {3, 3, 3}))), "'y' is '3' in every row");
  EXPECT_ONLY_PROBLEM(make(with_target(texts("y", {"a", "a"}))), "at least 2 classes");
}

TEST(MakeDatasetTest, classes_that_the_comparison_takes_for_one_are_refused) {
  EXPECT_ONLY_PROBLEM(make(with_target(texts("y", {"yes", "no", "yes."}))), "'yes' and 'yes.'",
                      "spell them the same");
}

TEST(MakeDatasetTest, more_classes_than_half_the_rows_are_refused) {
  Numbers fractions;
  for (int i = 0; i < 30; ++i)
    fractions.push_back(0.1f * static_cast<float>(i));
  EXPECT_ONLY_PROBLEM(make_dataset(with_target(numbers("y", fractions)),
                                   {.targets = {"y"}, .task = Task::classification}),
                      "30 classes in 30 rows", "data.task=regression");
  EXPECT_ONLY_PROBLEM(make(with_target(texts("y", labels(30, 16)))), "16 classes in 30 rows");
  EXPECT_EQ(make(with_target(texts("y", labels(30, 15)))).encoding.classes.size(), 15u);
}

// ---- identifiers, weights, names

TEST(MakeDatasetTest, identifier_like_text_is_left_out_and_rare_texts_are_pooled) {
  auto const with_text = [](int rows, int distinct) {
    Columns columns = with_target(texts("y", labels(rows, 2)));
    columns.push_back(texts("name", labels(rows, distinct)));
    return columns;
  };
  EXPECT_TRUE(make(with_text(2000, 256)).notes.empty());
  EXPECT_TRUE(make(with_text(22, 11)).notes.empty());
  EXPECT_TRUE(make(with_text(20, 20)).notes.empty());
  auto const identifier = make(with_text(22, 12));
  EXPECT_EQ(identifier.encoding.inputs.size(), 1u);
  ASSERT_EQ(identifier.notes.size(), 1u);
  EXPECT_TRUE(
      test::has(identifier.notes[0], "column 'name' is left out: it has 12 different texts"));
  // Texts in four rows or more are kept beyond the first 256, up to 1024.
  EXPECT_EQ(make(with_text(2000, 300)).encoding.inputs[1].levels.size(), 300u);
  EXPECT_TRUE(make(with_text(2000, 300)).notes.empty());
  EXPECT_EQ(make(with_text(9000, 1100)).encoding.inputs[1].levels.size(), 1024u);
  // Of many rows fewer, so that the inputs fit.
  Column wide = texts("name", labels(1000, 1000));
  std::vector<double> halves;
  wide.codes.clear();
  for (int row = 0; row < 250'000; ++row) {
    wide.codes.push_back(row % 1000);
    halves.push_back(row % 2);
  }
  Columns const tall = {wide, numbers("y", halves)};
  EXPECT_EQ(make_dataset(tall, {.targets = {"y"}}).encoding.inputs[0].levels.size(), 400u);
  auto const many = make(with_text(771, 257));
  EXPECT_EQ(many.encoding.inputs[1].levels.size(), 256u);
  EXPECT_TRUE(
      std::is_sorted(many.encoding.inputs[1].levels.begin(), many.encoding.inputs[1].levels.end()));
  ASSERT_EQ(many.notes.size(), 1u);
  EXPECT_TRUE(
      test::has(many.notes[0], "column 'name' has 257 different texts: the 256 most frequent"));
  EXPECT_TRUE(
      make_dataset(with_text(771, 257), {.targets = {"y"}, .drop = {"name"}}).notes.empty());
}

TEST(MakeDatasetTest, weights_must_be_numbers_not_negative_not_all_zero) {
  auto const with_weight = [](Column weight) {
    Columns columns = with_target(numbers("y", {0, 1, 1}));
    columns.push_back(std::move(weight));
    return make_dataset(columns, {.targets = {"y"}, .weight = "w"});
  };
  EXPECT_EQ(with_weight(numbers("w", {0, 0, 0.5f})).weights, (Floats{0, 0, 0.5f}));
  EXPECT_ONLY_PROBLEM(with_weight(texts("w", {"1", "2", "3"})), "'w' is text");
  EXPECT_ONLY_PROBLEM(with_weight(numbers("w", {0, -0.0f, 0})), "'w' is 0 in every row");
  EXPECT_ONLY_PROBLEM(with_weight(numbers("w", {1, -2, 1})), "'w' is -2 in row 2");
  EXPECT_ONLY_PROBLEM(with_weight(numbers("w", {1, 1, kNaN})), "'w' is missing in row 3");
  EXPECT_ONLY_PROBLEM(with_weight(numbers("w", {kInfinity, 1, 1})), "'w': number inf in row 1");
}

TEST(MakeDatasetTest, unknown_names_are_answered_with_the_columns) {
  auto const columns = with_target(numbers("y", {0, 1}));
  EXPECT_ONLY_PROBLEM(make(columns, {"z"}), "data.target", "no column 'z'",
                      "the columns are: x, y");
  EXPECT_ONLY_PROBLEM(make_dataset(columns, {.targets = {"y"}, .drop = {"q"}}), "data.drop", "'q'");
  EXPECT_ONLY_PROBLEM(make_dataset(columns, {.targets = {"y"}, .weight = "q"}), "data.weight",
                      "'q'");
  EXPECT_ONLY_PROBLEM(make(columns, {}), "data.target is empty");
  EXPECT_ONLY_PROBLEM(make(columns, {""}), "data.target has an empty name");
}

TEST(MakeDatasetTest, a_long_list_of_columns_is_cut) {
  Columns columns;
  for (int i = 0; i < 25; ++i)
    columns.push_back(numbers(test::numbered("c", i), {0, 1}));
  EXPECT_ONLY_PROBLEM(make(columns), "c0, c1,", "c19 and 5 more");
}

TEST(MakeDatasetTest, one_column_cannot_have_two_roles) {
  auto columns = with_target(numbers("y", {0, 1}));
  columns.push_back(numbers("w", {1, 1}));
  EXPECT_ONLY_PROBLEM(make_dataset(columns, {.targets = {"y"}, .drop = {"y"}}), "'y'", "data.drop");
  EXPECT_ONLY_PROBLEM(make_dataset(columns, {.targets = {"y"}, .weight = "y"}), "'y' is both");
  EXPECT_ONLY_PROBLEM(make_dataset(columns, {.targets = {"y"}, .drop = {"w"}, .weight = "w"}),
                      "'w' is both");
  EXPECT_TRUE(test::has(test::problems_of([&] { make(columns, {"y", "y"}); }).at(0), "twice"));
}

TEST(MakeDatasetTest, columns_of_one_name_are_refused_unless_dropped) {
  auto columns = with_target(numbers("y", {0, 1}));
  columns.push_back(numbers("a", {1, 2}));
  columns.push_back(numbers("a", {3, 4}));
  EXPECT_ONLY_PROBLEM(make(columns), "several columns are called 'a'");
  EXPECT_NO_THROW(make_dataset(columns, {.targets = {"y"}, .drop = {"a"}}));
}

TEST(MakeDatasetTest, something_to_learn_from_must_be_left) {
  EXPECT_ONLY_PROBLEM(make({numbers("y", {0, 1})}), "no input columns");
  EXPECT_ONLY_PROBLEM(make({numbers("x", {}), numbers("y", {})}), "no rows");
  EXPECT_EQ(test::problems_of([] { make({}); }).size(), 3u);  // no rows, no target, no inputs
}

TEST(MakeDatasetTest, unsound_cells_are_refused_unless_dropped) {
  auto columns = with_target(numbers("y", {0, 1}));
  columns.push_back(numbers("a", {1, kInfinity}));
  EXPECT_ONLY_PROBLEM(make(columns), "'a': number inf in row 2", "finite");
  EXPECT_NO_THROW(make_dataset(columns, {.targets = {"y"}, .drop = {"a"}}));
  Column broken = texts("y", {"p", "q"});
  broken.codes[1] = -2;
  EXPECT_ONLY_PROBLEM(make(with_target(broken)), "'y': code -2 in row 2", "2 levels");
  EXPECT_ONLY_PROBLEM(make({numbers("x", {1, 2, 3}), numbers("y", {0, 1})}), "'y' has 2 rows",
                      "'x' has 3");
}

TEST(MakeDatasetTest, all_problems_come_at_once) {
  Columns const columns{numbers("a", {1, kInfinity}), numbers("w", {-1, 1}),
                        numbers("y", {1, kNaN})};
  auto const problems = test::problems_of(
      [&] { make_dataset(columns, {.targets = {"y"}, .drop = {"gone"}, .weight = "w"}); });
  // Unknown drop, infinite number, missing target cell, single class, negative weight.
  EXPECT_EQ(problems.size(), 5u) << testing::PrintToString(problems);
}

}  // namespace
}  // namespace brood
