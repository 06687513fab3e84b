// SPDX-License-Identifier: Apache-2.0
#include "study/fit_calibration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "brood/model.hpp"
#include "study/log_probability.hpp"

namespace brood {

namespace {

// ---- temperature

constexpr std::int64_t kFewestRows = 200;
constexpr double kPriorDeviation = 0.5;
constexpr double kLeastGain = 1.92;  // nats

// Of more probabilities, so many are looked at, of rows at equal steps.
constexpr std::int64_t kMostProbabilities = 400'000;

// What is true of a row, or of one of its labels, and the logarithms of all that could be.
class LogProbabilities {
 public:
  explicit LogProbabilities(PredictedRows const& p)
      : choices_(p.task == Task::multi_label ? 2 : static_cast<std::size_t>(p.outputs)) {
    std::int64_t const step = (p.rows * p.outputs + kMostProbabilities - 1) / kMostProbabilities;
    for (std::int64_t r = 0; r < p.rows; r += std::max<std::int64_t>(step, 1)) {
      if (p.task == Task::multi_label) {
        for (int k = 0; k < p.outputs; ++k) {
          float const q = p.prediction(r, k);
          add({1 - q, q}, p.is_true(r, k) ? 1 : 0, p.weight(r));
        }
        continue;
      }
      auto const first = static_cast<std::size_t>(r) * choices_;
      auto const row = p.predictions.subspan(first, choices_);
      add({row.begin(), row.end()}, static_cast<std::size_t>(p.target(r, 0)), p.weight(r));
    }
  }

  // The mean of -ln of what is true, at a temperature.
  double loss_at(double temperature) const {
    double sum = 0, weight = 0;
    for (std::size_t i = 0; i < trues_.size(); ++i) {
      double const* const own = logs_.data() + i * choices_;
      double const top = *std::max_element(own, own + choices_);
      double total = 0;
      for (std::size_t k = 0; k < choices_; ++k)
        total += std::exp((own[k] - top) / temperature);
      sum += weights_[i] * (std::log(total) - (own[trues_[i]] - top) / temperature);
      weight += weights_[i];
    }
    return sum / weight;
  }

 private:
  void add(std::vector<float> const& probabilities, std::size_t is_true, double weight) {
    for (float const p : probabilities)
      logs_.push_back(log_probability(p));
    trues_.push_back(is_true);
    weights_.push_back(weight);
  }

  std::size_t choices_;
  std::vector<double> logs_;  // (choices made, choices_)
  std::vector<std::size_t> trues_;
  std::vector<double> weights_;
};

// Where a function of one valley is least, to 1e-4 (golden section search, Kiefer 1953).
template <class Function>
double least_between(double low, double high, Function const& f) {
  double const golden = (std::sqrt(5.0) - 1) / 2;
  double a = high - golden * (high - low), b = low + golden * (high - low);
  double at_a = f(a), at_b = f(b);
  while (high - low > 1e-4) {
    if (at_a <= at_b) {
      high = std::exchange(b, a);
      at_b = at_a;
      a = high - golden * (high - low);
      at_a = f(a);
    } else {
      low = std::exchange(a, b);
      at_a = at_b;
      b = low + golden * (high - low);
      at_b = f(b);
    }
  }
  return (low + high) / 2;
}

}  // namespace

double fit_temperature(PredictedRows const& predicted, std::int64_t distinct) {
  if (predicted.task == Task::regression || distinct < kFewestRows) return 1;
  auto const n = static_cast<double>(distinct);
  auto const penalty = [&](double log_temperature) {
    double const away = log_temperature / kPriorDeviation;
    return away * away / 2 / n;
  };
  LogProbabilities const logs(predicted);
  constexpr double kFurthest = 3;  // of ln T: 0.05 to 20
  double const best = least_between(-kFurthest, kFurthest, [&](double log_temperature) {
    return logs.loss_at(std::exp(log_temperature)) + penalty(log_temperature);
  });
  double const temperature = std::exp(best);
  double const gain = n * (logs.loss_at(1) - logs.loss_at(temperature));
  return gain >= kLeastGain ? temperature : 1;  // false for NaN
}

namespace {

// ---- threshold

constexpr std::array<std::string_view, 6> kThresholdMetrics = {
    "", "accuracy", "balanced_accuracy", "f1", "f1_macro", "mcc"};

// Half-way between neighbours among some quantiles of the probabilities that decide, ascending.
std::vector<double> thresholds(PredictedRows const& p) {
  std::vector<float> probabilities;
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (int k = p.has_positive() ? 1 : 0; k < p.outputs; ++k)
      probabilities.push_back(p.prediction(r, k));
  }
  std::sort(probabilities.begin(), probabilities.end());
  constexpr std::size_t kQuantiles = 255;
  std::vector<double> quantiles;
  std::size_t const count = std::min(kQuantiles, probabilities.size());
  for (std::size_t q = 0; q < count; ++q) {
    double const at = static_cast<double>(
        probabilities[count == 1 ? 0 : q * (probabilities.size() - 1) / (count - 1)]);
    if (quantiles.empty() || at > quantiles.back()) quantiles.push_back(at);
  }
  std::vector<double> between;
  for (std::size_t q = 0; q + 1 < quantiles.size(); ++q)
    between.push_back((quantiles[q] + quantiles[q + 1]) / 2);
  return between;
}

}  // namespace

