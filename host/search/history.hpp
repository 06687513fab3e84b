// SPDX-License-Identifier: Apache-2.0
// The trials that a model is made of, and the epoch that it models. Scores of different epochs say
// little of each other, so a model is made of the largest epoch that enough trials have reached
// (BOHB: Falkner, Klein & Hutter, ICML 2018, section 3.2). Those that went beyond are among them,
// with the score they have now; those that ended before are left out.
#pragma once

#include <span>
#include <vector>

#include "search/axis.hpp"
#include "search/sampler.hpp"

namespace brood {

struct Record {
  enum class State { scored, diverged, pending };
  State state = State::pending;
  std::vector<double> point = {};
  double loss = 0;  // of a scored one: the score, or its negative if that is maximised
  int epoch = 0;
};

struct History {
  std::vector<Record> records;  // by trial
  int epoch = 0;                // that the model is of
  int told = 0;                 // scored or diverged, whether in records or left out
};

// `enough`: trials with a score that an epoch must have; with fewer in all, every epoch counts.
History history_of(std::span<Observation const> seen, ModelSpace const& space, bool maximize,
                   int enough);

// The places of the scored and diverged records, best first: later epochs before earlier ones (they
// were chosen to go on), then lower losses, then earlier trials; diverged last.
std::vector<std::size_t> ranking(std::span<Record const> records);

}  // namespace brood
