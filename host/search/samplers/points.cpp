// SPDX-License-Identifier: Apache-2.0
// Hand-picked points: whether a value is in the space, in which form the space gives it.
#include "search/samplers/points.hpp"

#include "search/samplers/random.hpp"
#include "search/space/conditions.hpp"
#include "search/space/distribution.hpp"
#include "search/space/membership.hpp"

namespace brood {
Config completed(Config const& point, SearchSpace const& space, std::uint64_t seed, int trial,
                 std::uint32_t attempt) {
  Config config;
  for (auto const& parameter : space.parameters()) {
    if (!is_active(parameter, config)) continue;
    Value const* given = point.find(parameter.name);
    bool const varies = parameter.distribution != Distribution::constant;
    double const u = varies ? uniform_draw(seed, trial, parameter.name, attempt) : 0.0;
    config.set(parameter.name, given ? *value_in(parameter, *given) : value_at(parameter, u));
  }
  return config;
}

std::string problem_of_value(std::string const& name, Value const& value, SearchSpace const& space,
                             std::string const& where) {
  Parameter const* parameter = space.find(name);
  if (parameter == nullptr) {
    return where + ": " + name + " is not a parameter of the search space; add it there.";
  }
  if (value_in(*parameter, value)) return "";
  return where + ": " + name + " is " + to_text(value) + "; the search space gives " +
         values_text(*parameter) + ".";
}

std::vector<std::string> problems_of_point(Config const& point, SearchSpace const& space,
                                           std::string const& where, bool in_full) {
  std::vector<std::string> found;
  for (auto const& [name, value] : point) {
    auto problem = problem_of_value(name, value, space, where);
    if (!problem.empty()) found.push_back(std::move(problem));
  }
  if (!found.empty()) return found;
  // What the point says of itself: its values and the constants.
  Config known;
  for (auto const& parameter : space.parameters()) {
    bool const varies = parameter.distribution != Distribution::constant;
    bool const active = is_active(parameter, known);
    Value const* given = point.find(parameter.name);
    if (active && given == nullptr && !varies) given = &parameter.values.front();
    if (active && given != nullptr) {
      known.set(parameter.name, *given);
    } else if (given != nullptr) {
      std::string all;
      for (Condition const& condition : parameter.when)
        all += (all.empty() ? "" : " and ") + text_of(condition);
      found.push_back(where + ": " + parameter.name + " is there only when " + all +
                      "; give that too, or leave it out.");
    } else if (active && in_full) {
      found.push_back(where + ": " + parameter.name +
                      " is missing; each point of a list gives every parameter that varies.");
    }
  }
  return found;
}

}  // namespace brood
