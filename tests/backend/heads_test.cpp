// SPDX-License-Identifier: Apache-2.0
// Networks of several heads: the reference vectors of TabM-mini, and what can be said of heads
// without the oracle, by networks that have none.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "cases.hpp"
#include "under_test.hpp"

namespace brood {
namespace {

// ---- the toy of the paper's own code (tabm 0.0.3), in double: two rows, two heads, three inputs,
// two hidden units of tanh, one value; `signs` that are not all signs, and mean square error.

oracle::Samples toy() {
  oracle::Samples s;
  s.task = Task::regression;
  s.rows = 2, s.inputs = 3, s.targets = 1;
  s.x = {1, -0.5, 2, 0.3, 0.8, -1};
  s.x_error.assign(s.x.size(), 0.0);
  s.y = s.user_y = {0.5, -1};
  s.weight = {1, 1};
  s.target_shift = {0}, s.target_scale = {1};
  s.signs = {1, -1, 1, -1, 1, 0.5};
  return s;
}

oracle::Settings toy_settings() {
  Config const config = {{"heads", Whole{2}}, {"hidden", Wholes{2}}, {"activation", text("tanh")}};
  return oracle::resolve(config, Task::regression, 1);
}

// (outputs, inputs), then biases.
oracle::Network<double> toy_network() {
  return {{3, 2, {0.2, 0.5, -0.3, -0.4, 0.1, 0.6}, {0.1, -0.2}},
          {2, 2, {0.7, -0.5, 0.3, 0.9}, {0.05, -0.1}}};
}

constexpr double kDigits = 2e-10;  // of the vectors

void expect_near(std::vector<double> const& got, std::vector<double> const& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], expected[i], kDigits) << i;
}

TEST(OracleOfHeads, GivesTheReferenceVectors) {
  oracle::Batch const batch{.rows = {0, 1}, .weights = {1, 1}};
  auto const found = oracle::batch_gradient(toy_settings(), toy(), toy_network(), batch, {});
  EXPECT_NEAR(found.loss, 0.85948537103, kDigits);
  expect_near(found.by_layer[0].weights, {-0.12063090981, -0.46658433878, -1.1149892842,
                                          0.038555784532, 0.47789538312, 0.19635953997});
  expect_near(found.by_layer[0].bias, {0.31027775602, 0.24956569266});
  expect_near(found.by_layer[1].weights,
              {0.063383563591, -0.78114093495, 0.26823601474, -0.17952973594});
  expect_near(found.by_layer[1].bias, {0.35097045247, 0.29846019919});
  std::vector<double> predictions;
  for (int row = 0; row < 2; ++row)
    predictions.push_back(oracle::predict(toy_settings(), toy(), toy_network(), row)[0]);
  expect_near(predictions, {0.014663610905, 0.13476704075});
}

// ---- the backend

class Heads : public ::testing::Test {
 protected:
  Engine engine{backend_under_test()};

  struct Trained {
    std::vector<LayerWeights> layers;
    std::vector<float> predictions;
    Evaluation evaluation;
  };
  // Predictions of all rows, and the evaluation of those it is evaluated on.
  Trained trained(MemberCase const& c, InitialWeights start, int epochs) {
    Data const data = engine.load(c.data.table());
    MemberSpec spec = c.spec(data, c.train_rows());
    spec.start = std::move(start);
    auto const slots = engine.backend().admit(std::vector{spec});
    if (epochs > 0) engine.backend().train(std::vector{TrainOrder{slots[0], epochs, 1}});
    Trained result;
    result.layers = engine.backend().weights(slots).front();
    auto const rows = fixtures::rows_between(0, c.data.rows);
    result.predictions.resize(rows->size() * static_cast<std::size_t>(c.outputs()));
    engine.backend().forward(slots, *rows, result.predictions);
    result.evaluation = engine.backend().evaluate(slots, *c.eval_rows()).front();
    return result;
  }

  static MemberCase case_of(fixtures::OwnedTable data, Config config, int heads) {
    MemberCase c{"heads", std::move(data), std::move(config)};
    c.config.set("hidden", Wholes{20, 11});
    c.config.set("activation", text("tanh"));
    c.config.set("heads", Whole{heads});
    return c;
  }
};

