// SPDX-License-Identifier: Apache-2.0
// Corners of a search space: what stands for all of its configurations where each of them would
// have to be looked at.
#pragma once

#include <functional>
#include <vector>

#include "brood/space.hpp"

namespace brood {

// The values that stand for a parameter in checks: every choice; or both ends of its range and,
// lest they happen to be whole numbers, one between them.
std::vector<Value> corners(Parameter parameter);

// Every parameter at its first corner, whether it is there or not.
Config first_corner(SearchSpace const& space);

// Makes a parameter be there: what its conditions name takes the first of the values they ask for.
void activate(SearchSpace const& space, Parameter const& parameter, Config& config);

// Calls visit(config) with a first config and then with every corner of each parameter, and of each
// two parameters, in their places.
void visit_corners(SearchSpace const& space, std::function<void(Config const&)> const& visit);

}  // namespace brood
