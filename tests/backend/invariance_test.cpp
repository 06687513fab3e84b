// SPDX-License-Identifier: Apache-2.0
// A member is a pure function of its specification: bit for bit the same whatever trains beside it,
// in which order and slot, split into which calls, on which instruction set, or saved and restored
// in between. (Threads: threads_test.cpp.)
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "brood/error.hpp"
#include "cases.hpp"
#include "same.hpp"

namespace brood {
namespace {

constexpr int kEpochs = 4;

// One member among `population` others.
class AmongOthers : public ::testing::TestWithParam<int> {};

TEST_P(AmongOthers, EveryMemberIsAsItIsAlone) {
  int const population = GetParam();
  auto const cases = varied_cases(population);
  auto const together = train_all(cases, kEpochs);
  // All of a small population; of a large one every so many, first and last included.
  int const stride = std::max(1, population / 15);
  for (int i = 0; i < population;
       i = (i < population - 1) ? std::min(i + stride, population - 1) : population) {
    auto const at = static_cast<std::size_t>(i);
    expect_same(train_all({cases[at]}, kEpochs)[0], together[at], cases[at].name);
  }
}

INSTANTIATE_TEST_SUITE_P(Members, AmongOthers, ::testing::Values(2, 17, 1000),
                         ::testing::PrintToStringParamName());

TEST(Invariance, OrderAndSlotDoNotMatter) {
  auto cases = varied_cases(40);
  auto const forth = train_all(cases, kEpochs);
  std::reverse(cases.begin(), cases.end());
  auto const back = train_all(cases, kEpochs);
  for (std::size_t i = 0; i < cases.size(); ++i)
    expect_same(forth[i], back[cases.size() - 1 - i], cases[cases.size() - 1 - i].name);
}

TEST(Invariance, ReusedSlotsStartAfresh) {
  auto const cases = varied_cases(20);
  auto const fresh = train_all(cases, kEpochs);
  Residents residents(cases);
  residents.train(kEpochs);
  residents.readmit();
  residents.train(kEpochs);
  auto const images = residents.save();
  for (std::size_t i = 0; i < cases.size(); ++i)
    expect_same(fresh[i], images[i], cases[i].name);
}

class Splits : public ::testing::TestWithParam<std::vector<int>> {};

TEST_P(Splits, GiveTheBitsOfOneCall) {
  auto const cases = varied_cases(48);
  auto const straight = train_all(cases, 6);
  Residents residents(cases);
  for (int const until : GetParam())
    residents.train(until);
  auto const images = residents.save();
  for (std::size_t i = 0; i < cases.size(); ++i)
    expect_same(straight[i], images[i], cases[i].name);
}

INSTANTIATE_TEST_SUITE_P(At, Splits,
                         ::testing::Values(std::vector{1, 2, 3, 4, 5, 6}, std::vector{5, 6},
                                           std::vector{1, 6}, std::vector{2, 3, 3, 2, 6, 6}));

TEST(Invariance, SplitsBetweenSparseEvaluationsDoNotMatterEither) {
  auto const cases = varied_cases(30);
  Residents once(cases);
  once.train(6, 2);
  Residents split(cases);
  split.train(2, 2);
  split.train(4, 2);
  split.train(6, 2);
  auto const expected = once.save();
  auto const got = split.save();
  for (std::size_t i = 0; i < cases.size(); ++i)
    expect_same(expected[i], got[i], cases[i].name);
}

TEST(Invariance, EvaluatingChangesNoWeight) {
  auto const cases = varied_cases(30);
  Residents often(cases);
  often.train(kEpochs, 1);
  Residents never(cases);
  never.train(kEpochs, 0);
  auto const a = often.save();
  auto const b = never.save();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (a[i].metrics.step == b[i].metrics.step) {  // patience may have stopped one of them
      EXPECT_EQ(a[i].weights, b[i].weights) << cases[i].name;
    }
  }
}

// Evaluating rows when asked gives what training recorded over them (with patience, at its best).
TEST(Invariance, EvaluatingRowsAgainGivesWhatWasRecorded) {
  auto const cases = varied_cases(30);
  Residents residents(cases);
  residents.train(kEpochs, 1);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i].name);
    std::vector<Slot> const slot = {residents.slots()[i]};
    auto const metrics = residents.backend().metrics(slot)[0];
    if (metrics.state == MemberState::diverged || metrics.history.back().weight == 0) continue;
    bool const patient = cases[i].config.find("patience") != nullptr;
    auto const& recorded =
        patient ? metrics.history[static_cast<std::size_t>(metrics.best)] : metrics.history.back();
    auto const again = residents.backend().evaluate(slot, *cases[i].eval_rows())[0];
    EXPECT_EQ(again.loss, recorded.loss);
    EXPECT_EQ(again.weight, recorded.weight);
    EXPECT_EQ(again.correct, recorded.correct);
    EXPECT_EQ(again.squared_error, recorded.squared_error);
    EXPECT_EQ(again.absolute_error, recorded.absolute_error);
    EXPECT_EQ(again.epoch, metrics.epoch);
  }
}

