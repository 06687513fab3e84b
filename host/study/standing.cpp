// SPDX-License-Identifier: Apache-2.0
#include "study/standing.hpp"

#include <algorithm>
#include <cmath>

#include "study/ensemble.hpp"

namespace brood {

namespace {

// Of the rung that a trial was scored in last.
int rung_epoch(Tuner const& tuner, int trial) {
  TunerTrial const& own = tuner.trials()[static_cast<std::size_t>(trial)];
  auto const& rungs = tuner.brackets()[static_cast<std::size_t>(tuner.bracket(trial))];
  auto const rung = static_cast<std::size_t>(std::max(own.rung, 0));
  return rung < rungs.size() ? rungs[rung].epoch : own.epoch;
}

}  // namespace

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

std::vector<int> final_library(StudySetup const& setup, Tuner const& tuner) {
  if (setup.study.ensemble == 0 && !setup.splits.test->empty()) return {};
  std::int64_t rows = 0;
  for (std::size_t s = 0; s < setup.early; ++s)
    rows += static_cast<std::int64_t>(setup.splits.splits[s].valid->size());
  auto trials = leaderboard(
      setup, tuner, library_size(std::max(setup.study.ensemble, 1), rows * setup.data.outputs()));
  bool const of_last_rung = setup.study.ensemble == 0 && setup.study.best_of == BestOf::last_rung;
  if (!of_last_rung || trials.empty()) return trials;
  // Of others the winner was not chosen, however well they scored.
  int const last = rung_epoch(tuner, trials.front());
  std::erase_if(trials, [&](int trial) { return rung_epoch(tuner, trial) != last; });
  return trials;
}

}  // namespace brood
