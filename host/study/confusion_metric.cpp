// SPDX-License-Identifier: Apache-2.0
// Metrics of what is predicted, beside what is true: all of them are made from counts by class or
// label.
#include <cmath>
#include <limits>
#include <vector>

#include "study/prediction_metric.hpp"

namespace brood {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Weights of the rows by what is true and what is predicted of one class or label.
struct Counts {
  double true_positive = 0, false_positive = 0, false_negative = 0;

  bool any() const { return true_positive + false_positive + false_negative > 0; }
  double is_true() const { return true_positive + false_negative; }
  double is_predicted() const { return true_positive + false_positive; }
};

// Every row is of one class and predicted to be of one.
void count_classes(PredictedRows const& p, std::vector<Counts>& counts) {
  for (std::int64_t row = 0; row < p.rows; ++row) {
    double const w = p.weight(row);
    int const truth = static_cast<int>(p.target(row, 0)), predicted = p.decided(row);
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
    double const w = p.weight(row);
    for (int k = 0; k < p.outputs; ++k) {
      Counts& own = counts[static_cast<std::size_t>(k)];
      bool const truth = p.is_true(row, k), predicted = p.is_on(row, k);
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

double ratio(double part, double all) {
  return all > 0 ? part / all : 0;
}
double precision_of(Counts const& c) {
  return ratio(c.true_positive, c.is_predicted());
}
double recall_of(Counts const& c) {
  return ratio(c.true_positive, c.is_true());
}
double f1_of(Counts const& c) {
  return ratio(2 * c.true_positive, c.is_true() + c.is_predicted());
}

// The mean over labels, or over the classes that are there or predicted.
template <class Own>
double macro(PredictedRows const& p, Own own) {
  double sum = 0;
  int counted = 0;
  for (Counts const& c : count(p)) {
    if (!c.any() && p.task == Task::classification) continue;
    sum += own(c);
    ++counted;
  }
  return counted > 0 ? sum / counted : kNaN;
}

// Of two classes the second's.
template <class Own>
double of_positive(PredictedRows const& p, Own own) {
  return p.has_positive() ? own(count(p)[1]) : macro(p, own);
}

double total_weight(PredictedRows const& p) {
  double total = 0;
  for (std::int64_t row = 0; row < p.rows; ++row)
    total += p.weight(row);
  return total;
}

// Of classes whose rows weigh `total` in all: each row counts in one class as true, and in one as
// predicted. The covariance of the two over the product of their deviations.
double correlation(std::vector<Counts> const& classes, double total) {
  double right = 0, both = 0, true_squares = 0, predicted_squares = 0;
  for (Counts const& c : classes) {
    right += c.true_positive;
    both += c.is_true() * c.is_predicted();
    true_squares += c.is_true() * c.is_true();
    predicted_squares += c.is_predicted() * c.is_predicted();
  }
  double const of_true = total * total - true_squares;
  double const of_predicted = total * total - predicted_squares;
  if (!(of_true > 0) || !(of_predicted > 0)) return 0;
  return (right * total - both) / std::sqrt(of_true * of_predicted);
}

// A label as two classes: those that have it, and those that have not.
double correlation_of_label(Counts const& with, double total) {
  double const neither = total - with.true_positive - with.false_positive - with.false_negative;
  return correlation({with, {neither, with.false_negative, with.false_positive}}, total);
}

}  // namespace

double balanced_accuracy(PredictedRows const& p) {
  double recalls = 0;
  int classes = 0;
  for (Counts const& c : count(p)) {
    if (!(c.is_true() > 0)) continue;
    recalls += recall_of(c);
    ++classes;
  }
  return classes > 0 ? recalls / classes : kNaN;
}

double precision(PredictedRows const& p) {
  return of_positive(p, precision_of);
}
double recall(PredictedRows const& p) {
  return of_positive(p, recall_of);
}
double f1(PredictedRows const& p) {
  return of_positive(p, f1_of);
}
double f1_macro(PredictedRows const& p) {
  return macro(p, f1_of);
}

double mcc(PredictedRows const& p) {
  double const total = total_weight(p);
  if (!(total > 0)) return kNaN;
  auto const counts = count(p);
  if (p.task == Task::classification) return correlation(counts, total);
  double sum = 0;
  for (Counts const& label : counts)
    sum += correlation_of_label(label, total);
  return sum / static_cast<double>(counts.size());
}

}  // namespace brood
