// SPDX-License-Identifier: Apache-2.0
// The search space: which hyperparameters vary, and how. Both ends of every range are inclusive.
// The distributions and their names are Weights & Biases' sweep vocabulary; bounds are values,
// never exponents. A q_ distribution gives the multiples of q inside its range, each with the mass
// of the interval of width q around it, so that the two at the ends are not chosen half as often.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "brood/value.hpp"

namespace brood {

// How a value of a parameter is drawn.
enum class Distribution {
  constant,                // values[0]
  categorical,             // one of values, by probabilities if there are any
  ordinal,                 // one of values, which are in an order: neighbours are alike
  int_uniform,             // whole numbers min .. max
  uniform,                 // min .. max
  q_uniform,               // multiples of q in min .. max
  log_uniform_values,      // ln(x) uniform on ln(min) .. ln(max)
  q_log_uniform_values,    // the same, rounded to a multiple of q
  inv_log_uniform_values,  // ln(1/x) uniform: the same law as log_uniform_values
  normal,                  // mu, sigma; clipped at 4 sigma
  q_normal,                // the same, rounded to a multiple of q
  log_normal,              // exp(normal(mu, sigma)), clipped at 4 sigma
};
std::string_view name_of(Distribution distribution);

// A parameter with conditions is there only in configurations where each of them holds: where the
// parameter that it names, which comes earlier in the space, is there and has one of the values.
struct Condition {
  std::string parameter = {};  // with a finite number of values
  std::vector<Value> values = {};
  bool operator==(Condition const&) const = default;
};

// A hyperparameter of the space. Which fields count depends on the distribution.
struct Parameter {
  std::string name = {};
  Distribution distribution = Distribution::constant;
  double min = 0, max = 0;                 // all but those with values and the normals
  double q = 0;                            // step of the q_ distributions
  double mu = 0, sigma = 1;                // the normals
  std::vector<Value> values = {};          // constant (one), categorical, ordinal
  std::vector<double> probabilities = {};  // categorical: as many as values, sum 1; or empty
  std::vector<Condition> when = {};        // all must hold; empty: always there
};

// Parameters, in the order in which they were added.
class SearchSpace {
 public:
  SearchSpace& constant(std::string name, Value value);
  SearchSpace& choice(std::string name, std::vector<Value> values,
                      std::vector<double> probabilities = {});
  SearchSpace& ordinal(std::string name, std::vector<Value> values);
  SearchSpace& integer(std::string name, std::int64_t min, std::int64_t max);
  SearchSpace& uniform(std::string name, double min, double max);
  SearchSpace& log_uniform(std::string name, double min, double max);
  // Any distribution. A name that is there already is replaced.
  SearchSpace& add(Parameter parameter);
  // One more condition of the parameter that was added last:
  //   space.choice("optimizer", {"adam", "momentum"})
  //       .uniform("momentum", 0.5, 0.99).when("optimizer", {"momentum"});
  // Throws UsageError if there is none.
  SearchSpace& when(std::string parameter, std::vector<Value> values);

  std::vector<Parameter> const& parameters() const { return parameters_; }
  Parameter const* find(std::string_view name) const;
  // Parameters that vary (all but constant): the dimensions of the unit cube, in order.
  int dimensions() const;
  // Number of different configurations, at most the largest std::int64_t; 0 if it is not finite.
  // Throws UsageError if the space has problems().
  std::int64_t size() const;

  // Problems of the space itself: an empty range, the log of a non-positive bound, probabilities
  // that do not sum to 1, a condition that can never hold, ... One complete sentence each,
  // beginning with the parameter's name. Whether its values are good hyperparameters is the study's
  // question.
  std::vector<std::string> problems() const;

  // The configuration at a point of the unit cube [0, 1)^dimensions; constants included, and
  // without the parameters whose conditions do not hold, whose coordinates count for nothing.
  // int_uniform and the q_ distributions with a whole q give int64 values, others doubles.
  // Throws UsageError if the space has problems() or the point is not in that cube.
  Config decode(std::span<double const> point) const;

  // The configuration without those of its parameters whose conditions do not hold in it.
  Config active_part(Config const& config) const;

 private:
  std::vector<Parameter> parameters_;
  std::size_t last_ = 0;  // the one that was added last
  bool sound_ = true;     // problems() is empty
};

}  // namespace brood
