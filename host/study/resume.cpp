// SPDX-License-Identifier: Apache-2.0
// A study's state, taken from a run and put back into one, or given to one that extends the study.
#include <algorithm>

#include "brood/error.hpp"
#include "study/identity.hpp"
#include "study/study_run.hpp"

namespace brood {

StudyState StudyRun::Impl::state() {
  StudyState saved;
  saved.study = identity(setup_.data, setup_.study);
  saved.tuner = tuner_.state();
  saved.curves = curves_.points();
  saved.member_epochs = curves_.member_epochs();
  saved.stop = stop_progress_;
  saved.events = events_;
  saved.outcomes = outcomes_;
  saved.residents = members_.save();
  return saved;
}

void StudyRun::Impl::begin_with(StudyState const& from) {
  if (from.study == identity(setup_.data, setup_.study)) {
    restore(from);
    return;
  }
  std::string const reason = reason_not_to_extend(from.study, setup_.data, setup_.study);
  if (!reason.empty()) throw UsageError(reason);
  if (setup_.study.finish_by) {
    throw UsageError(
        "a study cannot be extended and given a time limit at once; give it one first");
  }
  known_.emplace(setup_, from);
}

void StudyRun::Impl::restore(StudyState const& from) {
  tuner_.restore(from.tuner);
  curves_.restore(from.curves, from.member_epochs);
  stop_progress_ = from.stop;
  events_ = from.events;
  outcomes_ = from.outcomes;
  copied_ = tuner_.lineage().size();
  check_stop();
  restore_scores();
  std::vector<bool> kept(tuner_.trials().size(), false);
  for (StudyState::Outcome const& outcome : outcomes_)
    kept[static_cast<std::size_t>(outcome.trial)] = outcome.kept;
  members_.restore(tuner_, from.residents, kept);
}

void StudyRun::Impl::restore_scores() {
  std::size_t const all = setup_.splits.splits.size();
  auto const trials = tuner_.trials();
  member_scores_.assign(trials.size(), {});
  member_accuracies_.assign(trials.size(), {});
  bool fits = true;
  for (StudyState::Outcome const& outcome : outcomes_) {
    auto const& scores = outcome.scores;
    fits = fits && outcome.trial >= 0 && static_cast<std::size_t>(outcome.trial) < trials.size() &&
           (scores.size() == setup_.early || scores.size() == all);
    if (!fits) continue;
    member_scores_[static_cast<std::size_t>(outcome.trial)] = scores;
    member_accuracies_[static_cast<std::size_t>(outcome.trial)] = outcome.accuracies;
  }
  for (TunerTrial const& trial : trials)
    fits = fits && (trial.rung < 0 || !member_scores_[static_cast<std::size_t>(trial.id)].empty());
  if (!fits) throw StorageError("the saved state does not hold the scores of each trial's members");
}

}  // namespace brood
