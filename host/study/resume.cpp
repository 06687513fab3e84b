// SPDX-License-Identifier: Apache-2.0
// A study's state between rungs, taken from a run and put back into one.
#include <cmath>

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
  saved.standard_errors = standard_errors_;
  saved.standard_errors.resize(tuner_.trials().size(), std::nan(""));
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
  standard_errors_ = from.standard_errors;
  copied_ = tuner_.lineage().size();
  check_stop();
  if (standard_errors_.size() != tuner_.trials().size()) {
    throw StorageError("the saved state does not hold an error of each trial's score");
  }
  members_.restore(tuner_, from.residents);
}

}  // namespace brood
