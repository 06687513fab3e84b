// SPDX-License-Identifier: Apache-2.0
// What an extended study has found out: results of rungs by trial, configuration and epochs, and
// members to go on from. A study that extends it asks for everything as if it began, and takes from
// here what it would train to the same bits.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "study/study_setup.hpp"

namespace brood {

class KnownOutcomes {
 public:
  KnownOutcomes(StudySetup const& setup, StudyState const& from);

  // Of a trial at the end of what is asked for, in so many members; null if it has to be trained.
  StudyState::Outcome const* find(Ask const& ask, std::size_t members) const;
  // Whether it was dropped there on its way to what is asked for.
  bool was_dropped(Ask const& ask) const;
  // What its members recorded between.
  std::vector<CurvePoint> curves(Ask const& ask, std::size_t members) const;
  // A member of the trial on a split on its way to what is asked for; null if none was kept.
  MemberImage const* member(Ask const& ask, std::size_t split) const;

 private:
  bool is_same(Ask const& ask) const;

  StudySetup const& setup_;
  std::vector<Config> configs_;                             // by trial
  std::vector<TunerTrial> trials_;                          // as many
  std::vector<std::vector<StudyState::Outcome>> outcomes_;  // by trial, in their order
  std::vector<std::vector<CurvePoint>> curves_;             // likewise
  std::map<std::pair<int, int>, MemberImage> members_;      // by trial and split
};

}  // namespace brood
