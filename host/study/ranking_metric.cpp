// SPDX-License-Identifier: Apache-2.0
// Metrics of how the rows are ordered by their probabilities.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "study/prediction_metric.hpp"

namespace brood {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The weights of rows of one probability, of which some are of the class (have the label).
struct Tied {
  double positives = 0, negatives = 0;
};

// Of one class or label, from the lowest probability up; empty if one is NaN.
std::vector<Tied> ranked(PredictedRows const& p, int output) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(p.rows));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  auto const prediction = [&](std::int64_t row) { return p.prediction(row, output); };
  if (std::any_of(order.begin(), order.end(),
                  [&](std::int64_t row) { return std::isnan(prediction(row)); }))
    return {};
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return prediction(a) < prediction(b); });
  std::vector<Tied> ranks;
  for (std::size_t i = 0; i < order.size(); ++i) {
    bool const tied = i > 0 && prediction(order[i]) == prediction(order[i - 1]);
    if (!tied) ranks.emplace_back();
    Tied& own = ranks.back();
    (p.is_true(order[i], output) ? own.positives : own.negatives) += p.weight(order[i]);
  }
  return ranks;
}

// The share of the pairs of a positive and a negative row that are in order; NaN without pairs.
double auc_of(PredictedRows const& p, int output) {
  double positives = 0, negatives = 0, pairs_in_order = 0;
  for (Tied const& tied : ranked(p, output)) {
    pairs_in_order += tied.positives * (negatives + tied.negatives / 2);
    positives += tied.positives;
    negatives += tied.negatives;
  }
  return positives > 0 && negatives > 0 ? pairs_in_order / (positives * negatives) : kNaN;
}

double average_precision_of(PredictedRows const& p, int output) {
  auto const ranks = ranked(p, output);
  double positives = 0, negatives = 0, sum = 0;
  for (auto tied = ranks.rbegin(); tied != ranks.rend(); ++tied) {
    positives += tied->positives;
    negatives += tied->negatives;
    if (tied->positives > 0) sum += tied->positives * positives / (positives + negatives);
  }
  return positives > 0 && negatives > 0 ? sum / positives : kNaN;
}

// own(output): of one output. Of two classes the second's, else the mean of those that are defined.
template <class Own>
double mean_over(Task task, int outputs, Own&& own) {
  if (task == Task::classification && outputs == 2) return own(1);
  double sum = 0;
  int defined = 0;
  for (int k = 0; k < outputs; ++k) {
    double const value = own(k);
    if (std::isnan(value)) continue;
    sum += value;
    ++defined;
  }
  return defined > 0 ? sum / defined : kNaN;
}

}  // namespace

double auc(PredictedRows const& p) {
  return mean_over(p.task, p.outputs, [&](int output) { return auc_of(p, output); });
}

double pr_auc(PredictedRows const& p) {
  return mean_over(p.task, p.outputs, [&](int output) { return average_precision_of(p, output); });
}

// Sums of whole and half pairs below 2^52 are exact, so this is what auc_of() makes of them.
double auc(Task task, int outputs, std::span<OrderedPairs const> pairs) {
  bool const one = task == Task::classification && outputs == 2;
  return mean_over(task, outputs, [&](int output) {
    OrderedPairs const& of = pairs[one ? 0 : static_cast<std::size_t>(output)];
    if (of.defined == 0 || of.with == 0 || of.without == 0) return kNaN;
    double const in_order = static_cast<double>(of.twice_in_order) / 2;
    return in_order / (static_cast<double>(of.with) * static_cast<double>(of.without));
  });
}

}  // namespace brood
