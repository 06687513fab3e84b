// SPDX-License-Identifier: Apache-2.0
// PyTorch's numbers, in float64, for every optimizer, schedule, loss, activation and way to clip:
// the oracle is held to them as a double, the backend as an fp32 implementation.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "brood/engine.hpp"
#include "golden/golden_cases.hpp"
#include "support/fixtures.hpp"
#include "support/many_steps.hpp"
#include "support/oracle.hpp"

namespace brood {
namespace {

using golden::Case;

class GoldenOracle : public ::testing::TestWithParam<Case> {};
class GoldenBackend : public ::testing::TestWithParam<Case> {};

fixtures::OwnedTable table_of(Case const& c) {
  fixtures::OwnedTable t;
  t.task = c.task;
  t.rows = golden::kRows;
  t.inputs = golden::kInputs;
  t.x.assign(golden::kX.begin(), golden::kX.end());
  bool const classes = c.task == Task::classification;
  t.classes = classes ? c.outputs : 0;
  t.targets = classes ? 1 : c.outputs;
  auto const& y = classes                      ? golden::kClasses
                  : c.task == Task::regression ? golden::kValues
                                               : golden::kLabels;
  std::string const loss = c.config.find("loss") ? to_text(*c.config.find("loss")) : "";
  bool const positive = loss == "poisson" || loss == "tweedie";
  for (double const v : y) {
    double const of_class = classes && c.outputs == 2 ? (v == 1) : v;
    t.y.push_back(static_cast<float>(positive ? std::fabs(of_class) : of_class));
  }
  return t;
}

std::vector<float> initial_weights(Case const& c) {
  auto const& weights = c.outputs == 2 ? golden::kWeightsOfOne : golden::kWeightsOfThree;
  return {weights.begin(), weights.end()};
}

std::vector<int> all_rows() {
  std::vector<int> rows(golden::kRows);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

oracle::Randomness in_order() {
  return {[](int, int position) { return position; }, {}};
}

// Both in double; what differs is the order of some operations, and the file's 13 digits.
TEST_P(GoldenOracle, AgreesWithPyTorch) {
  Case const& c = GetParam();
  auto const settings = oracle::resolve(c.config, c.task, c.outputs);
  auto const table = table_of(c);
  auto const samples = oracle::prepare(table.table(), nullptr);
  auto const initial =
      oracle::network_from(oracle::widths(settings, golden::kInputs), initial_weights(c));
  oracle::Trainer<double> trainer(settings, samples, all_rows(), initial, in_order());
  for (std::size_t step = 0; step < c.losses.size(); ++step)
    ASSERT_NEAR(trainer.step(), c.losses[step], 1e-10 * c.losses[step]) << "step " << step;
  auto const weights = oracle::dense(trainer.network());
  ASSERT_EQ(weights.size(), c.weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i)
    EXPECT_NEAR(weights[i], c.weights[i], 1e-10 * (1 + std::fabs(c.weights[i]))) << "weight " << i;
  auto const average = oracle::dense(trainer.average());
  for (std::size_t i = 0; i < c.average.size(); ++i)
    EXPECT_NEAR(average[i], c.average[i], 1e-10 * (1 + std::fabs(c.average[i]))) << "average " << i;
}

// Whole batches only: there a backend's own order of rows is but another order of summation.
TEST_P(GoldenBackend, AgreesWithPyTorch) {
  Case const& c = GetParam();
  auto const table = table_of(c);
  auto const rows = fixtures::rows_between(0, golden::kRows);
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  MemberSpec const spec{.config = c.config, .table = data.id(), .train_rows = rows};
  auto const slots = engine.backend().admit(std::vector{spec});
  auto images = engine.backend().save(slots);
  images[0].weights = initial_weights(c);
  if (!images[0].average.empty()) images[0].average = images[0].weights;
  engine.backend().restore(slots, images);
  int const epochs = static_cast<int>(c.losses.size());
  engine.backend().train(std::vector{TrainOrder{slots[0], epochs, 1}});
  auto const after = engine.backend().save(slots)[0];

  auto const settings = oracle::as_stored(oracle::resolve(c.config, c.task, c.outputs));
  auto const samples = oracle::prepare(table.table(), nullptr);
  auto const allowed = oracle::expected_course(settings, samples, all_rows(), initial_weights(c),
                                               in_order(), epochs);
  EXPECT_LE(oracle::distance(after.weights, c.weights, initial_weights(c)),
            allowed.weights + oracle::kSettingsShare);
  if (!c.average.empty()) {
    EXPECT_LE(oracle::distance(after.average, c.average, initial_weights(c)),
              allowed.average + oracle::kSettingsShare);
  }
  ASSERT_EQ(after.metrics.history.size(), c.losses.size());
  for (std::size_t i = 0; i < c.losses.size(); ++i) {
    EXPECT_NEAR(after.metrics.history[i].train_loss, c.losses[i],
                allowed.train_loss + oracle::kSettingsShare * c.losses[i])
        << "step " << i;
  }
}

std::string name_of_case(::testing::TestParamInfo<Case> const& info) {
  return info.param.name;
}

std::vector<Case> cases_of_one_batch() {
  auto list = golden::cases();
  std::erase_if(list, [](Case const& c) {
    return oracle::resolve(c.config, c.task, c.outputs).batch_size < golden::kRows;
  });
  return list;
}

INSTANTIATE_TEST_SUITE_P(, GoldenOracle, ::testing::ValuesIn(golden::cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(, GoldenBackend, ::testing::ValuesIn(cases_of_one_batch()), name_of_case);

}  // namespace
}  // namespace brood
