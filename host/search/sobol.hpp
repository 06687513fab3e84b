// SPDX-License-Identifier: Apache-2.0
// Points of the shifted Sobol sequence.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "brood/space.hpp"

namespace brood {

// Point `index`, from 0, exclusive-or `shift`: one coordinate in (0, 1) for each of its words.
std::vector<double> sobol_point(std::uint64_t index, std::span<std::uint64_t const> shift);

// The shift that belongs to a seed: one word for each dimension, by the parameter's name.
std::vector<std::uint64_t> sobol_shift(SearchSpace const& space, std::uint64_t seed);

}  // namespace brood
