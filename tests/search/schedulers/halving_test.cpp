// SPDX-License-Identifier: Apache-2.0
// Plans against published tables, the order of scores, and who survives a rung.
#include "search/schedulers/halving.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "brood/error.hpp"
#include "core/philox.hpp"

namespace brood {
namespace {

using Survivors = SuccessiveHalving::Survivors;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct PlanCase {
  char const* name;
  int trials;
  SuccessiveHalving halving;
  std::vector<Rung> rungs;
  std::int64_t resumed, restarted;  // trial-epochs
};
void PrintTo(PlanCase const& plan, std::ostream* out) {
  *out << plan.name;
}
std::string case_name(testing::TestParamInfo<PlanCase> const& info) {
  return info.param.name;
}

class Plan : public testing::TestWithParam<PlanCase> {};

TEST_P(Plan, HasTheRungsAndTheCostOfTheTable) {
  auto const& expected = GetParam();
  auto const rungs = plan_rungs(expected.halving, expected.trials);
  EXPECT_EQ(rungs, expected.rungs);
  EXPECT_EQ(trial_epochs(rungs), expected.resumed);
  EXPECT_EQ(trial_epochs_restarted(rungs), expected.restarted);
}

// Successive halving as in Li et al., "Hyperband" (JMLR 2018), brackets of R = 81 and others.
INSTANTIATE_TEST_SUITE_P(
    Papers, Plan,
    testing::Values(
        PlanCase{"r81eta3", 81, {3, 1, 81}, {{81, 1}, {27, 3}, {9, 9}, {3, 27}, {1, 81}}, 297, 405},
        PlanCase{"r27eta3", 27, {3, 1, 27}, {{27, 1}, {9, 3}, {3, 9}, {1, 27}}, 81, 108},
        PlanCase{"r64eta4", 64, {4, 1, 64}, {{64, 1}, {16, 4}, {4, 16}, {1, 64}}, 208, 256},
        PlanCase{"r16eta2", 16, {2, 1, 16}, {{16, 1}, {8, 2}, {4, 4}, {2, 8}, {1, 16}}, 48, 80},
        PlanCase{"r9eta3n10", 10, {3, 1, 9}, {{10, 1}, {3, 3}, {1, 9}}, 22, 28},
        PlanCase{"n512",
                 512,
                 {3, 1, 81},
                 {{512, 1}, {170, 3}, {56, 9}, {18, 27}, {6, 81}},
                 512 + 340 + 336 + 324 + 324,
                 512 + 510 + 504 + 486 + 486},
        PlanCase{"bracket_s3_of_81",
                 34,
                 {3, 3, 81},
                 {{34, 3}, {11, 9}, {3, 27}, {1, 81}},
                 102 + 66 + 54 + 54,
                 102 + 99 + 81 + 81}),
    case_name);

// A logarithm in floating point gives 4.999... and 2.999... here, and loses the last rung.
INSTANTIATE_TEST_SUITE_P(
    IntegerTraps, Plan,
    testing::Values(PlanCase{"r243eta3",
                             243,
                             {3, 1, 243},
                             {{243, 1}, {81, 3}, {27, 9}, {9, 27}, {3, 81}, {1, 243}},
                             243 + 5 * 162,
                             6 * 243},
                    PlanCase{"r1000eta10",
                             1000,
                             {10, 1, 1000},
                             {{1000, 1}, {100, 10}, {10, 100}, {1, 1000}},
                             1000 + 3 * 900,
                             4000}),
    case_name);

// Tables of scikit-learn 1.2's HalvingRandomSearchCV (n_candidates_, n_resources_), which keeps the
// ceiling. They map onto ours where max_epochs is the last resource that scikit-learn used: it
// never clips a rung to the maximum, and it ends when fewer than eta candidates are left.
INSTANTIATE_TEST_SUITE_P(ScikitLearn, Plan,
                         testing::Values(PlanCase{"n60max180",
                                                  60,
                                                  {3, 20, 180, Survivors::ceil},
                                                  {{60, 20}, {20, 60}, {7, 180}},
                                                  1200 + 800 + 840,
                                                  1200 + 1200 + 1260},
                                         PlanCase{"n60min37",
                                                  60,
                                                  {3, 37, 999, Survivors::ceil},
                                                  {{60, 37}, {20, 111}, {7, 333}, {3, 999}},
                                                  2220 + 1480 + 1554 + 1998,
                                                  2220 + 2220 + 2331 + 2997},
                                         PlanCase{"n50max540",
                                                  50,
                                                  {3, 20, 540, Survivors::ceil},
                                                  {{50, 20}, {17, 60}, {6, 180}, {2, 540}},
                                                  1000 + 680 + 720 + 720,
                                                  1000 + 1020 + 1080 + 1080},
                                         PlanCase{"n6max999",
                                                  6,
                                                  {3, 333, 999, Survivors::ceil},
                                                  {{6, 333}, {2, 999}},
                                                  1998 + 1332,
                                                  1998 + 1998},
                                         PlanCase{"n20max999",
                                                  20,
                                                  {3, 111, 999, Survivors::ceil},
                                                  {{20, 111}, {7, 333}, {3, 999}},
                                                  2220 + 1554 + 1998,
                                                  2220 + 2331 + 2997},
                                         PlanCase{"n20max9",
                                                  20,
                                                  {3, 1, 9, Survivors::ceil},
                                                  {{20, 1}, {7, 3}, {3, 9}},
                                                  20 + 14 + 18,
                                                  20 + 21 + 27},
                                         PlanCase{"n20max64eta2",
                                                  20,
                                                  {2, 4, 64, Survivors::ceil},
                                                  {{20, 4}, {10, 8}, {5, 16}, {3, 32}, {2, 64}},
                                                  80 + 40 + 40 + 48 + 64,
                                                  80 + 80 + 80 + 96 + 128},
                                         PlanCase{"n20max32eta2",
                                                  20,
                                                  {2, 4, 32, Survivors::ceil},
                                                  {{20, 4}, {10, 8}, {5, 16}, {3, 32}},
                                                  80 + 40 + 40 + 48,
                                                  80 + 80 + 80 + 96},
                                         PlanCase{"n81max81",
                                                  81,
                                                  {3, 1, 81, Survivors::ceil},
                                                  {{81, 1}, {27, 3}, {9, 9}, {3, 27}, {1, 81}},
                                                  297,
                                                  405},
                                         PlanCase{
                                             "n224max648",
                                             224,
                                             {3, 8, 648, Survivors::ceil},
                                             {{224, 8}, {75, 24}, {25, 72}, {9, 216}, {3, 648}},
                                             1792 + 1200 + 1200 + 1296 + 1296,
                                             1792 + 1800 + 1800 + 1944 + 1944}),
                         case_name);

INSTANTIATE_TEST_SUITE_P(
    Edges, Plan,
    testing::Values(
        PlanCase{"fewer_trials_than_halvings",
                 10,
                 {3, 1, 81},
                 {{10, 1}, {3, 3}, {1, 9}, {1, 27}, {1, 81}},
                 10 + 6 + 6 + 18 + 54,
                 10 + 9 + 9 + 27 + 81},
        PlanCase{"one_trial", 1, {3, 1, 9}, {{1, 1}, {1, 3}, {1, 9}}, 9, 13},
        PlanCase{"one_rung", 5, {3, 7, 7}, {{5, 7}}, 35, 35},
        // 81 is nearer than a factor 3/2 to 100 and left out; 64 is nearer than 2.
        PlanCase{"max_is_no_power",
                 81,
                 {3, 1, 100},
                 {{81, 1}, {27, 3}, {9, 9}, {3, 27}, {1, 100}},
                 81 + 54 + 54 + 54 + 73,
                 81 + 81 + 81 + 81 + 100},
        PlanCase{"max_is_no_power_eta4",
                 64,
                 {4, 1, 100},
                 {{64, 1}, {16, 4}, {4, 16}, {1, 100}},
                 64 + 48 + 48 + 84,
                 64 + 64 + 64 + 100},
        // 2 * 50 = 4 * 25 is not below: a rung at exactly eta / 2 stays. With eta 2 all stay.
        PlanCase{"exactly_half_of_eta", 16, {4, 25, 50}, {{16, 25}, {4, 50}}, 400 + 100, 400 + 200},
        PlanCase{"eta2_keeps_all",
                 8,
                 {2, 1, 5},
                 {{8, 1}, {4, 2}, {2, 4}, {1, 5}},
                 8 + 4 + 4 + 1,
                 8 + 8 + 8 + 5},
        PlanCase{"the_first_rung_stays", 9, {3, 80, 100}, {{9, 80}, {3, 100}}, 720 + 60, 720 + 300},
        PlanCase{"eta_above_max", 9, {1000, 1, 10}, {{9, 1}, {1, 10}}, 9 + 9, 9 + 10}),
    case_name);

TEST(PlanRungs, OfNoEarlyTerminationIsOneRung) {
  EXPECT_EQ(plan_rungs(NoEarlyTermination{30}, 12), (std::vector<Rung>{{12, 30}}));
}

TEST(PlanRungs, DoesNotOverflowAtTheLargestIntegers) {
  int const most = std::numeric_limits<int>::max();
  auto const halves = plan_rungs(SuccessiveHalving{2, 1, most}, most);
  EXPECT_EQ(halves.front(), (Rung{most, 1}));
  EXPECT_EQ(halves.back(), (Rung{1, most}));
  EXPECT_EQ(halves.size(), 32u);
  EXPECT_EQ(plan_rungs(SuccessiveHalving{most, most - 1, most}, most),
            (std::vector<Rung>{{most, most - 1}, {1, most}}));
  std::vector<Rung> const costly(5, {most, most});
  EXPECT_EQ(trial_epochs_restarted(costly), std::numeric_limits<std::int64_t>::max());
}

TEST(PlanRungs, RefusesWhatIsOutOfRangeAllAtOnce) {
  try {
    plan_rungs(SuccessiveHalving{1, 0, -5}, 0);
    FAIL() << "no error";
  } catch (UsageError const& error) {
    EXPECT_EQ(
        error.problems(),
        (std::vector<std::string>{
            "eta is 1; it must be at least 2.", "min_epochs is 0; it must be at least 1.",
            "max_epochs is -5; it must be at least 1.", "trials is 0; it must be at least 1."}));
  }
}

TEST(SchedulerProblems, NameTheValueAndWhatIsAllowed) {
  EXPECT_TRUE(problems(SuccessiveHalving{}).empty());
  EXPECT_TRUE(problems(NoEarlyTermination{}).empty());
  EXPECT_EQ(problems(NoEarlyTermination{0}),
            (std::vector<std::string>{"max_epochs is 0; it must be at least 1."}));
  EXPECT_EQ(
      problems(SuccessiveHalving{3, 10, 9}),
      (std::vector<std::string>{"max_epochs is 9; it must be at least min_epochs, which is 10."}));
}

// ---- order of scores

TEST(RanksBefore, PutsTheBetterFirstInEitherDirection) {
  EXPECT_TRUE(ranks_before(1, 9, 2, 0, false));
  EXPECT_FALSE(ranks_before(2, 0, 1, 9, false));
  EXPECT_TRUE(ranks_before(2, 9, 1, 0, true));
}

TEST(RanksBefore, BreaksTiesByTheLowerId) {
  EXPECT_TRUE(ranks_before(1, 3, 1, 4, true));
  EXPECT_FALSE(ranks_before(1, 4, 1, 3, true));
  EXPECT_TRUE(ranks_before(-0.0, 3, 0.0, 4, false));
  EXPECT_TRUE(ranks_before(0.0, 3, -0.0, 4, false));
}

TEST(RanksBefore, PutsEveryNonFiniteScoreLastInEitherDirection) {
  for (double const lost : {kNaN, kInf, -kInf}) {
    for (bool const maximize : {false, true}) {
      EXPECT_TRUE(ranks_before(1e308, 9, lost, 0, maximize));
      EXPECT_FALSE(ranks_before(lost, 0, 1e308, 9, maximize));
      EXPECT_TRUE(ranks_before(lost, 0, kNaN, 1, maximize));
      EXPECT_TRUE(ranks_before(kNaN, 0, lost, 1, maximize));
    }
  }
}

TEST(RanksBefore, IsATotalOrder) {
  double const scores[] = {kNaN, -kNaN, kInf, -kInf, 0.0, -0.0, 1, -1, 1e-320, 1e308, -1e308, 0.5};
  auto const score = [&](std::uint32_t word) { return scores[word % 12]; };
  for (std::uint32_t i = 0; i < 500000; ++i) {
    auto const drawn = philox({{i, 0, 0, 0}}, philox_key(11));
    double const a = score(drawn.word[0]), b = score(drawn.word[1]), c = score(drawn.word[2]);
    // Ids from 0 .. 7, all different.
    int const x = static_cast<int>(drawn.word[3] % 8);
    int const y = (x + 1 + static_cast<int>(drawn.word[3] / 8 % 3)) % 8;
    int const z = (x + 4 + static_cast<int>(drawn.word[3] / 64 % 4)) % 8;
    bool const maximize = drawn.word[3] >> 31;
    bool const ab = ranks_before(a, x, b, y, maximize), ba = ranks_before(b, y, a, x, maximize);
    ASSERT_NE(ab, ba) << a << ' ' << x << ' ' << b << ' ' << y;  // antisymmetric and total
    ASSERT_FALSE(ranks_before(a, x, a, x, maximize));            // irreflexive
    if (ab && ranks_before(b, y, c, z, maximize)) {
      ASSERT_TRUE(ranks_before(a, x, c, z, maximize)) << a << ' ' << b << ' ' << c;
    }
  }
}

// ---- who goes on

// Syne Tune 0.9.1, tst/schedulers/test_hyperband_bracket.py: rungs (9, 1), (4, 3), (1, 9).
TEST(SurvivorsOfARung, AreThoseOfTheSyneTuneBracketInOrder) {
  std::vector<Ranked> const first = {{0, 3}, {1, 5}, {2, 1}, {3, 4}, {4, 9},
                                     {5, 6}, {6, 2}, {7, 7}, {8, 8}};
  EXPECT_EQ(survivors(first, 4, false), (std::vector<int>{2, 6, 0, 3}));
  std::vector<Ranked> const second = {{2, 3.1}, {6, 3.0}, {0, 2.9}, {3, 3.0}};
  EXPECT_EQ(survivors(second, 1, false), (std::vector<int>{0}));
  EXPECT_EQ(survivors(second, 3, false), (std::vector<int>{0, 3, 6}));  // the tie: lower id first
}

TEST(SurvivorsOfARung, AreNeverNonFinite) {
  std::vector<Ranked> const trials = {{0, kNaN}, {1, 2}, {2, -kInf}, {3, 1}, {4, kInf}};
  EXPECT_EQ(survivors(trials, 4, false), (std::vector<int>{3, 1}));
  EXPECT_EQ(survivors(trials, 1, true), (std::vector<int>{1}));
  EXPECT_TRUE(survivors({{0, kNaN}}, 1, false).empty());
  EXPECT_TRUE(survivors({}, 3, false).empty());
}

}  // namespace
}  // namespace brood
