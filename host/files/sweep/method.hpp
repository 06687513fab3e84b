// SPDX-License-Identifier: Apache-2.0
// Who proposes the trials: `method`, the settings of some methods in `sampler`, the hand-picked
// `points` of a list, those that come `first`; and how many trials there are.
#pragma once

#include <string>
#include <vector>

#include "brood/study.hpp"
#include "files/sweep/section.hpp"

namespace brood::files {

// Sets the study's sampler and trials; `top` is the whole file. The study has its space: of a list,
// hyperparameters that are not in it become parameters. Notes what is wrong.
void read_method(Section const& top, Study& study, std::vector<std::string>& notes);

}  // namespace brood::files
