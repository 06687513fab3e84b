// SPDX-License-Identifier: Apache-2.0
#include "study/standing.hpp"

#include <algorithm>
#include <cmath>

#include "study/ensemble.hpp"

namespace brood {

std::optional<int> best_trial(StudySetup const& setup, Tuner const& tuner) {
  return setup.study.best_of == BestOf::any ? tuner.best_of_any() : tuner.best();
}

std::vector<int> leaderboard(StudySetup const& setup, Tuner const& tuner, int n) {
  if (setup.study.best_of == BestOf::last_rung) return tuner.leaderboard(n);
  std::vector<TunerTrial> ranked;
  for (auto const& trial : tuner.trials()) {
    if (std::isfinite(trial.score) && !tuner.is_dropped(trial.id)) ranked.push_back(trial);
  }
  std::sort(ranked.begin(), ranked.end(), [&](TunerTrial const& a, TunerTrial const& b) {
    return ranks_before(a.score, a.id, b.score, b.id, setup.maximize);
  });
  ranked.resize(std::min(ranked.size(), static_cast<std::size_t>(n)));
  std::vector<int> ids;
  for (auto const& trial : ranked)
    ids.push_back(trial.id);
  return ids;
}

std::vector<int> ensemble_library(StudySetup const& setup, Tuner const& tuner) {
  if (setup.study.ensemble == 0) return {};
  std::int64_t rows = 0;
  for (std::size_t s = 0; s < setup.early; ++s)
    rows += static_cast<std::int64_t>(setup.splits.splits[s].valid->size());
  return leaderboard(setup, tuner, library_size(setup.study.ensemble, rows * setup.data.outputs()));
}

}  // namespace brood
