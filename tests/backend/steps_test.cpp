// SPDX-License-Identifier: Apache-2.0
// Training, evaluation and prediction of one member against the oracle, over the sweep of shapes
// and features. Tolerances: tests/support/tolerance.hpp.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "cases.hpp"
#include "support/many_steps.hpp"
#include "under_test.hpp"

namespace brood {
namespace {

class Steps : public ::testing::TestWithParam<MemberCase> {
 protected:
  MemberCase const& c = GetParam();
  Engine engine{backend_under_test()};
  Data data = engine.load(c.data.table());
  Backend& backend = engine.backend();

  Slot admit(Rows const& train) { return backend.admit(std::vector{c.spec(data, train)})[0]; }
  MemberImage train(Slot slot, int epochs) {
    backend.train(std::vector{TrainOrder{slot, epochs, 1}});
    return backend.save(std::vector{slot})[0];
  }
};

using OneStep = Steps;
using ManySteps = Steps;
using Evaluates = Steps;
using Forward = Steps;

TEST_P(OneStep, StartsFromTheDrawnWeights) {
  Slot const slot = admit(c.train_rows());
  auto const got = backend.save(std::vector{slot})[0].weights;
  auto const expected = c.initial_weights();
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(got[i]), std::bit_cast<std::uint32_t>(expected[i]))
        << "weight " << i << ": " << got[i] << " for " << expected[i];
  }
}

double norm(std::vector<double> const& a, std::vector<double> const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

TEST_P(OneStep, MatchesOracle) {
  Rows const rows = c.one_batch_of_rows();
  auto const image = train(admit(rows), 1);
  auto const initial = c.initial_weights();
  auto const samples = c.samples();
  auto const bound = oracle::first_step(c.settings(), samples, ints(rows), initial,
                                        randomness_of(c, rows->size()));
  ASSERT_EQ(image.metrics.step, 1);
  ASSERT_EQ(image.weights.size(), bound.expected.size());
  for (std::size_t i = 0; i < image.weights.size(); ++i) {
    EXPECT_GE(image.weights[i], bound.lowest[i]) << "weight " << i << " for " << bound.expected[i];
    EXPECT_LE(image.weights[i], bound.highest[i]) << "weight " << i << " for " << bound.expected[i];
  }
  EXPECT_NEAR(image.metrics.history[0].train_loss, bound.loss.value, bound.loss.error);
  // A bound that lets anything through proves nothing.
  std::vector<double> const start(initial.begin(), initial.end());
  double const moved = norm(bound.expected, start);
  if (moved > 0) {
    EXPECT_LT(norm(bound.highest, bound.lowest), 0.1 * moved);
  }
}

TEST_P(ManySteps, MatchOracle) {
  Rows const rows = c.train_rows();
  auto const settings = c.settings();
  auto const count = static_cast<int>(rows->size());
  int const per_epoch = (count + settings.batch_size - 1) / settings.batch_size;
  int const epochs = std::min(settings.epochs, std::max(1, 20 / per_epoch));
  auto const image = train(admit(rows), epochs);
  auto const initial = c.initial_weights();
  auto const expected = oracle::expected_course(settings, c.samples(), ints(rows), initial,
                                                randomness_of(c, rows->size()), epochs);
  EXPECT_LE(oracle::distance(image.weights, expected.truth.weights, initial), expected.weights);
  EXPECT_LT(expected.weights, 0.05) << "the runs part too soon for a comparison";
  if (settings.ema > 0) {
    EXPECT_LE(oracle::distance(image.average, expected.truth.average, initial), expected.average);
  }
  ASSERT_EQ(image.metrics.history.size(), expected.truth.train_loss.size());
  for (std::size_t i = 0; i < image.metrics.history.size(); ++i) {
    EXPECT_NEAR(image.metrics.history[i].train_loss, expected.truth.train_loss[i],
                expected.train_loss)
        << "epoch " << i;
  }
}

// Of the very weights that the backend arrived at.
oracle::Network<oracle::Bounded> predicting(MemberCase const& c, MemberImage const& image) {
  return oracle::network_from<oracle::Bounded>(
      c.widths(), image.average.empty() ? image.weights : image.average);
}

TEST_P(Evaluates, AsTheOracleDoes) {
  auto const image = train(admit(c.train_rows()), 2);
  auto const score =
      oracle::evaluate(c.settings(), c.samples(), predicting(c, image), ints(c.eval_rows()));
  Evaluation const& last = image.metrics.history.back();
  EXPECT_NEAR(last.loss, score.loss.value, score.loss.error);
  EXPECT_LT(score.loss.error, 1e-3 * (1 + std::fabs(score.loss.value)));
  EXPECT_NEAR(last.weight, score.weight, 1e-12 * score.weight);
  if (c.data.task != Task::regression) {  // values are not right or wrong
    EXPECT_NEAR(last.correct, score.correct, score.undecided + 1e-12 * score.weight);
    return;
  }
  EXPECT_NEAR(last.squared_error, score.squared_error.value, score.squared_error.error);
  EXPECT_NEAR(last.absolute_error, score.absolute_error.value, score.absolute_error.error);
  EXPECT_LT(score.squared_error.error, 1e-3 * score.squared_error.value);
}

TEST_P(Forward, PredictsAsTheOracleDoes) {
  Slot const slot = admit(c.train_rows());
  auto const network = predicting(c, train(slot, 2));
  auto const rows = c.eval_rows();
  auto const outputs = static_cast<std::size_t>(c.outputs());
  std::vector<float> out(rows->size() * outputs);
  backend.forward(std::vector{slot}, *rows, out);
  auto const samples = c.samples();
  for (std::size_t i = 0; i < rows->size(); ++i) {
    auto const expected = oracle::predict(c.settings(), samples, network, (*rows)[i]);
    ASSERT_EQ(expected.size(), outputs);
    double sum = 0;
    for (std::size_t k = 0; k < outputs; ++k) {
      float const got = out[i * outputs + k];
      sum += got;
      ASSERT_NEAR(got, expected[k].value, expected[k].error) << "row " << i << " output " << k;
    }
    if (c.data.task == Task::classification) {
      // Each probability is rounded once or twice.
      EXPECT_NEAR(sum, 1, 3 * oracle::kUnitRoundoff * static_cast<double>(outputs));
    }
  }
}

TEST_P(Forward, SaysTheSameOfRowsGivenAsNumbers) {
  Slot const slot = admit(c.train_rows());
  train(slot, 1);
  auto const rows = fixtures::rows_between(0, c.data.rows);
  auto const size = static_cast<std::size_t>(c.data.rows * c.outputs());
  std::vector<float> by_index(size), by_value(size);
  backend.forward(std::vector{slot}, *rows, by_index);
  backend.forward(std::vector{slot}, c.data.table().x, by_value);
  EXPECT_EQ(by_index, by_value);
}

std::string name_of_case(::testing::TestParamInfo<MemberCase> const& info) {
  return info.param.name;
}

#define BROOD_OVER_THE_SWEEP(suite)                                                         \
  INSTANTIATE_TEST_SUITE_P(Shape, suite, ::testing::ValuesIn(shape_cases()), name_of_case); \
  INSTANTIATE_TEST_SUITE_P(Feature, suite, ::testing::ValuesIn(feature_cases()), name_of_case)

BROOD_OVER_THE_SWEEP(OneStep);
BROOD_OVER_THE_SWEEP(ManySteps);
BROOD_OVER_THE_SWEEP(Evaluates);
BROOD_OVER_THE_SWEEP(Forward);

}  // namespace
}  // namespace brood
