// SPDX-License-Identifier: Apache-2.0
// SearchSpace: parameters in the order they were added, as one map from the unit cube to configs.
#include "brood/space.hpp"

#include <algorithm>
#include <limits>

#include "brood/error.hpp"
#include "search/distribution.hpp"

namespace brood {

std::string_view name_of(Distribution distribution) {
  switch (distribution) {
    case Distribution::constant:
      return "constant";
    case Distribution::categorical:
      return "categorical";
    case Distribution::int_uniform:
      return "int_uniform";
    case Distribution::uniform:
      return "uniform";
    case Distribution::q_uniform:
      return "q_uniform";
    case Distribution::log_uniform_values:
      return "log_uniform_values";
    case Distribution::q_log_uniform_values:
      return "q_log_uniform_values";
    case Distribution::inv_log_uniform_values:
      return "inv_log_uniform_values";
    case Distribution::normal:
      return "normal";
    case Distribution::q_normal:
      return "q_normal";
    case Distribution::log_normal:
      return "log_normal";
  }
  return {};
}

SearchSpace& SearchSpace::constant(std::string name, Value value) {
  Parameter parameter{.name = std::move(name), .distribution = Distribution::constant};
  parameter.values.push_back(std::move(value));
  return add(std::move(parameter));
}

SearchSpace& SearchSpace::choice(std::string name, std::vector<Value> values,
                                 std::vector<double> probabilities) {
  return add({.name = std::move(name),
              .distribution = Distribution::categorical,
              .values = std::move(values),
              .probabilities = std::move(probabilities)});
}

SearchSpace& SearchSpace::integer(std::string name, std::int64_t min, std::int64_t max) {
  return add({.name = std::move(name),
              .distribution = Distribution::int_uniform,
              .min = static_cast<double>(min),
              .max = static_cast<double>(max)});
}

SearchSpace& SearchSpace::uniform(std::string name, double min, double max) {
  return add(
      {.name = std::move(name), .distribution = Distribution::uniform, .min = min, .max = max});
}

SearchSpace& SearchSpace::log_uniform(std::string name, double min, double max) {
  return add({.name = std::move(name),
              .distribution = Distribution::log_uniform_values,
              .min = min,
              .max = max});
}

SearchSpace& SearchSpace::add(Parameter parameter) {
  auto const place =
      std::find_if(parameters_.begin(), parameters_.end(),
                   [&](Parameter const& other) { return other.name == parameter.name; });
  if (place == parameters_.end()) {
    parameters_.push_back(std::move(parameter));
  } else {
    *place = std::move(parameter);
  }
  sound_ = problems().empty();
  return *this;
}

Parameter const* SearchSpace::find(std::string_view name) const {
  for (auto const& parameter : parameters_) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

int SearchSpace::dimensions() const {
  return static_cast<int>(std::count_if(
      parameters_.begin(), parameters_.end(),
      [](Parameter const& parameter) { return parameter.distribution != Distribution::constant; }));
}

std::int64_t SearchSpace::size() const {
  if (!sound_) throw UsageError(problems());
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t product = 1;
  bool infinite = false;
  for (auto const& parameter : parameters_) {
    std::int64_t const count = cardinality(parameter);
    infinite = infinite || count == 0;
    if (!infinite) product = product > kMost / count ? kMost : product * count;
  }
  return infinite ? 0 : product;
}

std::vector<std::string> SearchSpace::problems() const {
  std::vector<std::string> all;
  for (auto const& parameter : parameters_) {
    for (auto& problem : brood::problems(parameter))
      all.push_back(std::move(problem));
  }
  return all;
}

Config SearchSpace::decode(std::span<double const> point) const {
  if (!sound_) throw UsageError(problems());
  if (point.size() != static_cast<std::size_t>(dimensions())) {
    throw UsageError("The point has " + std::to_string(point.size()) +
                     " coordinates; this space has " + std::to_string(dimensions()) +
                     " dimensions.");
  }
  for (double const u : point) {
    if (!(u >= 0 && u < 1)) {
      throw UsageError("A coordinate of the point is " + to_text(u) + "; each must be in [0, 1).");
    }
  }
  Config config;
  auto coordinate = point.begin();
  for (auto const& parameter : parameters_) {
    bool const varies = parameter.distribution != Distribution::constant;
    config.set(parameter.name, value_at(parameter, varies ? *coordinate++ : 0.0));
  }
  return config;
}

}  // namespace brood
