// SPDX-License-Identifier: Apache-2.0
// Schedulers by their names: what is wrong with them, their plans and their rules.
#include "search/schedulers/schedule.hpp"

#include <algorithm>
#include <map>

#include "brood/error.hpp"
#include "search/schedulers/halving.hpp"
#include "search/space/settings_check.hpp"

namespace brood {
namespace {

// What two settings must be to each other.
template <class S>
void check_together(S const& scheduler, std::vector<std::string>& found) {
  if constexpr (requires { scheduler.min_epochs; }) {
    if (!found.empty() || scheduler.max_epochs >= scheduler.min_epochs) return;
    found.push_back("max_epochs is " + std::to_string(scheduler.max_epochs) +
                    "; it must be at least min_epochs, which is " +
                    std::to_string(scheduler.min_epochs) + ".");
  }
}

SuccessiveHalving rungs_of(Asha const& asha) {
  return {.eta = asha.eta, .min_epochs = asha.min_epochs, .max_epochs = asha.max_epochs};
}

std::vector<std::vector<Rung>> brackets_of(NoEarlyTermination const& scheduler, int trials) {
  return {{{trials, scheduler.max_epochs}}};
}
std::vector<std::vector<Rung>> brackets_of(SuccessiveHalving const& scheduler, int trials) {
  return {halving_rungs(scheduler, trials)};
}
std::vector<std::vector<Rung>> brackets_of(Hyperband const& scheduler, int trials) {
  return hyperband_brackets(scheduler, trials);
}
std::vector<std::vector<Rung>> brackets_of(Asha const& scheduler, int trials) {
  return {halving_rungs(rungs_of(scheduler), trials)};
}

// All trials at every multiple of `interval` from `first` on, and at the end.
std::vector<std::vector<Rung>> brackets_of(int interval, int first, int max_epochs, int trials) {
  std::vector<Rung> rungs;
  for (std::int64_t epoch = interval; epoch < max_epochs; epoch += interval) {
    if (epoch >= first) rungs.push_back({trials, static_cast<int>(epoch)});
  }
  rungs.push_back({trials, max_epochs});
  return {std::move(rungs)};
}
std::vector<std::vector<Rung>> brackets_of(MedianStopping const& scheduler, int trials) {
  return brackets_of(scheduler.interval, scheduler.warmup_epochs, scheduler.max_epochs, trials);
}
std::vector<std::vector<Rung>> brackets_of(PopulationBased const& scheduler, int trials) {
  return brackets_of(scheduler.interval, 0, scheduler.max_epochs, trials);
}

std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  return a > kMax - b ? kMax : a + b;
}

}  // namespace

std::string_view name_of(SchedulerChoice const& scheduler) {
  return std::visit([](auto const& chosen) { return chosen.kName; }, scheduler);
}

std::vector<std::string> problems(SchedulerChoice const& scheduler) {
  return std::visit(
      [](auto const& chosen) {
        auto found = settings_problems(chosen);
        check_together(chosen, found);
        return found;
      },
      scheduler);
}

std::vector<std::vector<Rung>> plan_brackets(SchedulerChoice const& scheduler, int trials) {
  std::vector<std::string> found = problems(scheduler);
  check_at_least("trials", trials, 1, found);
  if (!found.empty()) throw UsageError(std::move(found));
  return std::visit([&](auto const& chosen) { return brackets_of(chosen, trials); }, scheduler);
}

std::vector<Rung> plan_rungs(SchedulerChoice const& scheduler, int trials) {
  std::map<int, int> trials_at;  // by epoch
  for (auto const& bracket : plan_brackets(scheduler, trials)) {
    for (Rung const& rung : bracket)
      trials_at[rung.epoch] += rung.trials;
  }
  std::vector<Rung> rungs;
  for (auto const& [epoch, count] : trials_at)
    rungs.push_back({count, epoch});
  return rungs;
}

std::int64_t trial_epochs(std::span<Rung const> rungs) {
  std::int64_t total = 0;
  int from = 0;
  for (Rung const& rung : rungs) {
    total = saturating_sum(total, std::int64_t{rung.trials} * (rung.epoch - from));
    from = rung.epoch;
  }
  return total;
}

std::int64_t trial_epochs_restarted(std::span<Rung const> rungs) {
  std::int64_t total = 0;
  for (Rung const& rung : rungs) {
    total = saturating_sum(total, std::int64_t{rung.trials} * rung.epoch);
  }
  return total;
}

std::int64_t trial_epochs(std::span<std::vector<Rung> const> brackets) {
  std::int64_t total = 0;
  for (auto const& bracket : brackets)
    total = saturating_sum(total, trial_epochs(std::span<Rung const>(bracket)));
  return total;
}

std::int64_t trial_epochs_restarted(std::span<std::vector<Rung> const> brackets) {
  std::int64_t total = 0;
  for (auto const& bracket : brackets)
    total = saturating_sum(total, trial_epochs_restarted(std::span<Rung const>(bracket)));
  return total;
}

Schedule::Schedule(std::vector<std::vector<Rung>> brackets, bool maximize)
    : brackets_(std::move(brackets)), maximize_(maximize) {
  int end = 0;
  for (auto const& bracket : brackets_)
    ends_.push_back(end += bracket.front().trials);
}

int Schedule::bracket_of(int trial) const {
  return static_cast<int>(std::upper_bound(ends_.begin(), ends_.end(), trial) - ends_.begin());
}

int Schedule::epoch(int trial, int rung) const {
  if (rung < 0) return 0;
  return brackets_[static_cast<std::size_t>(bracket_of(trial))][static_cast<std::size_t>(rung)]
      .epoch;
}

std::shared_ptr<Schedule const> make_schedule(TunerOptions const& options) {
  auto brackets = plan_brackets(options.scheduler, options.trials);
  if (auto const* asha = std::get_if<Asha>(&options.scheduler)) {
    return make_asha(*asha, std::move(brackets), options.maximize);
  }
  if (auto const* median = std::get_if<MedianStopping>(&options.scheduler)) {
    return make_median(*median, std::move(brackets), options.maximize, options.ranking);
  }
  if (std::holds_alternative<PopulationBased>(options.scheduler)) {
    return make_population_based(options, std::move(brackets));
  }
  return make_synchronous(std::move(brackets), options.maximize, options.ranking);
}

}  // namespace brood
