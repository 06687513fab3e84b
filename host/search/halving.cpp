// SPDX-License-Identifier: Apache-2.0
// The schedulers' plans and the order of scores. Rungs are computed on integers only: a logarithm
// in floating point loses the last rung of 243 = 3^5 and of 1000 = 10^3.
#include "search/halving.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "brood/error.hpp"

namespace brood {
namespace {

// Epochs at which rungs end: min_epochs * eta^k below max_epochs, then max_epochs itself. The last
// of the former is left out if it is nearer than a factor of eta / 2 to max_epochs, that is if
// 2 max_epochs < eta * its epochs; the first stays, for min_epochs was asked for.
std::vector<int> rung_epochs(SuccessiveHalving const& halving) {
  std::int64_t const max = halving.max_epochs, eta = halving.eta;
  std::vector<int> epochs;
  for (std::int64_t epoch = halving.min_epochs; epoch < max; epoch *= eta) {
    bool const near_the_end = 2 * max < eta * epoch;
    if (near_the_end && !epochs.empty()) break;
    epochs.push_back(static_cast<int>(epoch));
  }
  epochs.push_back(halving.max_epochs);
  return epochs;
}

int survivors_of(int trials, SuccessiveHalving const& halving) {
  int const kept = trials / halving.eta;
  bool const one_more =
      halving.survivors == SuccessiveHalving::Survivors::ceil && trials % halving.eta != 0;
  return std::max(1, kept + (one_more ? 1 : 0));
}

std::vector<Rung> rungs_of(NoEarlyTermination const& scheduler, int trials) {
  return {{trials, scheduler.max_epochs}};
}

std::vector<Rung> rungs_of(SuccessiveHalving const& scheduler, int trials) {
  std::vector<Rung> rungs;
  for (int const epoch : rung_epochs(scheduler)) {
    rungs.push_back({trials, epoch});
    trials = survivors_of(trials, scheduler);
  }
  return rungs;
}

void check_at_least(char const* name, int value, int least, std::vector<std::string>& found) {
  if (value >= least) return;
  found.push_back(std::string(name) + " is " + std::to_string(value) + "; it must be at least " +
                  std::to_string(least) + ".");
}

std::vector<std::string> problems_of(NoEarlyTermination const& scheduler) {
  std::vector<std::string> found;
  check_at_least("max_epochs", scheduler.max_epochs, 1, found);
  return found;
}

std::vector<std::string> problems_of(SuccessiveHalving const& scheduler) {
  std::vector<std::string> found;
  check_at_least("eta", scheduler.eta, 2, found);
  check_at_least("min_epochs", scheduler.min_epochs, 1, found);
  check_at_least("max_epochs", scheduler.max_epochs, 1, found);
  if (found.empty() && scheduler.max_epochs < scheduler.min_epochs) {
    found.push_back("max_epochs is " + std::to_string(scheduler.max_epochs) +
                    "; it must be at least min_epochs, which is " +
                    std::to_string(scheduler.min_epochs) + ".");
  }
  return found;
}

std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return a > kMost - b ? kMost : a + b;
}

}  // namespace

std::vector<Rung> plan_rungs(SchedulerChoice const& scheduler, int trials) {
  std::vector<std::string> found = problems(scheduler);
  check_at_least("trials", trials, 1, found);
  if (!found.empty()) throw UsageError(std::move(found));
  return std::visit([&](auto const& chosen) { return rungs_of(chosen, trials); }, scheduler);
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

std::vector<std::string> problems(SchedulerChoice const& scheduler) {
  return std::visit([](auto const& chosen) { return problems_of(chosen); }, scheduler);
}

bool ranks_before(double a, int id_a, double b, int id_b, bool maximize) {
  bool const finite_a = std::isfinite(a), finite_b = std::isfinite(b);
  if (finite_a != finite_b) return finite_a;
  if (finite_a && a != b) return maximize ? a > b : a < b;
  return id_a < id_b;
}

std::vector<int> survivors(std::span<TunerTrial const> trials, int keep, bool maximize) {
  std::vector<TunerTrial> finite;
  std::copy_if(trials.begin(), trials.end(), std::back_inserter(finite),
               [](TunerTrial const& trial) { return std::isfinite(trial.score); });
  auto const kept = std::min(finite.size(), static_cast<std::size_t>(std::max(keep, 0)));
  std::partial_sort(finite.begin(), finite.begin() + static_cast<std::ptrdiff_t>(kept),
                    finite.end(), [&](TunerTrial const& a, TunerTrial const& b) {
                      return ranks_before(a.score, a.id, b.score, b.id, maximize);
                    });
  std::vector<int> ids;
  for (std::size_t i = 0; i < kept; ++i)
    ids.push_back(finite[i].id);
  return ids;
}

}  // namespace brood