// A head by itself: its signs in the first layer, its outputs alone in the last.
std::vector<LayerWeights> head_of(std::vector<LayerWeights> layers, int heads, int head) {
  auto const signs = oracle::head_signs(heads, layers[0].inputs);
  auto const inputs = static_cast<std::size_t>(layers[0].inputs);
  for (std::size_t i = 0; i < layers[0].weights.size(); ++i) {
    layers[0].weights[i] *=
        static_cast<float>(signs[static_cast<std::size_t>(head) * inputs + i % inputs]);
  }
  LayerWeights& last = layers.back();
  last.outputs /= heads;
  auto const keep = [&](std::vector<float>& values) {
    auto const each = static_cast<std::ptrdiff_t>(values.size()) / heads;
    values = {values.begin() + head * each, values.begin() + (head + 1) * each};
  };
  keep(last.weights);
  keep(last.bias);
  return layers;
}

TEST_F(Heads, PredictTheMeanOfWhatEachPredictsAlone) {
  std::vector<std::pair<fixtures::OwnedTable, Config>> const tables = {
      {fixtures::blobs(70, 13, 4), {}},
      {fixtures::blobs(70, 13, 4), {{"loss", text("bce")}}},
      {fixtures::blobs(70, 13, 2), {{"loss", text("bce")}}},
      {fixtures::multi_label(70, 13, 5), {}},
      {fixtures::regression(70, 13, 3), {}}};
  for (auto const& [table, config] : tables) {
    for (int const heads : {2, 16}) {
      auto const all = trained(case_of(table, config, heads), nullptr, 2);
      std::vector<double> mean(all.predictions.size(), 0.0);
      for (int h = 0; h < heads; ++h) {
        auto const own =
            std::make_shared<std::vector<LayerWeights> const>(head_of(all.layers, heads, h));
        auto const alone = trained(case_of(table, config, 1), own, 0);
        for (std::size_t i = 0; i < mean.size(); ++i)
          mean[i] += static_cast<double>(alone.predictions[i]) / heads;
      }
      for (std::size_t i = 0; i < mean.size(); ++i) {
        // Probabilities go through a logarithm and back, of up to 20 here.
        ASSERT_NEAR(all.predictions[i], mean[i], 1e-5 * (0.1 + std::fabs(mean[i]))) << i;
      }
    }
  }
}

// The loss is that of the averaged predictions, by its very definition.
TEST_F(Heads, AreEvaluatedByTheLossOfTheirMean) {
  auto const classes = case_of(fixtures::blobs(70, 13, 4), {}, 8);
  auto const by_class = trained(classes, nullptr, 3);
  double entropy = 0;
  Rows const evaluated = classes.eval_rows();
  for (auto const row : *evaluated) {
    auto const r = static_cast<std::size_t>(row);
    entropy -= std::log(by_class.predictions[4 * r + static_cast<std::size_t>(classes.data.y[r])]);
  }
  auto const rows = static_cast<double>(evaluated->size());
  EXPECT_EQ(by_class.evaluation.weight, rows);
  EXPECT_NEAR(by_class.evaluation.loss, entropy / rows, 1e-5);

  auto const values = case_of(fixtures::regression(70, 13, 3), {}, 8);
  auto const by_value = trained(values, nullptr, 3);
  double squares = 0;
  for (auto const row : *evaluated) {
    for (std::size_t k = 0; k < 3; ++k) {
      auto const at = 3 * static_cast<std::size_t>(row) + k;
      double const error = by_value.predictions[at] - values.data.y[at];
      squares += error * error;
    }
  }
  EXPECT_NEAR(by_value.evaluation.squared_error, squares, 1e-5 * squares);
  EXPECT_NEAR(by_value.evaluation.loss, squares / 3 / rows, 1e-5 * squares);
}

// Population based training copies weights between members of unlike seeds.
TEST_F(Heads, MeanTheSameInAMemberOfAnotherSeed) {
  auto const c = case_of(fixtures::blobs(70, 13, 4), {}, 8);
  Data const data = engine.load(c.data.table());
  MemberSpec const source = c.spec(data, c.train_rows());
  MemberSpec copy = source;
  copy.seed += 1;
  Backend& backend = engine.backend();
  auto const slots = backend.admit(std::vector{source, copy});
  backend.train(std::vector{TrainOrder{slots[0], 2, 1}});
  backend.clone(std::vector{SlotCopy{slots[0], slots[1]}});
  auto const rows = fixtures::rows_between(0, c.data.rows);
  auto const size = rows->size() * static_cast<std::size_t>(c.outputs());
  std::vector<float> both(2 * size);
  backend.forward(slots, *rows, both);
  for (std::size_t i = 0; i < size; ++i)
    ASSERT_EQ(both[i], both[size + i]) << i;
}

}  // namespace
}  // namespace brood
