// SPDX-License-Identifier: Apache-2.0
#include "study/known_outcomes.hpp"

#include <algorithm>
#include <utility>

#include "study/plan.hpp"

namespace brood {

KnownOutcomes::KnownOutcomes(StudySetup const& setup, StudyState const& from)
    : setup_(setup),
      configs_(from.tuner.configs),
      trials_(from.tuner.trials),
      outcomes_(configs_.size()),
      curves_(configs_.size()) {
  auto const place = [&](int trial) {
    return std::min(static_cast<std::size_t>(std::max(trial, 0)), configs_.size() - 1);
  };
  if (configs_.empty()) return;
  for (StudyState::Outcome const& outcome : from.outcomes)
    outcomes_[place(outcome.trial)].push_back(outcome);
  for (CurvePoint const& point : from.curves)
    curves_[place(point.trial)].push_back(point);
  for (StudyState::Resident const& resident : from.residents)
    members_[{resident.trial, resident.split}] = resident.image;
}

bool KnownOutcomes::is_same(Ask const& ask) const {
  auto const trial = static_cast<std::size_t>(ask.trial);
  return trial < configs_.size() && configs_[trial] == ask.config;
}

// Only between the same two epochs: what ended by itself would have ended elsewhere in another
// rung.
StudyState::Outcome const* KnownOutcomes::find(Ask const& ask, std::size_t members) const {
  if (!is_same(ask)) return nullptr;
  int from_epoch = 0;
  for (auto const& outcome : outcomes_[static_cast<std::size_t>(ask.trial)]) {
    bool const fits = from_epoch == ask.from_epoch && outcome.until == ask.until_epoch &&
                      outcome.scores.size() >= members;
    if (fits) return &outcome;
    from_epoch = outcome.epoch;
  }
  return nullptr;
}

bool KnownOutcomes::was_dropped(Ask const& ask) const {
  if (!is_same(ask) || static_cast<std::size_t>(ask.trial) >= trials_.size()) return false;
  TunerTrial const& trial = trials_[static_cast<std::size_t>(ask.trial)];
  return trial.state == TrialState::dropped && trial.epoch == ask.from_epoch;
}

std::vector<CurvePoint> KnownOutcomes::curves(Ask const& ask, std::size_t members) const {
  std::vector<CurvePoint> points;
  auto const& splits = setup_.splits.splits;
  for (CurvePoint const& point : curves_[static_cast<std::size_t>(ask.trial)]) {
    auto const split = static_cast<std::size_t>(std::find_if(splits.begin(), splits.end(),
                                                             [&](Split const& each) {
                                                               return each.fold == point.fold &&
                                                                      each.repeat == point.repeat;
                                                             }) -
                                                splits.begin());
    int const from = split < setup_.early ? ask.from_epoch : 0;
    if (split < members && point.epoch > from && point.epoch <= ask.until_epoch)
      points.push_back(point);
  }
  return points;
}

MemberImage const* KnownOutcomes::member(Ask const& ask, std::size_t split) const {
  if (!is_same(ask)) return nullptr;
  auto const found = members_.find({ask.trial, static_cast<int>(split)});
  if (found == members_.end() || found->second.metrics.epoch > ask.until_epoch) return nullptr;
  return &found->second;
}

}  // namespace brood
