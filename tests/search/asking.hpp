// SPDX-License-Identifier: Apache-2.0
// A study without a tuner: proposes trials in batches, and scores them between the batches.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "search/samplers/sampler.hpp"

namespace brood {

struct Asking {
  SamplerChoice sampler = Random{};
  SearchSpace space = {};
  int trials = 10;
  int batch = 1;
  std::uint64_t seed = 0;
  bool maximize = false;
  std::function<double(Config const&)> score = {};  // none: the trials stay pending
};

struct Asked {
  std::vector<Config> configs;
  std::vector<double> scores;
};

inline Asked ask_all(Asking const& asking) {
  Asked asked;
  auto const trials = static_cast<std::size_t>(asking.trials);
  asked.configs.reserve(trials);  // observations point into it
  std::vector<Observation> seen;
  while (asked.configs.size() < trials) {
    int const first = static_cast<int>(asked.configs.size());
    int const count = std::min(asking.batch, asking.trials - first);
    auto const batch =
        propose(asking.sampler, asking.space, asking.seed, first, count, seen, asking.maximize);
    for (auto const& config : batch) {
      asked.configs.push_back(config);
      Observation observation{.trial = static_cast<int>(seen.size()),
                              .config = &asked.configs.back()};
      if (asking.score) {
        observation.score = asking.score(config);
        observation.epoch = 1;
        observation.diverged = !std::isfinite(observation.score);
        asked.scores.push_back(observation.score);
      }
      seen.push_back(observation);
    }
    if (static_cast<int>(batch.size()) < count) break;
  }
  return asked;
}

}  // namespace brood
