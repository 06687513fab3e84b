// SPDX-License-Identifier: Apache-2.0
// Whether a value that a person wrote is one of a parameter's, and in which form the space has it.
#pragma once

#include <optional>
#include <string>

#include "brood/space.hpp"

namespace brood {

// 1 and 1.0 are the same number.
bool same_value(Value const& a, Value const& b);

// The value as the space gives it; nothing if it does not.
std::optional<Value> value_in(Parameter const& parameter, Value const& value);

// What the parameter may be: "0.1 .. 1 in multiples of 0.1", "adam, momentum".
std::string values_text(Parameter const& parameter);

}  // namespace brood
