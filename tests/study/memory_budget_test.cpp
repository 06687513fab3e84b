// SPDX-License-Identifier: Apache-2.0
// What members take together, by hand, and that no more of them are planned than there is room for.
#include "study/memory_budget.hpp"

#include <gtest/gtest.h>

#include "backend/host_memory.hpp"
#include "brood/error.hpp"
#include "brood/study.hpp"
#include "study/repeats.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;

class MemoryBudget : public testing::Test {
 protected:
  // Of a network with a square layer: 4 w^2 bytes and a little, three times over with Adam.
  Study study_of(std::int64_t width, int trials) const {
    Study study{.scheduler = SuccessiveHalving{.eta = 3, .max_epochs = 9},
                .validation = Folds{.folds = 3, .repeats = 2, .test = 0},
                .trials = trials};
    study.space.constant("hidden", Widths{width, width});
    study.space.log_uniform("lr", 1e-3, 1e-1);
    return study;
  }
  int members_of(Study const& study) const {
    return static_cast<int>(splits_of(study, data_.table()).splits.size());
  }
  // Of trials with six members each there is room for so many.
  int room(Study const& study) {
    return static_cast<int>(static_cast<double>(room_for_members(engine_)) / 6 /
                            usual_member_bytes(engine_, data_, study));
  }

  fixtures::OwnedTable table_ = small_blobs();
  Engine engine_{{.device = "cpu", .threads = 1}};
  Data data_ = engine_.load(table_.table());
};

TEST_F(MemoryBudget, AMemberIsItsWeightsAndMoments) {
  double const bytes = usual_member_bytes(engine_, data_, study_of(1024, 4));
  EXPECT_GT(bytes, 3.0 * 4 * 1024 * 1024);
  EXPECT_LT(bytes, 3.1 * 4 * 1024 * 1024);
}

// The mean of as many of the one as of the other, within five standard errors of 256 draws.
TEST_F(MemoryBudget, OfUnequalMembersItIsTheMean) {
  Study study = study_of(1024, 1000);
  study.space = {};
  study.space.choice("hidden", {Widths{1024, 1024}, Widths{512, 512}});
  double const large = 3.0 * 4 * 1024 * 1024, small = large / 4;
  EXPECT_NEAR(usual_member_bytes(engine_, data_, study), (large + small) / 2,
              0.05 * large + 5 * (large - small) / 2 / 16);
}

TEST_F(MemoryBudget, TheCpuHasMostOfTheHost) {
  EXPECT_LT(room_for_members(engine_), host_memory());
  EXPECT_GT(room_for_members(engine_), host_memory() / 2);
}

TEST_F(MemoryBudget, WhatFitsIsLeftAsItIs) {
  Study const study = study_of(16, 50);
  Study const fitted = fit_to_memory(engine_, data_, study);
  EXPECT_EQ(fitted.trials, 50);
  EXPECT_EQ(members_of(fitted), 6);
  check_memory(engine_, data_, study, 300);
}

TEST_F(MemoryBudget, RepeatsAreGivenUpFirst) {
  Study study = study_of(4096, 1);
  if (room(study) < 1) GTEST_SKIP() << "this machine has no room for six networks of 200 MB";
  study.trials = 2 * room(study);
  study.scheduler = NoEarlyTermination{.max_epochs = 27};  // fewer trials are not enough
  Study const fitted = fit_to_memory(engine_, data_, study);
  EXPECT_EQ(members_of(fitted), 3);
  EXPECT_EQ(fitted.trials, study.trials);
}

TEST_F(MemoryBudget, ThenFoldsAndThenTrials) {
  Study study = study_of(4096, 1'000'000);
  Study const fitted = fit_to_memory(engine_, data_, study);
  double const each = usual_member_bytes(engine_, data_, study);
  auto const room = static_cast<double>(room_for_members(engine_));
  double const members = static_cast<double>(members_of(fitted)) * fitted.trials;
  EXPECT_LT(fitted.trials, 1'000'000);
  EXPECT_LE(members * each, room);
  EXPECT_GT((members + members_of(fitted)) * each, room);  // one trial more does not fit
}

TEST_F(MemoryBudget, OfOneThatAsksForMoreThePlanSaysWhatThereIs) {
  Study const study = study_of(4096, 100'000);
  try {
    plan(engine_, data_, study);
    FAIL() << "was not refused";
  } catch (UsageError const& error) {
    std::string const text = error.what();
    EXPECT_NE(text.find("memory: 600000 members train side by side, of 0.2 GB each"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("search fewer trials, folds or repeats, or smaller networks"),
              std::string::npos)
        << text;
  }
}

}  // namespace
}  // namespace brood
