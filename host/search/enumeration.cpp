// SPDX-License-Identifier: Apache-2.0
// Enumeration: a number in mixed radix, one digit for each parameter.
#include "search/enumeration.hpp"

#include <limits>
#include <vector>

#include "search/distribution.hpp"

namespace brood {
namespace {

// Categories without probability are no values of the space.
bool is_possible(Parameter const& parameter, std::size_t category) {
  return parameter.probabilities.empty() || parameter.probabilities[category] > 0;
}

Value value_of_digit(Parameter const& parameter, std::int64_t digit) {
  if (has_steps(parameter)) {
    return multiple_of(parameter, multiples_of(parameter).first + static_cast<double>(digit));
  }
  if (parameter.distribution != Distribution::categorical) return value_at(parameter, 0);
  std::size_t category = 0;
  while (!is_possible(parameter, category) || digit-- > 0)
    ++category;
  return parameter.values[category];
}

std::optional<std::int64_t> digit_of(Parameter const& parameter, Value const& value) {
  if (has_steps(parameter)) {
    auto const k = multiple_at(parameter, value);
    if (!k) return std::nullopt;
    return static_cast<std::int64_t>(*k - multiples_of(parameter).first);
  }
  if (parameter.distribution != Distribution::categorical) {
    if (value != value_at(parameter, 0)) return std::nullopt;
    return 0;
  }
  std::int64_t digit = 0;
  for (std::size_t category = 0; category < parameter.values.size(); ++category) {
    if (!is_possible(parameter, category)) continue;
    if (parameter.values[category] == value) return digit;
    ++digit;
  }
  return std::nullopt;
}

}  // namespace

Enumeration::Enumeration(SearchSpace const& space) : space_(space), size_(space.size()) {
  if (size_ == 1 || size_ == std::numeric_limits<std::int64_t>::max()) size_ = 0;
}

std::optional<std::int64_t> Enumeration::number_of(Config const& config) const {
  if (size_ == 0) return std::nullopt;
  std::int64_t number = 0;
  for (auto const& parameter : space_.parameters()) {
    Value const* value = config.find(parameter.name);
    auto const digit = value == nullptr ? std::nullopt : digit_of(parameter, *value);
    if (!digit) return std::nullopt;
    number = number * cardinality(parameter) + *digit;
  }
  return number;
}

Config Enumeration::config(std::int64_t number) const {
  auto const& parameters = space_.parameters();
  std::vector<std::int64_t> digits(parameters.size());
  for (std::size_t i = parameters.size(); i-- > 0;) {
    std::int64_t const count = cardinality(parameters[i]);
    digits[i] = number % count;
    number /= count;
  }
  Config config;
  for (std::size_t i = 0; i < parameters.size(); ++i)
    config.set(parameters[i].name, value_of_digit(parameters[i], digits[i]));
  return config;
}

}  // namespace brood
