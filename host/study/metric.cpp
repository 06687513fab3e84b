// SPDX-License-Identifier: Apache-2.0
#include "study/metric.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "brood/error.hpp"
#include "brood/model.hpp"
#include "brood/study.hpp"

namespace brood {

namespace {

struct Metric {
  std::string_view name;
  bool higher_is_better;
  bool of_labels, of_values;  // fits classification and multi_label; regression
  double (*value)(Evaluation const&, MetricContext const&);
};

double entries(Evaluation const& e, MetricContext const& c) {
  return e.weight * c.targets;
}

constexpr Metric kMetrics[] = {
    {"accuracy", true, true, false,
     [](Evaluation const& e, MetricContext const& c) { return e.correct / entries(e, c); }},
    {"loss", false, true, true, [](Evaluation const& e, MetricContext const&) { return e.loss; }},
    {"mse", false, false, true,
     [](Evaluation const& e, MetricContext const& c) { return e.squared_error / entries(e, c); }},
    {"rmse", false, false, true,
     [](Evaluation const& e, MetricContext const& c) {
       return std::sqrt(e.squared_error / entries(e, c));
     }},
    {"mae", false, false, true,
     [](Evaluation const& e, MetricContext const& c) { return e.absolute_error / entries(e, c); }},
    {"r2", true, false, true,
     [](Evaluation const& e, MetricContext const& c) {
       return 1.0 - e.squared_error / c.target_variation;
     }},
};

Metric const* find_metric(std::string_view name) {
  for (auto const& metric : kMetrics) {
    if (metric.name == name) return &metric;
  }
  return nullptr;
}

bool fits(Metric const& metric, Task task) {
  return task == Task::regression ? metric.of_values : metric.of_labels;
}

// Adds one row's prediction to the sums; `loss` is a sum until the end.
void add_row(Evaluation& sums, Task task, std::span<float const> p, std::span<float const> y,
             double w) {
  constexpr double kSmallest = 1e-37;  // of a probability, in a logarithm
  sums.weight += w;
  if (task == Task::classification) {
    auto const label = static_cast<std::size_t>(y[0]);
    auto const top = std::max_element(p.begin(), p.end()) - p.begin();
    sums.correct += w * (static_cast<std::size_t>(top) == label ? 1 : 0);
    sums.loss -= w * std::log(std::max(static_cast<double>(p[label]), kSmallest));
    return;
  }
  for (std::size_t k = 0; k < y.size(); ++k) {
    double const pk = static_cast<double>(p[k]);
    double const yk = static_cast<double>(y[k]);
    double const share = w / static_cast<double>(y.size());
    if (task == Task::multi_label) {
      sums.correct += w * ((pk > 0.5) == (yk > 0.5) ? 1 : 0);
      sums.loss -= share * std::log(std::max(yk > 0.5 ? pk : 1 - pk, kSmallest));
    } else {
      sums.squared_error += w * (pk - yk) * (pk - yk);
      sums.absolute_error += w * std::abs(pk - yk);
      sums.loss += share * (pk - yk) * (pk - yk);
    }
  }
}

}  // namespace

std::string metric_problem(std::string_view name, Task task) {
  Metric const* const metric = find_metric(name);
  if (metric != nullptr && fits(*metric, task)) return {};
  std::string allowed;
  std::vector<std::string_view> names;
  for (auto const& each : kMetrics) {
    if (!fits(each, task)) continue;
    names.push_back(each.name);
    allowed += (allowed.empty() ? "" : ", ") + std::string(each.name);
  }
  std::string problem =
      "metric: " + std::string(name) +
      (metric == nullptr ? " is not known" : " does not fit " + std::string(name_of(task))) +
      "; allowed: " + allowed;
  std::string const near = metric == nullptr ? nearest_name(name, names) : "";
  return near.empty() ? problem : problem + "; did you mean " + near + "?";
}

bool higher_is_better(std::string_view name, Task task) {
  std::string problem = metric_problem(name, task);
  if (!problem.empty()) throw UsageError(std::move(problem));
  return find_metric(name)->higher_is_better;
}

std::string default_metric(Task task) {
  return task == Task::regression ? "rmse" : "accuracy";
}

double metric_value(std::string_view name, Evaluation const& sums, MetricContext const& context) {
  return find_metric(name)->value(sums, context);
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

double score(std::string_view metric, Task task, std::span<float const> predictions,
             std::span<float const> targets, std::int64_t rows, std::span<float const> weights) {
  higher_is_better(metric, task);  // throws if it does not fit
  if (rows < 1) return std::numeric_limits<double>::quiet_NaN();
  auto const count = static_cast<std::size_t>(rows);
  std::size_t const outputs = predictions.size() / count;
  std::size_t const columns = targets.size() / count;
  Evaluation sums;
  sums.loss = 0;
  for (std::size_t r = 0; r < count; ++r) {
    double const w = weights.empty() ? 1.0 : static_cast<double>(weights[r]);
    add_row(sums, task, predictions.subspan(r * outputs, outputs),
            targets.subspan(r * columns, columns), w);
  }
  sums.loss /= sums.weight;
  Table table;
  table.y = {targets.data(), rows, static_cast<int>(columns)};
  if (!weights.empty()) table.weights = {weights.data(), rows, 1};
  std::vector<std::int32_t> all(count);
  for (std::size_t r = 0; r < count; ++r)
    all[r] = static_cast<std::int32_t>(r);
  double const variation = task == Task::regression ? target_variation(table, all) : 0;
  return metric_value(metric, sums, {task, static_cast<int>(columns), variation});
}

}  // namespace brood
