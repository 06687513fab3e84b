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
Config completed(Config const& point, SearchSpace const& space, std::uint64_t seed, int trial);

// Values outside of the space, and names that are not in it: one sentence each, beginning with
// `where`. With `in_full`, parameters that vary and that the point leaves out, too.
std::vector<std::string> problems_of_point(Config const& point, SearchSpace const& space,
                                           std::string const& where, bool in_full);

}  // namespace brood
