// SPDX-License-Identifier: Apache-2.0
// Large populations through the backend's host side, with a clock in the place of the device: how
// many launches, how long each, what is waited for, and what happens when one fails.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "cuda/clock.hpp"
#include "cuda/cuda_backend.hpp"

namespace brood::cuda {
namespace {

using Wholes = std::vector<std::int64_t>;

constexpr int kRows = 4096;

class Crowd : public ::testing::Test {
 protected:
  Crowd() : x_(kRows * 64, 0.5f), y_(kRows, 1.0f) {
    clocked::speed = {};
    clocked::failing_launch = 0;
  }
  ~Crowd() override { clocked::failing_launch = 0; }

  void open(SubmissionLimits const& limits = {}) {
    backend_ = make_backend(clocked::device(), Precision::tf32, limits);
  }
  MemberSpec spec(int inputs, Wholes hidden, int batch, int epochs) {
    MemberSpec spec;
    spec.config = Config{{"hidden", std::move(hidden)},
                         {"batch_size", std::int64_t{batch}},
                         {"epochs", std::int64_t{epochs}}};
    spec.table = backend_->load({.x = {x_.data(), kRows, inputs},
                                 .y = {y_.data(), kRows, 1},
                                 .weights = {},
                                 .task = Task::classification,
                                 .classes = 2,
                                 .as_is = {}});
    auto rows = std::make_shared<std::vector<std::int32_t>>(kRows);
    std::iota(rows->begin(), rows->end(), 0);
    spec.train_rows = rows;
    return spec;
  }
  // 16-32-2, batch 32: 128 steps an epoch.
  MemberSpec d(int epochs = 10) { return spec(16, {32}, 32, epochs); }

  void train(std::vector<Slot> const& slots, int until) {
    std::vector<TrainOrder> orders;
    for (auto const slot : slots)
      orders.push_back({slot, until, 0});
    clocked::counts = {};
    clocked::calls.clear();
    backend_->train(orders);
  }
  static std::vector<double> const& launches() { return clocked::counts.launches; }

  std::unique_ptr<Backend> backend_;

 private:
  std::vector<float> x_, y_;
};

// The device is four times slower than the cost model takes it to be: known after one order.
TEST_F(Crowd, AnEpochOfAHundredThousandIsAFewLaunchesThatNobodyWaitsFor) {
  clocked::speed.step_seconds = 15.4e-6;  // 60 M steps/s of 924 at once: 0.28 s an epoch
  open();
  constexpr int kMembers = 131072;
  auto const slots = backend_->admit(std::vector<MemberSpec>(kMembers, d()));
  for (int epoch = 1; epoch <= 3; ++epoch) {
    train(slots, epoch);
    EXPECT_LE(launches().size(), 3u) << "epoch " << epoch;
    EXPECT_EQ(clocked::counts.steps, std::int64_t{kMembers} * 128);
    EXPECT_EQ(clocked::counts.waits, 0) << "for launches, or to upload tasks again";
    if (epoch > 1) {
      EXPECT_LE(*std::max_element(launches().begin(), launches().end()), 0.2 * 1.01);
    }
    for (auto const& metrics : backend_->metrics(std::vector{slots.front(), slots.back()})) {
      EXPECT_EQ(metrics.epoch, epoch);
      EXPECT_EQ(metrics.history.size(), static_cast<std::size_t>(epoch));
    }
  }
}

TEST_F(Crowd, WhatDoesNotEndInALaunchGoesOnInTheNext) {
  open();
  auto specs = std::vector<MemberSpec>(200, d(3000));
  specs.resize(300, d(100));
  auto const slots = backend_->admit(specs);
  train(slots, 3000);
  // 384,000 steps of 7.4 us by the model.
  EXPECT_GE(launches().size(), 10u);
  EXPECT_LE(launches().size(), 20u);
  EXPECT_EQ(clocked::counts.steps, std::int64_t{128} * (200 * 3000 + 100 * 100));
  EXPECT_EQ(clocked::counts.waits, 0);
  for (auto const& metrics : backend_->metrics(slots)) {
    EXPECT_EQ(metrics.state, MemberState::complete);
    EXPECT_EQ(metrics.history.size(), 1u);
  }
}

// Members in clusters get gradient buffers for the while, each its own.
TEST_F(Crowd, FewThatKeepGradientsHaveEachTheirOwn) {
  open();
  MemberSpec clipped = spec(64, {64, 64}, 64, 10);
  clipped.config.set("clip_norm", 1.0);
  auto const slots = backend_->admit(std::vector<MemberSpec>(30, clipped));
  train(slots, 1);
  auto buffers = clocked::counts.gradients;
  ASSERT_EQ(buffers.size(), 30u);
  std::sort(buffers.begin(), buffers.end());
  constexpr std::ptrdiff_t kFloats = 65 * 64 + 65 * 64 + 65 * 16;
  for (std::size_t i = 1; i < buffers.size(); ++i)
    EXPECT_GE(buffers[i] - buffers[i - 1], kFloats);
}

TEST_F(Crowd, ShorterLaunchesAreMoreOfThem) {
  std::size_t before = 0;
  for (double const seconds : {10.0, 0.2, 0.01}) {
    open({.plan = {}, .launch_seconds = seconds});
    auto const slots = backend_->admit(std::vector<MemberSpec>(2000, d(300)));
    train(slots, 300);
    EXPECT_GT(launches().size(), before) << seconds;
    EXPECT_LE(*std::max_element(launches().begin(), launches().end()), seconds * 1.2);
    before = launches().size();
    backend_->metrics(slots);
  }
  EXPECT_GT(before, 20u);
}

// A model that is wrong by less than 1,000 is corrected by and by, in either direction.
TEST_F(Crowd, TheDevicesOwnTimeCorrectsTheModel) {
  for (double const step_seconds : {4e-5, 4e-7}) {
    clocked::speed = {.step_seconds = step_seconds, .at_once = 924};
    open();
    auto const slots = backend_->admit(std::vector<MemberSpec>(20000, d(100)));
    for (int epoch = 20; epoch <= 100; epoch += 20) {
      train(slots, epoch);
      backend_->metrics(slots);
    }
    double const all = std::accumulate(launches().begin(), launches().end(), 0.0);
    EXPECT_LE(*std::max_element(launches().begin(), launches().end()), 0.21) << step_seconds;
    EXPECT_LE(static_cast<double>(launches().size()), all / 0.2 * 1.5 + 2) << step_seconds;
  }
}

// Two groups side by side, of which the second's launch fails: the first is waited for before any
// memory that it works with is given back.
TEST_F(Crowd, AFailedLaunchWaitsForTheOthersBeforeMemoryIsGivenBack) {
  open();
  auto specs = std::vector<MemberSpec>(300, spec(64, {64, 64}, 64, 10));
  specs.resize(600, d());
  auto const slots = backend_->admit(specs);
  clocked::failing_launch = 2;
  EXPECT_THROW(train(slots, 1), DeviceError);
  auto const& calls = clocked::calls;
  auto const failed = std::find(calls.rbegin(), calls.rend(), "launch").base();
  ASSERT_EQ(std::count(calls.begin(), calls.end(), "launch"), 2);
  std::vector<std::string> const after(failed, calls.end());
  ASSERT_GE(after.size(), 2u);
  EXPECT_EQ(after[0], "join");
  EXPECT_EQ(after[1], "wait");
}

}  // namespace
}  // namespace brood::cuda
