// SPDX-License-Identifier: Apache-2.0
#include "study/prediction_metric.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace brood {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double weight_of(PredictedRows const& p, std::int64_t row) {
  return p.weights.empty() ? 1.0 : static_cast<double>(p.weights[static_cast<std::size_t>(row)]);
}

float prediction_of(PredictedRows const& p, std::int64_t row, int output) {
  return p.predictions[static_cast<std::size_t>(row * p.outputs + output)];
}

float target_of(PredictedRows const& p, std::int64_t row, int target) {
  return p.y[static_cast<std::size_t>(row * p.targets + target)];
}

// Whether a row is of a class, or has a label.
bool is_true(PredictedRows const& p, std::int64_t row, int output) {
  if (p.task == Task::classification) return target_of(p, row, 0) == static_cast<float>(output);
  return target_of(p, row, output) > 0.5f;
}

// The first of the likeliest classes of a row.
int likeliest(PredictedRows const& p, std::int64_t row) {
  auto const own = p.predictions.subspan(static_cast<std::size_t>(row * p.outputs),
                                         static_cast<std::size_t>(p.outputs));
  return static_cast<int>(std::max_element(own.begin(), own.end()) - own.begin());
}

// Weights of the rows by what is true and what is predicted of one class or label.
struct Counts {
  double true_positive = 0, false_positive = 0, false_negative = 0;
};

// Every row is of one class and predicted to be of one.
void count_classes(PredictedRows const& p, std::vector<Counts>& counts) {
  for (std::int64_t row = 0; row < p.rows; ++row) {
    double const w = weight_of(p, row);
    int const truth = static_cast<int>(target_of(p, row, 0)), predicted = likeliest(p, row);
    if (truth == predicted) {
      counts[static_cast<std::size_t>(truth)].true_positive += w;
    } else {
      counts[static_cast<std::size_t>(truth)].false_negative += w;
      counts[static_cast<std::size_t>(predicted)].false_positive += w;
    }
  }
}

void count_labels(PredictedRows const& p, std::vector<Counts>& counts) {
  for (std::int64_t row = 0; row < p.rows; ++row) {
    double const w = weight_of(p, row);
    for (int k = 0; k < p.outputs; ++k) {
      Counts& own = counts[static_cast<std::size_t>(k)];
      bool const truth = is_true(p, row, k), predicted = prediction_of(p, row, k) > 0.5f;
      if (truth && predicted) own.true_positive += w;
      if (!truth && predicted) own.false_positive += w;
      if (truth && !predicted) own.false_negative += w;
    }
  }
}

std::vector<Counts> count(PredictedRows const& p) {
  std::vector<Counts> counts(static_cast<std::size_t>(p.outputs));
  if (p.task == Task::classification) {
    count_classes(p, counts);
  } else {
    count_labels(p, counts);
  }
  return counts;
}

// The share of the pairs of a positive and a negative row that are in order; NaN without pairs.
double auc_of(PredictedRows const& p, int output) {
  struct Ranked {
    float prediction;
    bool positive;
    double weight;
  };
  std::vector<Ranked> ranked;
  for (std::int64_t row = 0; row < p.rows; ++row) {
    float const prediction = prediction_of(p, row, output);
    if (std::isnan(prediction)) return kNaN;
    ranked.push_back({prediction, is_true(p, row, output), weight_of(p, row)});
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](Ranked const& a, Ranked const& b) { return a.prediction < b.prediction; });
  double positives = 0, negatives = 0, pairs_in_order = 0;
  for (std::size_t first = 0; first < ranked.size();) {
    double tied_positives = 0, tied_negatives = 0;
    std::size_t next = first;
    for (; next < ranked.size() && ranked[next].prediction == ranked[first].prediction; ++next) {
      (ranked[next].positive ? tied_positives : tied_negatives) += ranked[next].weight;
    }
    pairs_in_order += tied_positives * (negatives + tied_negatives / 2);
    positives += tied_positives;
    negatives += tied_negatives;
    first = next;
  }
  return positives > 0 && negatives > 0 ? pairs_in_order / (positives * negatives) : kNaN;
}

double minus_log(float probability) {
  constexpr double kEpsilon = 0x1p-23;
  return -std::log(std::clamp(static_cast<double>(probability), kEpsilon, 1 - kEpsilon));
}

}  // namespace

double balanced_accuracy(PredictedRows const& p) {
  double recalls = 0;
  int classes = 0;
  for (Counts const& c : count(p)) {
    double const weight = c.true_positive + c.false_negative;
    if (!(weight > 0)) continue;
    recalls += c.true_positive / weight;
    ++classes;
  }
  return classes > 0 ? recalls / classes : kNaN;
}

double f1_macro(PredictedRows const& p) {
  double sum = 0;
  int classes = 0;
  for (Counts const& c : count(p)) {
    double const twice = 2 * c.true_positive;
    double const all = twice + c.false_positive + c.false_negative;
    if (!(all > 0) && p.task == Task::classification) continue;
    sum += all > 0 ? twice / all : 0;
    ++classes;
  }
  return classes > 0 ? sum / classes : kNaN;
}

namespace {

// own(output): of one output. Of two classes the second's, else the mean of those that are defined.
template <class Own>
double mean_auc(Task task, int outputs, Own&& own) {
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
  return mean_auc(p.task, p.outputs, [&](int output) { return auc_of(p, output); });
}

// Sums of whole and half pairs below 2^52 are exact, so this is what auc_of() makes of them.
double auc(Task task, int outputs, std::span<OrderedPairs const> pairs) {
  bool const one = task == Task::classification && outputs == 2;
  return mean_auc(task, outputs, [&](int output) {
    OrderedPairs const& of = pairs[one ? 0 : static_cast<std::size_t>(output)];
    if (of.defined == 0 || of.with == 0 || of.without == 0) return kNaN;
    double const in_order = static_cast<double>(of.twice_in_order) / 2;
    return in_order / (static_cast<double>(of.with) * static_cast<double>(of.without));
  });
}

double log_loss(PredictedRows const& p) {
  double sum = 0, weight = 0;
  for (std::int64_t row = 0; row < p.rows; ++row) {
    double const w = weight_of(p, row);
    weight += w;
    if (p.task == Task::classification) {
      sum += w * minus_log(prediction_of(p, row, static_cast<int>(target_of(p, row, 0))));
      continue;
    }
    for (int k = 0; k < p.outputs; ++k) {
      float const q = prediction_of(p, row, k);
      sum += w / p.outputs * minus_log(is_true(p, row, k) ? q : 1 - q);
    }
  }
  return sum / weight;
}

}  // namespace brood
