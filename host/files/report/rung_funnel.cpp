// SPDX-License-Identifier: Apache-2.0
#include "files/report/rung_funnel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "brood/error.hpp"

namespace brood::files {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The epochs at which the rungs of each bracket end. Where the plan does not tell (epochs are
// searched, or the run is of another version), those at which trials ended.
std::vector<std::set<int>> planned_epochs(ReportedRun const& run) {
  auto const trials = static_cast<int>(run.result.trials.size());
  std::vector<std::set<int>> brackets;
  try {
    for (auto const& bracket : plan_brackets(run.sweep.study.scheduler, std::max(trials, 1))) {
      brackets.emplace_back();
      for (Rung const& rung : bracket)
        brackets.back().insert(rung.epoch);
    }
  } catch (UsageError const&) {
    brackets.clear();
  }
  for (TrialResult const& trial : run.result.trials) {
    auto const bracket = static_cast<std::size_t>(trial.bracket);
    if (brackets.size() <= bracket) brackets.resize(bracket + 1);
    auto& epochs = brackets[bracket];
    if (epochs.empty() || trial.epochs > *epochs.rbegin()) epochs.insert(trial.epochs);
  }
  return brackets;
}

// By trial and epoch.
std::map<std::pair<int, int>, double> scores_at(std::vector<MeanPoint> const& curves) {
  std::map<std::pair<int, int>, double> scores;
  for (MeanPoint const& point : curves) {
    if (std::isfinite(point.metric))
      scores.emplace(std::pair(point.trial, point.epoch), point.metric);
  }
  return scores;
}

}  // namespace

std::vector<FunnelRung> rung_funnel(ReportedRun const& run, std::vector<MeanPoint> const& curves) {
  auto const planned = planned_epochs(run);
  std::vector<std::set<int>> brackets;  // each set of rungs once
  std::vector<int> of;                  // by planned bracket
  for (auto const& epochs : planned) {
    auto const known = std::find(brackets.begin(), brackets.end(), epochs);
    of.push_back(static_cast<int>(known - brackets.begin()));
    if (known == brackets.end()) brackets.push_back(epochs);
  }
  auto const scores = scores_at(curves);
  std::vector<FunnelRung> funnel;
  for (std::size_t bracket = 0; bracket < brackets.size(); ++bracket) {
    int before = 0;
    for (int const epoch : brackets[bracket]) {
      FunnelRung rung{static_cast<int>(bracket), epoch, 0, 0, kNan, kNan, kNan};
      std::vector<double> own;
      for (TrialResult const& trial : run.result.trials) {
        bool const is_here = of[static_cast<std::size_t>(trial.bracket)] == rung.bracket;
        bool const began = is_here && (before == 0 || trial.epochs > before);
        if (!began) continue;
        ++rung.trials;
        rung.diverged += trial.state == TrialState::diverged && trial.epochs <= epoch;
        auto const score = scores.find({trial.id, epoch});
        if (score != scores.end()) own.push_back(score->second);
      }
      before = epoch;
      if (rung.trials == 0) continue;
      if (!own.empty()) {
        std::sort(own.begin(), own.end());
        rung.best = run.result.maximize ? own.back() : own.front();
        rung.median = own[own.size() / 2];
      }
      funnel.push_back(rung);
    }
  }
  bool const told = funnel.size() == run.facts.rungs.size() && brackets.size() == 1;
  for (std::size_t i = 0; told && i < funnel.size(); ++i) {
    double const begin = i == 0 ? 0 : run.facts.rungs[i - 1].seconds;
    funnel[i].seconds = run.facts.rungs[i].seconds - begin;
  }
  return funnel;
}

}  // namespace brood::files
