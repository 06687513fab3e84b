// SPDX-License-Identifier: Apache-2.0
// Asynchronous successive halving that promotes (Li et al., "A System for Massively Parallel
// Hyperparameter Tuning", MLSys 2020, Alg. 2): a free worker takes the best trial that is in the
// top 1/eta of its rung and was not promoted from it, of the highest rung that has one; else a new
// one.
#include <algorithm>
#include <cmath>

#include "search/schedulers/schedule.hpp"

namespace brood {
namespace {

using RungState = Tuner::RungState;

class AsynchronousHalving : public Schedule {
 public:
  AsynchronousHalving(Asha const& asha, std::vector<std::vector<Rung>> brackets, bool maximize)
      : Schedule(std::move(brackets), maximize), eta_(asha.eta), workers_(asha.workers) {}

  int workers() const override { return workers_; }
  bool waits_for_results() const override { return false; }

  std::vector<int> count(Tuner::State& state, int trial) const override {
    state.rungs.resize(brackets_.front().size());
    if (!is_dropped(state, trial)) enter(state, trial);
    return {};
  }

  // Its place in its rung stays, and nobody is promoted from there.
  void drop(Tuner::State& state, int trial) const override {
    for (RungState& rung : state.rungs) {
      for (RungState::Result& result : rung.results)
        if (result.trial == trial) result.promoted = true;
    }
  }

  std::optional<int> promote(Tuner::State& state) const override {
    for (std::size_t above = state.rungs.size(); above > 1;) {
      auto const id = promotable(state.rungs[above - 2]);
      if (!id) {
        --above;
        continue;
      }
      if (rise(state, *id)) return id;
      above = state.rungs.size();
    }
    return std::nullopt;
  }

  // So that there is a trial that was trained to the end, however few there were.
  std::optional<int> go_on_alone(Tuner::State& state) const override {
    for (std::size_t rung = state.rungs.size(); rung-- > 0;) {
      auto& results = state.rungs[rung].results;
      auto const first = std::find_if(
          results.begin(), results.end(),
          [&](RungState::Result const& result) { return !is_dropped(state, result.trial); });
      if (first == results.end() || !std::isfinite(first->score)) continue;
      if (rung + 1 == state.rungs.size() || first->promoted) return std::nullopt;
      first->promoted = true;
      int const id = first->trial;
      if (rise(state, id)) return id;
      rung += 2;  // it has stopped, and is in the rung above
    }
    return std::nullopt;
  }

  // Nobody can be promoted any more.
  void end(Tuner::State& state) const override {
    for (TunerTrial& trial : state.trials) {
      if (trial.state == TrialState::waiting && trial.rung >= 0) trial.state = TrialState::pruned;
    }
  }

  // A trial may be promoted as long as the study lasts.
  void mark_running(Tuner::State const& state, std::vector<bool>& running) const override {
    for (TunerTrial const& trial : state.trials) {
      running[static_cast<std::size_t>(trial.id)] =
          trial.state == TrialState::waiting || trial.state == TrialState::stopped;
    }
  }

  std::string problem(Tuner::State const& state, std::vector<bool> const& open) const override;

 private:
  static bool is_dropped(Tuner::State const& state, int trial) {
    return state.trials[static_cast<std::size_t>(trial)].state == TrialState::dropped;
  }

  // Whether a promoted trial trains on. One that has stopped takes its place above as it is.
  bool rise(Tuner::State& state, int id) const {
    TunerTrial& trial = state.trials[static_cast<std::size_t>(id)];
    if (trial.state == TrialState::waiting) return true;
    ++trial.rung;
    enter(state, id);
    return false;
  }

