// SPDX-License-Identifier: Apache-2.0
// ParzenEstimator: widths of the kernels, draws, densities. An observation that comes or goes
// changes the widths of its neighbours alone (of all while they are few: Optuna's magic clip).
#include "search/samplers/parzen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "core/normal.hpp"
#include "search/normal_mass.hpp"
#include "search/samplers/kernel_loops.hpp"
#include "search/samplers/log_sum.hpp"

namespace brood {
namespace {

constexpr int kFullWeights = 25;
// On a line with more steps than these a kernel, of at least 1/100 of the line, is two steps wide
// or more. Its mass of a step is then the density of a normal wider by the variance of the step,
// 1/12, to (1/2)^4 / 2880 of the fourth Hermite polynomial: 0.4 % at four standard deviations.
constexpr double kManySteps = 200;
constexpr double kStepVariance = 1.0 / 12;

bool is_dense(Axis const& axis) {
  return axis.kind == Axis::Kind::real ||
         (axis.kind == Axis::Kind::steps && !axis.log && axis.last - axis.first > kManySteps);
}

bool is_log_steps(Axis const& axis) {
  return axis.kind == Axis::Kind::steps && axis.log;
}

// The interval that a step stands for.
struct Interval {
  double low, high;
};
Interval interval_of(Axis const& axis, double coordinate) {
  if (!axis.log) return {coordinate - 0.5, coordinate + 0.5};
  double const k = std::nearbyint(std::exp(coordinate));
  return {std::log(k - 0.5), std::log(k + 0.5)};
}

double log_mass(ParzenEstimator::Kernels const& kernels, std::size_t k, Interval const& step) {
  double const mean = kernels.mean[k], sigma = kernels.sigma[k];
  return std::log(normal_mass((step.low - mean) / sigma, (step.high - mean) / sigma));
}

// The table of a width, made if there is none: the logarithm of a step's mass by its distance.
int table_of(Axis const& axis, double sigma, ParzenEstimator::Kernels& kernels) {
  auto& tables = kernels.tables;
  auto const known = std::find_if(tables.begin(), tables.end(),
                                  [&](auto const& table) { return table.first == sigma; });
  if (known != tables.end()) return static_cast<int>(known - tables.begin());
  std::vector<double> table;
  for (double distance = 0; distance <= axis.last - axis.first; ++distance)
    table.push_back(std::log(normal_mass((distance - 0.5) / sigma, (distance + 0.5) / sigma)));
  tables.emplace_back(sigma, std::move(table));
  return static_cast<int>(tables.size()) - 1;
}

template <class T>
void insert_at(std::vector<T>& values, std::size_t place, T value) {
  values.insert(values.begin() + static_cast<std::ptrdiff_t>(place), value);
}
template <class T>
void erase_at(std::vector<T>& values, std::size_t place) {
  values.erase(values.begin() + static_cast<std::ptrdiff_t>(place));
}

// Kernels in the order of their means; equal ones by number.
struct ByMean {
  std::vector<double> const& mean;
  bool operator()(int a, int b) const {
    double const x = mean[static_cast<std::size_t>(a)], y = mean[static_cast<std::size_t>(b)];
    return x < y || (x == y && a < b);
  }
};

}  // namespace

std::vector<double> parzen_weights(int n) {
  std::vector<double> weights;
  weights.reserve(static_cast<std::size_t>(n) + 1);
  weights.assign(static_cast<std::size_t>(n), 1);
  int const ramp = n - kFullWeights;
  double const first = 1.0 / n, step = (1 - first) / std::max(ramp - 1, 1);
  for (int i = 0; i < ramp; ++i)
    weights[static_cast<std::size_t>(i)] = first + i * step;
  return weights;
}

ParzenEstimator::ParzenEstimator(std::span<Axis const> axes, bool consider_endpoints)
    : axes_(axes), consider_endpoints_(consider_endpoints), kernels_(axes.size()) {
  assign({});
}

// ---- observations

void ParzenEstimator::assign(std::span<double const> points) {
  std::size_t const count = points.size() / axes_.size() + 1;
  log_scale_.assign(count, 0);
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    Kernels& kernels = kernels_[i];
    kernels.mean = {axes_[i].prior_mean};
    for (std::size_t at = i; at < points.size(); at += axes_.size())
      kernels.mean.push_back(points[at]);
    kernels.sigma.assign(count, 0);
    kernels.inverse_width.assign(count, 0);
    kernels.log_scale.assign(count, 0);
    kernels.table.assign(count, 0);
    kernels.order.resize(count - 1);
    std::iota(kernels.order.begin(), kernels.order.end(), 1);
    std::sort(kernels.order.begin(), kernels.order.end(), ByMean{kernels.mean});
  }
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    if (axes_[i].kind == Axis::Kind::category) continue;
    set_sigma(i, 0, axes_[i].prior_sigma);
    set_least(i);
    widen(i, 0, count - 1);
  }
  weigh();
}

