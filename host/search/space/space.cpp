// SPDX-License-Identifier: Apache-2.0
// SearchSpace: parameters in the order they were added, as one map from the unit cube to configs.
#include "brood/space.hpp"

#include <algorithm>

#include "brood/error.hpp"
#include "search/space/conditions.hpp"
#include "search/space/config_tree.hpp"
#include "search/space/distribution.hpp"

namespace brood {

std::string_view name_of(Distribution distribution) {
  switch (distribution) {
    case Distribution::constant:
      return "constant";
    case Distribution::categorical:
      return "categorical";
    case Distribution::ordinal:
      return "ordinal";
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

SearchSpace& SearchSpace::ordinal(std::string name, std::vector<Value> values) {
  return add({.name = std::move(name),
              .distribution = Distribution::ordinal,
              .values = std::move(values)});
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
  last_ = static_cast<std::size_t>(place - parameters_.begin());
  if (place == parameters_.end()) {
    parameters_.push_back(std::move(parameter));
  } else {
    *place = std::move(parameter);
  }
  sound_ = problems().empty();
  return *this;
}

SearchSpace& SearchSpace::when(std::string parameter, std::vector<Value> values) {
  if (parameters_.empty()) {
    throw UsageError("when: the space has no parameter yet; add the one that has the condition.");
  }
  parameters_[last_].when.push_back({std::move(parameter), std::move(values)});
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
  return ConfigTree(parameters_).size();
}

std::vector<std::string> SearchSpace::problems() const {
  std::vector<std::string> all;
  for (auto const& parameter : parameters_) {
    for (auto& problem : brood::problems(parameter))
      all.push_back(std::move(problem));
  }
  if (all.empty()) all = condition_problems(parameters_);
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
    double const u = varies ? *coordinate++ : 0.0;
    if (is_active(parameter, config)) config.set(parameter.name, value_at(parameter, u));
  }
  return config;
}

Config SearchSpace::active_part(Config const& config) const {
  Config part;
  for (auto const& [name, value] : config) {
    if (find(name) == nullptr) part.set(name, value);
  }
  for (auto const& parameter : parameters_) {
    Value const* value = config.find(parameter.name);
    if (value != nullptr && is_active(parameter, part)) part.set(parameter.name, *value);
  }
  return part;
}

}  // namespace brood
