// SPDX-License-Identifier: Apache-2.0
// Hyperband's brackets against the tables of Li et al. (JMLR 2018) and of other implementations of
// the paper's rule.
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "brood/error.hpp"
#include "brood/search.hpp"

namespace brood {
namespace {

using Brackets = std::vector<std::vector<Rung>>;

Brackets pass_of(Hyperband const& hyperband) {
  return plan_brackets(hyperband, trials_of_a_pass(hyperband));
}

std::vector<int> sizes(Brackets const& brackets) {
  std::vector<int> sizes;
  for (auto const& bracket : brackets)
    sizes.push_back(bracket.front().trials);
  return sizes;
}

// Table 1 of the paper: R = 81, eta = 3.
TEST(HyperbandBrackets, AreThoseOfThePaper) {
  EXPECT_EQ(pass_of({.eta = 3, .max_epochs = 81}),
            (Brackets{{{81, 1}, {27, 3}, {9, 9}, {3, 27}, {1, 81}},
                      {{34, 3}, {11, 9}, {3, 27}, {1, 81}},
                      {{15, 9}, {5, 27}, {1, 81}},
                      {{8, 27}, {2, 81}},
                      {{5, 81}}}));
}

struct Case {
  char const* name;
  Hyperband hyperband;
  std::vector<int> sizes;  // trials of the brackets
  int trials;
  std::int64_t resumed, restarted;  // trial-epochs
};
void PrintTo(Case const& each, std::ostream* out) {
  *out << each.name;
}

class OfAPass : public testing::TestWithParam<Case> {};

TEST_P(OfAPass, TrialsAndEpochsAreThoseOfTheTable) {
  auto const& expected = GetParam();
  auto const brackets = pass_of(expected.hyperband);
  EXPECT_EQ(sizes(brackets), expected.sizes);
  EXPECT_EQ(trials_of_a_pass(expected.hyperband), expected.trials);
  EXPECT_EQ(trial_epochs(brackets), expected.resumed);
  EXPECT_EQ(trial_epochs_restarted(brackets), expected.restarted);
}

// 243 = 3^5 and 1000 = 10^3 are where a logarithm in floating point loses a bracket.
INSTANTIATE_TEST_SUITE_P(
    Tables, OfAPass,
    testing::Values(Case{"r81eta3", {3, 81}, {81, 34, 15, 8, 5}, 143, 1581, 1902},
                    Case{"r27eta3", {3, 27}, {27, 12, 6, 4}, 49, 357, 423},
                    Case{"r9eta3", {3, 9}, {9, 5, 3}, 17, 69, 78},
                    Case{"r16eta2", {2, 16}, {16, 10, 7, 5, 5}, 43, 278, 372},
                    Case{"r64eta4", {4, 64}, {64, 22, 8, 4}, 98, 884, 1000},
                    Case{"r243eta3", {3, 243}, {243, 98, 41, 18, 9, 6}, 415, 6831, 8457},
                    // Rungs at 1, 10, 100 and 1000: 1000 + 9 * 100 + 90 * 10 + 900 and so on.
                    Case{"r1000eta10",
                         {10, 1000},
                         {1000, 134, 20, 4},
                         1158,
                         (1000 + 900 + 900 + 900) + (1340 + 1170 + 900) + (2000 + 1800) + 4000,
                         4000 + (1340 + 1300 + 1000) + (2000 + 2000) + 4000},
                    Case{"r1", {3, 1}, {1}, 1, 1, 1}),
    [](auto const& param) { return std::string(param.param.name); });

// KerasTuner's test: max_epochs 8, factor 2 gives four brackets, from 8 at epoch 1 to 4 at 8.
TEST(HyperbandBrackets, AreAsManyAsInKerasTuner) {
  auto const brackets = pass_of({.eta = 2, .max_epochs = 8});
  EXPECT_EQ(brackets.size(), 4u);
  EXPECT_EQ(brackets.front(), (std::vector<Rung>{{8, 1}, {4, 2}, {2, 4}, {1, 8}}));
  EXPECT_EQ(brackets.back(), (std::vector<Rung>{{4, 8}}));
}

// R = 100, eta = 3: s_max = floor(4.19) = 4, and r = 100 / 81, 100 / 27, ... rounded down.
TEST(HyperbandBrackets, OfARThatIsNoPowerAreThePapersRoundedDown) {
  EXPECT_EQ(pass_of({.eta = 3, .max_epochs = 100}),
            (Brackets{{{81, 1}, {27, 3}, {9, 11}, {3, 33}, {1, 100}},
                      {{34, 3}, {11, 11}, {3, 33}, {1, 100}},
                      {{15, 11}, {5, 33}, {1, 100}},
                      {{8, 33}, {2, 100}},
                      {{5, 100}}}));
  // s_max = floor(log_3 50) = 3: as many brackets as of 27.
  EXPECT_EQ(pass_of({.eta = 3, .max_epochs = 50}), (Brackets{{{27, 1}, {9, 5}, {3, 16}, {1, 50}},
                                                             {{12, 5}, {4, 16}, {1, 50}},
                                                             {{6, 16}, {2, 50}},
                                                             {{4, 50}}}));
}

// The paper's formulas in integers, for every R up to 300 and eta up to 7.
TEST(HyperbandBrackets, FollowThePapersFormulasForAnyRAndEta) {
  for (int eta = 2; eta <= 7; ++eta) {
    for (int r = 1; r <= 300; ++r) {
      SCOPED_TRACE("R " + std::to_string(r) + ", eta " + std::to_string(eta));
      auto const power = [&](int exponent) {
        int value = 1;
        for (int i = 0; i < exponent; ++i)
          value *= eta;
        return value;
      };
      int s_max = 0;  // the largest with eta^s_max <= R
      while (power(s_max + 1) <= r)
        ++s_max;
      auto const brackets = pass_of({.eta = eta, .max_epochs = r});
      ASSERT_EQ(brackets.size(), static_cast<std::size_t>(s_max + 1));
      for (int s = s_max; s >= 0; --s) {
        auto const& rungs = brackets[static_cast<std::size_t>(s_max - s)];
        int const n = ((s_max + 1) * power(s) + s) / (s + 1);  // the ceiling
        ASSERT_EQ(rungs.size(), static_cast<std::size_t>(s + 1));
        for (int i = 0; i <= s; ++i) {
          EXPECT_EQ(rungs[static_cast<std::size_t>(i)], (Rung{n / power(i), r / power(s - i)}));
        }
      }
    }
  }
}

TEST(HyperbandBrackets, RepeatPassAfterPassAndTheLastIsFilledFromItsFirstBracket) {
  Hyperband const hyperband{.eta = 3, .max_epochs = 81};
  EXPECT_EQ(sizes(plan_brackets(hyperband, 286)),
            (std::vector<int>{81, 34, 15, 8, 5, 81, 34, 15, 8, 5}));
  auto const brackets = plan_brackets(hyperband, 200);
  EXPECT_EQ(sizes(brackets), (std::vector<int>{81, 34, 15, 8, 5, 57}));
  EXPECT_EQ(brackets.back(), (std::vector<Rung>{{57, 1}, {19, 3}, {6, 9}, {2, 27}, {1, 81}}));
  EXPECT_EQ(plan_brackets(hyperband, 1), (Brackets{{{1, 1}, {1, 3}, {1, 9}, {1, 27}, {1, 81}}}));
}

TEST(HyperbandBrackets, TogetherAreOneListOfRungs) {
  EXPECT_EQ(plan_rungs(Hyperband{.eta = 3, .max_epochs = 81}, 143),
            (std::vector<Rung>{{81, 1}, {61, 3}, {35, 9}, {19, 27}, {10, 81}}));
}

TEST(HyperbandBrackets, DoNotOverflow) {
  int const most = std::numeric_limits<int>::max();
  EXPECT_EQ(trials_of_a_pass({.eta = 2, .max_epochs = most}), most);
  EXPECT_EQ(sizes(plan_brackets(Hyperband{.eta = 2, .max_epochs = most}, 100)),
            std::vector<int>{100});
  EXPECT_EQ(sizes(pass_of({.eta = most, .max_epochs = most})), std::vector<int>{most});
}

TEST(HyperbandProblems, NameTheValueAndWhatIsAllowed) {
  EXPECT_EQ(problems(Hyperband{.eta = 1, .max_epochs = 0}),
            (std::vector<std::string>{"eta is 1; it must be at least 2.",
                                      "max_epochs is 0; it must be at least 1."}));
}

// ---- through the tuner

TunerOptions options(int trials) {
  SearchSpace space;
  space.uniform("x", 0, 1);
  return {.space = space,
          .scheduler = Hyperband{.eta = 3, .max_epochs = 9},
          .trials = trials,
          .seed = 3};
}

TEST(HyperbandTuner, AsksForAllBracketsAtOnce) {
  Tuner tuner(options(17));
  auto const asks = tuner.ask(100);
  ASSERT_EQ(asks.size(), 17u);
  for (auto const& ask : asks) {
    EXPECT_EQ(ask.until_epoch, ask.trial < 9 ? 1 : ask.trial < 14 ? 3 : 9) << ask.trial;
    EXPECT_EQ(ask.finish, ask.until_epoch);
  }
  EXPECT_EQ(tuner.events(), 3);
}

// A bracket does not wait for another one, and what it decides does not depend on it.
TEST(HyperbandTuner, EachBracketIsHalvedByItself) {
  Tuner tuner(options(17));
  tuner.ask(100);
  for (int id = 0; id < 9; ++id)
    tuner.tell(id, 1, 10 - id);
  auto asks = tuner.ask(100);
  ASSERT_EQ(asks.size(), 3u);
  EXPECT_EQ(asks[0].trial, 8);
  EXPECT_EQ(asks[0].from_epoch, 1);
  EXPECT_EQ(asks[0].until_epoch, 3);
  for (int id = 16; id >= 9; --id)
    tuner.tell(id, id < 14 ? 3 : 9, -id);
  EXPECT_TRUE(tuner.ask(100).empty());  // nobody overtakes the trials that finish before
  EXPECT_EQ(tuner.best(), 16);
  for (int const id : {6, 7, 8})
    tuner.tell(id, 3, id);
  asks = tuner.ask(100);
  ASSERT_EQ(asks.size(), 2u);
  EXPECT_EQ(asks[0].trial, 6);
  EXPECT_EQ(asks[1].trial, 13);
  tuner.tell(13, 9, 5);
  tuner.tell(6, 9, -100);
  EXPECT_TRUE(tuner.finished());
  EXPECT_EQ(tuner.best(), 6);
  EXPECT_EQ(tuner.leaderboard(5), (std::vector<int>{6, 16, 15, 14, 13}));
}

}  // namespace
}  // namespace brood
