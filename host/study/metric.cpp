// SPDX-License-Identifier: Apache-2.0
#include "study/metric.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "brood/error.hpp"
#include "brood/model.hpp"
#include "brood/study.hpp"

namespace brood {

namespace {

// How a metric's value comes about: of the sums of an Evaluation, or of each row's prediction.
using FromSums = double (*)(Evaluation const&, MetricContext const&);
using FromPredictions = double (*)(PredictedRows const&);

struct Metric {
  MetricInfo info;
  FromSums from_sums;  // null: of predictions only; of log_loss, see loss_is_log_loss()
  FromPredictions from_predictions;
};

double entries(Evaluation const& e, MetricContext const& c) {
  return e.weight * c.targets;
}

double accuracy(Evaluation const& e, MetricContext const& c) {
  return e.correct / entries(e, c);
}
double loss(Evaluation const& e, MetricContext const&) {
  return e.loss;
}
double mse(Evaluation const& e, MetricContext const& c) {
  return e.squared_error / entries(e, c);
}
double rmse(Evaluation const& e, MetricContext const& c) {
  return std::sqrt(mse(e, c));
}
double mae(Evaluation const& e, MetricContext const& c) {
  return e.absolute_error / entries(e, c);
}
double r2(Evaluation const& e, MetricContext const& c) {
  return 1.0 - e.squared_error / c.target_variation;
}

constexpr bool kHigher = true, kLower = false;
constexpr bool kClasses = true, kLabels = true, kValues = true, kNo = false;

// name, whether a higher value is better, for classes, labels, values, what it is.
constexpr Metric kMetrics[] = {
    {{"accuracy", kHigher, kClasses, kLabels, kNo, "share of rows (of labels) predicted right"},
     accuracy,
     nullptr},
    {{"balanced_accuracy", kHigher, kClasses, kNo, kNo, "mean of the classes' recalls"},
     nullptr,
     balanced_accuracy},
    {{"precision", kHigher, kClasses, kLabels, kNo,
      "share of what is predicted that is true; of two classes, of the second (data.positive); of "
      "more, and of labels, the mean"},
     nullptr,
     precision},
    {{"recall", kHigher, kClasses, kLabels, kNo,
      "share of what is true that is predicted; of two classes, of the second; else the mean"},
     nullptr,
     recall},
    {{"f1", kHigher, kClasses, kLabels, kNo,
      "harmonic mean of precision and recall; of two classes, of the second; else the mean"},
     nullptr,
     f1},
    {{"f1_macro", kHigher, kClasses, kLabels, kNo, "mean of the F1 of each class (label)"},
     nullptr,
     f1_macro},
    {{"mcc", kHigher, kClasses, kLabels, kNo,
      "Matthews' correlation of what is true and what is predicted, -1 .. 1; of labels, the mean"},
     nullptr,
     mcc},
    {{"auc", kHigher, kClasses, kLabels, kNo,
      "area under the ROC curve; of more than two classes, the mean of each against the rest"},
     nullptr,
     auc},
    {{"pr_auc", kHigher, kClasses, kLabels, kNo,
      "average precision over all thresholds; of two classes, of the second; else the mean"},
     nullptr,
     pr_auc},
    {{"log_loss", kLower, kClasses, kLabels, kNo, "mean of -ln of the probability of what is true"},
     loss,
     log_loss},
    {{"brier", kLower, kClasses, kLabels, kNo,
      "mean squared error of the probabilities; of two classes, of the second; of more, their sum"},
     nullptr,
     brier},
    {{"loss", kLower, kClasses, kLabels, kValues, "the training loss on validation rows"},
     loss,
     nullptr},
    {{"mse", kLower, kNo, kNo, kValues, "mean squared error", 2}, mse, nullptr},
    {{"rmse", kLower, kNo, kNo, kValues, "its root", 1}, rmse, nullptr},
    {{"mae", kLower, kNo, kNo, kValues, "mean absolute error", 1}, mae, nullptr},
    {{"pinball", kLower, kNo, kNo, kValues, "mean pinball loss of the quantile tau", 1},
     nullptr,
     pinball},
    {{"r2", kHigher, kNo, kNo, kValues, "share of the variance that is explained"}, r2, nullptr},
};

Metric const* find_metric(std::string_view name) {
  for (auto const& metric : kMetrics) {
    if (metric.info.name == name) return &metric;
  }
  return nullptr;
}

// Adds one row's prediction to the sums; `loss` is a sum until the end.
void add_row(Evaluation& sums, PredictedRows const& predicted, std::int64_t row) {
  constexpr double kSmallest = 1e-37;  // of a probability, in a logarithm
  double const w = predicted.weight(row);
  if (w == 0) return;
  sums.weight += w;
  if (predicted.task == Task::classification) {
    int const label = static_cast<int>(predicted.target(row, 0));
    sums.correct += w * (predicted.decided(row) == label ? 1 : 0);
    auto const p = static_cast<double>(predicted.prediction(row, label));
    sums.loss -= w * std::log(std::max(p, kSmallest));
    return;
  }
  for (int k = 0; k < predicted.targets; ++k) {
    auto const p = static_cast<double>(predicted.prediction(row, k));
    auto const y = static_cast<double>(predicted.target(row, k));
    double const share = w / predicted.targets;
    if (predicted.task == Task::multi_label) {
      bool const truth = predicted.is_true(row, k);
      sums.correct += w * (predicted.is_on(row, k) == truth ? 1 : 0);
      sums.loss -= share * std::log(std::max(truth ? p : 1 - p, kSmallest));
    } else {
      sums.squared_error += w * (p - y) * (p - y);
      sums.absolute_error += w * std::abs(p - y);
      sums.loss += share * (p - y) * (p - y);
    }
  }
}

}  // namespace

bool MetricInfo::fits(Task task) const {
  switch (task) {
    case Task::classification:
      return of_classes;
    case Task::regression:
      return of_values;
    case Task::multi_label:
      return of_labels;
  }
  return false;
}

std::vector<MetricInfo> metrics() {
  std::vector<MetricInfo> list;
  for (auto const& metric : kMetrics)
    list.push_back(metric.info);
  return list;
}

std::string metric_problem(std::string_view name, Task task) {
  Metric const* const metric = find_metric(name);
  if (metric != nullptr && metric->info.fits(task)) return {};
  std::string allowed;
  std::vector<std::string_view> names;
  for (auto const& each : kMetrics) {
    if (!each.info.fits(task)) continue;
    names.push_back(each.info.name);
    allowed += (allowed.empty() ? "" : ", ") + std::string(each.info.name);
  }
  std::string problem =
      "metric: " + std::string(name) +
      (metric == nullptr ? " is not known" : " does not fit " + std::string(name_of(task))) +
      "; allowed: " + allowed;
  return metric == nullptr ? problem + did_you_mean(name, names) : problem;
}

bool higher_is_better(std::string_view name, Task task) {
  std::string problem = metric_problem(name, task);
  if (!problem.empty()) throw UsageError(std::move(problem));
  return find_metric(name)->info.higher_is_better;
}

std::string default_metric(Task task) {
  return task == Task::regression ? "rmse" : "log_loss";
}

double metric_value(std::string_view name, Evaluation const& sums, MetricContext const& context) {
  Metric const& metric = *find_metric(name);
  return in_units(metric.from_sums(sums, context), context.unit, metric.info.unit_power);
}

double metric_value(std::string_view name, PredictedRows const& predicted) {
  Metric const& metric = *find_metric(name);
  return in_units(metric.from_predictions(predicted), predicted.target_unit,
                  metric.info.unit_power);
}

double in_units(double value, double unit, int power) {
  for (; power > 0; --power)
    value *= unit;
  return value;
}

bool is_from_predictions(std::string_view name) {
  return find_metric(name)->from_predictions != nullptr;
}

bool loss_is_log_loss(Config const& config, Task task, int outputs) {
  Value const* const loss = config.find("loss");
  if (task == Task::multi_label) return true;  // nothing but bce fits
  if (task != Task::classification) return false;
  bool const shared = outputs == 2 && loss != nullptr && *loss == Value("bce");
  return loss == nullptr || *loss == Value("cross_entropy") || shared;
}

double target_variation(Table const& table, std::span<std::int32_t const> rows) {
  double variation = 0;
  for (int k = 0; k < table.y.columns; ++k) {
    auto each = [&](auto&& use) {
      for (auto const row : rows) {
        double const w =
            table.weights.data == nullptr ? 1.0 : static_cast<double>(table.weights.data[row]);
        use(w, static_cast<double>(table.y.data[std::int64_t{row} * table.y.columns + k]));
      }
    };
    double weight = 0, sum = 0;
    each([&](double w, double y) {
      weight += w;
      sum += w * y;
    });
    double const mean = weight > 0 ? sum / weight : 0;
    each([&](double w, double y) { variation += w * (y - mean) * (y - mean); });
  }
  return variation;
}

std::string undefined_reason(std::string_view metric, Table const& table,
                             std::span<std::int32_t const> rows) {
  auto const weight_of = [&](std::int32_t row) {
    return table.weights.data == nullptr ? 1.0f : table.weights.data[row];
  };
  auto const weigh_nothing = [&](std::int32_t row) { return !(weight_of(row) > 0); };
  if (std::all_of(rows.begin(), rows.end(), weigh_nothing)) return "the rows weigh nothing";
  if (metric == "r2" && !(target_variation(table, rows) > 0))
    return "the target is the same in all of the rows";
  if (metric != "auc" && metric != "pr_auc") return {};
  std::vector<float> targets;
  for (auto const row : rows) {
    float const* const own = table.y.data + std::int64_t{row} * table.y.columns;
    if (weight_of(row) > 0) targets.insert(targets.end(), own, own + table.y.columns);
  }
  auto const columns = static_cast<std::size_t>(table.y.columns);
  for (std::size_t i = columns; i < targets.size(); ++i) {
    if (targets[i] != targets[i % columns]) return {};
  }
  return table.task == Task::classification ? "all of the rows are of one class"
                                            : "every label is the same in all of the rows";
}

double score(std::string_view metric, Task task, std::span<float const> predictions,
             std::span<float const> targets, std::int64_t rows, std::span<float const> weights,
             double target_unit, std::optional<double> threshold, std::optional<double> quantile) {
  higher_is_better(metric, task);  // throws if it does not fit
  if (rows < 1) return std::numeric_limits<double>::quiet_NaN();
  auto const count = static_cast<std::size_t>(rows);
  PredictedRows const predicted{task,
                                rows,
                                static_cast<int>(predictions.size() / count),
                                static_cast<int>(targets.size() / count),
                                predictions,
                                targets,
                                weights,
                                threshold,
                                quantile,
                                target_unit};
  if (is_from_predictions(metric)) return metric_value(metric, predicted);
  Evaluation sums;
  sums.loss = 0;
  for (std::int64_t r = 0; r < rows; ++r)
    add_row(sums, predicted, r);
  sums.loss /= sums.weight;
  Table table;
  table.y = {targets.data(), rows, predicted.targets};
  if (!weights.empty()) table.weights = {weights.data(), rows, 1};
  std::vector<std::int32_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  double const variation = metric == "r2" ? target_variation(table, all) : 0;
  MetricContext const context{task, predicted.targets, variation, target_unit};
  // Of predictions alone the loss of values is their squared error.
  bool const squares = task == Task::regression && metric == "loss";
  return squares ? in_units(sums.loss, target_unit, 2) : metric_value(metric, sums, context);
}

NamedScores all_scores(Task task, std::span<float const> predictions,
                       std::span<float const> targets, std::int64_t rows,
                       std::span<float const> weights, double target_unit,
                       std::optional<double> threshold, std::optional<double> quantile) {
  NamedScores list;
  for (MetricInfo const& each : metrics()) {
    if (!each.fits(task) || each.name == "loss") continue;
    if (each.name == "pinball" && !quantile) continue;
    list.emplace_back(each.name, score(each.name, task, predictions, targets, rows, weights,
                                       target_unit, threshold, quantile));
  }
  return list;
}

}  // namespace brood
