// SPDX-License-Identifier: Apache-2.0
// Hand-picked points: whether a value is in the space, in which form the space gives it.
#include "search/points.hpp"

#include <algorithm>
#include <optional>

#include "search/distribution.hpp"
#include "search/random.hpp"

namespace brood {
namespace {

std::optional<double> number_in(Value const& value) {
  if (auto const* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (auto const* real = std::get_if<double>(&value)) return *real;
  return std::nullopt;
}

// 1 and 1.0 are the same number.
bool same(Value const& a, Value const& b) {
  auto const x = number_in(a), y = number_in(b);
  return x && y ? *x == *y : a == b;
}

// The ends of a parameter's values: of log_normal not those of the logarithm.
Range ends_of(Parameter const& parameter) {
  if (parameter.distribution != Distribution::log_normal) return range_of(parameter);
  return {std::get<double>(value_at(parameter, 0)),
          std::get<double>(value_at(parameter, 1 - 0x1p-53))};
}

// The value as the space gives it; nothing if it does not.
std::optional<Value> value_in(Parameter const& parameter, Value const& value) {
  if (!parameter.values.empty()) {
    auto const found = std::find_if(parameter.values.begin(), parameter.values.end(),
                                    [&](Value const& candidate) { return same(candidate, value); });
    if (found == parameter.values.end()) return std::nullopt;
    return *found;
  }
  if (has_steps(parameter)) {
    auto const k = multiple_at(parameter, value);
    if (!k) return std::nullopt;
    return multiple_of(parameter, *k);
  }
  auto const x = number_in(value);
  auto const [min, max] = ends_of(parameter);
  if (!x || !(*x >= min && *x <= max)) return std::nullopt;
  return *x;
}

std::string values_text(Parameter const& parameter) {
  if (parameter.values.empty()) {
    auto const [min, max] = ends_of(parameter);
    bool const step = has_steps(parameter) && parameter.distribution != Distribution::int_uniform;
    return to_text(min) + " .. " + to_text(max) +
           (step ? " in multiples of " + to_text(parameter.q) : "");
  }
  std::string text;
  for (auto const& value : parameter.values)
    text += (text.empty() ? "" : ", ") + to_text(value);
  return text;
}

}  // namespace

Config completed(Config const& point, SearchSpace const& space, std::uint64_t seed, int trial) {
  Config config = space.decode(point_of(Random{}, space, seed, trial));
  for (auto const& [name, value] : point)
    config.set(name, *value_in(*space.find(name), value));
  return config;
}

std::vector<std::string> problems_of_point(Config const& point, SearchSpace const& space,
                                           std::string const& where, bool in_full) {
  std::vector<std::string> found;
  for (auto const& [name, value] : point) {
    Parameter const* parameter = space.find(name);
    if (parameter == nullptr) {
      found.push_back(where + ": " + name +
                      " is not a parameter of the search space; add it there.");
    } else if (!value_in(*parameter, value)) {
      found.push_back(where + ": " + name + " is " + to_text(value) + "; the search space gives " +
                      values_text(*parameter) + ".");
    }
  }
  for (auto const& parameter : space.parameters()) {
    bool const varies = parameter.distribution != Distribution::constant;
    if (in_full && varies && point.find(parameter.name) == nullptr) {
      found.push_back(where + ": " + parameter.name +
                      " is missing; each point of a list gives every parameter that varies.");
    }
  }
  return found;
}

}  // namespace brood
