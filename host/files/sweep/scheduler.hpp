// SPDX-License-Identifier: Apache-2.0
// The section `early_terminate`, together with `epochs`, which it decides for every trial.
#pragma once

#include <string>
#include <vector>

#include "brood/search.hpp"
#include "files/sweep/section.hpp"
#include "files/sweep/space.hpp"

namespace brood::files {

// The keys of the section, of all types together.
Names scheduler_keys();

// `top` is the whole file. Notes what is wrong.
SchedulerChoice read_scheduler(Section const& top, SpaceOfSweep const& space,
                               std::vector<std::string>& notes);

}  // namespace brood::files
