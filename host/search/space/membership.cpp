// SPDX-License-Identifier: Apache-2.0
// Membership: lists are compared value by value, steps by the nearest one, ranges by their ends.
#include "search/space/membership.hpp"

#include <algorithm>

#include "search/space/distribution.hpp"

namespace brood {
namespace {

// The ends of a parameter's values: of log_normal not those of the logarithm.
Range ends_of(Parameter const& parameter) {
  if (parameter.distribution != Distribution::log_normal) return range_of(parameter);
  return {std::get<double>(value_at(parameter, 0)),
          std::get<double>(value_at(parameter, 1 - 0x1p-53))};
}

}  // namespace

bool same_value(Value const& a, Value const& b) {
  auto const x = number_of(a), y = number_of(b);
  return x && y ? *x == *y : a == b;
}

std::optional<Value> value_in(Parameter const& parameter, Value const& value) {
  if (!parameter.values.empty()) {
    auto const found =
        std::find_if(parameter.values.begin(), parameter.values.end(),
                     [&](Value const& candidate) { return same_value(candidate, value); });
    if (found == parameter.values.end()) return std::nullopt;
    return *found;
  }
  if (has_steps(parameter)) {
    auto const k = multiple_at(parameter, value);
    if (!k) return std::nullopt;
    return multiple_of(parameter, *k);
  }
  auto const x = number_of(value);
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

}  // namespace brood
