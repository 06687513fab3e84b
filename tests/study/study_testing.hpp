// SPDX-License-Identifier: Apache-2.0
// What the tests of the study floor share: small studies that use many features at once, and
// equality to the last bit (NaN equals NaN of the same bits).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "brood/brood.hpp"
#include "support/fixtures.hpp"

namespace brood::study_testing {

using Widths = std::vector<std::int64_t>;

// ---- the same bits

inline bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}
inline bool same_bits(std::vector<float> const& a, std::vector<float> const& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}
inline bool same_bits(Evaluation const& a, Evaluation const& b) {
  return a.step == b.step && a.epoch == b.epoch && same_bits(a.train_loss, b.train_loss) &&
         same_bits(a.loss, b.loss) && same_bits(a.weight, b.weight) &&
         same_bits(a.correct, b.correct) && same_bits(a.squared_error, b.squared_error) &&
         same_bits(a.absolute_error, b.absolute_error);
}
inline bool same_bits(CurvePoint const& a, CurvePoint const& b) {
  return a.trial == b.trial && a.fold == b.fold && a.repeat == b.repeat && a.epoch == b.epoch &&
         same_bits(a.train_loss, b.train_loss) && same_bits(a.valid_loss, b.valid_loss) &&
         same_bits(a.valid_metric, b.valid_metric);
}
inline bool same_bits(std::vector<double> const& a, std::vector<double> const& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](double x, double y) { return same_bits(x, y); });
}
inline bool same_bits(TrialResult const& a, TrialResult const& b) {
  return a.id == b.id && a.state == b.state && a.epochs == b.epochs &&
         same_bits(a.score, b.score) && a.config == b.config &&
         same_bits(a.standard_error, b.standard_error) && same_bits(a.fold_scores, b.fold_scores) &&
         a.rank == b.rank && a.bracket == b.bracket && a.parameters == b.parameters &&
         a.seed == b.seed;
}
inline bool same_bits(LayerWeights const& a, LayerWeights const& b) {
  return a.inputs == b.inputs && a.outputs == b.outputs && same_bits(a.weights, b.weights) &&
         same_bits(a.bias, b.bias);
}
template <class T>
bool same_bits(std::vector<T> const& a, std::vector<T> const& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same_bits(a[i], b[i])) return false;
  }
  return true;
}

inline void expect_same(MemberImage const& a, MemberImage const& b) {
  EXPECT_EQ(a.seed, b.seed);
  EXPECT_EQ(name_of(a.metrics.state), name_of(b.metrics.state));
  EXPECT_EQ(a.metrics.step, b.metrics.step);
  EXPECT_EQ(a.metrics.epoch, b.metrics.epoch);
  EXPECT_EQ(a.metrics.best, b.metrics.best);
  EXPECT_TRUE(same_bits(a.metrics.history, b.metrics.history)) << "history";
  EXPECT_TRUE(same_bits(a.loss_sum, b.loss_sum)) << a.loss_sum << ", " << b.loss_sum;
  EXPECT_TRUE(same_bits(a.loss_weight, b.loss_weight));
  EXPECT_EQ(a.evaluations_since_best, b.evaluations_since_best);
  EXPECT_TRUE(same_bits(a.weights, b.weights)) << "weights";
  EXPECT_TRUE(same_bits(a.moments, b.moments)) << "moments";
  EXPECT_TRUE(same_bits(a.average, b.average)) << "average";
  EXPECT_TRUE(same_bits(a.best, b.best)) << "best weights";
}

// All of two results but the test score and the seconds.
inline void expect_same_but_test(Result const& a, Result const& b) {
  EXPECT_TRUE(same_bits(a.trials, b.trials)) << "trials";
  EXPECT_TRUE(same_bits(a.curves, b.curves)) << "curves";
  EXPECT_EQ(a.leaderboard, b.leaderboard);
  EXPECT_EQ(a.best, b.best);
  EXPECT_EQ(a.metric, b.metric);
  EXPECT_EQ(a.maximize, b.maximize);
  EXPECT_TRUE(same_bits(a.valid, b.valid)) << a.valid << ", " << b.valid;
  EXPECT_EQ(a.member_epochs, b.member_epochs);
  EXPECT_EQ(a.refit_epochs, b.refit_epochs);
  EXPECT_EQ(a.refit_diverged, b.refit_diverged);
  EXPECT_EQ(a.stopped_early, b.stopped_early);
  EXPECT_EQ(a.model.task, b.model.task);
  EXPECT_EQ(a.model.outputs, b.model.outputs);
  EXPECT_EQ(a.model.config, b.model.config);
  EXPECT_TRUE(same_bits(a.model.transform.shift, b.model.transform.shift)) << "shift";
  EXPECT_TRUE(same_bits(a.model.transform.scale, b.model.transform.scale)) << "scale";
  EXPECT_EQ(a.model.transform.source, b.model.transform.source);
  EXPECT_EQ(a.model.transform.shape, b.model.transform.shape);
  EXPECT_TRUE(same_bits(a.model.transform.offset, b.model.transform.offset)) << "offset";
  EXPECT_TRUE(same_bits(a.model.transform.gain, b.model.transform.gain)) << "gain";
  EXPECT_TRUE(same_bits(a.model.transform.target_shift, b.model.transform.target_shift));
  EXPECT_TRUE(same_bits(a.model.transform.target_scale, b.model.transform.target_scale));
  EXPECT_TRUE(same_bits(a.model.layers, b.model.layers)) << "model weights";
}
inline void expect_same(Result const& a, Result const& b) {
  expect_same_but_test(a, b);
  EXPECT_TRUE(same_bits(a.test, b.test)) << a.test << ", " << b.test;
}

