// SPDX-License-Identifier: Apache-2.0
// When members are evaluated, and what an evaluation means for them.
#include "core/progress.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace brood {
namespace {

TEST(Progress, EvaluationsComeAtMultiplesAndAtTheEnd) {
  EXPECT_EQ(next_evaluation(0, 10, 0), 10);
  EXPECT_EQ(next_evaluation(0, 10, 3), 3);
  EXPECT_EQ(next_evaluation(3, 10, 3), 6);
  EXPECT_EQ(next_evaluation(4, 10, 3), 6) << "of the epochs of its life, not of the order";
  EXPECT_EQ(next_evaluation(9, 10, 3), 10);
  EXPECT_EQ(next_evaluation(0, 2, 5), 2);
}

TEST(Progress, EvaluationsAreCountedBeforeTheyCome) {
  for (int every = 0; every < 8; ++every) {
    for (int from = 0; from < 12; ++from) {
      for (int until = from + 1; until < 20; ++until) {
        int count = 0;
        for (int epoch = from; epoch < until; ++count)
          epoch = next_evaluation(epoch, until, every);
        ASSERT_EQ(evaluations_until(from, until, every), count)
            << from << ' ' << until << ' ' << every;
      }
    }
  }
}

class Judged : public testing::Test {
 protected:
  Judged() {
    m_.epochs = 100;
    m_.eval_rows = 10;
    progress_.best = -1;
    progress_.best_loss = std::numeric_limits<double>::infinity();
  }
  void see(std::vector<double> const& losses) {
    for (double const loss : losses)
      judge_evaluation(m_, progress_, loss, true);
  }

  Member m_{};
  MemberProgress progress_{};
};

TEST_F(Judged, WithoutPatienceTheLowestIsTheBest) {
  see({3, 1, 1, 2});
  EXPECT_EQ(progress_.best, 1) << "the first of equals";
  EXPECT_EQ(progress_.best_loss, 1);
  EXPECT_EQ(progress_.evaluations, 4);
  EXPECT_FALSE(improved(progress_));
  see({0.5});
  EXPECT_TRUE(improved(progress_));
  see(std::vector<double>(1000, 1.0));
  EXPECT_EQ(progress_.state, kTraining);
}

TEST_F(Judged, PatienceEndsAfterSoManyWithoutProgress) {
  m_.patience = 3;
  see({3, 2, 2.5, 2.5});
  EXPECT_EQ(progress_.state, kTraining);
  see({2});
  EXPECT_EQ(progress_.state, kStopped) << "an equal loss is no progress";
  EXPECT_EQ(progress_.best, 1);
}

// The first evaluation is the best so far, so that one less than all can bring none.
TEST_F(Judged, PatienceOfAllEpochsKeepsTheBestAndNeverStops) {
  m_.patience = m_.epochs;
  see({1});
  see(std::vector<double>(static_cast<std::size_t>(m_.epochs) - 1, 2.0));
  EXPECT_EQ(progress_.state, kTraining);
  EXPECT_EQ(progress_.best, 0);
  progress_.epoch = m_.epochs;
  complete_if_done(m_, progress_);
  EXPECT_EQ(progress_.state, kComplete);
}

TEST_F(Judged, ProgressByLessThanMinDeltaIsNone) {
  m_.patience = 2;
  m_.min_delta = 0.5;
  see({3, 2.6});
  EXPECT_EQ(progress_.best, 0);
  see({2.4});
  EXPECT_EQ(progress_.best, 2) << "0.6 below the best";
  EXPECT_EQ(progress_.evaluations_since_best, 0);
}

TEST_F(Judged, WhatIsNotFiniteHasDiverged) {
  for (double const loss :
       {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    MemberProgress progress = progress_;
    judge_evaluation(m_, progress, loss, true);
    EXPECT_EQ(progress.state, kDiverged);
    EXPECT_EQ(progress.best, -1);
  }
  MemberProgress overflown = progress_;
  judge_evaluation(m_, overflown, 1.0, false);
  EXPECT_EQ(overflown.state, kDiverged) << "by its weights";
}

TEST_F(Judged, WithoutEvaluationRowsOnlyWeightsCount) {
  m_.eval_rows = 0;
  m_.patience = 1;
  see({std::numeric_limits<double>::quiet_NaN(), 0, 0, 0});
  EXPECT_EQ(progress_.state, kTraining);
  EXPECT_EQ(progress_.best, -1);
}

TEST_F(Judged, IsCompleteAfterItsEpochsUnlessItEndedOtherwise) {
  progress_.epoch = 99;
  complete_if_done(m_, progress_);
  EXPECT_EQ(progress_.state, kTraining);
  progress_.epoch = 100;
  MemberProgress stopped = progress_;
  stopped.state = kStopped;
  complete_if_done(m_, stopped);
  EXPECT_EQ(stopped.state, kStopped);
  complete_if_done(m_, progress_);
  EXPECT_EQ(progress_.state, kComplete);
}

TEST_F(Judged, TrainingLossIsTheMeanSinceTheLastEvaluation) {
  count_step(progress_, 6.0f, 2.0f);
  count_step(progress_, 2.0f, 2.0f);
  EXPECT_EQ(progress_.step, 2);
  EXPECT_EQ(take_train_loss(progress_), 2.0);
  EXPECT_EQ(take_train_loss(progress_), 0.0) << "nothing since";
  count_step(progress_, 0.0f, 0.0f);
  EXPECT_EQ(take_train_loss(progress_), 0.0) << "rows without weight";
}

}  // namespace
}  // namespace brood
