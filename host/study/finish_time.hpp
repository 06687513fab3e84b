// SPDX-License-Identifier: Apache-2.0
// How long the end of a study takes, once its last rung is done: the refit, the ensemble, the
// scores and the files. Only a study with a time limit goes by it.
#pragma once

#include <cstddef>

#include "brood/study.hpp"
#include "study/pace.hpp"

namespace brood {

class FinishTime {
 public:
  // `early`: members of a trial before its last rung. Scores once to see how long that takes, if an
  // ensemble is asked for.
  FinishTime(Study const& study, Data const& data, Splits const& splits, std::size_t early);

  // After a last rung that ended at `epochs`, of a study of so many trials, at the pace of members
  // that train on the rows of the first split.
  double seconds(Pace const& pace, int trials, int epochs) const;
  // Of this, what the picks for an ensemble of so many trials take.
  double picking_seconds(int trials) const;

 private:
  Refit refit_;
  int ensemble_;
  int library_ = 0;        // candidates for it
  double refit_rows_;      // that a refit trains on, as a multiple of those of the first split
  double judged_rows_;     // that the ensemble's candidates predict, likewise
  double judging_ = 0;     // seconds to score a prediction of all of them
  double numbers_ = 0;     // that such a prediction is
  bool corrects_ = false;  // what predicts is scored out of fold
  double writing_ = 0;     // seconds
  double early_;           // members of a candidate
};

}  // namespace brood
