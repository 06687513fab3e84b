// SPDX-License-Identifier: Apache-2.0
// Conditions: a parameter is there if those it depends on are there and have the values it names.
#include "search/space/conditions.hpp"

#include <algorithm>

#include "search/space/config_tree.hpp"
#include "search/space/distribution.hpp"
#include "search/space/membership.hpp"

namespace brood {
namespace {

std::string condition_problem(Condition const& condition, std::span<Parameter const> parameters,
                              std::size_t own) {
  auto const find = [&](std::string_view name) {
    return std::find_if(parameters.begin(), parameters.end(),
                        [&](Parameter const& each) { return each.name == name; });
  };
  std::string const start = "when names " + condition.parameter;
  auto const parent = find(condition.parameter);
  auto const place = static_cast<std::size_t>(parent - parameters.begin());
  if (parent == parameters.end()) {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < own; ++i)
      names.push_back(parameters[i].name);
    std::string const near = did_you_mean(condition.parameter, names);
    return start + ", which is not a parameter of the search space" +
           (near.empty() ? "; name one that comes before." : near);
  }
  if (place == own) return start + " itself; name a parameter that comes before.";
  if (place > own) {
    return start + ", which comes later in the search space; put it before " +
           parameters[own].name + ".";
  }
  if (cardinality(*parent) == 0) {
    return start + ", which has no values of its own (" +
           std::string(name_of(parent->distribution)) +
           "); give it values, int_uniform or a q_ distribution.";
  }
  if (condition.values.empty()) {
    return "when gives no value of " + condition.parameter + "; give one or more.";
  }
  for (Value const& value : condition.values) {
    if (!ConfigTree::digit_of(*parent, value)) {
      return "when asks for " + condition.parameter + " " + to_text(value) +
             ", which it never is; it may be " + values_text(*parent) + ".";
    }
  }
  return "";
}

}  // namespace

bool is_active(Parameter const& parameter, Config const& config) {
  return std::all_of(parameter.when.begin(), parameter.when.end(), [&](Condition const& condition) {
    Value const* value = config.find(condition.parameter);
    return value != nullptr &&
           std::any_of(condition.values.begin(), condition.values.end(),
                       [&](Value const& wanted) { return same_value(wanted, *value); });
  });
}

std::string text_of(Condition const& condition) {
  std::string text = condition.parameter + (condition.values.size() == 1 ? " is " : " is one of ");
  for (std::size_t i = 0; i < condition.values.size(); ++i)
    text += (i == 0 ? "" : ", ") + to_text(condition.values[i]);
  return text;
}

std::vector<std::string> condition_problems(std::span<Parameter const> parameters) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    for (Condition const& condition : parameters[i].when) {
      auto const problem = condition_problem(condition, parameters, i);
      if (!problem.empty()) found.push_back(parameters[i].name + ": " + problem);
    }
  }
  bool const any = std::any_of(parameters.begin(), parameters.end(),
                               [](Parameter const& each) { return !each.when.empty(); });
  if (!found.empty() || !any) return found;
  ConfigTree const tree(parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (tree.is_reached(i)) continue;
    std::string all;
    for (Condition const& condition : parameters[i].when)
      all += (all.empty() ? "" : " and ") + text_of(condition);
    found.push_back(parameters[i].name + ": when can never hold: " + all +
                    ", with the conditions that these parameters have themselves; change it or "
                    "leave the parameter out.");
  }
  return found;
}

}  // namespace brood