void ParzenEstimator::insert(std::size_t place, std::span<double const> point) {
  std::size_t const kernel = place + 1;
  auto const number = static_cast<int>(kernel);
  insert_at(log_scale_, kernel, 0.0);
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    Kernels& kernels = kernels_[i];
    insert_at(kernels.mean, kernel, point[i]);
    insert_at(kernels.sigma, kernel, 0.0);
    insert_at(kernels.inverse_width, kernel, 0.0);
    insert_at(kernels.log_scale, kernel, 0.0);
    insert_at(kernels.table, kernel, 0);
    for (int& other : kernels.order)
      other += other >= number;
  }
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    auto& order = kernels_[i].order;
    auto const at = std::upper_bound(order.begin(), order.end(), number, ByMean{kernels_[i].mean});
    auto const rank = static_cast<std::size_t>(at - order.begin());
    order.insert(at, number);
    widen_around(i, rank, 3);
  }
  weigh();
}

void ParzenEstimator::remove(std::size_t place) {
  std::size_t const kernel = place + 1;
  auto const number = static_cast<int>(kernel);
  erase_at(log_scale_, kernel);
  std::vector<std::size_t> ranks;
  for (Kernels& kernels : kernels_) {
    auto& order = kernels.order;
    auto const at = std::lower_bound(order.begin(), order.end(), number, ByMean{kernels.mean});
    ranks.push_back(static_cast<std::size_t>(at - order.begin()));
    order.erase(at);
    for (int& other : order)
      other -= other > number;
    erase_at(kernels.mean, kernel);
    erase_at(kernels.sigma, kernel);
    erase_at(kernels.inverse_width, kernel);
    erase_at(kernels.log_scale, kernel);
    erase_at(kernels.table, kernel);
  }
  for (std::size_t i = 0; i < axes_.size(); ++i)
    widen_around(i, ranks[i], 2);
  weigh();
}

bool ParzenEstimator::is_at(std::size_t place, std::span<double const> point) const {
  for (std::size_t i = 0; i < point.size(); ++i) {
    if (kernels_[i].mean[place + 1] != point[i]) return false;
  }
  return true;
}

// What depends on the number of observations alone.
void ParzenEstimator::weigh() {
  weights_ = parzen_weights(static_cast<int>(log_scale_.size()) - 1);
  weights_.insert(weights_.begin(), 1);  // the prior's
  double total = 0;
  for (double const weight : weights_)
    total += weight;
  for (double& weight : weights_)
    weight /= total;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    if (axes_[i].kind != Axis::Kind::category) continue;
    auto& logs = kernels_[i].categories;
    logs.clear();
    for (std::size_t category = 0; category < axes_[i].prior.size(); ++category) {
      logs.push_back({.of_prior = std::log(axes_[i].prior[category]),
                      .of_same = std::log(category_probability(i, category, true)),
                      .of_other = std::log(category_probability(i, category, false))});
    }
  }
}

// By the kernel of an observation: the prior's share of 1 / kernels for each of its categories, and
// 1 for the observed one, normalised.
double ParzenEstimator::category_probability(std::size_t axis, std::size_t category,
                                             bool observed) const {
  auto const& prior = axes_[axis].prior;
  double const share = static_cast<double>(prior.size()) / static_cast<double>(weights_.size());
  return (share * prior[category] + (observed ? 1 : 0)) / (share + 1);
}

// ---- widths

