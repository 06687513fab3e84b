// SPDX-License-Identifier: Apache-2.0
// Ensemble selection by hand-worked cases, and the ensembles of studies: of out-of-fold predictions
// that anyone can make again, and the same however the study was run.
#include "study/ensemble.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using Floats = std::vector<float>;

// Minus the squared distance of a prediction from 0.
double nearness(std::span<float const> mean) {
  double sum = 0;
  for (float const x : mean)
    sum -= static_cast<double>(x) * static_cast<double>(x);
  return sum;
}

TEST(SelectEnsemble, PicksWhatMakesTheBestMean) {
  // 1 is nearest; 1 again is as near as -3 would be, and comes first; then (1 + 1 - 3) / 3, and
  // (1 + 1 - 3 + 1) / 4 = 0.
  std::vector<Floats> const candidates = {{4}, {1}, {-3}};
  Selection const selection = select_ensemble(candidates, 8, true, nearness);
  EXPECT_EQ(selection.picks, (std::vector<int>{1, 1, 2, 1}));
  EXPECT_EQ(selection.score, 0);
}

TEST(SelectEnsemble, MinimizesWhereLowerIsBetter) {
  std::vector<Floats> const candidates = {{4}, {1}, {-3}};
  Selection const selection = select_ensemble(
      candidates, 8, false, [](std::span<float const> mean) { return -nearness(mean); });
  EXPECT_EQ(selection.picks, (std::vector<int>{1, 1, 2, 1}));
}

TEST(SelectEnsemble, TheFirstAmongEqualsIsPickedAndTheFirstBestSizeKept) {
  std::vector<Floats> const candidates = {{2}, {-1}, {1}, {-1}};
  // -1, then 1 makes 0; nothing later is better.
  EXPECT_EQ(select_ensemble(candidates, 9, true, nearness).picks, (std::vector<int>{1, 2}));
  std::vector<Floats> const same = {{1, 2}, {1, 2}};
  EXPECT_EQ(select_ensemble(same, 5, true, nearness).picks, std::vector<int>{0});
}

TEST(SelectEnsemble, ScoresThatAreNotFiniteAreNeverPicked) {
  float const nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<Floats> const candidates = {{nan}, {5}};
  EXPECT_EQ(select_ensemble(candidates, 3, true, nearness).picks, std::vector<int>{1});
  std::vector<Floats> const none = {{nan}};
  EXPECT_TRUE(select_ensemble(none, 3, true, nearness).picks.empty());
}

// -1 and 1 make 0, but together they are too large; the first pick is taken at any size.
TEST(SelectEnsemble, StaysSmallOnDisk) {
  std::vector<Floats> const candidates = {{2}, {-1}, {1}, {0.5}};
  std::vector<std::int64_t> bytes = {1, kEnsembleBytes - 10, 20, kEnsembleBytes * 2};
  EXPECT_EQ(select_ensemble(candidates, 9, true, nearness, 1, bytes).picks, (std::vector<int>{3}));
  bytes[3] = 20;
  EXPECT_EQ(select_ensemble(std::span(candidates).first(3), 9, true, nearness, 1, bytes).picks,
            (std::vector<int>{1, 0, 1}));
  bytes[2] = 10;
  EXPECT_EQ(select_ensemble(std::span(candidates).first(3), 9, true, nearness, 1, bytes).picks,
            (std::vector<int>{1, 2}));
}