// ---- studies

// Members unlike each other in shape, cost, bytes and features.
inline SearchSpace varied_space() {
  SearchSpace space;
  space.log_uniform("lr", 1e-3, 1e-1)
      .choice("hidden", {Widths{}, Widths{8}, Widths{20, 12}})
      .choice("activation", {"relu", "tanh", "gelu"})
      .choice("optimizer", {"adam", "momentum", "sgd"})
      .choice("ema", {0.0, 0.9})
      .choice("lr_schedule", {"constant", "cosine", "one_cycle"})
      .integer("batch_size", 8, 40)
      .uniform("dropout", 0, 0.3);
  return space;
}

// Trials that make other inputs of numbers.
inline Study with_numbers(Study study) {
  study.space.choice("scaling", {"standard", "robust"})
      .choice("pieces", {0, 5, 16})
      .integer("periodic", 0, 4)
      .log_uniform("periodic_sigma", 0.1, 10);
  return study;
}

inline Study varied_study(Validation validation = Folds{.folds = 3, .repeats = 2, .test = 0.2}) {
  Study study{.space = varied_space(),
              .scheduler = SuccessiveHalving{.eta = 3, .min_epochs = 1, .max_epochs = 9},
              .validation = validation,
              .trials = 10,
              .seed = 11};
  return study;
}

inline fixtures::OwnedTable small_blobs() {
  return fixtures::with_missing(fixtures::blobs(150, 5, 3), 0.05);
}

inline int epochs_of(SchedulerChoice const& scheduler) {
  return std::visit([](auto const& each) { return each.max_epochs; }, scheduler);
}

// The member that a study trains for a trial on one of its splits, made from the documented
// functions alone.
inline MemberSpec member_of(Study const& study, Data const& data, Config config, int trial,
                            Split const& split) {
  config.set("epochs", std::int64_t{epochs_of(study.scheduler)});
  auto const transform = std::make_shared<Transform const>(fit_transform(
      data.table(), *split.train, numbers_of(config), study.seed, target_scaling_of(config)));
  return {.config = std::move(config),
          .seed = member_seed(study.seed, static_cast<std::uint32_t>(trial),
                              static_cast<std::uint32_t>(split.repeat)),
          .table = data.id(),
          .train_rows = split.train,
          .eval_rows = split.valid,
          .transform = transform};
}

inline TrialResult const& trial_of(Result const& result, int id) {
  for (auto const& trial : result.trials) {
    if (trial.id == id) return trial;
  }
  throw UsageError("no trial " + std::to_string(id));
}

// The part of the curves that belongs to one member, in order of epochs.
inline std::vector<CurvePoint> curve_of(Result const& result, int trial, Split const& split) {
  std::vector<CurvePoint> points;
  for (auto const& point : result.curves) {
    if (point.trial == trial && point.fold == split.fold && point.repeat == split.repeat)
      points.push_back(point);
  }
  return points;
}

// Whether a member recorded just these points.
inline void expect_recorded(std::vector<CurvePoint> const& points, MemberMetrics const& metrics) {
  ASSERT_EQ(points.size(), metrics.history.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    Evaluation const& e = metrics.history[i];
    EXPECT_EQ(points[i].epoch, e.epoch);
    EXPECT_TRUE(same_bits(points[i].train_loss, e.train_loss)) << "epoch " << e.epoch;
    EXPECT_TRUE(same_bits(points[i].valid_loss, e.loss)) << "epoch " << e.epoch;
  }
}

// The weights of a trial's members, each trained alone to where the trial got in a study that
// ended. Checks that they record what they did there.
inline std::vector<std::vector<LayerWeights>> alone(Engine& engine, Study const& study,
                                                    Data const& data, Result const& result,
                                                    int trial) {
  Population population(engine);
  TrialResult const& own = trial_of(result, trial);
  std::vector<std::vector<LayerWeights>> weights;
  for (auto const& split : make_splits(data.table(), study.validation, study.seed).splits) {
    auto const ids = population.admit({member_of(study, data, own.config, trial, split)}, data);
    population.train(ids, own.epochs);
    expect_recorded(curve_of(result, trial, split), population.metrics(ids).front());
    weights.push_back(population.weights(ids).front());
  }
  return weights;
}

}  // namespace brood::study_testing
