// SPDX-License-Identifier: Apache-2.0
// Conditions: whether a parameter is there in a configuration, and what is wrong with a space's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "brood/space.hpp"

namespace brood {

// Whether all conditions of a parameter hold, where the configuration has the active ones of the
// parameters before it.
bool is_active(Parameter const& parameter, Config const& config);

// "optimizer is momentum", "layers is one of 2, 3": what the condition asks for.
std::string text_of(Condition const& condition);

// One complete sentence each, beginning with the parameter's name. The parameters have no problems
// of their own.
std::vector<std::string> condition_problems(std::span<Parameter const> parameters);

}  // namespace brood
