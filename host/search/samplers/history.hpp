// SPDX-License-Identifier: Apache-2.0
// The trials that a model is made of, and the epoch that it models. Scores of different epochs say
// little of each other, so a model is made of the largest epoch that enough trials have reached
// (BOHB: Falkner, Klein & Hutter, ICML 2018, section 3.2). Those that went beyond are among them,
// with the score they have now; those that ended before are left out.
#pragma once

#include <span>
#include <vector>

#include "search/samplers/axis.hpp"
#include "search/samplers/sampler.hpp"
#include "search/samplers/sampler_memory.hpp"

namespace brood {

struct Record {
  enum class State { scored, diverged, pending };
  State state = State::pending;
  std::size_t trial = 0;               // its place in the observations
  std::span<double const> point = {};  // in the memory
  double loss = 0;  // of a scored one: the score, or its negative if that is maximised
  int epoch = 0;
};

struct History {
  std::vector<Record> records;  // in the order of the observations
  int epoch = 0;                // that the model is of
  int told = 0;                 // scored or diverged, whether in records or left out
};

// `enough`: trials with a score that an epoch must have; with fewer in all, every epoch counts.
// The memory is brought up to date.
History history_of(std::span<Observation const> seen, ModelSpace const& space, bool maximize,
                   int enough, SamplerMemory& memory);

// The places of the best scored and diverged records, at most so many, best first: later epochs
// before earlier ones (they were chosen to go on), then lower losses, then earlier trials; diverged
// last.
std::vector<std::size_t> ranking(std::span<Record const> records, int most);

}  // namespace brood