  // Enters the result of a trial into its rung.
  void enter(Tuner::State& state, int id) const {
    TunerTrial& trial = state.trials[static_cast<std::size_t>(id)];
    RungState& rung = state.rungs[static_cast<std::size_t>(trial.rung)];
    auto const place =
        std::upper_bound(rung.results.begin(), rung.results.end(), trial,
                         [&](TunerTrial const& a, RungState::Result const& b) {
                           return ranks_before(a.score, a.id, b.score, b.trial, maximize_);
                         });
    auto const index = static_cast<std::size_t>(place - rung.results.begin());
    rung.results.insert(place, {id, trial.score, false});
    rung.promoted = std::min(rung.promoted, index);
    bool const last = static_cast<std::size_t>(trial.rung) + 1 == state.rungs.size();
    if (last && trial.state == TrialState::waiting) trial.state = TrialState::complete;
  }

  // The best that was not promoted, marked as promoted, if it is in the top 1/eta.
  std::optional<int> promotable(RungState& rung) const {
    while (rung.promoted < rung.results.size() && rung.results[rung.promoted].promoted)
      ++rung.promoted;
    bool const in_the_top = rung.promoted < rung.results.size() / static_cast<std::size_t>(eta_) &&
                            std::isfinite(rung.results[rung.promoted].score);
    if (!in_the_top) return std::nullopt;
    rung.results[rung.promoted].promoted = true;
    return rung.results[rung.promoted].trial;
  }

  int const eta_;
  int const workers_;
};

std::string AsynchronousHalving::problem(Tuner::State const& state,
                                         std::vector<bool> const& open) const {
  if (!state.rungs.empty() && state.rungs.size() != brackets_.front().size()) {
    return "it has results of " + std::to_string(state.rungs.size()) + " rungs of " +
           std::to_string(brackets_.front().size());
  }
  std::vector<int> results(state.trials.size(), 0);  // by trial: in the first so many rungs
  for (std::size_t k = 0; k < state.rungs.size(); ++k) {
    RungState const& rung = state.rungs[k];
    std::string const name = "its rung " + std::to_string(k);
    if (rung.promoted > rung.results.size()) return name + " promoted more trials than it has";
    for (std::size_t i = 0; i < rung.results.size(); ++i) {
      auto const& result = rung.results[i];
      if (result.trial < 0 || result.trial >= state.begun ||
          results[static_cast<std::size_t>(result.trial)]++ != static_cast<int>(k)) {
        return name + " names trial " + std::to_string(result.trial) +
               " twice or without a result in the rung before";
      }
      bool const in_order =
          i == 0 || ranks_before(rung.results[i - 1].score, rung.results[i - 1].trial, result.score,
                                 result.trial, maximize_);
      bool const marked = result.promoted || i >= rung.promoted;
      if (!in_order || !marked) return name + " is out of order";
    }
  }
  for (std::size_t k = 0; k < state.rungs.size(); ++k) {
    for (auto const& result : state.rungs[k].results) {
      auto const i = static_cast<std::size_t>(result.trial);
      if (result.promoted && is_dropped(state, result.trial)) continue;
      bool const gone_on = results[i] > static_cast<int>(k) + 1 || open[i];
      if (result.promoted != gone_on) {
        return "trial " + std::to_string(result.trial) + " is and is not promoted from rung " +
               std::to_string(k);
      }
    }
  }
  for (int id = 0; id < state.begun; ++id) {
    auto const i = static_cast<std::size_t>(id);
    TunerTrial const& trial = state.trials[i];
    bool const told_early = open[i] && trial.rung == results[i];
    // One that was told and then dropped has no result.
    bool const dropped = trial.state == TrialState::dropped && trial.rung == results[i];
    if (!told_early && !dropped && trial.rung != results[i] - 1) {
      return "trial " + std::to_string(id) + " is in rung " + std::to_string(trial.rung) +
             " and has results in " + std::to_string(results[i]);
    }
  }
  return "";
}

}  // namespace

std::shared_ptr<Schedule const> make_asha(Asha const& asha, std::vector<std::vector<Rung>> brackets,
                                          bool maximize) {
  return std::make_shared<AsynchronousHalving>(asha, std::move(brackets), maximize);
}

}  // namespace brood
