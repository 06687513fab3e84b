// SPDX-License-Identifier: Apache-2.0
// Axes of the distributions, and the way there and back.
#include "search/samplers/axis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/space/conditions.hpp"
#include "search/space/distribution.hpp"
#include "search/space/membership.hpp"

namespace brood {
namespace {

bool is_normal(Parameter const& parameter) {
  return parameter.distribution == Distribution::normal ||
         parameter.distribution == Distribution::q_normal ||
         parameter.distribution == Distribution::log_normal;
}

bool is_logarithmic(Parameter const& parameter) {
  return parameter.distribution == Distribution::log_uniform_values ||
         parameter.distribution == Distribution::inv_log_uniform_values ||
         parameter.distribution == Distribution::q_log_uniform_values ||
         parameter.distribution == Distribution::log_normal;
}

Axis category_axis(Parameter const& parameter) {
  Axis axis{.kind = Axis::Kind::category};
  std::size_t const count = parameter.values.size();
  axis.prior = parameter.probabilities;
  if (axis.prior.empty()) axis.prior.assign(count, 1);
  double total = 0;
  for (double const probability : axis.prior)
    total += probability;
  for (double& probability : axis.prior)
    probability /= total;
  return axis;
}

Axis axis_of(Parameter const& parameter) {
  if (parameter.distribution == Distribution::categorical) return category_axis(parameter);
  Axis axis{.log = is_logarithmic(parameter)};
  auto const range = range_of(parameter);
  axis.low = range.min;
  axis.high = range.max;
  double unit = 1;
  if (has_steps(parameter)) {
    axis.kind = Axis::Kind::steps;
    auto const [first, last] = multiples_of(parameter);
    axis.first = first;
    axis.last = last;
    axis.low = first - 0.5;
    axis.high = last + 0.5;
    bool const of_q = parameter.distribution != Distribution::int_uniform &&
                      parameter.distribution != Distribution::ordinal;
    if (of_q) unit = parameter.q;
  }
  if (axis.log && !is_normal(parameter)) {
    axis.low = std::log(axis.low);
    axis.high = std::log(axis.high);
  }
  // The uniform law's kernel is as Optuna's: as wide as the range, in its middle.
  axis.prior_mean = is_normal(parameter) ? parameter.mu / unit : 0.5 * (axis.low + axis.high);
  axis.prior_sigma = is_normal(parameter) ? parameter.sigma / unit : axis.high - axis.low;
  return axis;
}

bool has_axis(Parameter const& parameter) {
  return parameter.distribution != Distribution::constant && cardinality(parameter) != 1;
}

std::optional<double> coordinate_of(Parameter const& parameter, Axis const& axis,
                                    Value const& value) {
  if (axis.kind == Axis::Kind::category) {
    auto const found = std::find(parameter.values.begin(), parameter.values.end(), value);
    if (found == parameter.values.end()) return std::nullopt;
    return static_cast<double>(found - parameter.values.begin());
  }
  if (axis.kind == Axis::Kind::steps) {
    auto const k = multiple_at(parameter, value);
    if (!k) return std::nullopt;
    return axis.log ? std::log(*k) : *k;
  }
  auto const* x = std::get_if<double>(&value);
  if (x == nullptr) return std::nullopt;
  double const coordinate = axis.log ? std::log(*x) : *x;
  // Of a value at the end of its range, the logarithm may round beyond.
  double const slack = 1e-9 * (axis.high - axis.low);
  if (!(coordinate >= axis.low - slack && coordinate <= axis.high + slack)) return std::nullopt;
  return std::clamp(coordinate, axis.low, axis.high);
}

double step_of(Axis const& axis, double coordinate) {
  double const k = std::nearbyint(axis.log ? std::exp(coordinate) : coordinate);
  return std::clamp(k, axis.first, axis.last);
}

Value value_of(Parameter const& parameter, Axis const& axis, double coordinate) {
  if (axis.kind == Axis::Kind::category) {
    return parameter.values[static_cast<std::size_t>(coordinate)];
  }
  if (axis.kind == Axis::Kind::steps) return multiple_of(parameter, step_of(axis, coordinate));
  if (!axis.log) return coordinate;
  double const x = std::exp(coordinate);
  return is_normal(parameter) ? x : std::clamp(x, parameter.min, parameter.max);
}

}  // namespace

double snapped(Axis const& axis, double coordinate) {
  if (axis.kind == Axis::Kind::category) return coordinate;
  if (axis.kind == Axis::Kind::real) return std::clamp(coordinate, axis.low, axis.high);
  double const k = step_of(axis, coordinate);
  return axis.log ? std::log(k) : k;
}

ModelSpace::ModelSpace(SearchSpace const& space) : space_(space) {
  for (auto const& parameter : space.parameters()) {
    if (!has_axis(parameter)) continue;
    needs_.push_back(needs_of(parameter));
    axes_.push_back(axis_of(parameter));
    names_.push_back(parameter.name);
    auto const group = std::find_if(groups_.begin(), groups_.end(), [&](auto const& axes) {
      return needs_[axes.front()] == needs_.back();
    });
    if (group == groups_.end()) {
      groups_.push_back({axes_.size() - 1});
    } else {
      group->push_back(axes_.size() - 1);
    }
  }
}

// A parameter without an axis has one value, which its conditions ask for, and is there by its own.
std::vector<ModelSpace::Need> ModelSpace::needs_of(Parameter const& parameter) const {
  std::vector<Need> needs;
  for (Condition const& condition : parameter.when) {
    Parameter const& parent = *space_.find(condition.parameter);
    auto const place = std::find(names_.begin(), names_.end(), condition.parameter);
    if (place == names_.end()) {
      auto const its_own = needs_of(parent);
      needs.insert(needs.end(), its_own.begin(), its_own.end());
      continue;
    }
    Need need{.axis = static_cast<std::size_t>(place - names_.begin())};
    for (Value const& value : condition.values) {
      auto const coordinate = coordinate_of(parent, axes_[need.axis], *value_in(parent, value));
      need.coordinates.push_back(*coordinate);
    }
    needs.push_back(std::move(need));
  }
  return needs;
}

bool ModelSpace::is_active(std::size_t axis, std::span<double const> point) const {
  return std::all_of(needs_[axis].begin(), needs_[axis].end(), [&](Need const& need) {
    return std::find(need.coordinates.begin(), need.coordinates.end(), point[need.axis]) !=
           need.coordinates.end();
  });
}

std::optional<std::vector<double>> ModelSpace::point_of(Config const& config) const {
  std::vector<double> point;
  point.reserve(axes_.size());
  for (auto const& parameter : space_.parameters()) {
    std::size_t const axis = point.size();
    if (axis == axes_.size()) break;
    if (!has_axis(parameter)) continue;
    Value const* value = config.find(parameter.name);
    if (is_active(axis, point) != (value != nullptr)) return std::nullopt;
    if (value == nullptr) {
      point.push_back(std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    auto const coordinate = coordinate_of(parameter, axes_[axis], *value);
    if (!coordinate) return std::nullopt;
    point.push_back(*coordinate);
  }
  return point;
}

Config ModelSpace::config_at(std::span<double const> point) const {
  Config config;
  std::size_t i = 0;
  for (auto const& parameter : space_.parameters()) {
    bool const chosen = has_axis(parameter);
    if (brood::is_active(parameter, config)) {
      config.set(parameter.name,
                 chosen ? value_of(parameter, axes_[i], point[i]) : value_at(parameter, 0));
    }
    i += chosen;
  }
  return config;
}

}  // namespace brood