TEST(Invariance, PredictingChangesNothing) {
  auto const cases = varied_cases(12);
  Residents residents(cases);
  residents.train(2);
  auto const before = residents.save();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    auto const rows = *cases[i].eval_rows();
    std::vector<float> out(rows.size() * static_cast<std::size_t>(cases[i].outputs()));
    residents.backend().forward(std::vector{residents.slots()[i]}, rows, out);
  }
  auto const after = residents.save();
  for (std::size_t i = 0; i < cases.size(); ++i)
    expect_same(before[i], after[i], cases[i].name);
}

TEST(Invariance, SavingAndRestoringInAFreshEngineContinuesExactly) {
  auto const cases = varied_cases(48);
  auto const straight = train_all(cases, 6);
  for (int const pause : {0, 1, 3}) {
    std::vector<MemberImage> saved;
    {
      Residents first(cases);
      if (pause > 0) first.train(pause);
      saved = first.save();
    }
    Residents second(cases);
    second.backend().restore(second.slots(), saved);
    auto const restored = second.save();
    second.train(6);
    auto const images = second.save();
    for (std::size_t i = 0; i < cases.size(); ++i) {
      expect_same(saved[i], restored[i], cases[i].name);
      expect_same(straight[i], images[i], cases[i].name);
    }
  }
}

TEST(Invariance, ACloneContinuesAsItsOriginal) {
  auto cases = varied_cases(24);
  auto twice = cases;
  twice.insert(twice.end(), cases.begin(), cases.end());
  Residents residents(twice);
  auto const& slots = residents.slots();
  std::vector<TrainOrder> first_half;
  std::vector<SlotCopy> copies;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    first_half.push_back({slots[i], 3, 1});
    copies.push_back({slots[i], slots[i + cases.size()]});
  }
  residents.backend().train(first_half);
  residents.backend().clone(copies);
  residents.train(6);
  auto const images = residents.save();
  auto const straight = train_all(cases, 6);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    expect_same(straight[i], images[i], cases[i].name);
    expect_same(straight[i], images[i + cases.size()], "clone of " + cases[i].name);
  }
}

TEST(Invariance, ACloneKeepsItsOwnSeedAndHyperparameters) {
  auto parent = feature_cases()[0];
  parent.config.set("optimizer", text("momentum"));
  parent.config.set("dropout", 0.3);
  auto child = with(parent, "lr", 0.05);
  child.seed = parent.seed + 1;
  Residents residents({parent, child});
  auto const& slots = residents.slots();
  residents.backend().train(std::vector{TrainOrder{slots[0], 2, 1}});
  residents.backend().clone(std::vector{SlotCopy{slots[0], slots[1]}});
  auto const before = residents.save();
  EXPECT_EQ(before[1].seed, child.seed);
  EXPECT_EQ(before[0].weights, before[1].weights);
  EXPECT_EQ(before[0].moments, before[1].moments);
  EXPECT_EQ(before[1].metrics.step, before[0].metrics.step);
  residents.train(3);
  auto const after = residents.save();
  EXPECT_NE(after[0].weights, after[1].weights);
}

// 0 -> 1 -> 2, 0 -> 3, then 1 is overwritten: 2 and 3 have what 0 had, 1 what 4 had.
TEST(Invariance, ClonesAreMadeInTheirOrder) {
  std::vector<MemberCase> const cases(5, feature_cases()[0]);
  Residents residents(cases);
  auto const& slots = residents.slots();
  residents.backend().train(std::vector{TrainOrder{slots[0], 2, 1}});
  residents.backend().train(std::vector{TrainOrder{slots[4], 1, 1}});
  auto const before = residents.save();
  residents.backend().clone(std::vector<SlotCopy>{
      {slots[0], slots[1]}, {slots[1], slots[2]}, {slots[0], slots[3]}, {slots[4], slots[1]}});
  auto const after = residents.save();
  for (auto const& [from, to] : {std::pair{0, 0}, {4, 1}, {0, 2}, {0, 3}, {4, 4}}) {
    expect_same(before[static_cast<std::size_t>(from)], after[static_cast<std::size_t>(to)],
                std::to_string(to));
  }
}

// A member that diverges: a rate of 1e10 on a regression.
MemberCase diverging(int i) {
  MemberCase c{"diverging_" + std::to_string(i), fixtures::regression(60, 5), {}};
  c.config = {{"optimizer", text("sgd")},
              {"lr", 1e10},
              {"activation", text("identity")},
              {"batch_size", Whole{8}},
              {"epochs", Whole{6}}};
  c.seed = static_cast<std::uint64_t>(i);
  c.held_out = 12;
  return c;
}

TEST(Invariance, DivergedNeighboursDoNotMatter) {
  auto const cases = varied_cases(12);
  auto const alone = train_all(cases, 6);
  std::vector<MemberCase> mixed;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    mixed.push_back(diverging(static_cast<int>(i)));
    mixed.push_back(cases[i]);
  }
  auto const images = train_all(mixed, 6);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(images[2 * i].metrics.state, MemberState::diverged);
    expect_same(alone[i], images[2 * i + 1], cases[i].name);
  }
}

TEST(Invariance, DivergedMembersAreTheSameBitForBitToo) {
  std::vector<MemberCase> cases;
  for (int i = 0; i < 5; ++i)
    cases.push_back(diverging(i));
  auto const together = train_all(cases, 6);
  for (std::size_t i = 0; i < cases.size(); ++i)
    expect_same(train_all({cases[i]}, 6)[0], together[i], cases[i].name);
}

}  // namespace
}  // namespace brood
