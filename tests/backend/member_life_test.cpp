// SPDX-License-Identifier: Apache-2.0
// What becomes of a member: evaluations and when they happen, patience, completion, divergence.
#include <gtest/gtest.h>

#include <cmath>

#include "cases.hpp"
#include "same.hpp"

namespace brood {
namespace {

MemberCase learner() {
  MemberCase c{"learner", fixtures::blobs(120, 6, 3), {}};
  c.config = {
      {"hidden", Wholes{12}}, {"batch_size", Whole{16}}, {"epochs", Whole{12}}, {"lr", 0.01}};
  c.held_out = 40;
  return c;
}

MemberMetrics metrics_after(MemberCase const& c, int until, int every) {
  Residents residents({c});
  residents.train(until, every);
  return residents.backend().metrics(residents.slots())[0];
}

std::vector<int> epochs_of(MemberMetrics const& metrics) {
  std::vector<int> epochs;
  for (auto const& evaluation : metrics.history)
    epochs.push_back(evaluation.epoch);
  return epochs;
}

TEST(MemberLife, EvaluatesEverySoManyEpochsAndAtTheEndOfACall) {
  EXPECT_EQ(epochs_of(metrics_after(learner(), 4, 1)), (std::vector{1, 2, 3, 4}));
  EXPECT_EQ(epochs_of(metrics_after(learner(), 5, 2)), (std::vector{2, 4, 5}));
  EXPECT_EQ(epochs_of(metrics_after(learner(), 5, 0)), (std::vector{5}));
  EXPECT_EQ(epochs_of(metrics_after(learner(), 3, 10)), (std::vector{3}));
}

TEST(MemberLife, CountsStepsAndEpochs) {
  auto const m = metrics_after(learner(), 5, 1);  // 80 rows: 5 steps an epoch
  EXPECT_EQ(m.epoch, 5);
  EXPECT_EQ(m.step, 25);
  EXPECT_EQ(m.history.back().step, 25);
  EXPECT_EQ(m.state, MemberState::training);
}

TEST(MemberLife, IsCompleteAfterItsEpochsAndTrainsNoFurther) {
  Residents residents({learner()});
  residents.train(1000);
  auto const before = residents.save()[0];
  EXPECT_EQ(before.metrics.state, MemberState::complete);
  EXPECT_EQ(before.metrics.epoch, 12);
  residents.train(2000);
  expect_same(before, residents.save()[0], "trained on");
}

TEST(MemberLife, TrainingToAnEarlierEpochDoesNothing) {
  Residents residents({learner()});
  residents.train(3);
  auto const before = residents.save()[0];
  residents.train(2);
  residents.train(0);
  expect_same(before, residents.save()[0], "trained backwards");
}

TEST(MemberLife, BestIsTheEvaluationWithTheLowestLoss) {
  auto const m = metrics_after(learner(), 12, 1);
  for (auto const& evaluation : m.history)
    EXPECT_GE(evaluation.loss, m.history[static_cast<std::size_t>(m.best)].loss);
}

TEST(MemberLife, WithoutEvaluationRowsOnlyTheTrainingLossIsKnown) {
  MemberCase c = learner();
  Engine engine(Residents::one());
  Data const data = engine.load(c.data.table());
  auto spec = c.spec(data, c.train_rows());
  auto empty = spec;
  spec.eval_rows = nullptr;
  empty.eval_rows = std::make_shared<std::vector<std::int32_t> const>();
  auto const slots = engine.backend().admit(std::vector{spec, empty});
  engine.backend().train(std::vector{TrainOrder{slots[0], 3, 1}, TrainOrder{slots[1], 3, 1}});
  for (auto const& m : engine.backend().metrics(slots)) {
    ASSERT_EQ(m.history.size(), 3u);
    EXPECT_TRUE(std::isfinite(m.history[2].train_loss));
    EXPECT_TRUE(std::isnan(m.history[2].loss));
    EXPECT_EQ(m.history[2].weight, 0);
    EXPECT_EQ(m.best, -1);
  }
}

TEST(MemberLife, LearnsWhatCanBeLearned) {
  auto const m = metrics_after(learner(), 12, 1);
  EXPECT_LT(m.history.back().loss, 0.5 * m.history.front().loss);
  EXPECT_GT(m.history.back().correct, 0.8 * m.history.back().weight);
}

// A rate so small that no weight moves: every evaluation is like the first.
MemberCase standing_still(int patience) {
  auto c = learner();
  c.config.set("lr", 1e-30);
  c.config.set("optimizer", text("sgd"));
  c.config.set("patience", Whole{patience});
  return c;
}

TEST(MemberLife, PatienceCountsEvaluationsThatAreNotBetter) {
  for (int const patience : {1, 3}) {
    auto const m = metrics_after(standing_still(patience), 12, 1);
    EXPECT_EQ(m.state, MemberState::stopped);
    EXPECT_EQ(m.epoch, 1 + patience);
    EXPECT_EQ(m.best, 0);
  }
}

TEST(MemberLife, PatienceCountsEvaluationsNotEpochs) {
  auto const m = metrics_after(standing_still(2), 12, 3);
  EXPECT_EQ(m.state, MemberState::stopped);
  EXPECT_EQ(epochs_of(m), (std::vector{3, 6, 9}));
}

TEST(MemberLife, AStoppedMemberTrainsNoFurther) {
  Residents residents({standing_still(2)});
  residents.train(12);
  auto const before = residents.save()[0];
  residents.train(12);
  expect_same(before, residents.save()[0], "stopped");
}

TEST(MemberLife, MinDeltaAsksForThatMuchLess) {
  auto c = learner();
  c.config.set("patience", Whole{2});
  EXPECT_NE(metrics_after(c, 12, 1).state, MemberState::stopped);
  c.config.set("min_delta", 100.0);
  auto const m = metrics_after(c, 12, 1);
  EXPECT_EQ(m.state, MemberState::stopped);
  EXPECT_EQ(m.epoch, 3);  // the first evaluation is a best one, the next two are not
  EXPECT_EQ(m.best, 0);
}

// In the order of a MemberImage.
std::vector<float> dense(std::vector<LayerWeights> const& layers) {
  std::vector<float> result;
  for (auto const& layer : layers) {
    EXPECT_EQ(layer.weights.size(), static_cast<std::size_t>(layer.inputs * layer.outputs));
    result.insert(result.end(), layer.weights.begin(), layer.weights.end());
    result.insert(result.end(), layer.bias.begin(), layer.bias.end());
  }
  return result;
}

// Overfits at once: a large rate, noisy labels; the loss falls and rises again.
MemberCase overfitting(std::string const& average) {
  auto c = learner();
  fixtures::Uniform draw(9);
  for (float& y : c.data.y) {
    if (draw(0, 1) < 0.3f) y = static_cast<float>(draw.below(3));
  }
  c.config = {{"hidden", Wholes{64}},
              {"batch_size", Whole{8}},
              {"epochs", Whole{60}},
              {"lr", 0.03},
              {"patience", Whole{5}}};
  if (!average.empty()) c.config.set("ema", 0.5);
  return c;
}

TEST(MemberLife, PatienceKeepsTheBestWeightsAndPredictsWithThem) {
  for (std::string const average : {"", "ema"}) {
    auto const c = overfitting(average);
    Residents residents({c});
    residents.train(60);
    auto const image = residents.save()[0];
    auto const& m = image.metrics;
    ASSERT_EQ(m.state, MemberState::stopped);
    ASSERT_EQ(m.best, static_cast<int>(m.history.size()) - 6);
    EXPECT_NE(image.best, image.weights);

    // The best weights score what the best evaluation said.
    auto const best = oracle::network_from<oracle::Bounded>(c.widths(), image.best);
    auto const score = oracle::evaluate(c.settings(), c.samples(), best, ints(c.eval_rows()));
    Evaluation const& evaluation = m.history[static_cast<std::size_t>(m.best)];
    EXPECT_NEAR(evaluation.loss, score.loss.value, score.loss.error);
    EXPECT_LT(evaluation.loss, m.history.back().loss);

    // weights() and forward() speak of them.
    EXPECT_EQ(dense(residents.backend().weights(residents.slots())[0]), image.best);
    auto const rows = *c.eval_rows();
    std::vector<float> out(rows.size() * 3);
    residents.backend().forward(residents.slots(), rows, out);
    auto const expected = oracle::predict(c.settings(), c.samples(), best, rows[0]);
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_NEAR(out[k], expected[k].value, expected[k].error);
  }
}

TEST(MemberLife, WeightsAreTheAverageIfThereIsOne) {
  auto const c = with(learner(), "ema", 0.9);
  Residents residents({c});
  residents.train(2);
  auto const image = residents.save()[0];
  EXPECT_EQ(dense(residents.backend().weights(residents.slots())[0]), image.average);
  EXPECT_NE(image.average, image.weights);
}

MemberCase diverging() {
  MemberCase c{"diverging", fixtures::regression(60, 5), {}};
  c.config = {{"optimizer", text("sgd")},
              {"lr", 1e10},
              {"activation", text("identity")},
              {"batch_size", Whole{8}},
              {"epochs", Whole{20}}};
  return c;
}

TEST(MemberLife, ADivergedMemberSaysSoAndStops) {
  Residents residents({diverging()});
  residents.train(20);
  auto const before = residents.save()[0];
  EXPECT_EQ(before.metrics.state, MemberState::diverged);
  EXPECT_LT(before.metrics.step, 20 * 5);
  residents.train(20);
  expect_same(before, residents.save()[0], "diverged");
}

// Every activation must let a NaN through, or a diverged member would go unnoticed.
TEST(MemberLife, DivergenceShowsThroughEveryActivation) {
  std::vector<MemberCase> cases;
  for (auto const& smooth : smooth_cases()) {
    if (smooth.name.rfind("activation_", 0) == 0) cases.push_back(smooth);
  }
  Residents residents(cases);
  auto images = residents.save();
  for (auto& image : images)
    image.weights[0] = std::nanf("");
  residents.backend().restore(residents.slots(), images);
  residents.train(1);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(residents.backend().metrics(residents.slots())[i].state, MemberState::diverged)
        << cases[i].name;
  }
}

// The loss is finite in the last step, but the update after it is not: nothing else would tell of a
// member without evaluation rows.
TEST(MemberLife, WeightsThatOverflowInTheLastStepAreDivergence) {
  MemberCase c = learner();
  c.config.set("optimizer", "sgd");
  c.config.set("epochs", Whole{1});
  c.config.set("batch_size", Whole{120});  // one step
  c.held_out = 0;
  Residents residents({c});
  auto image = residents.save();
  image[0].weights[0] = 1e30f;  // finite in the loss, but not after a step of 1e10 * 1e30
  c.config.set("lr", 1e10);
  c.config.set("l2", 1.0);
  Residents penalized({c});
  penalized.backend().restore(penalized.slots(), image);
  penalized.train(1);
  auto const metrics = penalized.backend().metrics(penalized.slots())[0];
  ASSERT_EQ(metrics.history.size(), 1u);
  EXPECT_TRUE(std::isfinite(metrics.history.back().train_loss));
  EXPECT_EQ(metrics.state, MemberState::diverged);
}

// Finite training losses, but an evaluation row beyond all measure.
TEST(MemberLife, ALossThatIsNotFiniteInEvaluationIsDivergenceToo) {
  auto c = learner();
  c.data = fixtures::regression(60, 5);
  auto const eval = *c.eval_rows();
  c.data.y[static_cast<std::size_t>(eval[0])] = 3e38f;
  auto const m = metrics_after(c, 3, 1);
  EXPECT_EQ(m.state, MemberState::diverged);
  EXPECT_EQ(m.epoch, 1);
}

TEST(MemberLife, SameSeedStartsFromTheSameWeightsWhateverElseDiffers) {
  auto const a = learner();
  auto b = with(a, "lr", 0.5);
  b = with(b, "dropout", 0.5);
  auto c = a;
  c.seed += 1;
  Residents residents({a, b, c});
  auto const images = residents.save();
  EXPECT_EQ(images[0].weights, images[1].weights);
  EXPECT_NE(images[0].weights, images[2].weights);
}

}  // namespace
}  // namespace brood
