// SPDX-License-Identifier: Apache-2.0
// What a report works out of a run: the best so far, rungs, curves, ends of ranges.
#include <gtest/gtest.h>

#include <cmath>

#include "files/report/analyses.hpp"
#include "files/report/reported.hpp"

namespace brood::files {
namespace {

RunAnalysis analysed(std::vector<RunRecord> const& runs) {
  return analyses_of(runs).front();
}

TEST(BestSoFarTest, RisesInTheOrderOfEpochsAndKnowsTheTime) {
  std::vector<RunRecord> const runs = {halving_run()};
  auto const history = analysed(runs).history;
  ASSERT_GE(history.size(), 3u);
  for (std::size_t i = 1; i + 1 < history.size(); ++i) {
    EXPECT_GT(history[i].score, history[i - 1].score);
    EXPECT_GT(history[i].member_epochs, history[i - 1].member_epochs);
  }
  // The first trial ends its first epoch first: a 27th of a second, as rungs go in proportion.
  EXPECT_EQ(history.front().member_epochs, 1);
  EXPECT_NEAR(history.front().seconds, 1.0 / 27, 1e-12);
  EXPECT_EQ(history.back().member_epochs, 63);
  EXPECT_EQ(history.back().seconds, 6);
  EXPECT_EQ(history.back().trial, 0);
  EXPECT_EQ(history.back().score, 0.9);
}

TEST(RungFunnelTest, CountsTrialsScoresAndTime) {
  std::vector<RunRecord> const runs = {halving_run()};
  auto const funnel = analysed(runs).funnel;
  ASSERT_EQ(funnel.size(), 3u);
  EXPECT_EQ(funnel[0].trials, 27);
  EXPECT_EQ(funnel[0].diverged, 1);
  EXPECT_EQ(funnel[1].trials, 9);
  EXPECT_EQ(funnel[1].epoch, 3);
  EXPECT_EQ(funnel[1].diverged, 0);
  EXPECT_EQ(funnel[2].trials, 3);
  EXPECT_EQ(funnel[2].best, 0.9);
  EXPECT_EQ(funnel[2].seconds, 3);
}

TEST(MeanCurvesTest, AreMeansOverFoldsAndRepeats) {
  Result result;
  result.curves = {{3, 0, 0, 1, 1, 2, 0.5},
                   {3, 0, 0, 2, 1, 2, 0.7},
                   {3, 1, 0, 1, 3, 4, 0.7},
                   {3, 1, 0, 2, 3, 4, NAN},
                   {4, 0, 0, 1, 1, 1, 1}};
  auto const curves = mean_curves(result);
  ASSERT_EQ(curves.size(), 3u);
  EXPECT_EQ(curves[0].members, 2);
  EXPECT_EQ(curves[0].train_loss, 2);
  EXPECT_EQ(curves[0].valid_loss, 3);
  EXPECT_DOUBLE_EQ(curves[0].metric, 0.6);
  EXPECT_TRUE(std::isnan(curves[1].metric));
  EXPECT_EQ(curves[2].trial, 4);
}

TEST(MeanCurvesTest, ManyPointsAreThinnedWithBothEnds) {
  std::vector<MeanPoint> points;
  for (int epoch = 1; epoch <= 1000; ++epoch)
    points.push_back({.trial = epoch % 2, .epoch = (epoch + 1) / 2, .metric = epoch * 1.0});
  auto const kept = thinned(points, 64);
  ASSERT_EQ(kept.size(), 64u);
  EXPECT_EQ(kept.front().epoch, 1);
  EXPECT_EQ(kept.back().epoch, 500);
  auto const spread = spreads(points, CurveOf::metric);
  ASSERT_EQ(spread.size(), 64u);
  EXPECT_EQ(spread.front().epoch, 1);
  EXPECT_EQ(spread.back().epoch, 500);
  EXPECT_LE(spread.back().low, spread.back().high);
}

TEST(RangeEdgesTest, TellWhereTheBestCrowd) {
  std::vector<RunRecord> const runs = {halving_run(270)};
  RunAnalysis const analysis = analysed(runs);
  ASSERT_EQ(analysis.edges.size(), 1u);
  EXPECT_EQ(analysis.edges[0].parameter, "lr");
  EXPECT_TRUE(analysis.edges[0].at_upper_end);
  EXPECT_EQ(analysis.edges[0].end, 0.1);
  EXPECT_EQ(analysis.edges[0].crowded, analysis.edges[0].of);
  auto const sentences = cautions(analysis);
  ASSERT_FALSE(sentences.empty());
  EXPECT_EQ(sentences[0],
            "26 of the 26 best trials have lr near the upper end of its range, 0.1: better values "
            "may lie above it.");
}

TEST(RangeEdgesTest, SayNothingOfFewTrialsOrAnEvenSpread) {
  std::vector<RunRecord> runs = {halving_run(6)};
  EXPECT_TRUE(analysed(runs).edges.empty());
  runs = {halving_run(270)};
  for (TrialResult& trial : runs[0].result.trials)
    trial.config.set("lr", std::pow(10, -1 - 3 * std::fmod(trial.id * 0.618, 1.0)));
  EXPECT_TRUE(analysed(runs).edges.empty());
}

}  // namespace
}  // namespace brood::files
