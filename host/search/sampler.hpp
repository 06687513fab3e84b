// SPDX-License-Identifier: Apache-2.0
// What the tuner asks of a sampler: configurations of new trials, in batches.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "brood/search.hpp"

namespace brood {

// What a sampler knows of a trial that was proposed before.
struct Observation {
  int trial = 0;
  Config const* config = nullptr;  // values of every parameter that is active
  // As told last; NaN: nothing yet (pending), +-inf or NaN with `diverged`: diverged.
  double score = std::numeric_limits<double>::quiet_NaN();
  int epoch = 0;  // at which the score was told
  bool diverged = false;
};

// Proposes `count` configurations, those of trials first_trial .. first_trial + count - 1: a pure
// function of all arguments. `seen`: every earlier trial, by id. Fewer than `count` come back only
// when the space is exhausted.
std::vector<Config> propose(SamplerChoice const& sampler, SearchSpace const& space,
                            std::uint64_t seed, int first_trial, int count,
                            std::span<Observation const> seen, bool maximize);

// Trials that are proposed at once before scores are needed: 64 for model-based samplers, else no
// limit (the largest int).
int ask_batch(SamplerChoice const& sampler);

std::vector<std::string> problems(SamplerChoice const& sampler, SearchSpace const& space);

// At most so many different trials exist (grid, list, discrete spaces under samplers without
// duplicates); the largest int: no limit.
int most_trials(SamplerChoice const& sampler, SearchSpace const& space);

}  // namespace brood
