// SPDX-License-Identifier: Apache-2.0
// The search space as the model-based samplers see it: one axis for each parameter that has a
// choice. A category is its index; a number lies on a line, logarithmic where its distribution is.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brood/space.hpp"

namespace brood {

struct Axis {
  enum class Kind { category, steps, real };
  Kind kind = Kind::real;
  bool log = false;  // the coordinate is the logarithm of the value, of steps that of k

  // Numbers: the ends of the line. Steps stand at k = first .. last, and the line goes half a step
  // beyond: each step has an interval of its own.
  double low = 0, high = 0;
  double first = 0, last = 0;
  double prior_mean = 0, prior_sigma = 1;  // what is known of good values before any trial

  std::vector<double> prior = {};  // category: the probability of each, sum 1
};

// The coordinate of the step nearest to a coordinate; inside the ends on a real axis.
double snapped(Axis const& axis, double coordinate);

// In a point the coordinate of a parameter that is not there is NaN.
class ModelSpace {
 public:
  explicit ModelSpace(SearchSpace const& space);

  std::vector<Axis> const& axes() const { return axes_; }
  std::vector<std::string> const& names() const { return names_; }  // of parameters, by axis
  // Whether any parameter has conditions that are not always met.
  bool is_conditional() const { return groups_.size() > 1; }
  // Whether the axis' parameter is there, by the snapped coordinates before it.
  bool is_active(std::size_t axis, std::span<double const> point) const;
  // The axes by the conditions of their parameters: those of a group are there together.
  std::vector<std::vector<std::size_t>> const& groups() const { return groups_; }

  // Nothing for a configuration that is not of this space.
  std::optional<std::vector<double>> point_of(Config const& config) const;
  // At a point of snapped coordinates; those of parameters that are not there count for nothing.
  Config config_at(std::span<double const> point) const;

 private:
  // An axis before, and the coordinates that it must have one of.
  struct Need {
    std::size_t axis = 0;
    std::vector<double> coordinates = {};
    bool operator==(Need const&) const = default;
  };
  std::vector<Need> needs_of(Parameter const& parameter) const;

  SearchSpace const& space_;
  std::vector<Axis> axes_;
  std::vector<std::string> names_;        // by axis
  std::vector<std::vector<Need>> needs_;  // by axis
  std::vector<std::vector<std::size_t>> groups_;
};

}  // namespace brood
