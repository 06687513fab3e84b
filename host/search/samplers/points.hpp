// SPDX-License-Identifier: Apache-2.0
// Hand-picked points: configurations that a person wrote down, in full or in part.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brood/space.hpp"

namespace brood {

// The configuration of a point in trial `trial`: its values in the types that the space gives, and
// what it leaves out drawn as Random would. The point has no problems.
Config completed(Config const& point, SearchSpace const& space, std::uint64_t seed, int trial,
                 std::uint32_t attempt = 0);

// One sentence, beginning with `where`: the name is not in the space, or the value is outside of
// it; empty if neither is so.
std::string problem_of_value(std::string const& name, Value const& value, SearchSpace const& space,
                             std::string const& where);

// The same of every value, and values of parameters whose conditions the point does not meet. With
// `in_full`, parameters that vary and that the point leaves out, too.
std::vector<std::string> problems_of_point(Config const& point, SearchSpace const& space,
                                           std::string const& where, bool in_full);

}  // namespace brood
