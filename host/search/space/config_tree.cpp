// SPDX-License-Identifier: Apache-2.0
// ConfigTree: of a parameter's values only those that conditions mention are told apart.
#include "search/space/config_tree.hpp"

#include <algorithm>
#include <limits>

#include "search/space/distribution.hpp"
#include "search/space/membership.hpp"

namespace brood {
namespace {

constexpr auto kMax = std::numeric_limits<std::int64_t>::max();

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

// 0 is infinity: every branch has one configuration at least.
std::int64_t sum(std::int64_t a, std::int64_t b) {
  if (a == 0 || b == 0) return 0;
  return a > kMax - b ? kMax : a + b;
}
std::int64_t product(std::int64_t a, std::int64_t b) {
  if (a == 0 || b == 0) return 0;
  return a > kMax / b ? kMax : a * b;
}

}  // namespace

std::optional<std::int64_t> ConfigTree::digit_of(Parameter const& parameter, Value const& value) {
  if (has_steps(parameter)) {
    auto const k = multiple_at(parameter, value);
    if (!k) return std::nullopt;
    return static_cast<std::int64_t>(*k - multiples_of(parameter).first);
  }
  if (parameter.distribution != Distribution::categorical) {
    if (!same_value(value, value_at(parameter, 0))) return std::nullopt;
    return 0;
  }
  std::int64_t digit = 0;
  for (std::size_t category = 0; category < parameter.values.size(); ++category) {
    if (!is_possible(parameter, category)) continue;
    if (same_value(parameter.values[category], value)) return digit;
    ++digit;
  }
  return std::nullopt;
}

ConfigTree::ConfigTree(std::span<Parameter const> parameters)
    : parameters_(parameters), levels_(parameters.size()), reached_(parameters.size(), false) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    levels_[i].cardinality = cardinality(parameters[i]);
    for (Condition const& condition : parameters[i].when) {
      auto const parent =
          std::find_if(parameters.begin(), parameters.end(),
                       [&](Parameter const& each) { return each.name == condition.parameter; });
      Link link{.child = i};
      for (Value const& value : condition.values)
        link.digits.push_back(*digit_of(*parent, value));
      std::sort(link.digits.begin(), link.digits.end());
      Level& level = levels_[static_cast<std::size_t>(parent - parameters.begin())];
      level.mentioned.insert(level.mentioned.end(), link.digits.begin(), link.digits.end());
      level.links.push_back(std::move(link));
    }
  }
  for (Level& level : levels_) {
    auto& digits = level.mentioned;
    std::sort(digits.begin(), digits.end());
    digits.erase(std::unique(digits.begin(), digits.end()), digits.end());
  }
  size_ = count(0, Alive(parameters.size(), true));
}

ConfigTree::Alive ConfigTree::after(std::size_t i, Alive alive,
                                    std::optional<std::int64_t> digit) const {
  for (Link const& link : levels_[i].links) {
    bool const holds = digit && std::binary_search(link.digits.begin(), link.digits.end(), *digit);
    alive[link.child] = alive[link.child] && holds;
  }
  alive[i] = false;  // what came before makes no difference to what follows
  return alive;
}

std::int64_t ConfigTree::below(std::size_t i, Alive const& alive) const {
  return i == levels_.size() ? 1 : counts_.at({i, alive});
}

std::int64_t ConfigTree::count(std::size_t i, Alive alive) {
  if (i == levels_.size()) return 1;
  auto const known = counts_.find({i, alive});
  if (known != counts_.end()) return known->second;
  Level const& level = levels_[i];
  std::optional<std::int64_t> total;
  auto const add = [&](std::int64_t branches) { total = total ? sum(*total, branches) : branches; };
  if (!alive[i]) {
    add(count(i + 1, after(i, alive, std::nullopt)));
  } else {
    reached_[i] = true;
    // Those that no condition mentions are the same.
    auto const mentioned = static_cast<std::int64_t>(level.mentioned.size());
    if (level.cardinality == 0 || level.cardinality > mentioned) {
      std::int64_t const others = std::max<std::int64_t>(level.cardinality - mentioned, 0);
      add(product(others, count(i + 1, after(i, alive, std::nullopt))));
    }
    for (std::int64_t const digit : level.mentioned)
      add(count(i + 1, after(i, alive, digit)));
  }
  counts_.emplace(std::pair{i, std::move(alive)}, *total);
  return *total;
}

std::optional<std::int64_t> ConfigTree::number_of(Config const& config) const {
  std::int64_t number = 0;
  Alive alive(levels_.size(), true);
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    Value const* value = config.find(parameters_[i].name);
    if ((value != nullptr) != alive[i]) return std::nullopt;
    if (value == nullptr) {
      alive = after(i, std::move(alive), std::nullopt);
      continue;
    }
    auto const digit = digit_of(parameters_[i], *value);
    if (!digit) return std::nullopt;
    std::int64_t same = *digit;  // digits before it that no condition mentions
    for (std::int64_t const mentioned : levels_[i].mentioned) {
      if (mentioned >= *digit) break;
      number += below(i + 1, after(i, alive, mentioned));
      --same;
    }
    if (same > 0) number += same * below(i + 1, after(i, alive, std::nullopt));
    alive = after(i, std::move(alive), *digit);
  }
  return number;
}

Config ConfigTree::config(std::int64_t number) const {
  Config config;
  Alive alive(levels_.size(), true);
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    Level const& level = levels_[i];
    if (!alive[i]) {
      alive = after(i, std::move(alive), std::nullopt);
      continue;
    }
    auto const unmentioned = static_cast<std::int64_t>(level.mentioned.size()) < level.cardinality;
    std::int64_t const each =
        unmentioned ? below(i + 1, after(i, alive, std::nullopt)) : std::int64_t{1};
    std::int64_t digit = 0;
    bool found = false;
    for (std::int64_t const mentioned : level.mentioned) {
      std::int64_t const before = (mentioned - digit) * each;
      if (number < before) break;
      number -= before;
      digit = mentioned;
      std::int64_t const branch = below(i + 1, after(i, alive, mentioned));
      found = number < branch;
      if (found) break;
      number -= branch;
      ++digit;
    }
    if (!found) {
      digit += number / each;
      number %= each;
    }
    config.set(parameters_[i].name, value_of_digit(parameters_[i], digit));
    alive = after(i, std::move(alive), digit);
  }
  return config;
}

}  // namespace brood
