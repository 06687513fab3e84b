// SPDX-License-Identifier: Apache-2.0
// What there is in a space, by looking: every configuration of a small one, draws of another.
#pragma once

#include <cstdint>
#include <optional>

#include "brood/search.hpp"

namespace brood {

struct Survey {
  std::int64_t seen = 0;
  bool found = false;     // one that is allowed, and the look ended there
  bool complete = false;  // else every configuration was seen
};

// Shows `allowed` all configurations of a finite space of up to 65,536, in their order; else 10,000
// that are drawn as Random would for a seed of its own; until one is allowed.
Survey survey(SearchSpace const& space, Allowed const& allowed);

// How many configurations are allowed; nothing if they are more than 65,536.
std::optional<std::int64_t> count_allowed(SearchSpace const& space, Allowed const& allowed);

}  // namespace brood