std::optional<double> fit_threshold(PredictedRows const& predicted, ThresholdBy by) {
  bool const decides = predicted.has_positive() || predicted.task == Task::multi_label;
  if (by == ThresholdBy::none || !decides || predicted.rows < 1) return std::nullopt;
  std::string_view const metric = kThresholdMetrics[static_cast<std::size_t>(by)];
  auto const score_at = [&](double threshold) {
    return score(metric, predicted.task, predicted.predictions, predicted.y, predicted.rows,
                 predicted.weights, 1, threshold);
  };
  double best = 0.5, top = score_at(best);
  for (double const threshold : thresholds(predicted)) {
    double const own = score_at(threshold);
    bool const nearer = own == top && std::abs(threshold - 0.5) < std::abs(best - 0.5);
    if (own > top || nearer) top = own, best = threshold;
  }
  return best;
}

namespace {

// ---- intervals

constexpr std::array kCoverages = {0.5, 0.8, 0.9, 0.95, 0.99};

struct Error {
  double size = 0, weight = 0;
};

// Absolute errors of a target, ascending; rows without weight say nothing.
std::vector<Error> errors_of(PredictedRows const& p, int target) {
  std::vector<Error> errors;
  for (std::int64_t r = 0; r < p.rows; ++r) {
    double const off =
        static_cast<double>(p.prediction(r, target)) - static_cast<double>(p.target(r, target));
    if (p.weight(r) > 0) errors.push_back({std::abs(off), p.weight(r)});
  }
  std::stable_sort(errors.begin(), errors.end(),
                   [](Error const& a, Error const& b) { return a.size < b.size; });
  return errors;
}

// The first error up to which the weight is enough; nothing if that of all is not.
std::optional<double> quantile(std::vector<Error> const& errors, double coverage) {
  double total = 0;
  for (Error const& each : errors)
    total += each.weight;
  auto const n = static_cast<double>(errors.size());
  double const needed = coverage * total * (1 + 1 / n);
  double below = 0;
  for (Error const& each : errors) {
    below += each.weight;
    if (below >= needed) return each.size;
  }
  return std::nullopt;
}

}  // namespace

std::vector<Interval> fit_intervals(PredictedRows const& predicted) {
  if (predicted.task != Task::regression) return {};
  std::vector<std::vector<Error>> errors;
  for (int k = 0; k < predicted.targets; ++k)
    errors.push_back(errors_of(predicted, k));
  std::vector<Interval> intervals;
  for (double const coverage : kCoverages) {
    Interval interval{.coverage = coverage};
    for (auto const& own : errors) {
      if (auto const half = quantile(own, coverage)) interval.half_widths.push_back(*half);
    }
    if (interval.half_widths.size() == errors.size()) intervals.push_back(std::move(interval));
  }
  return intervals;
}

std::vector<double> coverage(std::span<Interval const> intervals, PredictedRows const& predicted) {
  std::vector<double> shares;
  for (Interval const& interval : intervals) {
    double inside = 0, all = 0;
    for (int k = 0; k < predicted.targets; ++k) {
      for (Error const& error : errors_of(predicted, k)) {
        all += error.weight;
        if (error.size <= interval.half_widths[static_cast<std::size_t>(k)]) inside += error.weight;
      }
    }
    shares.push_back(inside / all);
  }
  return shares;
}

Calibration fit_calibration(Calibrate const& asked, Task task, Truth const& truth,
                            std::span<float const> predictions, std::int64_t distinct) {
  std::vector<float> calibrated(predictions.begin(), predictions.end());
  PredictedRows const predicted = truth.predicted(task, calibrated);
  Calibration calibration;
  if (asked.temperature) calibration.temperature = fit_temperature(predicted, distinct);
  calibration.apply(task, predicted.outputs, calibrated);
  calibration.threshold = fit_threshold(predicted, asked.threshold);
  if (asked.intervals) calibration.intervals = fit_intervals(predicted);
  return calibration;
}

}  // namespace brood
