// SPDX-License-Identifier: Apache-2.0
// A profile changes no result, adds up, and has each submission.
#include "brood/profile.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <thread>

#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;

double of(ProfileReport const& report, Phase phase) {
  return report.phases[static_cast<std::size_t>(phase)];
}
double of(ProfileReport const& report, TrainPart part) {
  return report.train[static_cast<std::size_t>(part)];
}
double sum(std::span<double const> seconds) {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

// Waits for so many milliseconds at least.
void pass(Profile const& profile, int milliseconds) {
  double const until = profile.seconds() + 1e-3 * milliseconds;
  while (profile.seconds() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST(Profile, TimeIsThatOfTheInnermostScope) {
  Profile profile;
  {
    Profile::Scope const outer(&profile, Phase::control);
    pass(profile, 5);
    {
      Profile::Scope const inner(&profile, Phase::admit);
      pass(profile, 20);
    }
    pass(profile, 5);
  }
  ProfileReport const report = profile.report();
  EXPECT_GE(of(report, Phase::admit), 0.020);
  EXPECT_GE(of(report, Phase::control), 0.010);
  EXPECT_EQ(of(report, Phase::train), 0.0);
  // Sums of nine terms of less than a second or so.
  EXPECT_NEAR(sum(report.phases), report.seconds, 1e-12 + 1e-12 * report.seconds);
}

TEST(Profile, AScopeWithoutAProfileDoesNothing) {
  Profile::Scope const scope(nullptr, Phase::train);
}

TEST(Profile, OnlyTrainingForScoresIsTakenApart) {
  Profile profile;
  TrainSeconds parts{};
  parts[0] = 0.25;
  profile.add({.start = 0, .end = 1, .members = 3, .busy_share = 0.5}, parts);
  {
    Profile::Scope const training(&profile, Phase::train);
    profile.add({.start = 1, .end = 2, .members = 1, .busy_share = 0.25}, parts);
  }
  ProfileReport const report = profile.report();
  EXPECT_EQ(report.train, parts);
  ASSERT_EQ(report.submissions.size(), 2u);
  EXPECT_EQ(report.submissions[0].members, 3);
  EXPECT_DOUBLE_EQ(report.busy_share, 0.375);
}

TEST(Profile, ChangesNoResult) {
  auto const table = small_blobs();
  for (int const threads : {1, 3}) {
    Engine plain({.device = "cpu", .threads = threads});
    Profile profile;
    Engine measured({.device = "cpu", .threads = threads, .profile = &profile});
    Study const study = varied_study();
    expect_same(tune(plain, plain.load(table.table()), study),
                tune(measured, measured.load(table.table()), study));
    EXPECT_FALSE(profile.report().submissions.empty());
  }
}

TEST(Profile, OfAStudyHasEveryPhaseAndAddsUp) {
  auto const table = small_blobs();
  Profile profile;
  Engine engine({.device = "cpu", .threads = 2, .profile = &profile});
  tune(engine, engine.load(table.table()), varied_study());
  ProfileReport const report = profile.report();
  EXPECT_NEAR(sum(report.phases), report.seconds, 1e-9);
  for (Phase const phase : {Phase::admit, Phase::train, Phase::control, Phase::refit})
    EXPECT_GT(of(report, phase), 0.0) << name_of(phase);
  // Each member's first step is looked at, so every part was seen.
  for (TrainPart const part : {TrainPart::gather, TrainPart::forward, TrainPart::loss,
                               TrainPart::backward, TrainPart::update, TrainPart::evaluate})
    EXPECT_GT(of(report, part), 0.0) << name_of(part);
  EXPECT_EQ(of(report, TrainPart::device), 0.0);
  EXPECT_NEAR(sum(report.train) + report.train_idle, of(report, Phase::train), 1e-9);

  // Rungs of 10, 3 and 1 trials of six members each, and the refit.
  std::vector<int> members;
  double end = 0;
  for (ProfiledSubmission const& each : report.submissions) {
    members.push_back(each.members);
    EXPECT_GE(each.start, end);
    EXPECT_GT(each.end, each.start);
    EXPECT_GT(each.busy_share, 0.0);
    EXPECT_LE(each.busy_share, 1.0 + 1e-9);
    end = each.end;
  }
  EXPECT_EQ(members, (std::vector<int>{60, 18, 6, 1}));
  EXPECT_LE(end, report.seconds);
  EXPECT_GT(report.busy_share, report.busy_share_of_all);
}

}  // namespace
}  // namespace brood
