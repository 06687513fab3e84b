// SPDX-License-Identifier: Apache-2.0
// scikit-learn's numbers for every metric, with ties in the predictions and unequal row weights.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "brood/model.hpp"
#include "brood/study.hpp"
#include "golden/metric_cases.hpp"

namespace brood {
namespace {

using golden::MetricCase;

class GoldenMetric : public ::testing::TestWithParam<MetricCase> {};

// Both sum some 40 terms in double, in other orders, and logarithms differ by an ulp: below
// 200 x 2^-53 relative, which is 3e-14.
TEST_P(GoldenMetric, AgreesWithScikitLearn) {
  MetricCase const& c = GetParam();
  auto const rows = static_cast<std::int64_t>(c.predictions.size()) / c.outputs;
  for (auto const& [metric, expected] : c.scores) {
    double const own = score(metric, c.task, c.predictions, c.targets, rows, c.weights);
    EXPECT_NEAR(own, expected, 3e-14 * std::max(1.0, std::abs(expected))) << metric;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenMetric, ::testing::ValuesIn(golden::kMetricCases),
                         [](auto const& tested) { return tested.param.name; });

TEST(GoldenMetrics, AreAllThereAre) {
  // PyTorch's, see golden_test.cpp; scikit-learn's of a quantile, see study/metric_test.cpp.
  std::set<std::string, std::less<>> shown = {"loss", "pinball"};
  for (MetricCase const& c : golden::kMetricCases) {
    for (auto const& [metric, value] : c.scores)
      shown.insert(metric);
  }
  for (MetricInfo const& metric : metrics())
    EXPECT_TRUE(shown.contains(metric.name)) << metric.name;
}

}  // namespace
}  // namespace brood
