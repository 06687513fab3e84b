// SPDX-License-Identifier: Apache-2.0
// What each row may influence: test rows only the test score, validation rows nothing that is
// trained on the same split.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

// Other inputs for some rows: far outside, and one missing.
void spoil_inputs(OwnedTable& table, std::vector<std::int32_t> const& rows) {
  for (auto const row : rows) {
    float* const x = table.x.data() + row * table.inputs;
    for (int c = 0; c < table.inputs; ++c)
      x[c] = 50.0f - 3.0f * x[c];
    x[row % table.inputs] = std::numeric_limits<float>::quiet_NaN();
  }
}
void spoil_targets(OwnedTable& table, std::vector<std::int32_t> const& rows) {
  for (auto const row : rows) {
    for (int k = 0; k < table.targets; ++k)
      table.y[static_cast<std::size_t>(row * table.targets + k)] *= -7.0f;
  }
}

class RowsTest : public testing::Test {
 protected:
  RowsTest() : engine_({.device = "cpu", .threads = 1}) {}

  Result run(OwnedTable const& table, Study const& study) {
    return tune(engine_, engine_.load(table.table()), study);
  }
  // Everything but the test score is the same, and that is not.
  void expect_only_test_differs(Result const& a, Result const& b) {
    expect_same_but_test(a, b);
    EXPECT_TRUE(std::isfinite(a.test));
    EXPECT_TRUE(std::isfinite(b.test));
    EXPECT_NE(a.test, b.test);
  }

  Engine engine_;
};

// The classes stay: splits are stratified by them, so they may shape the split.
TEST_F(RowsTest, InputsOfTestRowsChangeTheTestScoreOnly) {
  auto const table = blobs(150, 5, 3);
  for (Validation const& validation :
       {Validation(Holdout{}), Validation(Folds{.folds = 3, .repeats = 2, .test = 0.2})}) {
    for (bool const refit : {true, false}) {
      Study study = varied_study(validation);
      study.refit = refit ? Refit::yes : Refit::no;
      OwnedTable other = table;
      spoil_inputs(other, *make_splits(table.table(), validation, study.seed).test);
      expect_only_test_differs(run(table, study), run(other, study));
    }
  }
}

TEST_F(RowsTest, TargetsAndWeightsOfTestRowsChangeTheTestScoreOnly) {
  auto const table = with_row_weights(regression(150, 4, 2));
  Study study = varied_study();
  for (auto const* const metric : {"rmse", "r2"}) {
    study.metric.name = metric;
    auto const test = make_splits(table.table(), study.validation, study.seed).test;
    Result const before = run(table, study);
    OwnedTable other = table;
    spoil_targets(other, *test);
    expect_only_test_differs(before, run(other, study));
    other = table;
    for (auto const row : *test)
      other.weights[static_cast<std::size_t>(row)] = row % 2 == 0 ? 5.0f : 0.0f;
    expect_only_test_differs(before, run(other, study));
    other = table;
    spoil_inputs(other, *test);
    expect_only_test_differs(before, run(other, study));
  }
}

TEST_F(RowsTest, WithoutTestRowsThereIsNoTestScore) {
  Result const result = run(blobs(150, 5, 3), varied_study(Folds{.folds = 3, .test = 0}));
  EXPECT_TRUE(std::isnan(result.test));
  EXPECT_TRUE(std::isfinite(result.valid));
}

// Validation rows of one split are spoilt: its members are trained as before, transform included,
// and only judged differently.
TEST_F(RowsTest, ValidationRowsTouchNothingThatIsTrainedOnTheirSplit) {
  auto const table = with_row_weights(regression(150, 4));
  Study study = varied_study();
  study.scheduler = NoEarlyTermination{4};
  auto const splits = make_splits(table.table(), study.validation, study.seed).splits;
  Result const before = run(table, study);
  for (auto const& split : splits) {
    SCOPED_TRACE("fold " + std::to_string(split.fold) + " of " + std::to_string(split.repeat));
    OwnedTable other = table;
    spoil_inputs(other, *split.valid);
    spoil_targets(other, *split.valid);
    Transform const fitted = fit_transform(table.table(), *split.train);
    Transform const refitted = fit_transform(other.table(), *split.train);
    EXPECT_TRUE(same_bits(fitted.shift, refitted.shift));
    EXPECT_TRUE(same_bits(fitted.scale, refitted.scale));
    EXPECT_TRUE(same_bits(fitted.target_shift, refitted.target_shift));
    EXPECT_TRUE(same_bits(fitted.target_scale, refitted.target_scale));
    Result const after = run(other, study);
    for (int trial = 0; trial < study.trials; ++trial) {
      auto const old_points = curve_of(before, trial, split);
      auto const new_points = curve_of(after, trial, split);
      ASSERT_EQ(old_points.size(), 4u);
      ASSERT_EQ(new_points.size(), 4u);
      for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_TRUE(same_bits(old_points[i].train_loss, new_points[i].train_loss));
        EXPECT_NE(old_points[i].valid_loss, new_points[i].valid_loss);
      }
    }
  }
}

// The same for the weights: of one trial without a refit, whose model is that of the first split.
TEST_F(RowsTest, ValidationRowsDoNotChangeTheModelOfTheirSplit) {
  auto const table = blobs(150, 5, 3);
  Study study = varied_study();
  study.trials = 1;
  study.refit = Refit::no;
  OwnedTable other = table;
  auto const splits = make_splits(table.table(), study.validation, study.seed);
  spoil_inputs(other, *splits.splits.front().valid);
  Result const a = run(table, study), b = run(other, study);
  EXPECT_TRUE(same_bits(a.model.layers, b.model.layers));
  EXPECT_TRUE(same_bits(a.model.transform.shift, b.model.transform.shift));
  EXPECT_TRUE(same_bits(a.test, b.test));
  EXPECT_NE(a.valid, b.valid);
  // And the refit does learn from them.
  study.refit = Refit::yes;
  EXPECT_FALSE(same_bits(run(table, study).model.layers, run(other, study).model.layers));
}

}  // namespace
}  // namespace brood
