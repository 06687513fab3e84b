// SPDX-License-Identifier: Apache-2.0
// Whole studies on the emulated device: rungs, refit and prediction, in one population and in
// waves.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "backend/under_test.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

Study small_study(Validation validation) {
  Study study{.scheduler = SuccessiveHalving{.eta = 2, .min_epochs = 1, .max_epochs = 4},
              .validation = validation,
              .trials = 6,
              .seed = 3};
  study.space.log_uniform("lr", 1e-3, 1e-1)
      .choice("hidden", {Widths{}, Widths{8}, Widths{12, 5}})
      .choice("optimizer", {"adam", "momentum"})
      .choice("ema", {0.0, 0.9})
      .integer("batch_size", 8, 40)
      .uniform("dropout", 0, 0.3);
  return study;
}

struct Outcome {
  Result result;
  std::vector<Rung> rungs;  // as they were reported
  int waves = 0;            // of the first
  std::vector<float> predictions;
};

Outcome run(EngineOptions const& options, OwnedTable const& table, Study study) {
  Engine engine(options);
  Outcome outcome;
  study.on_rung = [&](Progress const& p) {
    if (p.rung == 0) outcome.waves = p.waves;
    outcome.rungs.push_back({p.trials, p.epoch});
    return Go::on;
  };
  outcome.result = tune(engine, engine.load(table.table()), study);
  outcome.predictions = outcome.result.model.predict(table.table().x);
  return outcome;
}

OwnedTable table() {
  return with_missing(blobs(110, 5, 3), 0.05);
}

std::int64_t largest_member(Study const& study) {
  Engine engine(backend_under_test());
  auto const owned = table();
  return plan(engine, engine.load(owned.table()), study).bytes_per_member;
}

class EmulatedStudy : public testing::TestWithParam<bool> {
 protected:
  Study study =
      small_study(GetParam() ? Validation(Folds{.folds = 2, .repeats = 2}) : Validation(Holdout{}));
};

// The device's fp32 and the CPU's round differently, so scores part; how far, cpu_agreement_test
// says for losses: 1e-3 after an epoch, taken, not derived. Here it is four times as much for four
// epochs. To be compared trial by trial they must not decide: all train to the end.
TEST_P(EmulatedStudy, AgreesWithTheCpu) {
  study.scheduler = NoEarlyTermination{4};
  study.metric.name = "log_loss";
  Outcome const device = run(backend_under_test(), table(), study);
  Outcome const cpu = run({.device = "cpu", .threads = 1}, table(), study);
  constexpr double kTolerance = 4e-3;
  ASSERT_EQ(device.result.trials.size(), cpu.result.trials.size());
  for (std::size_t i = 0; i < cpu.result.trials.size(); ++i) {
    TrialResult const &a = device.result.trials[i], &b = cpu.result.trials[i];
    EXPECT_EQ(a.config, b.config);
    EXPECT_EQ(a.epochs, b.epochs);
    EXPECT_EQ(name_of(a.state), name_of(b.state));
    EXPECT_NEAR(a.score, b.score, kTolerance * std::abs(b.score));
  }
  EXPECT_EQ(device.result.best, cpu.result.best);
  EXPECT_EQ(device.result.refit_epochs, cpu.result.refit_epochs);
  EXPECT_NEAR(device.result.test, cpu.result.test, kTolerance * std::abs(cpu.result.test));
  ASSERT_EQ(device.predictions.size(), cpu.predictions.size());
  for (std::size_t i = 0; i < cpu.predictions.size(); ++i)
    EXPECT_NEAR(device.predictions[i], cpu.predictions[i], kTolerance) << i;
}

// Who goes on may differ from the CPU's by rounding; how many, and how far, may not.
TEST_P(EmulatedStudy, TrainsTheRungsOfThePlan) {
  Outcome const device = run(backend_under_test(), table(), study);
  Outcome const cpu = run({.device = "cpu", .threads = 1}, table(), study);
  EXPECT_EQ(device.rungs, (std::vector<Rung>{{6, 1}, {3, 2}, {1, 4}}));
  EXPECT_EQ(device.rungs, cpu.rungs);
  EXPECT_EQ(device.result.member_epochs, cpu.result.member_epochs);
  EXPECT_EQ(device.result.curves.size(), cpu.result.curves.size());
  EXPECT_EQ(trial_of(device.result, device.result.best).epochs, 4);
  EXPECT_TRUE(std::isfinite(device.result.test));
}

TEST_P(EmulatedStudy, WavesChangeNoBit) {
  Outcome const whole = run(backend_under_test(), table(), study);
  EXPECT_EQ(whole.waves, 1);
  EngineOptions narrow = backend_under_test();
  narrow.memory_limit = 2 * largest_member(study);
  Outcome const waves = run(narrow, table(), study);
  EXPECT_GE(waves.waves, 2);
  expect_same(waves.result, whole.result);
  EXPECT_TRUE(same_bits(waves.predictions, whole.predictions));
}

// From the weights of a network that the CPU has trained, and with more repeats in the last rung.
TEST_P(EmulatedStudy, StartsAndRepeatsInWavesAsWithout) {
  study.space = {};
  study.space.log_uniform("lr", 1e-3, 1e-1).constant("hidden", Widths{12, 5});
  Result const former = run({.device = "cpu", .threads = 1}, table(), study).result;
  study.start.model = std::make_shared<Model const>(former.model);
  study.final_repeats = 3;
  study.metric.name = "log_loss";
  study.trials = 2;
  Outcome const whole = run(backend_under_test(), table(), study);
  EngineOptions narrow = backend_under_test();
  narrow.memory_limit = 2 * largest_member(study);
  Outcome const waves = run(narrow, table(), study);
  expect_same(waves.result, whole.result);
  Outcome const cpu = run({.device = "cpu", .threads = 1}, table(), study);
  EXPECT_EQ(whole.result.member_epochs, cpu.result.member_epochs);
  EXPECT_EQ(whole.result.model.transform.shift, former.model.transform.shift);
  // After an epoch from the same weights, by cpu_agreement_test's tolerance.
  ASSERT_EQ(whole.result.curves.size(), cpu.result.curves.size());
  for (std::size_t i = 0; i < cpu.result.curves.size(); ++i) {
    CurvePoint const &a = whole.result.curves[i], &b = cpu.result.curves[i];
    if (b.epoch > 1) continue;
    EXPECT_NEAR(a.valid_loss, b.valid_loss, 1e-3 * b.valid_loss);
  }
}

INSTANTIATE_TEST_SUITE_P(, EmulatedStudy, testing::Values(false, true), [](auto const& param) {
  return std::string(param.param ? "FoldsTimesRepeats" : "Holdout");
});

}  // namespace
}  // namespace brood
