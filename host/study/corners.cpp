// SPDX-License-Identifier: Apache-2.0
#include "study/corners.hpp"

#include <algorithm>

#include "search/space/membership.hpp"

namespace brood {

namespace {

// Of heads some values between two that are allowed are not.
std::vector<Value> all_values(SearchSpace const& alone) {
  constexpr int kPlaces = 64;
  std::vector<Value> values;
  for (int i = 0; i < kPlaces; ++i) {
    double const u = (i + 0.5) / kPlaces;
    Value const value = alone.decode({&u, 1}).entries().front().second;
    if (values.empty() || !same_value(values.back(), value)) values.push_back(value);
  }
  return values;
}

}  // namespace

std::vector<Value> corners(Parameter parameter) {
  if (!parameter.values.empty()) return parameter.values;
  SearchSpace alone;
  parameter.when.clear();
  alone.add(parameter);
  if (parameter.name == "heads") return all_values(alone);
  auto const at = [&](double u) { return alone.decode({&u, 1}).entries().front().second; };
  switch (parameter.distribution) {
    case Distribution::uniform:
    case Distribution::log_uniform_values:
    case Distribution::inv_log_uniform_values:
      return {parameter.min, parameter.max, at(0.381966)};
    default:
      return {at(0.0), at(1.0 - 0x1p-53)};
  }
}

void activate(SearchSpace const& space, Parameter const& parameter, Config& config) {
  for (Condition const& condition : parameter.when) {
    Parameter const& parent = *space.find(condition.parameter);
    activate(space, parent, config);
    Value const& value = *config.find(parent.name);
    bool const holds = std::any_of(condition.values.begin(), condition.values.end(),
                                   [&](Value const& each) { return same_value(each, value); });
    if (!holds) config.set(parent.name, *value_in(parent, condition.values.front()));
  }
}

Config first_corner(SearchSpace const& space) {
  Config config;
  for (auto const& parameter : space.parameters())
    config.set(parameter.name, corners(parameter).front());
  return config;
}

void visit_corners(SearchSpace const& space, std::function<void(Config const&)> const& visit) {
  auto const& parameters = space.parameters();
  Config const base = first_corner(space);
  visit(space.active_part(base));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Config config = base;
    activate(space, parameters[i], config);
    for (auto const& value : corners(parameters[i])) {
      config.set(parameters[i].name, value);
      visit(space.active_part(config));
      for (std::size_t j = 0; j < i; ++j) {
        Config both = config;
        activate(space, parameters[j], both);
        for (auto const& other : corners(parameters[j])) {
          both.set(parameters[j].name, other);
          visit(space.active_part(both));
        }
      }
    }
  }
}

}  // namespace brood
