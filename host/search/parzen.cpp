// SPDX-License-Identifier: Apache-2.0
// ParzenEstimator: widths of the kernels, draws, densities. An added observation changes the widths
// of its neighbours alone, so prepare() computes anew only what has changed.
#include "search/parzen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/normal.hpp"

namespace brood {
namespace {

constexpr int kFullWeights = 25;
// On a line with more steps than these a kernel, of at least 1/100 of the line, is two steps wide
// or more. Its mass of a step is then the density of a normal wider by the variance of the step,
// 1/12, to (1/2)^4 / 2880 of the fourth Hermite polynomial: 0.4 % at four standard deviations.
constexpr double kManySteps = 200;
constexpr double kStepVariance = 1.0 / 12;

double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

// The mass of a standard normal between a and b, precise in both tails.
double normal_mass(double a, double b) {
  return a > 0 ? normal_cdf(-a) - normal_cdf(-b) : normal_cdf(b) - normal_cdf(a);
}

bool is_dense(Axis const& axis) {
  return axis.kind == Axis::Kind::real ||
         (axis.kind == Axis::Kind::steps && !axis.log && axis.last - axis.first > kManySteps);
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

// Takes the kernels that are not in order yet into it: one of them is put in its place, more are
// sorted with the others.
void put_in_order(ParzenEstimator::Kernels& kernels) {
  auto& order = kernels.order;
  int const first = static_cast<int>(order.size()) + 1;
  int const last = static_cast<int>(kernels.mean.size()) - 1;
  auto const before = [&](int a, int b) {
    double const x = kernels.mean[static_cast<std::size_t>(a)];
    double const y = kernels.mean[static_cast<std::size_t>(b)];
    return x < y || (x == y && a < b);
  };
  if (first == last) {
    order.insert(std::upper_bound(order.begin(), order.end(), first, before), first);
    return;
  }
  for (int kernel = first; kernel <= last; ++kernel)
    order.push_back(kernel);
  if (first < last) std::sort(order.begin(), order.end(), before);
}

// The largest, which is found faster in eight strands.
double largest_of(std::span<double const> terms) {
  constexpr std::size_t kStrands = 8;
  std::array<double, kStrands> largest;
  largest.fill(-std::numeric_limits<double>::infinity());
  std::size_t k = 0;
  for (; k + kStrands <= terms.size(); k += kStrands) {
    for (std::size_t j = 0; j < kStrands; ++j)
      largest[j] = terms[k + j] > largest[j] ? terms[k + j] : largest[j];
  }
  for (; k < terms.size(); ++k)
    largest[0] = std::max(largest[0], terms[k]);
  return *std::max_element(largest.begin(), largest.end());
}

}  // namespace

std::vector<double> parzen_weights(int n) {
  std::vector<double> weights(static_cast<std::size_t>(n), 1.0);
  int const ramp = n - kFullWeights;
  for (int i = 0; i < ramp; ++i) {
    double const first = 1.0 / n;
    weights[static_cast<std::size_t>(i)] = ramp == 1 ? first : first + (1 - first) * i / (ramp - 1);
  }
  return weights;
}

ParzenEstimator::ParzenEstimator(std::span<Axis const> axes, bool consider_endpoints)
    : axes_(axes), consider_endpoints_(consider_endpoints), kernels_(axes.size()) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    kernels_[i].mean.push_back(axes[i].prior_mean);
    kernels_[i].sigma.push_back(axes[i].prior_sigma);
  }
}

void ParzenEstimator::add(std::span<double const> point) {
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    Kernels& kernels = kernels_[i];
    kernels.mean.push_back(point[i]);
    kernels.sigma.push_back(0);
  }
}

void ParzenEstimator::prepare_numbers(Axis const& axis, Kernels& kernels) const {
  put_in_order(kernels);
  std::size_t const observations = kernels.order.size();
  std::size_t const done = kernels.log_scale.size();
  kernels.inverse_width.resize(observations + 1);
  kernels.table.resize(observations + 1);
  kernels.log_scale.resize(observations + 1);

  auto const set_sigma = [&](std::size_t kernel, double sigma) {
    if (kernel < done && sigma == kernels.sigma[kernel]) return;
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
  };

  double const range = axis.high - axis.low;
  // Optuna's magic clip.
  double const least = range / std::min(100.0, static_cast<double>(observations) + 2);
  double before = axis.low;
  for (std::size_t place = 0; place < observations; ++place) {
    auto const kernel = static_cast<std::size_t>(kernels.order[place]);
    double const mean = kernels.mean[kernel];
    bool const last = place + 1 == observations;
    double const after =
        last ? axis.high : kernels.mean[static_cast<std::size_t>(kernels.order[place + 1])];
    double sigma = std::max(mean - before, after - mean);
    if (!consider_endpoints_ && observations >= 2) {
      if (place == 0) sigma = after - mean;
      if (last) sigma = mean - before;
    }
    set_sigma(kernel, std::clamp(sigma, least, range));
    before = mean;
  }
  set_sigma(0, axis.prior_sigma);
}

