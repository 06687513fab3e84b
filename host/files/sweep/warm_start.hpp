// SPDX-License-Identifier: Apache-2.0
// `warm_start:` and `observations:` of a sweep: trials of former studies that a sampler learns from
// before the first trial of this one. The former names run directories; the latter are the trials
// themselves, which is what a resolved sweep holds, so that it needs no other run to be there.
#pragma once

#include <string>
#include <vector>

#include "brood/files/sweep.hpp"
#include "files/sweep/section.hpp"

namespace brood::files {

// The key `warm_start`.
void read_warm_start(Section const& top, std::string const& directory, Sweep& sweep);
// The list under `observations`: maps of a score, the epoch at which it was, and the parameters of
// the space. Without a score, or null: the trial diverged. Also notes where the method of the sweep
// learns from no scores.
void read_observations(Section const& top, Sweep& sweep);
// The same list as text of a sweep file; empty without trials.
std::string observations_text(std::vector<PriorTrial> const& trials);

// Adds the trials of the runs at sweep.warm_start_paths to sweep.study.prior, for a sampler that
// learns from them, and the best of them to the points that come first, and notes how many of how
// many. A trial is taken if it is one of this study: each of its hyperparameters has a value that
// this study may give it. Throws UsageError for what is no run directory, or of another metric.
void take_former_trials(Sweep& sweep);

}  // namespace brood::files
