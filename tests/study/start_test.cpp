// SPDX-License-Identifier: Apache-2.0
// Studies whose trials start from a trained network: its shape, weights and transform are taken
// over, and what is promised of members and states holds as ever.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "brood/population.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

// Everything that the shape leaves free.
Study fine_tuning(Start start, Validation validation = Folds{.folds = 2, .repeats = 2}) {
  Study study = varied_study(validation);
  SearchSpace space;
  for (auto const& parameter : study.space.parameters()) {
    if (parameter.name != "hidden" && parameter.name != "activation") space.add(parameter);
  }
  study.space = std::move(space);
  study.start = std::move(start);
  study.seed = 5;
  return study;
}

class StartTest : public testing::Test {
 protected:
  StartTest() : engine_({.device = "cpu", .threads = 2}) {}

  // A network that was trained on other rows.
  std::shared_ptr<Model const> trained(OwnedTable const& table) {
    Study study = varied_study(Holdout{});
    study.space = {};
    study.space.constant("hidden", Widths{9, 6})
        .constant("activation", "tanh")
        .log_uniform("lr", 1e-3, 1e-1);
    return std::make_shared<Model const>(tune(engine_, engine_.load(table.table()), study).model);
  }

  std::vector<std::string> problems_of(Study const& study, OwnedTable const& table) {
    try {
      plan(engine_, engine_.load(table.table()), study);
    } catch (UsageError const& error) {
      return error.problems();
    }
    return {};
  }

  Engine engine_;
};

TEST_F(StartTest, TrialsHaveTheShapeAndTheTransformOfTheNetwork) {
  auto const model = trained(blobs(150, 5, 3, 8));
  auto const table = small_blobs();
  Result const result = tune(engine_, engine_.load(table.table()), fine_tuning({model}));
  for (auto const& trial : result.trials) {
    EXPECT_EQ(*trial.config.find("hidden"), Value(Widths{9, 6}));
    EXPECT_EQ(*trial.config.find("activation"), Value("tanh"));
  }
  EXPECT_EQ(result.model.transform.shift, model->transform.shift);
  EXPECT_EQ(result.model.transform.scale, model->transform.scale);
  EXPECT_FALSE(same_bits(result.model.layers, model->layers));
}

TEST_F(StartTest, InputsAreMadeOfNumbersAsTheNetworksWere) {
  Study study = varied_study(Holdout{});
  study.space = {};
  study.space.constant("hidden", Widths{9, 6})
      .constant("scaling", "robust")
      .constant("pieces", 5)
      .constant("periodic", 2)
      .constant("periodic_sigma", 0.5)
      .log_uniform("lr", 1e-3, 1e-1);
  auto const table = blobs(150, 5, 3, 8);
  auto const model =
      std::make_shared<Model const>(tune(engine_, engine_.load(table.table()), study).model);
  ASSERT_FALSE(model->transform.is_plain());
  Result const result = tune(engine_, engine_.load(small_blobs().table()), fine_tuning({model}));
  EXPECT_EQ(result.model.transform.source, model->transform.source);
  EXPECT_EQ(result.model.transform.scale, model->transform.scale);
  EXPECT_EQ(result.model.transform.offset, model->transform.offset);
  for (auto const& trial : result.trials) {
    EXPECT_EQ(numbers_of(trial.config), (Numbers{Scaling::robust, 5, 2, 0.5}));
  }
  Study other = fine_tuning({model});
  other.space.integer("pieces", 0, 8).choice("scaling", {"robust"});
  EXPECT_EQ(problems_of(other, small_blobs()),
            std::vector<std::string>{
                "pieces: 0 contradicts start, whose network has 5; leave pieces out"});
}

TEST_F(StartTest, EveryMemberIsWhatItIsAloneFromThoseWeights) {
  auto const model = trained(blobs(150, 5, 3, 8));
  auto const table = small_blobs();
  Data const data = engine_.load(table.table());
  Study study = fine_tuning({model});
  study.ensemble = 1;  // so that no member is let go
  StudyRun run(engine_, data, study);
  while (run.advance()) {
  }
  Result const result = run.found();
  auto const splits = make_splits(data.table(), study.validation, study.seed).splits;
  auto const residents = run.state().residents;
  ASSERT_EQ(residents.size(), 10u * 4u);
  for (auto const& resident : residents) {
    SCOPED_TRACE("trial " + std::to_string(resident.trial));
    TrialResult const& trial = trial_of(result, resident.trial);
    MemberSpec spec = member_of(study, data, trial.config, resident.trial,
                                splits[static_cast<std::size_t>(resident.split)]);
    spec.start = std::make_shared<std::vector<LayerWeights> const>(model->layers);
    spec.transform = std::make_shared<Transform const>(model->transform);
    Population population(engine_);
    auto const ids = population.admit({spec}, data);
    population.train(ids, 1);
    population.train(ids, trial.epochs);
    expect_same(resident.image, population.save(ids).front());
  }
}