// Optuna's magic clip. Whether it has changed.
bool ParzenEstimator::set_least(std::size_t axis) {
  Kernels& kernels = kernels_[axis];
  double const range = axes_[axis].high - axes_[axis].low;
  double const before = kernels.least;
  kernels.least = range / std::min(100.0, static_cast<double>(kernels.order.size()) + 2);
  return kernels.least != before;
}

// After a change at a rank: of `count` kernels from the one before it, or of all, if the clip has
// changed.
void ParzenEstimator::widen_around(std::size_t axis, std::size_t rank, std::size_t count) {
  if (axes_[axis].kind == Axis::Kind::category) return;
  std::size_t const all = kernels_[axis].order.size();
  if (set_least(axis)) return widen(axis, 0, all);
  std::size_t const first = rank - std::min<std::size_t>(rank, 1);
  widen(axis, first, std::min(first + count, all));
}

// The observations' kernels whose ranks by their means are in [first, last): as wide as it is to
// the farther neighbour.
void ParzenEstimator::widen(std::size_t i, std::size_t first, std::size_t last) {
  Axis const& axis = axes_[i];
  auto const& order = kernels_[i].order;
  auto const mean = [&](std::size_t rank) {
    return kernels_[i].mean[static_cast<std::size_t>(order[rank])];
  };
  for (std::size_t rank = first; rank < last; ++rank) {
    bool const is_first = rank == 0, is_last = rank + 1 == order.size();
    double const before = mean(rank) - (is_first ? axis.low : mean(rank - 1));
    double const after = (is_last ? axis.high : mean(rank + 1)) - mean(rank);
    double sigma = std::max(before, after);
    if (!consider_endpoints_ && order.size() >= 2) {
      if (is_first) sigma = after;
      if (is_last) sigma = before;
    }
    set_sigma(i, static_cast<std::size_t>(order[rank]),
              std::clamp(sigma, kernels_[i].least, axis.high - axis.low));
  }
}

void ParzenEstimator::set_sigma(std::size_t i, std::size_t kernel, double sigma) {
  Axis const& axis = axes_[i];
  Kernels& kernels = kernels_[i];
  if (sigma == kernels.sigma[kernel]) return;
  double const mean = kernels.mean[kernel];
  kernels.sigma[kernel] = sigma;
  double const scale = normal_mass((axis.low - mean) / sigma, (axis.high - mean) / sigma);
  kernels.log_scale[kernel] = std::log(scale);
  if (is_dense(axis)) {
    bool const steps = axis.kind == Axis::Kind::steps;
    double const variance = sigma * sigma + (steps ? kStepVariance : 0);
    kernels.inverse_width[kernel] = 1 / std::sqrt(2 * variance);
    kernels.log_scale[kernel] += 0.5 * std::log(2 * std::numbers::pi * variance);
  } else if (!axis.log) {
    kernels.table[kernel] = table_of(axis, sigma, kernels);
  }
  double sum = 0;
  for (auto const& each : kernels_)
    sum += each.log_scale[kernel];
  log_scale_[kernel] = sum;
}

// ---- draws

std::vector<double> ParzenEstimator::sample(CandidateDraws& draws) const {
  double u = draws.next();
  std::size_t kernel = 0;
  while (kernel + 1 < weights_.size() && u >= weights_[kernel])
    u -= weights_[kernel++];

  std::vector<double> point;
  point.reserve(axes_.size());
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    Axis const& axis = axes_[i];
    Kernels const& kernels = kernels_[i];
    double rest = draws.next();
    if (axis.kind == Axis::Kind::category) {
      std::size_t category = 0, possible = 0;
      for (; category < axis.prior.size(); ++category) {
        bool const observed = static_cast<std::size_t>(kernels.mean[kernel]) == category;
        double const probability =
            kernel == 0 ? axis.prior[category] : category_probability(i, category, observed);
        if (probability > 0) possible = category;
        if (rest < probability) break;
        rest -= probability;
      }
      point.push_back(static_cast<double>(possible));
      continue;
    }
    double const mean = kernels.mean[kernel], sigma = kernels.sigma[kernel];
    double const below = normal_cdf((axis.low - mean) / sigma);
    double const above = normal_cdf((axis.high - mean) / sigma);
    // Rounding may reach 0 or 1, where the quantile has no value.
    double const p = std::clamp(below + rest * (above - below), 0x1p-60, 1 - 0x1p-53);
    point.push_back(snapped(axis, mean + sigma * normal_quantile(p)));
  }
  return point;
}

