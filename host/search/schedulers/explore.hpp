// SPDX-License-Identifier: Apache-2.0
// The draws of population based training: whom a trial copies, and with which hyperparameters it
// goes on. Each is a pure function of its arguments.
#pragma once

#include <cstdint>

#include "brood/scheduler.hpp"
#include "brood/search.hpp"
#include "brood/space.hpp"

namespace brood {

// The configuration with which `trial` goes on after a round as a copy of one with `config`: drawn
// until it is allowed (empty: it always is), after 64 draws `config` itself.
Config explored(Config const& config, PopulationBased const& options, SearchSpace const& space,
                std::uint64_t seed, int trial, int round, Allowed const& allowed = {});

// A whole number below `count`, uniformly drawn.
int drawn_source(std::uint64_t seed, int trial, int round, int count);

}  // namespace brood