TEST_F(StartTest, ThreadsMemoryAndStatesChangeNothing) {
  auto const model = trained(blobs(150, 5, 3, 8));
  auto const table = small_blobs();
  Study const study = fine_tuning({model});
  Result const whole = tune(engine_, engine_.load(table.table()), study);
  std::int64_t const largest = plan(engine_, engine_.load(table.table()), study).bytes_per_member;
  Engine narrow({.device = "cpu", .threads = 3, .memory_limit = 2 * largest});
  expect_same(tune(narrow, narrow.load(table.table()), study), whole);

  Data const data = engine_.load(table.table());
  StudyRun first(engine_, data, study);
  first.advance();
  StudyState const state = load_state(save(first.state()));
  StudyRun second(engine_, data, study, &state);
  while (second.advance()) {
  }
  expect_same(second.finish(), whole);
  auto other = *model;
  other.layers[0].weights[0] += 1;
  Study const elsewhere = fine_tuning({std::make_shared<Model const>(other)});
  EXPECT_THROW(StudyRun(engine_, data, elsewhere, &state), UsageError);
}

TEST_F(StartTest, ALayerWithoutALearningRateStaysAsItWas) {
  auto const model = trained(blobs(150, 5, 3, 8));
  auto const table = small_blobs();
  Study study = fine_tuning({model});
  study.space.constant("layer_lr", std::vector<double>{0, 0, 1}).constant("weight_decay", 0.1);
  Result const result = tune(engine_, engine_.load(table.table()), study);
  for (std::size_t l = 0; l < 2; ++l)
    EXPECT_TRUE(same_bits(result.model.layers[l], model->layers[l])) << l;
  EXPECT_FALSE(same_bits(result.model.layers[2], model->layers[2]));
}

// Four classes in place of three: the last layer is drawn as it would be without a start.
TEST_F(StartTest, AFreshOutputIsDrawn) {
  auto const model = trained(blobs(150, 5, 3, 8));
  auto const table = blobs(150, 5, 4, 9);
  Data const data = engine_.load(table.table());
  Study study = fine_tuning({model, true}, Holdout{});
  study.scheduler = NoEarlyTermination{1};
  study.trials = 1;
  study.refit = Refit::no;
  study.space.constant("layer_lr", std::vector<double>{0, 0, 0}).constant("ema", 0.0);
  Result const result = tune(engine_, data, study);
  MemberSpec drawn =
      member_of(study, data, result.trials.front().config, 0,
                make_splits(data.table(), study.validation, study.seed).splits.front());
  Population population(engine_);
  auto const ids = population.admit({drawn}, data);
  auto expected = model->layers;
  expected.back() = population.weights(ids).front().back();
  EXPECT_TRUE(same_bits(result.model.layers, expected));
}

// The values that the network was trained for stay in its units; a fresh output has its own.
TEST_F(StartTest, TargetsAreStandardisedAsTheOutputIs) {
  auto const model = trained(regression(150, 4, 1, 8));
  auto const table = regression(150, 4, 1, 9);
  Data const data = engine_.load(table.table());
  Result const kept = tune(engine_, data, fine_tuning({model}));
  EXPECT_EQ(kept.model.transform.target_shift, model->transform.target_shift);
  EXPECT_EQ(kept.model.transform.target_scale, model->transform.target_scale);
  Study const study = fine_tuning({model, true});
  Result const fresh = tune(engine_, data, study);
  auto const development = make_splits(data.table(), study.validation, study.seed).development;
  Transform const fitted = fit_transform(data.table(), *development);
  EXPECT_EQ(fresh.model.transform.target_shift, fitted.target_shift);
  EXPECT_EQ(fresh.model.transform.shift, model->transform.shift);
}

// On the same data, an epoch from a trained network is better than an epoch from drawn weights.
TEST_F(StartTest, GoesOnFromWhatWasLearned) {
  auto const table = blobs(300, 5, 3, 8);
  auto const model = trained(table);
  Study study = fine_tuning({model}, Holdout{});
  study.metric.name = "log_loss";
  study.scheduler = NoEarlyTermination{1};
  study.space.constant("lr", 1e-3);
  Data const data = engine_.load(table.table());
  Result const started = tune(engine_, data, study);
  study.start = {};
  study.space.constant("hidden", Widths{9, 6}).constant("activation", "tanh");
  Result const drawn = tune(engine_, data, study);
  EXPECT_LT(started.valid, 0.5 * drawn.valid);
}

