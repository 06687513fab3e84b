// SPDX-License-Identifier: Apache-2.0
// Workers: the same bits on any number of threads, and no race that a thread sanitizer sees.
#include <gtest/gtest.h>

#include "cases.hpp"
#include "same.hpp"

namespace brood {
namespace {

class Threads : public ::testing::TestWithParam<int> {
 protected:
  EngineOptions options() const { return {.device = "cpu", .threads = GetParam()}; }
};

TEST_P(Threads, GiveTheBitsOfOne) {
  auto const cases = varied_cases(60);
  auto const expected = train_all(cases, 3);
  auto const got = train_all(cases, 3, options());
  for (std::size_t i = 0; i < cases.size(); ++i)
    expect_same(expected[i], got[i], cases[i].name);
}

TEST_P(Threads, ManyShortCallsGiveTheBitsOfOneLong) {
  auto const cases = varied_cases(20);
  auto const expected = train_all(cases, 6);
  Residents residents(cases, options());
  for (int epoch = 1; epoch <= 6; ++epoch) {
    residents.train(epoch);
    for (auto const& metrics : residents.backend().metrics(residents.slots()))
      EXPECT_LE(metrics.epoch, epoch);
  }
  auto const got = residents.save();
  for (std::size_t i = 0; i < cases.size(); ++i)
    expect_same(expected[i], got[i], cases[i].name);
}

TEST_P(Threads, PredictTheSame) {
  std::vector<MemberCase> cases;
  for (int i = 0; i < 9; ++i) {
    cases.push_back(shape_cases()[4]);
    cases.back().seed = static_cast<std::uint64_t>(i);
  }
  auto const rows = *cases[0].eval_rows();
  std::vector<float> expected(9 * rows.size() * 3), got(expected.size());
  Residents one(cases);
  one.backend().forward(one.slots(), rows, expected);
  Residents several(cases, options());
  several.backend().forward(several.slots(), rows, got);
  EXPECT_EQ(expected, got);
}

// More workers than members, and none at all.
TEST_P(Threads, IdleWorkersDoNoHarm) {
  Residents residents(varied_cases(1), options());
  residents.train(2);
  residents.backend().train({});
  EXPECT_TRUE(residents.backend().metrics({}).empty());
  EXPECT_EQ(residents.backend().metrics(residents.slots())[0].epoch, 2);
}

// Errors in one job reach the caller, and the workers live on.
TEST_P(Threads, LiveOnAfterAnError) {
  Residents residents(varied_cases(5), options());
  EXPECT_ANY_THROW(residents.backend().train(std::vector{TrainOrder{999, 1, 1}}));
  residents.train(1);
  EXPECT_EQ(residents.backend().metrics(residents.slots())[4].epoch, 1);
}

TEST_P(Threads, EnginesSideBySideDoNotMix) {
  auto const cases = varied_cases(10);
  auto const expected = train_all(cases, 2);
  Residents a(cases, options()), b(cases, options());
  a.train(2);
  b.train(2);
  auto const of_a = a.save(), of_b = b.save();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    expect_same(expected[i], of_a[i], cases[i].name);
    expect_same(expected[i], of_b[i], cases[i].name);
  }
}

INSTANTIATE_TEST_SUITE_P(, Threads, ::testing::Values(1, 2, 7),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace brood
