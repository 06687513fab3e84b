// SPDX-License-Identifier: Apache-2.0
// The tuner's state as one value, and back. A state from elsewhere is checked for everything that
// ask() and tell() rely on.
#include <algorithm>

#include "brood/error.hpp"
#include "search/samplers/sampler.hpp"
#include "search/schedulers/schedule.hpp"

namespace brood {
namespace {

[[noreturn]] void refuse_state(std::string const& reason) {
  throw StorageError("The saved state of the tuner is damaged or of another study: " + reason +
                     ".");
}

// Whether the copy that a job begins with is in the lineage.
bool is_told_of(Tuner::Job const& job, std::vector<Exploit> const& lineage) {
  if (job.copy_from == -1) return true;
  return std::any_of(lineage.begin(), lineage.end(), [&](Exploit const& copy) {
    return copy.trial == job.trial && copy.from == job.copy_from && copy.epoch == job.from_epoch;
  });
}

bool before_the_first_rung(TunerTrial const& trial) {
  return trial.state == TrialState::waiting && trial.rung == -1 && trial.epoch == 0;
}

}  // namespace

Tuner::State Tuner::state() const {
  State state = state_;
  state.jobs.clear();
  for (std::size_t place = 0; place < state_.jobs.size(); ++place) {
    if (is_open(place)) state.jobs.push_back(state_.jobs[place]);
  }
  return state;
}

void Tuner::restore(State state) {
  TunerOptions options = options_;
  if (state.exhausted && !state.trials.empty()) {
    options.trials = std::min(options.trials, static_cast<int>(state.trials.size()));
  }
  auto* const halving = std::get_if<SuccessiveHalving>(&options.scheduler);
  if (state.grown > 0) {
    if (halving == nullptr) refuse_state("more trials have joined it, which nothing halves");
    options.trials = std::max(options.trials, state.grown);
  }
  if (!state.promoted.empty()) {
    if (halving == nullptr) refuse_state("it says who goes on in a study that halves nothing");
    halving->promoted = state.promoted;
    if (!problems(options.scheduler).empty()) refuse_state("it says who goes on, and cannot");
  }
  auto const schedule = make_schedule(options);
  check_fits(state, *schedule, options.trials);
  options_ = std::move(options);
  state_ = std::move(state);
  plan();
  memory_ = {};

  job_of_.assign(state_.trials.size(), -1);
  asked_.clear();
  next_ask_ = 0;
  calendar_ = {};
  first_results_open_ = 0;
  for (std::size_t place = 0; place < state_.jobs.size(); ++place) {
    asked_.push_back(state_.jobs[place].told);
    first_results_open_ += state_.jobs[place].from_epoch == 0 ? 1 : 0;
    enter_job(static_cast<int>(place));
  }
}

void Tuner::check_fits(State const& state, Schedule const& schedule, int most_trials) {
  auto const trials = static_cast<int>(state.trials.size());
  if (trials > most_trials || state.configs.size() != state.trials.size() || state.begun < 1 ||
      state.begun > trials) {
    refuse_state("it has " + std::to_string(trials) + " trials, " +
                 std::to_string(state.configs.size()) + " configurations and " +
                 std::to_string(state.begun) + " trials begun; the study has " +
                 std::to_string(most_trials) + " trials");
  }
  std::vector<bool> open(state.trials.size(), false), told(state.trials.size(), false);
  Job const* next = nullptr;
  for (Job const& job : state.jobs) {
    if (job.trial < 0 || job.trial >= state.begun || open[static_cast<std::size_t>(job.trial)]) {
      refuse_state("it trains trial " + std::to_string(job.trial) + " twice or before it begins");
    }
    open[static_cast<std::size_t>(job.trial)] = true;
    told[static_cast<std::size_t>(job.trial)] = job.told;
    if (job.finish < state.now) refuse_state("it trains in the past");
    bool const sooner = next != nullptr && (job.finish != next->finish ? job.finish < next->finish
                                                                       : job.trial < next->trial);
    if (next == nullptr || sooner) next = &job;
  }
  if (next != nullptr && next->told) refuse_state("a result was told and does not count");

  for (int id = 0; id < trials; ++id) {
    auto const i = static_cast<std::size_t>(id);
    TunerTrial const& trial = state.trials[i];
    int const rungs = static_cast<int>(
        schedule.brackets()[static_cast<std::size_t>(schedule.bracket_of(id))].size());
    bool const trained = trial.rung >= -1 && trial.rung < rungs && trial.epoch >= 0 &&
                         trial.epoch <= schedule.epoch(id, trial.rung);
    bool const on_its_way =
        trial.state == TrialState::waiting || trial.state == TrialState::dropped;
    bool const may_train = !open[i] || told[i] || (on_its_way && trial.rung + 1 < rungs);
    bool const begun = id < state.begun || (!open[i] && before_the_first_rung(trial));
    if (trial.id != id || name_of(trial.state).empty() || !trained || !may_train || !begun) {
      refuse_state("trial " + std::to_string(id) + " is " + std::string(name_of(trial.state)) +
                   " at epoch " + std::to_string(trial.epoch) + " of rung " +
                   std::to_string(trial.rung));
    }
  }
  for (Exploit const& copy : state.lineage) {
    bool const known = copy.trial >= 0 && copy.trial < state.begun && copy.from >= 0 &&
                       copy.from < state.begun && copy.epoch >= 0;
    if (!known) refuse_state("its lineage names a trial that has not begun");
  }
  for (Job const& job : state.jobs) {
    if (!is_told_of(job, state.lineage)) {
      refuse_state("trial " + std::to_string(job.trial) + " is a copy and not in the lineage");
    }
    int const epoch = state.trials[static_cast<std::size_t>(job.trial)].epoch;
    if (job.from_epoch < 0 || (job.told ? job.from_epoch > epoch : job.from_epoch != epoch)) {
      refuse_state("trial " + std::to_string(job.trial) + " trains from epoch " +
                   std::to_string(job.from_epoch) + " and is at " + std::to_string(epoch));
    }
  }
  if (auto const found = schedule.problem(state, open); !found.empty()) refuse_state(found);
}

}  // namespace brood