TEST_F(StartTest, WhatContradictsTheNetworkIsRefused) {
  auto const model = trained(blobs(150, 5, 3, 8));
  Study study = fine_tuning({model});
  study.space.choice("hidden", {Widths{9, 6}, Widths{9}}).choice("activation", {"relu", "tanh"});
  EXPECT_EQ(problems_of(study, small_blobs()),
            (std::vector<std::string>{
                "hidden: [9] contradicts start, whose network has [9, 6]; leave hidden out",
                "activation: relu contradicts start, whose network has tanh; leave activation "
                "out"}));
  EXPECT_EQ(problems_of(fine_tuning({model}), blobs(150, 4, 3)),
            std::vector<std::string>{"start: the network takes 5 inputs; the data has 4"});
  EXPECT_EQ(problems_of(fine_tuning({model}), blobs(150, 5, 4)).front(),
            "start: the network is for classification of 3 outputs, the data for classification "
            "of 4; set fresh_output, and the last layer is drawn anew");
  auto broken = *model;
  broken.layers.erase(broken.layers.begin());
  EXPECT_NE(problems_of(fine_tuning({std::make_shared<Model const>(broken)}), small_blobs()),
            std::vector<std::string>{});
  broken = *model;
  broken.layers[1].bias.pop_back();
  EXPECT_EQ(
      problems_of(fine_tuning({std::make_shared<Model const>(broken)}), small_blobs()).front(),
      "start: the network's layers do not follow each other, or hold numbers that are not "
      "finite");
}

// What a network of heads has learned of signed inputs, another reads by the same signs.
TEST_F(StartTest, ANetworkOfHeadsGoesOnWithThem) {
  auto const table = blobs(150, 5, 3, 8);
  Study first = varied_study(Holdout{});
  first.space = {};
  first.space.constant("hidden", Widths{9, 6}).constant("heads", 4);
  auto const model =
      std::make_shared<Model const>(tune(engine_, engine_.load(table.table()), first).model);
  EXPECT_EQ(model->layers.back().outputs, 12);
  Study study = varied_study(Holdout{});
  study.start = {model};
  study.space = {};
  study.space.constant("lr", 1e-12);
  Result const result = tune(engine_, engine_.load(table.table()), study);
  EXPECT_EQ(*result.model.config.find("heads"), Value(std::int64_t{4}));
  Matrix const x{table.x.data(), table.rows, table.inputs};
  auto const before = model->predict(x), after = result.model.predict(x);
  for (std::size_t i = 0; i < before.size(); ++i)
    ASSERT_NEAR(after[i], before[i], 1e-5) << i;
  Study other = fine_tuning({model});
  other.space.constant("heads", 2);
  EXPECT_EQ(
      problems_of(other, table),
      std::vector<std::string>{"heads: 2 contradicts start, whose network has 4; leave heads out"});
}

// Two classes under bce share an output.
TEST_F(StartTest, ALossOfOtherOutputsIsRefused) {
  auto const table = blobs(150, 5, 2, 8);
  auto const model = trained(table);
  Study study = fine_tuning({model});
  study.space.constant("loss", "bce");
  EXPECT_EQ(problems_of(study, table),
            std::vector<std::string>{
                "loss: bce needs 1 outputs; the network of start has 2: leave loss out"});
  study.start.fresh_output = true;
  EXPECT_EQ(problems_of(study, table), std::vector<std::string>{});
}

TEST_F(StartTest, LossesOfValuesAndOfTheirLogarithmsDoNotGoOnAsEachOther) {
  auto table = regression(150, 5);
  for (float& y : table.y)
    y = std::max(y, 0.0f);
  Study first{.scheduler = NoEarlyTermination{3}, .validation = Holdout{}, .trials = 1};
  first.space.constant("loss", "tweedie").constant("tweedie_power", 1.2);
  auto const model =
      std::make_shared<Model const>(tune(engine_, engine_.load(table.table()), first).model);
  Study second = first;
  second.space = {};
  second.start = {model};
  Result const result = tune(engine_, engine_.load(table.table()), second);
  EXPECT_EQ(*result.model.config.find("loss"), Value("tweedie"));
  EXPECT_EQ(*result.model.config.find("tweedie_power"), Value(1.2));
  EXPECT_EQ(result.model.transform.target_scale, model->transform.target_scale);

  second.space.constant("loss", "poisson");
  EXPECT_EQ(problems_of(second, table), std::vector<std::string>{});
  second.space = {};
  second.space.constant("loss", "huber");
  EXPECT_EQ(problems_of(second, table),
            std::vector<std::string>{"loss: huber is of values, and the network of start puts out "
                                     "their logarithms: leave loss out, or set fresh_output"});
  second.start.fresh_output = true;
  EXPECT_EQ(problems_of(second, table), std::vector<std::string>{});
}

}  // namespace
}  // namespace brood
