// SPDX-License-Identifier: Apache-2.0
// The seam between the samplers and those who train what they propose. A sampler's memory saves
// time: what it proposes is a pure function of the space, the seed and what is known of the trials
// before.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "brood/search.hpp"

namespace brood {

struct SamplerMemory;

// What a sampler knows of a trial that was proposed before.
struct Observation {
  int trial = 0;                   // -1: of a former study
  Config const* config = nullptr;  // values of every parameter
  // As told last; NaN: nothing yet, the trial is pending, unless it diverged.
  double score = std::numeric_limits<double>::quiet_NaN();
  int epoch = 0;  // at which the score was told
  bool diverged = false;
};

// Proposes `count` configurations, those of trials first_trial .. first_trial + count - 1: a pure
// function of all arguments, and the same however a run of trials is divided into calls, if no
// score came in between. `seen`: trials of former studies, then every earlier trial, by id. Fewer
// than `count` come back only when the space is exhausted, or nothing that is allowed is found.
std::vector<Config> propose(SamplerChoice const& sampler, SearchSpace const& space,
                            std::uint64_t seed, int first_trial, int count,
                            std::span<Observation const> seen, bool maximize,
                            Allowed const& allowed = {});
// The same, sooner, with what earlier calls have found out (memory.hpp).
std::vector<Config> propose(SamplerChoice const& sampler, SearchSpace const& space,
                            std::uint64_t seed, int first_trial, int count,
                            std::span<Observation const> seen, bool maximize,
                            Allowed const& allowed, SamplerMemory& memory);

// Trials that are proposed at once before scores are needed: 64 for model-based samplers, else no
// limit (INT_MAX).
int ask_batch(SamplerChoice const& sampler);

// How many trials there can be: of a list, a grid, or a finite space; with `allowed`, where all of
// it is known (survey.hpp), of what is allowed. INT_MAX: no limit.
int most_trials(SamplerChoice const& sampler, SearchSpace const& space,
                Allowed const& allowed = {});

// The hand-picked points that are not allowed, and that nothing is: one sentence each.
std::vector<std::string> problems_of_what_is_allowed(TunerOptions const& options);

}  // namespace brood
