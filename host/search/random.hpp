// SPDX-License-Identifier: Apache-2.0
// Points of the unit cube: what the samplers propose.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "brood/search.hpp"

namespace brood {

// The coordinate of the parameter `name` in trial `trial`: uniform on (0, 1), a pure function of
// its arguments. So a parameter keeps its draws when others are added, removed or reordered.
double uniform_draw(std::uint64_t seed, int trial, std::string_view name);

// The point of trial `trial`, one coordinate for each dimension of the space.
std::vector<double> point_of(Random const& sampler, SearchSpace const& space, std::uint64_t seed,
                             int trial);

}  // namespace brood
