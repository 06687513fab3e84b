// SPDX-License-Identifier: Apache-2.0
// The members of trials: a trial has one on each split, those of its early rungs first. They are
// admitted when it is asked for, copied, kept while it may go on or count in the end, and made anew
// from what led to a trial where they were let go.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "brood/population.hpp"
#include "study/known_outcomes.hpp"
#include "study/study_setup.hpp"

namespace brood {

class TrialMembers {
 public:
  explicit TrialMembers(StudySetup const& setup) : setup_(setup), population_(setup.engine) {}

  Population& population() { return population_; }
  // Of a trial that has members. Throws std::out_of_range.
  std::vector<MemberId> const& of(int trial) const { return members_.at(trial); }
  // Of several, in their order.
  std::vector<MemberId> of(std::span<Ask const> asks) const;

  // In how many members a trial is trained until the end of what is asked for: those that it has,
  // and those that join it.
  std::size_t count_of(Ask const& ask) const;
  // Lets the trials have those that they are trained in until the end of what is asked for. Those
  // that are `known` go on from there.
  void admit(std::span<Ask const> asks, KnownOutcomes const* known = nullptr);
  // Trials go on as copies of others, in place of the members that they had.
  void copy(std::span<Exploit const> exploits);
  // Lets go of the members of trials that `keeps` does not want.
  void release_unless(std::function<bool(int trial)> const& keeps);

  // The first `count` members of a trial as it was scored, trained straight through if they were
  // let go, or if a rung that was dropped took them further than its score.
  std::vector<MemberId> validated(Tuner const& tuner, int trial, std::size_t count);
  // Trials' networks trained anew on some rows, each for its epochs.
  std::vector<MemberId> refit(Tuner const& tuner, std::vector<int> const& trials,
                              std::vector<int> const& epochs, Rows const& rows);

  // All that are there, and those again, of the trials of a restored tuner. Throws StorageError if
  // they are not what that tuner goes on with; a trial that is `kept` (by trial) may have none.
  std::vector<StudyState::Resident> save();
  void restore(Tuner const& tuner, std::vector<StudyState::Resident> const& residents,
               std::vector<bool> const& kept);

 private:
  void admit_known(std::span<Ask const> asks, KnownOutcomes const& known);
  // Members trained through all that led to a trial, and for so many epochs; `specs_of` is what
  // they are in a segment.
  std::vector<MemberId> replay(
      Tuner const& tuner, int trial, int epochs, int evaluate_every_epochs,
      std::function<std::vector<MemberSpec>(Segment const&)> const& specs_of);

  StudySetup const& setup_;
  Population population_;
  std::map<int, std::vector<MemberId>> members_;  // by trial, by split: `early` of them, or all
};

}  // namespace brood
