// SPDX-License-Identifier: Apache-2.0
// Repeats that join a trial for its last rung: what is planned is what runs, each of them is what
// it is alone, they weigh in the last score as the others do, and they change nothing before.
#include <gtest/gtest.h>

#include <cmath>
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

struct Case {
  char const* name;
  SchedulerChoice scheduler;
  int trials;
  Validation validation, all;  // as given, and with the final repeats
};
void PrintTo(Case const& each, std::ostream* out) {
  *out << each.name;
}

constexpr int kFinal = 4;

class FinalRepeats : public testing::TestWithParam<Case> {
 protected:
  FinalRepeats() : engine_({.device = "cpu", .threads = 2}), data_(engine_.load(table_.table())) {
    study_ = varied_study(GetParam().validation);
    study_.scheduler = GetParam().scheduler;
    study_.trials = GetParam().trials;
    study_.final_repeats = kFinal;
  }
  bool is_final(TrialResult const& trial) const {
    return trial.epochs == epochs_of(study_.scheduler);
  }

  OwnedTable table_ = small_blobs();
  Engine engine_;
  Data data_;
  Study study_;
};

TEST_P(FinalRepeats, WhatIsPlannedIsWhatRuns) {
  StudyPlan const planned = plan(engine_, data_, study_);
  Result const result = tune(engine_, data_, study_);
  EXPECT_EQ(
      planned.final_members_per_trial,
      static_cast<int>(make_splits(data_.table(), GetParam().all, study_.seed).splits.size()));
  if (planned.lower_bound) {
    EXPECT_GE(result.member_epochs, planned.member_epochs);
  } else if (planned.upper_bound) {
    EXPECT_LE(result.member_epochs, planned.member_epochs);
  } else {
    EXPECT_EQ(result.member_epochs, planned.member_epochs);
  }
  EXPECT_EQ(static_cast<std::int64_t>(result.curves.size()), result.member_epochs);
  EXPECT_GE(planned.member_epochs_restarted, planned.member_epochs);
}

TEST_P(FinalRepeats, TheLastScoreIsTheMeanOfAllAndEachIsWhatItIsAlone) {
  Result const result = tune(engine_, data_, study_);
  auto const all = make_splits(data_.table(), GetParam().all, study_.seed).splits;
  auto const early = make_splits(data_.table(), GetParam().validation, study_.seed).splits.size();
  int finals = 0;
  for (auto const& trial : result.trials) {
    SCOPED_TRACE("trial " + std::to_string(trial.id));
    finals += is_final(trial) ? 1 : 0;
    std::size_t const members = is_final(trial) ? all.size() : early;
    std::vector<double> scores;
    for (std::size_t s = 0; s < all.size(); ++s) {
      auto const points = curve_of(result, trial.id, all[s]);
      ASSERT_EQ(points.empty(), s >= members);
      if (points.empty()) continue;
      Population population(engine_);
      auto const ids =
          population.admit({member_of(study_, data_, trial.config, trial.id, all[s])}, data_);
      population.train(ids, trial.epochs);
      expect_recorded(points, population.metrics(ids).front());
      scores.push_back(points.back().valid_metric);
    }
    double sum = 0, squares = 0;
    for (double const score : scores)
      sum += score;
    double const mean = sum / static_cast<double>(members);
    EXPECT_EQ(trial.score, mean);
    for (double const score : scores)
      squares += (score - mean) * (score - mean);
    auto const n = static_cast<double>(members);
    if (members == 1) {
      EXPECT_TRUE(std::isnan(trial.standard_error));
    } else {
      EXPECT_DOUBLE_EQ(trial.standard_error, std::sqrt(squares / (n * (n - 1))));
    }
  }
  EXPECT_GE(finals, 1);
  EXPECT_TRUE(is_final(trial_of(result, result.best)));
}

TEST_P(FinalRepeats, NothingBeforeTheLastRungIsOther) {
  Result const with = tune(engine_, data_, study_);
  study_.final_repeats = 1;
  Result const without = tune(engine_, data_, study_);
  auto const early = make_splits(data_.table(), study_.validation, study_.seed).splits;
  for (auto const& trial : without.trials) {
    EXPECT_EQ(trial_of(with, trial.id).epochs, trial.epochs);
    for (auto const& split : early) {
      EXPECT_TRUE(same_bits(curve_of(with, trial.id, split), curve_of(without, trial.id, split)));
    }
  }
}

TEST_P(FinalRepeats, ThreadsMemoryPiecesAndStatesChangeNothing) {
  Result const whole = tune(engine_, data_, study_);
  std::int64_t const largest = plan(engine_, data_, study_).bytes_per_member;
  Engine narrow({.device = "cpu", .threads = 3, .memory_limit = 3 * largest});
  expect_same(tune(narrow, narrow.load(table_.table()), study_), whole);

  study_.stop_requested = [] { return false; };  // so that rungs are trained in pieces
  StudyState state;
  bool goes_on = true, fresh = true;
  while (goes_on) {
    StudyRun run(engine_, data_, study_, fresh ? nullptr : &state);
    fresh = false;
    goes_on = run.advance();
    state = load_state(save(run.state()));
  }
  expect_same(StudyRun(engine_, data_, study_, &state).finish(), whole);
}

INSTANTIATE_TEST_SUITE_P(
    , FinalRepeats,
    testing::Values(Case{"Halving", SuccessiveHalving{3, 1, 9}, 20, Holdout{},
                         Holdout{.repeats = kFinal}},
                    Case{"FoldsTimesRepeats", SuccessiveHalving{3, 1, 9}, 10,
                         Folds{.folds = 2, .repeats = 2}, Folds{.folds = 2, .repeats = kFinal}},
                    Case{"Hyperband", Hyperband{3, 9}, 17, Holdout{}, Holdout{.repeats = kFinal}},
                    Case{"Asha", Asha{3, 1, 9, 5}, 20, Holdout{}, Holdout{.repeats = kFinal}},
                    Case{"Median", MedianStopping{6, 2}, 9, Holdout{}, Holdout{.repeats = kFinal}},
                    Case{"NoEarlyTermination", NoEarlyTermination{3}, 4, Holdout{},
                         Holdout{.repeats = kFinal}}),
    [](auto const& param) { return std::string(param.param.name); });

TEST(FinalRepeatsProblems, AreSentences) {
  Study study = varied_study(Holdout{});
  study.final_repeats = 0;
  EXPECT_EQ(problems(study, Task::classification),
            std::vector<std::string>{"final_repeats: 0 is not allowed; allowed: 1 and up"});
  study.final_repeats = 2;
  study.scheduler = PopulationBased{6, 2};
  EXPECT_EQ(problems(study, Task::classification).size(), 1u);
}

}  // namespace
}  // namespace brood
