// SPDX-License-Identifier: Apache-2.0
// Tuner: proposes trials, hands out what may train, and lets results count in the order of virtual
// time. Who goes on is the schedule's to say. A result that is told early waits in its job, so what
// is decided never depends on the order in which trials were asked for or told.
#include <algorithm>
#include <climits>
#include <cmath>

#include "brood/error.hpp"
#include "search/samplers/points.hpp"
#include "search/samplers/sampler.hpp"
#include "search/samplers/sampler_memory.hpp"
#include "search/schedulers/schedule.hpp"
#include "search/space/settings_check.hpp"

namespace brood {
namespace {

std::vector<std::string> problems_of(TunerOptions const& options) {
  std::vector<std::string> found = options.space.problems();
  if (found.empty()) found = problems(options.sampler, options.space);
  for (auto& problem : problems(options.scheduler))
    found.push_back(std::move(problem));
  for (std::size_t i = 0; found.empty() && i < options.prior.size(); ++i) {
    std::string const where = "prior trial " + std::to_string(i);
    found = problems_of_point(options.prior[i].config, options.space, where, /*in_full=*/true);
  }
  check_at_least("trials", options.trials, 1, found);
  check_at_least("ask_batch", options.ask_batch, 0, found);
  if (found.empty()) found = problems_of_what_is_allowed(options);
  return found;
}

}  // namespace

Tuner::Tuner(TunerOptions options) : options_(std::move(options)) {
  auto found = problems_of(options_);
  if (!found.empty()) throw UsageError(std::move(found));
  options_.trials =
      std::min(options_.trials, most_trials(options_.sampler, options_.space, options_.allowed));
  plan();
  begin_jobs();
}

// Of as many trials as there will be.
void Tuner::plan() {
  schedule_ = make_schedule(options_);
  rungs_ = plan_rungs(options_.scheduler, options_.trials);
  state_.brackets.resize(schedule_->brackets().size());
}

// ---- ask and tell

std::vector<Ask> Tuner::ask(int most) {
  std::vector<Ask> asks;
  for (; next_ask_ < state_.jobs.size() && static_cast<int>(asks.size()) < most; ++next_ask_) {
    if (asked_[next_ask_]) continue;
    asked_[next_ask_] = true;
    int const id = state_.jobs[next_ask_].trial;
    asks.push_back({.trial = id,
                    .config = config(id),
                    .from_epoch = state_.trials[static_cast<std::size_t>(id)].epoch,
                    .until_epoch = until_epoch(id),
                    .finish = state_.jobs[next_ask_].finish,
                    .copy_from = state_.jobs[next_ask_].copy_from});
  }
  return asks;
}

void Tuner::tell(int id, int epoch, double score, bool stopped) {
  std::string const who = "Trial " + std::to_string(id);
  bool const exists = id >= 0 && id < static_cast<int>(job_of_.size());
  int const place = exists ? job_of_[static_cast<std::size_t>(id)] : -1;
  if (place < 0 || !asked_[static_cast<std::size_t>(place)]) {
    throw UsageError(who + " was told but not asked for; tell each trial of ask() once.");
  }
  Job& job = state_.jobs[static_cast<std::size_t>(place)];
  if (job.told) {
    throw UsageError(who + " was told already in this rung; tell each trial of ask() once.");
  }
  TunerTrial& trial = state_.trials[static_cast<std::size_t>(id)];
  if (trial.state == TrialState::dropped) {
    job.told = true;
    settle();
    return;
  }
  int const until = until_epoch(id);
  bool const finite = std::isfinite(score);
  if (epoch < trial.epoch || epoch > until || (epoch < until && finite && !stopped)) {
    throw UsageError(who + " was told at epoch " + std::to_string(epoch) +
                     "; it was asked for from " + std::to_string(trial.epoch) + " until " +
                     std::to_string(until) +
                     ", and may end earlier only if it stopped or diverged.");
  }

  trial.epoch = epoch;
  trial.score = score;
  ++trial.rung;
  if (ranks_before(score, 0, trial.best_score, 0, options_.maximize)) trial.best_score = score;
  if (!finite) {
    trial.state = TrialState::diverged;
  } else if (stopped) {
    trial.state = TrialState::stopped;
  }
  job.told = true;
  settle();
}

void Tuner::drop(int id) {
  std::string const who = "Trial " + std::to_string(id);
  auto const trials = static_cast<int>(state_.trials.size());
  if (id < 0 || id >= trials) {
    throw UsageError(who + " does not exist; trials are 0 .. " + std::to_string(trials - 1) +
                     (trials < options_.trials ? " so far." : "."));
  }
  if (id >= state_.begun) throw UsageError(who + " has not begun yet.");
  TunerTrial& trial = state_.trials[static_cast<std::size_t>(id)];
  if (trial.state == TrialState::dropped) return;
  if (finished() || trial.state != TrialState::waiting) {
    throw UsageError(who + " has ended already: it is " + std::string(name_of(trial.state)) + ".");
  }
  trial.state = TrialState::dropped;
  schedule_->drop(state_, id);
}

bool Tuner::is_dropped(int trial) const {
  return state_.trials[static_cast<std::size_t>(trial)].state == TrialState::dropped;
}

void Tuner::promote(int trials) {
  auto* const halving = std::get_if<SuccessiveHalving>(&options_.scheduler);
  if (halving == nullptr || finished()) {
    throw UsageError("promote: is for a rung of successive halving that is in progress.");
  }
  std::vector<std::string> found;
  check_at_least("trials", trials, 0, found);
  if (!found.empty()) throw UsageError(std::move(found));
  auto const rung = static_cast<std::size_t>(state_.brackets.front().rung);
  auto const& rungs = schedule_->brackets().front();
  halving->promoted.clear();
  for (std::size_t i = 1; i <= rung; ++i)
    halving->promoted.push_back(rungs[i].trials);
  halving->promoted.push_back(trials);
  state_.promoted = halving->promoted;
  plan();
}

void Tuner::grow(int trials) {
  bool const first_rung = !finished() && !state_.brackets.empty() && state_.brackets[0].rung == 0;
  bool const all_proposed = static_cast<int>(state_.trials.size()) == options_.trials;
  if (!std::holds_alternative<SuccessiveHalving>(options_.scheduler) || !first_rung ||
      state_.now != 0 || !all_proposed || batch() < INT_MAX) {
    throw UsageError(
        "grow: is for a first rung of successive halving that is in progress and has all trials of "
        "the study, from a sampler that has no use for scores.");
  }
  std::vector<std::string> found;
  check_at_least("trials", trials, options_.trials, found);
  if (!found.empty()) throw UsageError(std::move(found));
  if (state_.exhausted) return;
  options_.trials =
      std::min(trials, most_trials(options_.sampler, options_.space, options_.allowed));
  state_.grown = options_.trials;
  plan();
  while (propose_batch()) {  // begin_jobs() would wait for the results of the first
  }
  begin_jobs();
}

// ---- what counts, and what begins

// Lets results count in the order of virtual time, as far as they were told.
void Tuner::settle() {
  while (!calendar_.empty()) {
    Job const job = state_.jobs[static_cast<std::size_t>(calendar_.top().place)];
    if (!job.told) break;
    calendar_.pop();
    job_of_[static_cast<std::size_t>(job.trial)] = -1;
    state_.now = job.finish;
    if (job.from_epoch == 0) --first_results_open_;
    std::size_t const copies = state_.lineage.size();
    for (int const id : schedule_->count(state_, job.trial))
      open_job(id);
    for (Exploit const& copy : std::span(state_.lineage).subspan(copies)) {
      int const place = job_of_[static_cast<std::size_t>(copy.trial)];
      state_.jobs[static_cast<std::size_t>(place)].copy_from = copy.from;
    }
    if (state_.lineage.size() > copies) memory_ = {};  // configurations have changed
    begin_jobs();
  }
  if (calendar_.empty()) schedule_->end(state_);
  if (state_.jobs.size() > 2 * calendar_.size() + 64) drop_closed_jobs();
}

// Begins what may begin now: who goes on before who is new.
void Tuner::begin_jobs() {
  while (static_cast<std::int64_t>(calendar_.size()) < schedule_->workers()) {
    if (auto const promoted = schedule_->promote(state_)) {
      open_job(*promoted);
    } else if (state_.begun < static_cast<int>(state_.trials.size())) {
      int const id = state_.begun++;
      schedule_->begin(state_, id);
      ++first_results_open_;
      open_job(id);
    } else {
      bool const waits = schedule_->waits_for_results() && first_results_open_ > 0;
      if (!waits && propose_batch()) continue;
      auto const alone = calendar_.empty() ? schedule_->go_on_alone(state_) : std::nullopt;
      if (!alone) return;
      open_job(*alone);
    }
  }
}

int Tuner::batch() const {
  return options_.ask_batch > 0 ? options_.ask_batch : ask_batch(options_.sampler);
}

// False if there will be no more trials.
bool Tuner::propose_batch() {
  int const first = static_cast<int>(state_.trials.size());
  int const count = std::min(batch(), options_.trials - first);
  if (count <= 0) return false;
  if (!memory_.held) memory_.held = std::make_shared<SamplerMemory>();
  auto configs = propose(options_.sampler, options_.space, options_.seed, first, count,
                         observations(), options_.maximize, options_.allowed, *memory_.held);
  for (auto& config : configs) {
    state_.trials.push_back({.id = static_cast<int>(state_.trials.size())});
    state_.configs.push_back(std::move(config));
  }
  job_of_.resize(state_.trials.size(), -1);
  if (static_cast<int>(configs.size()) < count) end_proposals();
  return !configs.empty();
}

// The space has no more configurations: the plan is that of the trials there are.
void Tuner::end_proposals() {
  options_.trials = static_cast<int>(state_.trials.size());
  if (state_.grown > 0) state_.grown = options_.trials;
  state_.exhausted = true;
  plan();
  for (int const id : schedule_->cut(state_))
    open_job(id);
}

// What counts of every trial. A sampler with no use for scores proposes all at once, before any.
std::vector<Observation> Tuner::observations() const {
  std::vector<Observation> seen;
  for (PriorTrial const& prior : options_.prior) {
    seen.push_back({.trial = -1,
                    .config = &prior.config,
                    .score = prior.score,
                    .epoch = prior.epoch,
                    .diverged = !std::isfinite(prior.score)});
  }
  for (TunerTrial const& trial : state_.trials) {
    auto const i = static_cast<std::size_t>(trial.id);
    Observation observation{.trial = trial.id, .config = &state_.configs[i]};
    if (job_of_[i] >= 0) {
      Job const& job = state_.jobs[static_cast<std::size_t>(job_of_[i])];
      observation.score = job.score_before;
      observation.epoch = job.from_epoch;
    } else {
      observation.score = trial.score;
      observation.epoch = trial.epoch;
      observation.diverged = trial.state == TrialState::diverged;
    }
    seen.push_back(observation);
  }
  return seen;
}

// ---- jobs

int Tuner::until_epoch(int id) const {
  return schedule_->epoch(id, state_.trials[static_cast<std::size_t>(id)].rung + 1);
}

void Tuner::open_job(int id) {
  TunerTrial const& trial = state_.trials[static_cast<std::size_t>(id)];
  state_.jobs.push_back({.trial = id,
                         .finish = state_.now + until_epoch(id) - trial.epoch,
                         .from_epoch = trial.epoch,
                         .score_before = trial.score});
  asked_.push_back(false);
  enter_job(static_cast<int>(state_.jobs.size()) - 1);
}

void Tuner::enter_job(int place) {
  Job const& job = state_.jobs[static_cast<std::size_t>(place)];
  job_of_[static_cast<std::size_t>(job.trial)] = place;
  calendar_.push({job.finish, job.trial, place});
}

bool Tuner::is_open(std::size_t place) const {
  return job_of_[static_cast<std::size_t>(state_.jobs[place].trial)] == static_cast<int>(place);
}

void Tuner::drop_closed_jobs() {
  std::vector<Job> jobs;
  std::vector<bool> asked;
  for (std::size_t place = 0; place < state_.jobs.size(); ++place) {
    if (!is_open(place)) continue;
    jobs.push_back(state_.jobs[place]);
    asked.push_back(asked_[place]);
  }
  state_.jobs = std::move(jobs);
  asked_ = std::move(asked);
  next_ask_ = 0;
  calendar_ = {};
  for (std::size_t place = 0; place < state_.jobs.size(); ++place)
    enter_job(static_cast<int>(place));
}

}  // namespace brood
