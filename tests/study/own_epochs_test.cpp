// SPDX-License-Identifier: Apache-2.0
// Epochs and seeds that are searched: a trial with epochs of its own is the network that a study of
// just these epochs trains, and a seed says all that is drawn for a trial.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

class OwnEpochs : public testing::Test {
 protected:
  OwnEpochs()
      : table_(blobs(120, 4, 3)),
        engine_({.device = "cpu", .threads = 1}),
        data_(engine_.load(table_.table())) {}

  // Each trial of these epochs, under one scheduler.
  Study study(SchedulerChoice scheduler, std::vector<std::int64_t> const& epochs) const {
    Study study{.sampler = Grid{}, .scheduler = scheduler, .trials = 12, .seed = 5};
    std::vector<Value> const values(epochs.begin(), epochs.end());
    study.space.choice("epochs", values)
        .choice("lr", {1e-3, 1e-2, 1e-1})
        .constant("lr_schedule", "cosine")
        .constant("seed", 3)
        .constant("hidden", Widths{12});
    return study;
  }
  static std::int64_t epochs_of(Config const& config) {
    return std::get<std::int64_t>(*config.find("epochs"));
  }

  OwnedTable table_;
  Engine engine_;
  Data data_;
};

TEST_F(OwnEpochs, ATrialIsScoredWhereItsOwnEpochsEnd) {
  Result const result = tune(engine_, data_, study(NoEarlyTermination{12}, {3, 12, 7}));
  ASSERT_EQ(result.trials.size(), 9u);
  for (TrialResult const& trial : result.trials) {
    SCOPED_TRACE("trial " + std::to_string(trial.id));
    EXPECT_EQ(trial.epochs, epochs_of(trial.config));
    EXPECT_EQ(trial.state, TrialState::complete);
    // The same network where all train for as long, through the whole course of the learning rate.
    Study alone = study(NoEarlyTermination{trial.epochs}, {trial.epochs});
    Result const same = tune(engine_, data_, alone);
    auto const twin =
        std::find_if(same.trials.begin(), same.trials.end(), [&](TrialResult const& each) {
          return *each.config.find("lr") == *trial.config.find("lr");
        });
    ASSERT_NE(twin, same.trials.end());
    EXPECT_TRUE(same_bits(twin->score, trial.score));
  }
  Config const& best = result.trials[static_cast<std::size_t>(result.best)].config;
  EXPECT_EQ(result.refit_epochs, epochs_of(best));
  EXPECT_EQ(*result.model.config.find("epochs"), *best.find("epochs"));
  EXPECT_EQ(result.model.config.find("seed"), nullptr);
}

TEST_F(OwnEpochs, AreLessThanThePlanWhichIsAnUpperBound) {
  for (SchedulerChoice const& scheduler :
       {SchedulerChoice(NoEarlyTermination{9}),
        SchedulerChoice(SuccessiveHalving{.eta = 3, .max_epochs = 9}),
        SchedulerChoice(Asha{.eta = 3, .max_epochs = 9, .workers = 4}),
        SchedulerChoice(MedianStopping{.max_epochs = 9, .interval = 2})}) {
    Study const own = study(scheduler, {2, 9});
    StudyPlan const planned = plan(engine_, data_, own);
    Result const result = tune(engine_, data_, own);
    SCOPED_TRACE(name_of(scheduler));
    EXPECT_TRUE(planned.upper_bound);
    EXPECT_LE(result.member_epochs, planned.member_epochs);
    EXPECT_EQ(result.member_epochs, static_cast<std::int64_t>(result.curves.size()));
    int ended = 0;
    for (TrialResult const& trial : result.trials) {
      EXPECT_LE(trial.epochs, epochs_of(trial.config));
      ended += trial.state == TrialState::complete;
    }
    EXPECT_GT(ended, 0);
  }
}

TEST_F(OwnEpochs, GoOnFromASavedState) {
  Study const own = study(SuccessiveHalving{.eta = 2, .max_epochs = 8}, {3, 8});
  Result const straight = tune(engine_, data_, own);
  StudyRun first(engine_, data_, own);
  first.advance();
  first.advance();
  StudyState const state = first.state();
  StudyRun second(engine_, data_, own, &state);
  while (second.advance()) {
  }
  expect_same_but_test(second.finish(), straight);
}

// Adam has no momentum, so that trials which differ in it alone are one network, if all that is
// drawn is the same.
TEST_F(OwnEpochs, ASeedOfItsOwnSaysAllThatIsDrawnForATrial) {
  Study study{.sampler = Grid{},
              .scheduler = NoEarlyTermination{3},
              .validation = Folds{.folds = 2, .repeats = 2},
              .trials = 4,
              .seed = 1};
  study.space.choice("seed", {7, 8}).choice("momentum", {0.1, 0.2}).constant("dropout", 0.2);
  Result const result = tune(engine_, data_, study);
  auto const points = [&](int trial) {
    std::vector<double> losses;
    for (CurvePoint const& point : result.curves) {
      if (point.trial == trial) losses.push_back(point.train_loss);
    }
    return losses;
  };
  ASSERT_EQ(result.trials.size(), 4u);
  for (TrialResult const& a : result.trials) {
    for (TrialResult const& b : result.trials) {
      bool const same_seed = *a.config.find("seed") == *b.config.find("seed");
      EXPECT_EQ(points(a.id) == points(b.id), same_seed) << a.id << ' ' << b.id;
    }
  }
  // Repeats begin from different weights.
  EXPECT_NE(result.curves.front().train_loss, result.curves[3].train_loss);
  EXPECT_TRUE(same_bits(tune(engine_, data_, study).trials, result.trials));
}

}  // namespace
}  // namespace brood
