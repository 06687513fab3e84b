// SPDX-License-Identifier: Apache-2.0
// One parameter's distribution: its value at a point of [0, 1), how many values it has, what is
// wrong with it. Every value lies inside the parameter's range, whatever the rounding.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "brood/space.hpp"

namespace brood {

// The value at u in [0, 1). The parameter has no problems.
Value value_at(Parameter const& parameter, double u);

// The ends of a numeric parameter: of log_normal those of the logarithm.
struct Range {
  double min, max;
};
Range range_of(Parameter const& parameter);

inline bool is_whole(double x) {
  return std::floor(x) == x;
}

// Whether the values are the multiples k q inside the range (q = 1: int_uniform), k = first ..
// last; or values in an order, of which k is the index.
bool has_steps(Parameter const& parameter);
struct Multiples {
  double first, last;
};
Multiples multiples_of(Parameter const& parameter);
Value multiple_of(Parameter const& parameter, double k);
// The k of a value; nothing if it is not one of the parameter's, but for rounding of the product.
std::optional<double> multiple_at(Parameter const& parameter, Value const& value);

// Number of different values, at most the largest std::int64_t; 0 if it is not finite.
// The parameter has no problems.
std::int64_t cardinality(Parameter const& parameter);

// Complete sentences that begin with the parameter's name; empty if nothing is wrong.
std::vector<std::string> problems(Parameter const& parameter);

}  // namespace brood
