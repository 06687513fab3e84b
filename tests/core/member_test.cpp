// SPDX-License-Identifier: Apache-2.0
#include "core/member.hpp"

#include "core/dropout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace brood {
namespace {

Member member(int rows, int batch_size, int epochs) {
  Member m{};
  m.train_rows = rows;
  m.batch_size = batch_size;
  m.epochs = epochs;
  m.lr = 0.5;
  m.schedule = {0.1, 2, 0.0, 2.0, 4};
  return m;
}

template <class Schedule>
void set_schedule(Member& m) {
  m.lr_schedule = index_of<Schedule>(LrSchedules{});
}

TEST(Member, AShortLastBatchIsKept) {
  Member const m = member(70, 32, 1);
  EXPECT_EQ(steps_per_epoch(m), 3);
  EXPECT_EQ(batch_rows(m, 0), 32);
  EXPECT_EQ(batch_rows(m, 2), 6);
  EXPECT_EQ(steps_per_epoch(member(64, 32, 1)), 2);
  EXPECT_EQ(steps_per_epoch(member(3, 4096, 1)), 1);
  EXPECT_EQ(batch_rows(member(3, 4096, 1), 0), 3);
}

TEST(Member, RateIsConstantByDefault) {
  Member const m = member(64, 32, 10);
  for (int step = 0; step < 20; ++step)
    EXPECT_EQ(lr_at_step(m, step), 0.5);
}

TEST(Member, WarmupRisesToTheRateInEqualSteps) {
  Member m = member(64, 16, 10);
  m.warmup_epochs = 2;
  for (int step = 0; step < 8; ++step)
    EXPECT_DOUBLE_EQ(lr_at_step(m, step), 0.5 * (step + 1) / 8);
  EXPECT_EQ(lr_at_step(m, 8), 0.5);
}

TEST(Member, ScheduleSpansWhatWarmupLeaves) {
  Member m = member(64, 16, 10);
  m.warmup_epochs = 2;
  set_schedule<LinearLr>(m);
  EXPECT_DOUBLE_EQ(lr_at_step(m, 8), 0.5);
  EXPECT_DOUBLE_EQ(lr_at_step(m, 24), 0.25);
  EXPECT_NEAR(lr_at_step(m, 39), 0.5 / 32, 1e-16);
  set_schedule<StepLr>(m);
  EXPECT_EQ(lr_at_step(m, 15), 0.5);  // epochs 2 and 3
  EXPECT_DOUBLE_EQ(lr_at_step(m, 16), 0.05);
}

TEST(Member, WarmupOverTheWholeTrainingLeavesAFiniteRate) {
  Member m = member(64, 16, 2);
  m.warmup_epochs = 5;
  set_schedule<CosineLr>(m);
  for (int step = 0; step < 8; ++step)
    EXPECT_DOUBLE_EQ(lr_at_step(m, step), 0.5 * (step + 1) / 20);
}

template <class Schedule>
constexpr int kOfRegularizers = index_of<Schedule>(RegularizerSchedules{});

// Over all epochs, those of warm-up too.
TEST(Member, DecaySpansTheWholeTraining) {
  Member m = member(64, 16, 10);
  m.warmup_epochs = 2;
  m.weight_decay = 0.5f;
  EXPECT_EQ(weight_decay_at_step(m, 39), 0.5);
  m.weight_decay_schedule = kOfRegularizers<LinearLr>;
  EXPECT_EQ(weight_decay_at_step(m, 0), 0.5);
  EXPECT_DOUBLE_EQ(weight_decay_at_step(m, 10), 0.375);
  m.weight_decay_schedule = kOfRegularizers<FlatCosineLr>;
  EXPECT_EQ(weight_decay_at_step(m, 20), 0.5);
  EXPECT_DOUBLE_EQ(weight_decay_at_step(m, 30), 0.25);
  EXPECT_LT(weight_decay_at_step(m, 39), 0.004);
}

TEST(Member, ScheduledDropoutEndsByKeepingAll) {
  Member m = member(64, 16, 10);
  EXPECT_FALSE(has_scheduled_dropout(m));
  DropoutScalars const constant = dropout_at_step(m, 0.5f, 7);
  EXPECT_EQ(constant.threshold, 0x80000000u);
  EXPECT_EQ(constant.kept, 2.0f);
  m.dropout_schedule = kOfRegularizers<LinearLr>;
  EXPECT_TRUE(has_scheduled_dropout(m));
  EXPECT_EQ(dropout_at_step(m, 0.5f, 0).threshold, 0x80000000u);
  EXPECT_EQ(dropout_at_step(m, 0.5f, 20).threshold, 0x40000000u);
  EXPECT_FLOAT_EQ(dropout_at_step(m, 0.5f, 20).kept, 1.0f / 0.75f);
  EXPECT_EQ(dropout_at_step(m, 0.5f, 40).threshold, 0u);
  EXPECT_EQ(dropout_at_step(m, 0.5f, 40).kept, 1.0f);
}

TEST(Member, StateTensorsFollowTheOptimizer) {
  Member m{};
  std::vector<int> states;
  for (m.optimizer = 0; m.optimizer < Optimizers::size; ++m.optimizer)
    states.push_back(state_tensors(m));
  EXPECT_EQ(states, (std::vector<int>{0, 1, 1, 1, 1, 2, 2, 2, 2}));
}

}  // namespace
}  // namespace brood
