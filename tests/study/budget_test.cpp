// SPDX-License-Identifier: Apache-2.0
// trials_within: the one number that comes from a clock stays in its bounds, and more time never
// means fewer trials by far.
#include <gtest/gtest.h>

#include "brood/error.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;

TEST(TrialsWithin, StaysWithinItsBounds) {
  auto const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Study const study = varied_study();
  EXPECT_EQ(trials_within(engine, data, study, 1e-9), 9);
  EXPECT_EQ(trials_within(engine, data, study, 1e9), 10000);
}

TEST(TrialsWithin, RefusesWhatCannotBeTrained) {
  auto const table = small_blobs();
  Engine engine({.device = "cpu", .threads = 1});
  Data const data = engine.load(table.table());
  Study study = varied_study();
  study.space.constant("dropout", 2.0);
  EXPECT_THROW(trials_within(engine, data, study, 1), UsageError);
}

}  // namespace
}  // namespace brood
