// SPDX-License-Identifier: Apache-2.0
// Schedulers of trials: who trains on and until which epoch, and the plan that this amounts to.
// Everything is computed on integers: a logarithm in floating point loses the last rung of
// 243 = 3^5 and of 1000 = 10^3.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace brood {

// ---- schedulers

// Every trial trains to the end.
struct NoEarlyTermination {
  int max_epochs = 50;
};

// Synchronous successive halving (Jamieson & Talwalkar 2016; as in Li et al. 2018, one bracket).
// Rung k ends at min(min_epochs * eta^k, max_epochs) epochs; floor (or ceil) of 1/eta of a rung,
// at least one trial, goes on. A rung nearer than a factor eta / 2 to max_epochs is left out (81
// of 1, 3, 9, 27, 81, 100), unless it is the first.
struct SuccessiveHalving {
  enum class Survivors { floor, ceil };
  int eta = 3;          // >= 2
  int min_epochs = 1;   // >= 1
  int max_epochs = 81;  // >= min_epochs
  Survivors survivors = Survivors::floor;
};

// Hyperband (Li et al., JMLR 2018, Alg. 1), all brackets side by side. The rungs are those of
// SuccessiveHalving from one epoch on; with s_max + 1 of them, bracket s = s_max .. 0 has
// ceil((s_max + 1) / (s + 1) * eta^s) trials in the last s + 1 rungs. Trials fill the brackets in
// this order, pass after pass; the last pass may end in any bracket.
struct Hyperband {
  int eta = 3;          // >= 2
  int max_epochs = 81;  // R, >= 1
};

// Asynchronous successive halving that promotes (Li et al., MLSys 2020, Alg. 2), with the rungs of
// SuccessiveHalving. Time is virtual: `workers` workers, an epoch of a trial takes a unit, results
// count in the order of finishing time and then of trials. So a decision depends on scores only.
struct Asha {
  int eta = 3;          // >= 2
  int min_epochs = 1;   // >= 1
  int max_epochs = 81;  // >= min_epochs
  int workers = 64;     // >= 1
};

using SchedulerChoice = std::variant<NoEarlyTermination, SuccessiveHalving, Hyperband, Asha>;

std::vector<std::string> problems(SchedulerChoice const& scheduler);

// ---- the plan

struct Rung {
  int trials = 0;
  int epoch = 0;  // trained to here, in total
  bool operator==(Rung const&) const = default;
};

// The brackets that `trials` trials go through, each a list of rungs. With fewer trials than
// halvings, one trial goes through the last rungs, so that every bracket ends at max_epochs. For
// Asha, the fewest that are promoted: it also promotes trials that better ones overtake later.
// Throws UsageError for problems(scheduler) and less than one trial.
std::vector<std::vector<Rung>> plan_brackets(SchedulerChoice const& scheduler, int trials);
// All brackets together: how many trials train to each epoch.
std::vector<Rung> plan_rungs(SchedulerChoice const& scheduler, int trials);

// Trials of all brackets of Hyperband, once; at most the largest int.
int trials_of_a_pass(Hyperband const& hyperband);

// Trial-epochs of a bracket when promotion continues training, and when it would begin anew.
std::int64_t trial_epochs(std::span<Rung const> rungs);
std::int64_t trial_epochs_restarted(std::span<Rung const> rungs);
// Of all brackets.
std::int64_t trial_epochs(std::span<std::vector<Rung> const> brackets);
std::int64_t trial_epochs_restarted(std::span<std::vector<Rung> const> brackets);

// ---- order of scores

// Whether score a of trial `id_a` ranks before b: non-finite last, better first, then lower id.
// A total order: the same for every use in the program.
bool ranks_before(double a, int id_a, double b, int id_b, bool maximize);

}  // namespace brood
