// SPDX-License-Identifier: Apache-2.0
#include "search/schedulers/synchronous.hpp"

namespace brood {

void Synchronous::begin(Tuner::State& state, int trial) const {
  bracket(state, trial).alive.push_back(trial);
}

std::vector<int> Synchronous::count(Tuner::State& state, int trial) const {
  ++bracket(state, trial).counted;
  return close(state, static_cast<std::size_t>(bracket_of(trial)));
}

std::vector<int> Synchronous::cut(Tuner::State& state) const {
  return close(state, brackets_.size() - 1);
}

void Synchronous::mark_running(Tuner::State const& state, std::vector<bool>& running) const {
  for (auto const& bracket : state.brackets) {
    for (int const id : bracket.alive)
      running[static_cast<std::size_t>(id)] = true;
  }
}

std::vector<int> Synchronous::who_goes_on(Tuner::State&, std::vector<Ranked> ranked,
                                          Rung const& next) const {
  return ranking_(std::move(ranked), next.trials, maximize_);
}

Tuner::BracketState& Synchronous::bracket(Tuner::State& state, int trial) const {
  return state.brackets[static_cast<std::size_t>(bracket_of(trial))];
}

// How many results the rung in progress waits for in all. The first is filled as trials begin.
int Synchronous::size_of(Tuner::BracketState const& bracket, std::size_t index) const {
  return bracket.rung == 0 ? brackets_[index].front().trials
                           : static_cast<int>(bracket.alive.size());
}

// Closes the rung in progress if its results are complete, and those after it that have nobody left
// to train. A trial that has stopped needs nothing more: it counts from the start.
std::vector<int> Synchronous::close(Tuner::State& state, std::size_t index) const {
  auto const& rungs = brackets_[index];
  auto& bracket = state.brackets[index];
  auto trial_of = [&](int id) -> TunerTrial& { return state.trials[static_cast<std::size_t>(id)]; };
  while (!bracket.alive.empty() && bracket.counted == size_of(bracket, index)) {
    auto const next = static_cast<std::size_t>(bracket.rung) + 1;
    bool const last = next == rungs.size();
    std::vector<Ranked> ranked;
    for (int const id : bracket.alive) {
      TunerTrial& trial = trial_of(id);
      if (trial.state == TrialState::dropped) continue;
      trial.rung = bracket.rung;
      ranked.push_back({id, trial.score});
      if (trial.state == TrialState::waiting) {
        trial.state = last ? TrialState::complete : TrialState::pruned;
      }
    }
    bracket.alive.clear();
    bracket.counted = 0;
    if (last || ranked.empty()) break;
    bracket.alive = who_goes_on(state, std::move(ranked), rungs[next]);
    if (bracket.alive.empty()) break;
    ++bracket.rung;
    std::vector<int> going_on;
    for (int const id : bracket.alive) {
      TunerTrial& trial = trial_of(id);
      if (trial.state == TrialState::pruned) trial.state = TrialState::waiting;
      if (trial.state == TrialState::waiting) {
        going_on.push_back(id);
      } else {
        ++bracket.counted;
      }
    }
    if (!going_on.empty()) return going_on;
  }
  return {};
}

std::string Synchronous::problem(Tuner::State const& state, std::vector<bool> const& open) const {
  if (state.brackets.size() != brackets_.size()) {
    return "it has " + std::to_string(state.brackets.size()) + " brackets, the study " +
           std::to_string(brackets_.size());
  }
  std::vector<bool> alive(state.trials.size(), false);
  for (std::size_t index = 0; index < brackets_.size(); ++index) {
    auto const& bracket = state.brackets[index];
    for (int const id : bracket.alive) {
      if (id < 0 || id >= state.begun || alive[static_cast<std::size_t>(id)] ||
          bracket_of(id) != static_cast<int>(index)) {
        return "its bracket " + std::to_string(index) + " names trial " + std::to_string(id) +
               ", twice or of another bracket";
      }
      alive[static_cast<std::size_t>(id)] = true;
    }
    if (auto found = problem(state, index, open); !found.empty()) return found;
  }
  for (int id = 0; id < state.begun; ++id) {
    auto const i = static_cast<std::size_t>(id);
    TunerTrial const& trial = state.trials[i];
    bool const ended = trial.state == TrialState::dropped ||
                       (trial.state != TrialState::waiting && trial.rung >= 0);
    if (!alive[i] && (open[i] || !ended)) {
      return "trial " + std::to_string(id) + " is " + std::string(name_of(trial.state)) +
             " and in no rung";
    }
  }
  return "";
}

// Of one bracket, whose trials are begun, its own and named once.
std::string Synchronous::problem(Tuner::State const& state, std::size_t index,
                                 std::vector<bool> const& open) const {
  auto const& bracket = state.brackets[index];
  std::string const name = "its bracket " + std::to_string(index);
  if (bracket.rung < 0 || bracket.rung >= static_cast<int>(brackets_[index].size())) {
    return name + " is in rung " + std::to_string(bracket.rung) + " of " +
           std::to_string(brackets_[index].size());
  }
  auto const most = brackets_[index][static_cast<std::size_t>(bracket.rung)].trials;
  if (bracket.alive.size() > static_cast<std::size_t>(most)) {
    return name + " has " + std::to_string(bracket.alive.size()) + " trials in a rung of " +
           std::to_string(most);
  }
  int counted = 0;
  for (int const id : bracket.alive) {
    auto const i = static_cast<std::size_t>(id);
    TunerTrial const& trial = state.trials[i];
    bool const carried = trial.state == TrialState::stopped && trial.rung == bracket.rung - 1;
    bool const in_this_rung = trial.rung == bracket.rung && trial.state != TrialState::pruned &&
                              trial.state != TrialState::complete;
    bool const dropped = trial.state == TrialState::dropped && trial.rung >= bracket.rung - 1 &&
                         trial.rung <= bracket.rung;
    bool const still_to_come =
        open[i] && trial.state == TrialState::waiting && trial.rung == bracket.rung - 1;
    if (!dropped && !still_to_come && !in_this_rung && (open[i] || !carried)) {
      return "trial " + std::to_string(id) + " is " + std::string(name_of(trial.state)) +
             " in rung " + std::to_string(trial.rung) + ", its bracket in rung " +
             std::to_string(bracket.rung);
    }
    counted += open[i] ? 0 : 1;
  }
  bool const closed = !bracket.alive.empty() && counted == size_of(bracket, index);
  if (counted != bracket.counted || closed) {
    return name + " counts " + std::to_string(bracket.counted) + " results of " +
           std::to_string(counted) + " in a rung of " + std::to_string(size_of(bracket, index));
  }
  return "";
}

std::shared_ptr<Schedule const> make_synchronous(std::vector<std::vector<Rung>> brackets,
                                                 bool maximize, Ranking ranking) {
  return std::make_shared<Synchronous>(std::move(brackets), maximize, std::move(ranking));
}

}  // namespace brood