TEST(SelectEnsemble, IsTheSameByAnyNumberOfThreads) {
  std::vector<Floats> candidates;
  for (int c = 0; c < 40; ++c)
    candidates.push_back({static_cast<float>((c * 37) % 41 - 20), static_cast<float>(c % 7 - 3)});
  Selection const alone = select_ensemble(candidates, 12, true, nearness);
  for (int const threads : {2, 5, 64}) {
    Selection const together = select_ensemble(candidates, 12, true, nearness, threads);
    EXPECT_EQ(together.picks, alone.picks);
    EXPECT_EQ(together.score, alone.score);
  }
  EXPECT_EQ(library_size(32, 1000), kLibrary);
  EXPECT_EQ(library_size(32, 2'000'000), 31);
  EXPECT_EQ(library_size(1000, 2'000'000'000), 5);
}

class EnsembleTest : public testing::Test {
 protected:
  Study study(Validation validation) const {
    Study study = varied_study(validation);
    study.trials = 20;
    study.metric.name = "log_loss";
    study.ensemble = 12;
    return study;
  }
  // Targets of some rows.
  Floats targets(std::vector<std::int32_t> const& rows) const {
    Floats y;
    for (auto const row : rows)
      y.push_back(table_.y[static_cast<std::size_t>(row)]);
    return y;
  }
  // The mean over folds of the score of the parts' mean prediction, each part trained by itself.
  double valid_alone(Study const& study, Result const& result) {
    double sum = 0;
    auto const splits = make_splits(data_.table(), study.validation, study.seed).splits;
    for (auto const& split : splits) {
      std::vector<double> mean(split.valid->size() * 3, 0.0);
      int count = 0;
      for (auto const& part : result.ensemble.parts) {
        TrialResult const& trial = trial_of(result, part.trial);
        Population population(engine_);
        auto const ids =
            population.admit({member_of(study, data_, trial.config, trial.id, split)}, data_);
        population.train(ids, trial.epochs);
        Floats p(mean.size());
        population.forward(ids, *split.valid, p);
        for (std::size_t i = 0; i < p.size(); ++i)
          mean[i] += part.count * static_cast<double>(p[i]);
        count += part.count;
      }
      Floats p;
      for (double const each : mean)
        p.push_back(static_cast<float>(each / count));
      sum += score(study.metric.name, data_.task(), p, targets(*split.valid),
                   static_cast<std::int64_t>(split.valid->size()));
    }
    return sum / static_cast<double>(splits.size());
  }

  // Every seventh label is wrong, lest one network be right everywhere.
  static fixtures::OwnedTable noisy_blobs() {
    fixtures::OwnedTable table = small_blobs();
    for (std::size_t row = 0; row < table.y.size(); row += 7)
      table.y[row] = static_cast<float>((static_cast<int>(table.y[row]) + 1) % 3);
    return table;
  }
  fixtures::OwnedTable table_ = noisy_blobs();
  Engine engine_{{.device = "cpu", .threads = 1}};
  Data data_ = engine_.load(table_.table());
};

TEST_F(EnsembleTest, ScoresWhatItsPartsPredictOutOfFold) {
  for (Validation const& validation :
       {Validation(Holdout{}), Validation(Folds{.folds = 3, .repeats = 2})}) {
    Study const own = study(validation);
    Result const result = tune(engine_, data_, own);
    ASSERT_GT(result.ensemble.parts.size(), 1u);
    int picks = 0;
    for (auto const& part : result.ensemble.parts)
      picks += part.count;
    EXPECT_LE(picks, 12);
    // Sums of a dozen picks in another order, rounded to fp32: a relative 2^-24 of a probability,
    // and as much absolutely of its logarithm.
    EXPECT_NEAR(result.ensemble_valid, valid_alone(own, result), 1e-6);
    // At least as good as each trial alone, for the best is the first pick.
    for (auto const& trial : result.trials)
      EXPECT_FALSE(trial.score < result.ensemble_valid) << trial.id;
  }
}

TEST_F(EnsembleTest, TheTestScoreIsOfWhatItsModelsPredict) {
  for (bool const refit : {true, false}) {
    Study own = study(Folds{.folds = 2});
    own.refit = refit ? Refit::yes : Refit::no;
    Result const result = tune(engine_, data_, own);
    EXPECT_EQ(result.ensemble_epochs > 0, refit);
    auto const test = make_splits(data_.table(), own.validation, own.seed).test;
    Floats x;
    for (auto const row : *test) {
      auto const first = table_.x.begin() + row * table_.inputs;
      x.insert(x.end(), first, first + table_.inputs);
    }
    auto const rows = static_cast<std::int64_t>(test->size());
    Floats const p = result.ensemble.predict({x.data(), rows, table_.inputs});
    // Probabilities agree to 1e-4, and their logarithms to 1e-3 above 0.1.
    EXPECT_NEAR(score("log_loss", data_.task(), p, targets(*test), rows), result.ensemble_test,
                2e-3);
    EXPECT_EQ(result.ensemble_test_metrics.size(), result.test_metrics.size());
  }
}

// Without a refit a pick is the networks of all its folds, each as it was validated.
TEST_F(EnsembleTest, WithoutRefitItIsMadeOfTheFoldsNetworks) {
  Study own = study(Folds{.folds = 3});
  own.refit = Refit::no;
  Result const result = tune(engine_, data_, own);
  auto const splits = make_splits(data_.table(), own.validation, own.seed).splits;
  auto const& parts = result.ensemble.parts;
  ASSERT_EQ(parts.size() % splits.size(), 0u);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    TrialResult const& trial = trial_of(result, parts[i].trial);
    Population population(engine_);
    auto const ids = population.admit(
        {member_of(own, data_, trial.config, trial.id, splits[i % splits.size()])}, data_);
    population.train(ids, trial.epochs);
    EXPECT_EQ(parts[i].trial, parts[i - i % splits.size()].trial);
    EXPECT_TRUE(same_bits(parts[i].model.layers, population.weights(ids).front())) << i;
  }
}

// Those of the last rung have more networks than others, and a pick of them weighs no more.
TEST_F(EnsembleTest, HoldsTheNetworksOfFinalRepeatsToo) {
  Study own = study(Folds{.folds = 2, .test = 0});
  own.refit = Refit::no;
  own.final_repeats = 3;
  int finals = 0, others = 0;
  for (own.seed = 0; own.seed < 8; ++own.seed) {
    Result const result = tune(engine_, data_, own);
    std::map<int, std::pair<int, int>> networks;  // by trial: how many, and how often each counts
    for (auto const& part : result.ensemble.parts) {
      ++networks[part.trial].first;
      networks[part.trial].second = part.count;
    }
    int weight = 0;
    for (auto const& [trial, own_networks] : networks) {
      bool const is_final = trial_of(result, trial).epochs == 9;
      EXPECT_EQ(own_networks.first, is_final ? 6 : 2);
      (is_final ? finals : others) += 1;
      weight += own_networks.first * own_networks.second;
    }
    // The score that it was picked by is that of the mean over a row's networks.
    std::vector<double> sums(150 * 3, 0.0), weights(150, 0.0);
    for (JudgedNetwork const& network : result.judged) {
      Floats x;
      for (auto const row : *network.rows) {
        auto const first = table_.x.begin() + row * table_.inputs;
        x.insert(x.end(), first, first + table_.inputs);
      }
      auto const rows = static_cast<std::int64_t>(network.rows->size());
      Floats const p = network.model.predict({x.data(), rows, table_.inputs});
      for (std::size_t i = 0; i < network.rows->size(); ++i) {
        auto const row = static_cast<std::size_t>((*network.rows)[i]);
        weights[row] += network.weight;
        for (std::size_t k = 0; k < 3; ++k)
          sums[row * 3 + k] += network.weight * static_cast<double>(p[i * 3 + k]);
      }
    }
    Floats mean;
    for (std::size_t i = 0; i < sums.size(); ++i)
      mean.push_back(static_cast<float>(sums[i] / weights[i / 3]));
    // Probabilities agree to 1e-4, and their logarithms to 1e-3 above 0.1.
    EXPECT_NEAR(score("log_loss", data_.task(), mean, table_.y, 150), result.ensemble_valid, 2e-3);
    // By as many networks for every row.
    EXPECT_NEAR(*std::max_element(weights.begin(), weights.end()),
                *std::min_element(weights.begin(), weights.end()), 1e-9);
    EXPECT_GT(weight, 0);
  }
  EXPECT_GT(finals, 0);
  EXPECT_GT(others, 0);
}

TEST_F(EnsembleTest, ChangesNothingElse) {
  Study own = study(Folds{.folds = 2});
  Result const with = tune(engine_, data_, own);
  own.ensemble = 0;
  Result const without = tune(engine_, data_, own);
  expect_same(with, without);
  EXPECT_TRUE(without.ensemble.empty());
}

void expect_same_ensemble(Result const& a, Result const& b) {
  ASSERT_EQ(a.ensemble.parts.size(), b.ensemble.parts.size());
  for (std::size_t i = 0; i < a.ensemble.parts.size(); ++i) {
    EXPECT_EQ(a.ensemble.parts[i].trial, b.ensemble.parts[i].trial);
    EXPECT_EQ(a.ensemble.parts[i].count, b.ensemble.parts[i].count);
    EXPECT_TRUE(same_bits(a.ensemble.parts[i].model.layers, b.ensemble.parts[i].model.layers));
  }
  EXPECT_TRUE(same_bits(a.ensemble_valid, b.ensemble_valid));
  EXPECT_TRUE(same_bits(a.ensemble_test, b.ensemble_test));
}

TEST_F(EnsembleTest, IsTheSameFromAStateAndWithLittleMemory) {
  Study const own = study(Folds{.folds = 2});
  Result const straight = tune(engine_, data_, own);
  StudyRun first(engine_, data_, own);
  first.advance();
  StudyState state = load_state(save(first.state()));
  StudyRun second(engine_, data_, own, &state);
  while (second.advance()) {
  }
  expect_same_ensemble(second.finish(), straight);

  // Members that are not there are trained again.
  std::erase_if(state.residents, [&](auto const& resident) {
    auto const& trial = state.tuner.trials[static_cast<std::size_t>(resident.trial)];
    return trial.state != TrialState::waiting;
  });
  StudyRun third(engine_, data_, own, &state);
  while (third.advance()) {
  }
  expect_same_ensemble(third.finish(), straight);

  Engine small({.device = "cpu", .threads = 2, .memory_limit = 60'000});
  expect_same_ensemble(tune(small, small.load(table_.table()), own), straight);
}

TEST_F(EnsembleTest, IsPlannedAndRefusedBelowNone) {
  Study own = study(Holdout{});
  StudyPlan const planned = plan(engine_, data_, own);
  EXPECT_EQ(planned.ensemble_epochs, 12 * planned.refit_epochs);
  EXPECT_LE(tune(engine_, data_, own).ensemble_epochs, planned.ensemble_epochs);
  own.ensemble = -1;
  EXPECT_EQ(problems(own, Task::classification),
            std::vector<std::string>{"ensemble: -1 is not allowed; allowed: 0 (none) and up"});
}

TEST(Ensemble, WithoutPartsPredictsNothing) {
  EXPECT_THROW(Ensemble().predict({}), UsageError);
}

}  // namespace
}  // namespace brood
