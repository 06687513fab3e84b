// SPDX-License-Identifier: Apache-2.0
// A study read from the database of its run directory, beside the process that works there.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

#include "brood/error.hpp"
#include "brood/files/run_record.hpp"
#include "brood/files/store.hpp"
#include "files/run/directories.hpp"
#include "files/run/run_files.hpp"
#include "files/store/study_tables.hpp"
#include "study/plan.hpp"
#include "study/scorer.hpp"

namespace brood::files {

namespace {

struct Saved {
  StudyRow row;
  std::optional<StudyState> state;
  std::vector<RungFacts> rungs;
};

// All of one moment; the lock is held for as long as it takes to read.
Saved read_tables(std::string const& path, Database::Mode mode) {
  Database database(path, path, mode);
  StudyTables tables(database, path);
  database.run("BEGIN");
  Saved saved;
  saved.row = tables.read_row();
  saved.state = tables.read_state(saved.row.origin, saved.rungs);
  database.run("COMMIT");
  return saved;
}

// A process that was killed while it committed has left a journal, which who looks cannot apply.
Saved read_tables(std::string const& directory) {
  std::string const path = directory + '/' + kDatabaseFile;
  try {
    return read_tables(path, Database::Mode::look);
  } catch (StorageError const&) {
    std::error_code ignored;
    if (!std::filesystem::exists(path + "-journal", ignored)) throw;
    return read_tables(path, Database::Mode::open);
  }
}

// Which bracket each trial goes through, and the epoch of its last rung.
class Places {
 public:
  Places(SchedulerChoice const& scheduler, int trials)
      : brackets_(plan_brackets(scheduler, std::max(trials, 1))) {
    for (std::size_t b = 0; b < brackets_.size(); ++b)
      of_.insert(of_.end(), static_cast<std::size_t>(brackets_[b].front().trials),
                 static_cast<int>(b));
  }
  int bracket(TunerTrial const& trial) const {
    auto const i = static_cast<std::size_t>(trial.id);
    return i < of_.size() ? of_[i] : 0;
  }
  int epoch(TunerTrial const& trial) const {
    auto const& rungs = brackets_[static_cast<std::size_t>(bracket(trial))];
    if (trial.rung < 0) return 0;
    return rungs[std::min(static_cast<std::size_t>(trial.rung), rungs.size() - 1)].epoch;
  }

 private:
  std::vector<std::vector<Rung>> brackets_;
  std::vector<int> of_;  // by trial
};

// Trials by id.
std::vector<TrialResult> trials_of(StudyState const& state, Study const& study,
                                   Places const& places) {
  std::vector<std::vector<double>> scores(state.tuner.trials.size()), accuracies(scores.size());
  for (StudyState::Outcome const& outcome : state.outcomes) {
    auto const trial = static_cast<std::size_t>(outcome.trial);
    if (trial >= scores.size()) continue;
    scores[trial] = outcome.scores;
    accuracies[trial] = outcome.accuracies;
  }
  std::vector<TrialResult> trials;
  for (TunerTrial const& trial : state.tuner.trials) {
    auto const i = static_cast<std::size_t>(trial.id);
    if (i >= scores.size() || i >= state.tuner.configs.size()) continue;
    bool const is_new = trial.state == TrialState::waiting && trial.epoch == 0;
    if (is_new && trial.id >= state.tuner.begun) continue;
    Config const& config = state.tuner.configs[i];
    trials.push_back({.id = trial.id,
                      .state = trial.state,
                      .epochs = std::min(trial.epoch, own_epochs(config, study)),
                      .score = trial.score,
                      .config = config,
                      .standard_error = standard_error(scores[i], trial.score),
                      .bracket = places.bracket(trial)});
    if (!accuracies[i].empty()) trials.back().accuracy = mean_of(accuracies[i]);
  }
  return trials;
}

// The best first, as the study ranks them.
std::vector<int> ranked(StudyState const& state, Study const& study, Places const& places,
                        bool maximize) {
  std::vector<TunerTrial const*> trials;
  for (TunerTrial const& trial : state.tuner.trials) {
    if (std::isfinite(trial.score) && trial.state != TrialState::dropped) trials.push_back(&trial);
  }
  std::sort(trials.begin(), trials.end(), [&](TunerTrial const* a, TunerTrial const* b) {
    int const epoch_a = places.epoch(*a), epoch_b = places.epoch(*b);
    if (study.best_of == BestOf::last_rung && epoch_a != epoch_b) return epoch_a > epoch_b;
    return ranks_before(a->score, a->id, b->score, b->id, maximize);
  });
  std::vector<int> ids;
  for (TunerTrial const* const trial : trials)
    ids.push_back(trial->id);
  return ids;
}

Result result_of(StudyState state, Sweep const& sweep) {
  Result result;
  Study const& study = sweep.study;
  auto const proposed = static_cast<int>(state.tuner.trials.size());
  int const planned = std::max(study.trials, state.tuner.grown);
  Places const places(study.scheduler, state.tuner.exhausted ? proposed : planned);
  result.metric = study.metric.name;
  for (MetricInfo const& each : metrics()) {
    if (each.name == result.metric) result.maximize = each.higher_is_better;
  }
  result.trials = trials_of(state, study, places);
  auto const ids = ranked(state, study, places, result.maximize);
  std::vector<int> ranks(state.tuner.trials.size(), 0);
  for (std::size_t i = 0; i < ids.size(); ++i)
    ranks[static_cast<std::size_t>(ids[i])] = static_cast<int>(i) + 1;
  for (TrialResult& trial : result.trials)
    trial.rank = ranks[static_cast<std::size_t>(trial.id)];
  constexpr std::size_t kLeaderboard = 10;
  result.leaderboard.assign(
      ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), kLeaderboard)));
  if (!ids.empty()) {
    result.best = ids.front();
    result.valid = state.tuner.trials[static_cast<std::size_t>(ids.front())].score;
  }
  result.curves = std::move(state.curves);
  std::stable_sort(result.curves.begin(), result.curves.end(),
                   [](CurvePoint const& a, CurvePoint const& b) { return a.trial < b.trial; });
  result.member_epochs = state.member_epochs;
  result.scheduler = study.scheduler;
  result.stop = study.stop;
  return result;
}

}  // namespace

RunRecord read_saved_study(std::string const& directory) {
  std::error_code ignored;
  if (!std::filesystem::exists(directory, ignored))
    throw UsageError(directory + ": there is no such directory");
  if (!Store::is_in(directory)) {
    throw UsageError(directory + ": has no " + kDatabaseFile +
                     ", so that no study has begun in it; brood tune begins one");
  }
  Saved saved = read_tables(directory);
  RunRecord record;
  record.directory = directory;
  record.unfinished = true;
  try {
    record.sweep = parse_sweep(saved.row.origin.config, directory + "/config.yaml");
  } catch (UsageError const& error) {
    throw StorageError(error.what());
  }
  record.sweep.name = saved.row.origin.name;
  record.facts.command_line = saved.row.origin.command_line;
  record.facts.data_fingerprint = saved.row.origin.data_fingerprint;
  record.facts.started = saved.row.origin.started;
  record.facts.seconds = saved.row.seconds;
  record.facts.rungs = std::move(saved.rungs);
  if (saved.state) record.result = result_of(std::move(*saved.state), record.sweep);
  return record;
}

RunRecord read_run_so_far(std::string const& directory) {
  return is_unfinished(directory) ? read_saved_study(directory) : read_run(directory);
}

}  // namespace brood::files
