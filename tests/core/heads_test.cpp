// SPDX-License-Identifier: Apache-2.0
#include "core/heads.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "support/oracle_random.hpp"

namespace brood {
namespace {

TEST(Heads, SignsAreThoseOfTheSecondWriting) {
  for (int const heads : {1, 2, 8, 16}) {
    auto const expected = oracle::head_signs(heads, 41);
    for (int h = 0; h < heads; ++h) {
      for (int i = 0; i < 41; ++i) {
        EXPECT_EQ(sign_of_head(head_signs(i / 4).word[i % 4], h),
                  expected[static_cast<std::size_t>(h * 41 + i)])
            << h << " " << i;
      }
    }
  }
}

// Else two of them would be one network.
TEST(Heads, ReadTheInputsByDifferentSigns) {
  std::set<std::vector<float>> all;
  for (int h = 0; h < kMaxHeads; ++h) {
    std::vector<float> signs;
    for (int i = 0; i < 13; ++i)
      signs.push_back(sign_of_head(head_signs(i / 4).word[i % 4], h));
    all.insert(signs);
  }
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kMaxHeads));
}

TEST(Heads, LogarithmsOfNothingAreNumbers) {
  EXPECT_FLOAT_EQ(log_of_share(0.25f), -1.3862944f);
  EXPECT_FLOAT_EQ(log_of_share(0.0f), -87.33654f);
  float const nan = log_of_share(std::nanf(""));
  EXPECT_NE(nan, nan);
}

TEST(Heads, WhatIsAveragedFollowsFromLossAndTargets) {
  Member m{};
  m.loss = index_of<CrossEntropy>(Losses{});
  EXPECT_EQ(head_mean(m), HeadMean::softmax);
  m.loss = index_of<Bce>(Losses{});
  m.target_kind = TargetKind::one_hot;
  EXPECT_EQ(head_mean(m), HeadMean::shares);
  for (TargetKind const kind : {TargetKind::one_logit, TargetKind::values}) {
    m.target_kind = kind;
    EXPECT_EQ(head_mean(m), HeadMean::apart);
  }
  m.loss = index_of<Huber>(Losses{});
  EXPECT_EQ(head_mean(m), HeadMean::values);
}

}  // namespace
}  // namespace brood
