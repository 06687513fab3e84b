// SPDX-License-Identifier: Apache-2.0
// A study's state between rungs, taken from a run and put back into one.
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
  saved.member_scores = member_scores_;
  saved.member_scores.resize(tuner_.trials().size());
  saved.residents = members_.save();
  return saved;
}

void StudyRun::Impl::restore(StudyState const& from) {
  if (from.study != identity(setup_.data, setup_.study)) {
    throw UsageError(
        "the saved state belongs to another study or other data: go on with the study that saved "
        "it");
  }
  tuner_.restore(from.tuner);
  curves_.restore(from.curves, from.member_epochs);
  stop_progress_ = from.stop;
  events_ = from.events;
  member_scores_ = from.member_scores;
  copied_ = tuner_.lineage().size();
  check_stop();
  std::size_t const all = setup_.splits.splits.size();
  bool const fits = member_scores_.size() == tuner_.trials().size() &&
                    std::all_of(member_scores_.begin(), member_scores_.end(), [&](auto const& own) {
                      return own.empty() || own.size() == setup_.early || own.size() == all;
                    });
  if (!fits) throw StorageError("the saved state does not hold the scores of each trial's members");
  members_.restore(tuner_, from.residents);
}

}  // namespace brood