void ParzenEstimator::prepare() {
  std::size_t const count = kernels_.empty() ? 1 : kernels_.front().mean.size();
  weights_ = {1.0};  // the prior's
  auto const observed = parzen_weights(static_cast<int>(count) - 1);
  weights_.insert(weights_.end(), observed.begin(), observed.end());
  double total = 0;
  for (double const weight : weights_)
    total += weight;
  log_constant_.resize(count);
  for (std::size_t k = 0; k < count; ++k) {
    weights_[k] /= total;
    log_constant_[k] = std::log(weights_[k]);
  }
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    if (axes_[i].kind == Axis::Kind::category) continue;
    prepare_numbers(axes_[i], kernels_[i]);
    for (std::size_t k = 0; k < count; ++k)
      log_constant_[k] -= kernels_[i].log_scale[k];
  }
}

// ---- draws

// The kernel's probability of a category: the prior's share of 1 / kernels for each of its
// categories, and 1 for the observed one, normalised.
double ParzenEstimator::category_probability(Axis const& axis, Kernels const& kernels,
                                             std::size_t kernel, std::size_t category) const {
  if (kernel == 0) return axis.prior[category];
  double const share =
      static_cast<double>(axis.prior.size()) / static_cast<double>(kernels.mean.size());
  bool const observed = static_cast<std::size_t>(kernels.mean[kernel]) == category;
  return (share * axis.prior[category] + (observed ? 1 : 0)) / (share + 1);
}

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
        double const probability = category_probability(axis, kernels, kernel, category);
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

void ParzenEstimator::add_categories(std::size_t i, double category,
                                     std::span<double> log_kernels) const {
  Axis const& axis = axes_[i];
  auto const& means = kernels_[i].mean;
  auto const index = static_cast<std::size_t>(category);
  double const share = static_cast<double>(axis.prior.size()) / static_cast<double>(means.size());
  double const other = std::log(share * axis.prior[index] / (share + 1));
  double const same = std::log((share * axis.prior[index] + 1) / (share + 1));
  log_kernels[0] += std::log(axis.prior[index]);
  for (std::size_t k = 1; k < means.size(); ++k)
    log_kernels[k] += means[k] == category ? same : other;
}

void ParzenEstimator::add_steps(std::size_t i, double coordinate,
                                std::span<double> log_kernels) const {
  Kernels const& kernels = kernels_[i];
  Interval const step = interval_of(axes_[i], coordinate);
  auto const log_mass = [&](std::size_t k) {
    double const mean = kernels.mean[k], sigma = kernels.sigma[k];
    return std::log(normal_mass((step.low - mean) / sigma, (step.high - mean) / sigma));
  };
  log_kernels[0] += log_mass(0);
  if (!axes_[i].log) {
    for (std::size_t k = 1; k < log_kernels.size(); ++k) {
      auto const& table = kernels.tables[static_cast<std::size_t>(kernels.table[k])].second;
      log_kernels[k] += table[static_cast<std::size_t>(std::abs(coordinate - kernels.mean[k]))];
    }
    return;
  }
  // Neighbours in order are often the same kernel: trials are many, or steps few.
  double mean = 0, sigma = 0, known = 0;
  for (int const kernel : kernels.order) {
    auto const k = static_cast<std::size_t>(kernel);
    if (kernels.mean[k] != mean || kernels.sigma[k] != sigma) {
      mean = kernels.mean[k];
      sigma = kernels.sigma[k];
      known = log_mass(k);
    }
    log_kernels[k] += known;
  }
}

std::vector<double> ParzenEstimator::log_density(
    std::span<std::vector<double> const> points) const {
  std::vector<double> densities;
  densities.reserve(points.size());
  std::vector<double> log_kernels(log_constant_.size());
  for (auto const& point : points) {
    log_kernels = log_constant_;
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      if (axes_[i].kind == Axis::Kind::category) {
        add_categories(i, point[i], log_kernels);
      } else if (!is_dense(axes_[i])) {
        add_steps(i, point[i], log_kernels);
      } else {
        double const x = point[i];
        double const* mean = kernels_[i].mean.data();
        double const* inverse_width = kernels_[i].inverse_width.data();
        double* sum = log_kernels.data();
        for (std::size_t k = 0; k < log_kernels.size(); ++k) {
          double const z = (x - mean[k]) * inverse_width[k];
          sum[k] -= z * z;
        }
      }
    }
    double const largest = largest_of(log_kernels);
    // The others, below 2^-57 of the largest, do not reach the sum's last digits.
    std::size_t kept = 0;
    for (double const term : log_kernels) {
      log_kernels[kept] = term;
      kept += term > largest - 40;
    }
    double sum = 0;
    for (std::size_t k = 0; k < kept; ++k)
      sum += std::exp(log_kernels[k] - largest);
    densities.push_back(largest + std::log(sum));
  }
  return densities;
}

}  // namespace brood