// ---- densities

// Each of these adds the logarithms of an axis' kernels, from kernel `first`, to a block of sums.

void ParzenEstimator::add_steps(std::size_t i, double coordinate, std::size_t first,
                                std::span<double> sums) const {
  Kernels const& kernels = kernels_[i];
  double const prior = sums[0] + log_mass(kernels, 0, interval_of(axes_[i], coordinate));
  for (std::size_t k = 0; k < sums.size(); ++k) {
    auto const& table = kernels.tables[static_cast<std::size_t>(kernels.table[first + k])].second;
    double const distance = std::abs(coordinate - kernels.mean[first + k]);
    sums[k] += table[static_cast<std::size_t>(distance)];
  }
  // Its mean may lie between two steps.
  if (first == 0) sums[0] = prior;
}

// Of all kernels of the axes whose steps have unlike distances, added up. Neighbours in order are
// often the same kernel: trials are many, or steps few.
std::vector<double> ParzenEstimator::log_steps(std::span<double const> point) const {
  std::vector<double> sums(weights_.size(), 0);
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    if (!is_log_steps(axes_[i])) continue;
    Kernels const& kernels = kernels_[i];
    Interval const step = interval_of(axes_[i], point[i]);
    sums[0] += log_mass(kernels, 0, step);
    double mean = 0, sigma = 0, known = 0;
    for (int const kernel : kernels.order) {
      auto const k = static_cast<std::size_t>(kernel);
      if (kernels.mean[k] != mean || kernels.sigma[k] != sigma) {
        mean = kernels.mean[k];
        sigma = kernels.sigma[k];
        known = log_mass(kernels, k, step);
      }
      sums[k] += known;
    }
  }
  return sums;
}

// The logarithms of the kernels from `first` on, at a point.
void ParzenEstimator::log_kernels(std::span<double const> point, std::size_t first,
                                  std::span<double> sums) const {
  for (std::size_t k = 0; k < sums.size(); ++k)
    sums[k] = -log_scale_[first + k];
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    if (axes_[i].kind == Axis::Kind::category) {
      auto const& logs = kernels_[i].categories[static_cast<std::size_t>(point[i])];
      double const prior = sums[0] + logs.of_prior;
      add_by_category(sums, point[i], kernels_[i].mean.data() + first, logs.of_same, logs.of_other);
      if (first == 0) sums[0] = prior;
    } else if (is_dense(axes_[i])) {
      subtract_squares(sums, point[i], kernels_[i].mean.data() + first,
                       kernels_[i].inverse_width.data() + first);
    } else if (!is_log_steps(axes_[i])) {
      add_steps(i, point[i], first, sums);
    }
  }
}

std::vector<double> ParzenEstimator::log_density(
    std::span<std::vector<double> const> points) const {
  std::vector<std::vector<double>> steps;
  if (std::any_of(axes_.begin(), axes_.end(), is_log_steps)) {
    for (auto const& point : points)
      steps.push_back(log_steps(point));
  }
  std::vector<LogSum> densities(points.size());
  std::array<double, LogSum::kBlock> block;
  for (std::size_t first = 0; first < weights_.size(); first += LogSum::kBlock) {
    std::size_t const count = std::min(LogSum::kBlock, weights_.size() - first);
    std::size_t const whole = (count + kGroup - 1) / kGroup * kGroup;
    for (std::size_t p = 0; p < points.size(); ++p) {
      log_kernels(points[p], first, {block.data(), count});
      for (std::size_t k = 0; k < count && !steps.empty(); ++k)
        block[k] += steps[p][first + k];
      std::fill(block.begin() + count, block.begin() + whole,
                -std::numeric_limits<double>::infinity());
      densities[p].add({block.data(), whole}, std::span(weights_).subspan(first, count));
    }
  }
  std::vector<double> logs;
  for (auto const& density : densities)
    logs.push_back(density.log());
  return logs;
}

}  // namespace brood
