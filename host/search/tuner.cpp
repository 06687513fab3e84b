// SPDX-License-Identifier: Apache-2.0
// Tuner: the rungs of a plan, one at a time. A rung is a list of trials in order of rank; it closes
// when the last of them is told, and what happens then depends on scores and ids only, never on
// the order in which they were asked for or told.
#include <algorithm>
#include <climits>
#include <cmath>

#include "brood/error.hpp"
#include "brood/search.hpp"
#include "search/halving.hpp"
#include "search/random.hpp"
#include "search/sampler.hpp"

namespace brood {
namespace {

std::vector<std::string> problems_of(TunerOptions const& options) {
  std::vector<std::string> found = options.space.problems();
  for (auto& problem : problems(options.scheduler))
    found.push_back(std::move(problem));
  for (auto& problem : problems(options.sampler, options.space))
    found.push_back(std::move(problem));
  if (ask_batch(options.sampler) < INT_MAX) {
    found.push_back("The sampler is " + std::string(name_of(options.sampler)) +
                    ", which learns from scores; this tuner proposes every trial before the first "
                    "score: take random, list, grid or sobol.");
  }
  if (options.trials < 1) {
    found.push_back("trials is " + std::to_string(options.trials) + "; it must be at least 1.");
  }
  return found;
}

// The order of the leaderboard among trials with a finite score.
bool stands_before(TunerTrial const& a, TunerTrial const& b, bool maximize) {
  if (a.rung != b.rung) return a.rung > b.rung;
  return ranks_before(a.score, a.id, b.score, b.id, maximize);
}

// The first of the trials with a finite score in an order.
template <class Before>
std::optional<int> first_of(std::vector<TunerTrial> const& trials, Before before) {
  TunerTrial const* first = nullptr;
  for (auto const& trial : trials) {
    if (std::isfinite(trial.score) && (!first || before(trial, *first))) first = &trial;
  }
  if (!first) return std::nullopt;
  return first->id;
}

[[noreturn]] void refuse_state(std::string const& reason) {
  throw StorageError("The saved state of the tuner is damaged or of another study: " + reason +
                     ".");
}

}  // namespace

std::string_view name_of(TrialState state) {
  switch (state) {
    case TrialState::waiting:
      return "waiting";
    case TrialState::pruned:
      return "pruned";
    case TrialState::complete:
      return "complete";
    case TrialState::stopped:
      return "stopped";
    case TrialState::diverged:
      return "diverged";
  }
  return {};
}

Tuner::Tuner(TunerOptions options) : options_(std::move(options)) {
  auto found = problems_of(options_);
  if (!found.empty()) throw UsageError(std::move(found));
  // Points of Random in a space that is not finite are computed anew when they are wanted.
  int const most = most_trials(options_.sampler, options_.space);
  bool const random = std::holds_alternative<Random>(options_.sampler);
  if (!random || options_.trials <= most) {
    auto const& [space, sampler, scheduler, trials, seed, maximize] = options_;
    bool const drawn = random && most == INT_MAX && std::get<Random>(sampler).first.empty();
    if (!drawn) configs_ = propose(sampler, space, seed, 0, trials, {}, maximize);
    if (!drawn && static_cast<int>(configs_.size()) < trials) {
      throw UsageError("trials is " + std::to_string(trials) + "; " +
                       std::string(name_of(sampler)) + " has " + std::to_string(configs_.size()) +
                       " configurations here.");
    }
  }
  rungs_ = plan_rungs(options_.scheduler, options_.trials);

  std::vector<int> everyone(static_cast<std::size_t>(options_.trials));
  state_.trials.resize(everyone.size());
  for (int id = 0; id < options_.trials; ++id) {
    everyone[static_cast<std::size_t>(id)] = id;
    state_.trials[static_cast<std::size_t>(id)].id = id;
  }
  open_rung(std::move(everyone));
}

std::vector<Ask> Tuner::ask(int most) {
  std::vector<Ask> asks;
  int const until = rungs_[static_cast<std::size_t>(state_.rung)].epoch;
  int const count = static_cast<int>(state_.alive.size());
  for (; next_ask_ < count && static_cast<int>(asks.size()) < most; ++next_ask_) {
    auto const place = static_cast<std::size_t>(next_ask_);
    if (asked_[place]) continue;
    asked_[place] = true;
    int const id = state_.alive[place];
    asks.push_back({.trial = id,
                    .config = config(id),
                    .from_epoch = state_.trials[static_cast<std::size_t>(id)].epoch,
                    .until_epoch = until});
  }
  return asks;
}

void Tuner::tell(int id, int epoch, double score, bool stopped) {
  std::string const who = "Trial " + std::to_string(id);
  bool const exists = id >= 0 && id < options_.trials;
  int const place = exists ? place_[static_cast<std::size_t>(id)] : -1;
  if (place < 0 || !asked_[static_cast<std::size_t>(place)]) {
    throw UsageError(who + " was told but not asked for; tell each trial of ask() once.");
  }
  if (state_.told[static_cast<std::size_t>(place)]) {
    throw UsageError(who + " was told already in this rung; tell each trial of ask() once.");
  }
  TunerTrial& trial = state_.trials[static_cast<std::size_t>(id)];
  int const until = rungs_[static_cast<std::size_t>(state_.rung)].epoch;
  bool const finite = std::isfinite(score);
  if (epoch < trial.epoch || epoch > until || (epoch < until && finite && !stopped)) {
    throw UsageError(who + " was told at epoch " + std::to_string(epoch) +
                     "; it was asked for from " + std::to_string(trial.epoch) + " until " +
                     std::to_string(until) +
                     ", and may end earlier only if it stopped or diverged.");
  }

  trial.epoch = epoch;
  trial.score = score;
  trial.rung = state_.rung;
  if (!finite) {
    trial.state = TrialState::diverged;
  } else if (stopped) {
    trial.state = TrialState::stopped;
  }
  state_.told[static_cast<std::size_t>(place)] = true;
  if (--untold_ == 0) close_rung();
}

bool Tuner::finished() const {
  return state_.alive.empty();
}
int Tuner::rung() const {
  return state_.rung;
}
std::vector<Rung> const& Tuner::rungs() const {
  return rungs_;
}
std::span<TunerTrial const> Tuner::trials() const {
  return state_.trials;
}
Tuner::State const& Tuner::state() const {
  return state_;
}

Config Tuner::config(int trial) const {
  if (trial < 0 || trial >= options_.trials) {
    throw UsageError("There is no trial " + std::to_string(trial) + "; trials are 0 .. " +
                     std::to_string(options_.trials - 1) + ".");
  }
  if (!configs_.empty()) return configs_[static_cast<std::size_t>(trial)];
  return options_.space.decode(point_of(Random{}, options_.space, options_.seed, trial));
}

std::optional<int> Tuner::best() const {
  return first_of(state_.trials, [&](TunerTrial const& a, TunerTrial const& b) {
    return stands_before(a, b, options_.maximize);
  });
}

std::optional<int> Tuner::best_of_any() const {
  return first_of(state_.trials, [&](TunerTrial const& a, TunerTrial const& b) {
    return ranks_before(a.score, a.id, b.score, b.id, options_.maximize);
  });
}

std::vector<int> Tuner::leaderboard(int n) const {
  std::vector<int> ids;
  for (auto const& trial : state_.trials) {
    if (std::isfinite(trial.score)) ids.push_back(trial.id);
  }
  auto const count = std::min(ids.size(), static_cast<std::size_t>(std::max(n, 0)));
  std::partial_sort(
      ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end(), [&](int a, int b) {
        return stands_before(state_.trials[static_cast<std::size_t>(a)],
                             state_.trials[static_cast<std::size_t>(b)], options_.maximize);
      });
  ids.resize(count);
  return ids;
}

// ---- rungs

// A trial that has stopped needs nothing more: it counts as told from the start.
void Tuner::open_rung(std::vector<int> alive) {
  state_.told.assign(alive.size(), false);
  for (std::size_t place = 0; place < alive.size(); ++place) {
    auto const& trial = state_.trials[static_cast<std::size_t>(alive[place])];
    state_.told[place] = trial.state == TrialState::stopped;
  }
  state_.alive = std::move(alive);
  index_rung();
}

// Closes the rung in progress, and those after it that have nobody left to train.
void Tuner::close_rung() {
  while (!finished() && untold_ == 0) {
    auto const next = static_cast<std::size_t>(state_.rung) + 1;
    bool const last = next == rungs_.size();

    std::vector<TunerTrial> ranked;
    for (int const id : state_.alive) {
      TunerTrial& trial = state_.trials[static_cast<std::size_t>(id)];
      trial.rung = state_.rung;
      ranked.push_back(trial);
      if (trial.state == TrialState::waiting) {
        trial.state = last ? TrialState::complete : TrialState::pruned;
      }
    }
    if (last) {
      open_rung({});
      return;
    }

    std::vector<int> promoted = survivors(ranked, rungs_[next].trials, options_.maximize);
    for (int const id : promoted) {
      TunerTrial& trial = state_.trials[static_cast<std::size_t>(id)];
      if (trial.state == TrialState::pruned) trial.state = TrialState::waiting;
    }
    if (!promoted.empty()) ++state_.rung;
    open_rung(std::move(promoted));
  }
}

// What follows from state_ alone.
void Tuner::index_rung() {
  place_.assign(state_.trials.size(), -1);
  for (std::size_t place = 0; place < state_.alive.size(); ++place) {
    place_[static_cast<std::size_t>(state_.alive[place])] = static_cast<int>(place);
  }
  asked_ = state_.told;
  next_ask_ = 0;
  untold_ = static_cast<int>(std::count(state_.told.begin(), state_.told.end(), false));
}

void Tuner::restore(State state) {
  check_fits(state);
  state_ = std::move(state);
  index_rung();
}

// Everything that ask() and tell() rely on.
void Tuner::check_fits(State const& state) const {
  auto const trials = static_cast<int>(state.trials.size());
  if (trials != options_.trials) {
    refuse_state("it has " + std::to_string(trials) + " trials, the study " +
                 std::to_string(options_.trials));
  }
  if (state.rung < 0 || state.rung >= static_cast<int>(rungs_.size())) {
    refuse_state("it is in rung " + std::to_string(state.rung) + " of " +
                 std::to_string(rungs_.size()));
  }
  Rung const& rung = rungs_[static_cast<std::size_t>(state.rung)];
  if (state.alive.size() > static_cast<std::size_t>(rung.trials) ||
      state.told.size() != state.alive.size()) {
    refuse_state("it has " + std::to_string(state.alive.size()) + " trials in a rung of " +
                 std::to_string(rung.trials) + ", and " + std::to_string(state.told.size()) +
                 " marks for them");
  }

  std::vector<bool> alive(state.trials.size(), false), told(state.trials.size(), false);
  for (std::size_t place = 0; place < state.alive.size(); ++place) {
    int const id = state.alive[place];
    if (id < 0 || id >= trials || alive[static_cast<std::size_t>(id)]) {
      refuse_state("its rung names trial " + std::to_string(id) + " twice or beyond the last");
    }
    alive[static_cast<std::size_t>(id)] = true;
    told[static_cast<std::size_t>(id)] = state.told[place];
  }
  bool const all_told = std::find(state.told.begin(), state.told.end(), false) == state.told.end();
  if (all_told && !state.alive.empty()) refuse_state("its rung is told but not closed");

  for (int id = 0; id < trials; ++id) {
    auto const i = static_cast<std::size_t>(id);
    TunerTrial const& trial = state.trials[i];
    bool const trained = trial.epoch >= 0 && trial.epoch <= rung.epoch && trial.rung >= -1 &&
                         trial.rung <= state.rung && (trial.rung >= 0 || trial.epoch == 0);
    bool const waiting = trial.state == TrialState::waiting;
    bool const placed = !alive[i]  ? !waiting && trial.rung >= 0
                        : !told[i] ? waiting && trial.rung == state.rung - 1
                                   : waiting || trial.state == TrialState::stopped ||
                                         trial.state == TrialState::diverged;
    if (trial.id != id || !trained || !placed || name_of(trial.state).empty()) {
      refuse_state("trial " + std::to_string(id) + " is " + std::string(name_of(trial.state)) +
                   " at epoch " + std::to_string(trial.epoch) + " of rung " +
                   std::to_string(trial.rung));
    }
  }
}

}  // namespace brood
