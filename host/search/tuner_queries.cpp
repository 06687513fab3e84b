// SPDX-License-Identifier: Apache-2.0
// What can be seen of a tuner: the plan, where it is, who is best, and what led there.
#include <algorithm>
#include <cmath>

#include "brood/error.hpp"
#include "search/schedulers/schedule.hpp"

namespace brood {
namespace {

bool is_ranked(TunerTrial const& trial) {
  return std::isfinite(trial.score) && trial.state != TrialState::dropped;
}

// The first of the trials that are ranked in an order.
template <class Before>
std::optional<int> first_of(std::vector<TunerTrial> const& trials, Before before) {
  TunerTrial const* first = nullptr;
  for (auto const& trial : trials) {
    if (is_ranked(trial) && (!first || before(trial, *first))) first = &trial;
  }
  if (!first) return std::nullopt;
  return first->id;
}

// The last time before `epoch` that a trial became a copy; null if it never did.
Exploit const* last_exploit(std::vector<Exploit> const& lineage, int trial, int epoch) {
  auto const found = std::find_if(lineage.rbegin(), lineage.rend(), [&](Exploit const& exploit) {
    return exploit.trial == trial && exploit.epoch < epoch;
  });
  return found == lineage.rend() ? nullptr : &*found;
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
    case TrialState::dropped:
      return "dropped";
  }
  return {};
}

bool Tuner::finished() const {
  return calendar_.empty();
}
std::vector<std::vector<Rung>> const& Tuner::brackets() const {
  return schedule_->brackets();
}
std::vector<Rung> const& Tuner::rungs() const {
  return rungs_;
}
int Tuner::bracket(int trial) const {
  return schedule_->bracket_of(trial);
}
std::span<TunerTrial const> Tuner::trials() const {
  return state_.trials;
}

int Tuner::rung() const {
  int epoch = finished() ? 0 : rungs_.back().epoch;
  for (TunerTrial const& trial : state_.trials) {
    if (finished()) {
      epoch = std::max(epoch, schedule_->epoch(trial.id, trial.rung));
    } else if (int const place = job_of_[static_cast<std::size_t>(trial.id)]; place >= 0) {
      bool const told = state_.jobs[static_cast<std::size_t>(place)].told;
      epoch = std::min(epoch, schedule_->epoch(trial.id, trial.rung + (told ? 0 : 1)));
    }
  }
  auto const found = std::find_if(rungs_.begin(), rungs_.end(),
                                  [&](Rung const& rung) { return rung.epoch == epoch; });
  return static_cast<int>(found - rungs_.begin());
}

std::int64_t Tuner::now() const {
  return state_.now;
}

int Tuner::events() const {
  bool const in_step = schedule_->waits_for_results() && batch() >= options_.trials;
  return in_step ? static_cast<int>(rungs_.size()) : 0;
}

Config const& Tuner::config(int trial) const {
  if (trial < 0 || trial >= static_cast<int>(state_.configs.size())) {
    throw UsageError("There is no trial " + std::to_string(trial) + "; trials are 0 .. " +
                     std::to_string(state_.configs.size() - 1) + ".");
  }
  return state_.configs[static_cast<std::size_t>(trial)];
}

std::span<Exploit const> Tuner::lineage() const {
  return state_.lineage;
}

// From the last segment to the first: a copy is what it copied, until then.
std::vector<Segment> Tuner::segments(int trial) const {
  std::vector<Segment> segments;
  auto const& lineage = state_.lineage;
  int epoch = state_.trials[static_cast<std::size_t>(trial)].epoch;
  for (;;) {
    Exploit const* const copy = last_exploit(lineage, trial, epoch);
    auto const first = std::find_if(lineage.begin(), lineage.end(),
                                    [&](Exploit const& exploit) { return exploit.trial == trial; });
    Config const& own = copy != nullptr          ? copy->after
                        : first != lineage.end() ? first->before
                                                 : config(trial);
    segments.push_back({trial, own, epoch});
    if (copy == nullptr) break;
    trial = copy->from;
    epoch = copy->epoch;
  }
  std::reverse(segments.begin(), segments.end());
  return segments;
}

Config const& Tuner::scored_config(int trial) const {
  Config const& now = config(trial);
  int const epoch = state_.trials[static_cast<std::size_t>(trial)].epoch;
  if (is_dropped(trial)) {
    // One that became a copy and then was dropped never trained as that.
    auto const* const copy = last_exploit(state_.lineage, trial, epoch + 1);
    return copy != nullptr && copy->epoch == epoch ? copy->before : now;
  }
  int const place = job_of_[static_cast<std::size_t>(trial)];
  if (place < 0) return now;
  Job const& job = state_.jobs[static_cast<std::size_t>(place)];
  if (job.told || job.copy_from < 0) return now;
  return last_exploit(state_.lineage, trial, job.from_epoch + 1)->before;
}

std::vector<bool> Tuner::running() const {
  std::vector<bool> running(state_.trials.size(), false);
  schedule_->mark_running(state_, running);
  for (TunerTrial const& trial : state_.trials) {
    if (trial.state == TrialState::dropped) running[static_cast<std::size_t>(trial.id)] = false;
  }
  return running;
}

// The order of the leaderboard among trials with a finite score.
bool Tuner::stands_before(TunerTrial const& a, TunerTrial const& b) const {
  int const epoch_a = schedule_->epoch(a.id, a.rung), epoch_b = schedule_->epoch(b.id, b.rung);
  if (epoch_a != epoch_b) return epoch_a > epoch_b;
  return ranks_before(a.score, a.id, b.score, b.id, options_.maximize);
}

std::optional<int> Tuner::best() const {
  return first_of(state_.trials,
                  [&](TunerTrial const& a, TunerTrial const& b) { return stands_before(a, b); });
}

std::optional<int> Tuner::best_of_any() const {
  return first_of(state_.trials, [&](TunerTrial const& a, TunerTrial const& b) {
    return ranks_before(a.score, a.id, b.score, b.id, options_.maximize);
  });
}

std::vector<int> Tuner::leaderboard(int n) const {
  std::vector<int> ids;
  for (auto const& trial : state_.trials) {
    if (is_ranked(trial)) ids.push_back(trial.id);
  }
  auto const count = std::min(ids.size(), static_cast<std::size_t>(std::max(n, 0)));
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end(),
                    [&](int a, int b) {
                      return stands_before(state_.trials[static_cast<std::size_t>(a)],
                                           state_.trials[static_cast<std::size_t>(b)]);
                    });
  ids.resize(count);
  return ids;
}

}  // namespace brood
