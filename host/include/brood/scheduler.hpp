// SPDX-License-Identifier: Apache-2.0
// Schedulers of trials: who trains on and until which epoch, and the plan that this amounts to.
// Everything is computed on integers: a logarithm in floating point loses the last rung of
// 243 = 3^5 and of 1000 = 10^3.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "brood/settings.hpp"

namespace brood {

// ---- schedulers

// Every trial trains to the end.
struct NoEarlyTermination {
  static constexpr std::string_view kName = "none";
  static constexpr std::string_view kHelp = "every trial trains for train.epochs";
  int max_epochs = 50;

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit({"max_epochs", "epochs"}, &NoEarlyTermination::max_epochs, setting::Whole{1},
          "epochs of a trial");
  }
};

// Synchronous successive halving (Jamieson & Talwalkar 2016; as in Li et al. 2018, one bracket).
// Rung k ends at min(min_epochs * eta^k, max_epochs) epochs; floor (or ceil) of 1/eta of a rung,
// at least one trial, goes on. A rung nearer than a factor eta / 2 to max_epochs is left out (81
// of 1, 3, 9, 27, 81, 100), unless it is the first.
struct SuccessiveHalving {
  static constexpr std::string_view kName = "successive_halving";
  static constexpr std::string_view kHelp = "at each rung the best 1/eta go on";
  // How 1/eta of a rung is rounded.
  enum class Survivors { floor, ceil };
  int eta = 3;
  int min_epochs = 1;
  int max_epochs = 81;  // >= min_epochs
  Survivors survivors = Survivors::floor;
  // Weights & Biases' bands: rungs end at max_epochs / eta^i, i = bands .. 1, rounded down, and at
  // max_epochs; min_epochs then has no part in it. With `bands_of` they are shares of that instead,
  // as far as they lie below max_epochs.
  std::optional<int> bands = {};
  std::optional<int> bands_of = {};
  // Trials that go on after the first rungs, in place of 1/eta; 0 ends the study there. So a run is
  // repeated of which the clock decided how many went on.
  std::vector<int> promoted = {};

  template <class Visitor>
  static void settings(Visitor&& visit) {
    using S = SuccessiveHalving;
    visit("eta", &S::eta, setting::Whole{2}, "1/eta of a rung goes on");
    visit({"min_epochs", "min_iter"}, &S::min_epochs, setting::Whole{1},
          "epochs of the first rung");
    visit({"max_epochs", "max_iter"}, &S::max_epochs, setting::Whole{1}, "epochs of the last rung");
    visit("survivors", &S::survivors, setting::OneOf{"floor", "ceil"},
          "how 1/eta of a rung is rounded");
    visit({"bands", "s"}, &S::bands, setting::Whole{1, 30},
          "rungs at max_iter / eta^i, i = 1 .. s, and at max_iter");
    visit("bands_of", &S::bands_of, setting::Whole{1},
          "in place of max_iter, what these rungs are shares of");
    visit("promoted", &S::promoted, setting::Descending{0},
          "trials that go on after the first rungs, in place of 1/eta; 0: it ends there");
  }
};

// Hyperband (Li et al., JMLR 2018, Alg. 1), all brackets side by side, by the paper's formulas for
// any R = max_epochs and eta: s_max = floor(log_eta R); bracket s = s_max .. 0 begins with
// n = ceil((s_max + 1) / (s + 1) * eta^s) trials, and its rung i = 0 .. s has floor(n / eta^i) of
// them, until epoch R / eta^(s - i), rounded down. Trials fill the brackets in this order, pass
// after pass; the last pass may end in any bracket. Public tools differ: where R is no power of
// eta, KerasTuner rounds epochs up, SMAC and HpBandSter train for fractions of them; going down,
// KerasTuner, Syne Tune and Ray keep ceil of 1/eta (15, 5, 2 for 15, 5, 1); HpBandSter and the
// paper's first print have n = floor((s_max + 1) / (s + 1)) * eta^s. (A logarithm in floating point
// loses a bracket of 243 = 3^5.)
struct Hyperband {
  static constexpr std::string_view kName = "hyperband";
  static constexpr std::string_view kHelp = "all brackets of the paper side by side";
  int eta = 3;
  int max_epochs = 81;

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("eta", &Hyperband::eta, setting::Whole{2}, "1/eta of a rung goes on");
    visit({"max_epochs", "max_iter"}, &Hyperband::max_epochs, setting::Whole{1},
          "epochs of the last rung of each bracket, R");
  }
};

// Asynchronous successive halving that promotes (Li et al., MLSys 2020, Alg. 2), with the rungs of
// SuccessiveHalving. Time is virtual: `workers` workers, an epoch of a trial takes a unit, results
// count in the order of finishing time and then of trials. So a decision depends on scores only.
// When nothing else is left, the best of the highest rung goes on, up to the last rung.
struct Asha {
  static constexpr std::string_view kName = "asha";
  static constexpr std::string_view kHelp = "promotes before a rung is complete";
  int eta = 3;
  int min_epochs = 1;
  int max_epochs = 81;  // >= min_epochs
  int workers = 64;

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("eta", &Asha::eta, setting::Whole{2}, "1/eta of a rung goes on");
    visit({"min_epochs", "min_iter"}, &Asha::min_epochs, setting::Whole{1},
          "epochs of the first rung");
    visit({"max_epochs", "max_iter"}, &Asha::max_epochs, setting::Whole{1},
          "epochs of the last rung");
    visit("workers", &Asha::workers, setting::Whole{1}, "trials in training at once");
  }
};

// Median stopping (Golovin et al., "Google Vizier", KDD 2017; the comparison is Optuna's
// MedianPruner). All trials go side by side; every `interval` epochs from warmup_epochs on, a trial
// is stopped if the best score that it had so far is worse than the median of the scores then. Not
// where fewer than startup_trials have a score.
struct MedianStopping {
  static constexpr std::string_view kName = "median";
  static constexpr std::string_view kHelp = "the worse half ends";
  int max_epochs = 50;
  int interval = 1;
  int warmup_epochs = 0;
  int startup_trials = 5;

  template <class Visitor>
  static void settings(Visitor&& visit) {
    using S = MedianStopping;
    visit({"max_epochs", "max_iter"}, &S::max_epochs, setting::Whole{1}, "epochs of a trial");
    visit("interval", &S::interval,
          setting::WholeUpTo<S>{1, &S::max_epochs, {"max_epochs", "max_iter"}},
          "epochs between two comparisons");
    visit({"warmup_epochs", "warmup_iter"}, &S::warmup_epochs, setting::Whole{0},
          "epochs before the first comparison");
    visit("startup_trials", &S::startup_trials, setting::Whole{1},
          "scores that a comparison needs at least");
  }
};

// Population based training (Jaderberg et al. 2017, truncation selection) in rounds of `interval`
// epochs. After each but the last, the worst ceil(quantile * trials), at most half, and all that
// diverged copy the weights and hyperparameters of one of as many best, drawn uniformly. Then each
// parameter is drawn anew with probability `resample`, else a number is multiplied by 1.2 or 0.8
// and clipped to its range. The defaults are Ray Tune's.
struct PopulationBased {
  static constexpr std::string_view kName = "pbt";
  static constexpr std::string_view kHelp = "the worst copy the best";
  int max_epochs = 50;
  int interval = 5;
  double quantile = 0.25;
  double resample = 0.25;
  // Parameters that a copy takes over as they are. A study sets them: what shapes the network or
  // counts its steps cannot change in a copy.
  std::vector<std::string> inherited = {};

  template <class Visitor>
  static void settings(Visitor&& visit) {
    using S = PopulationBased;
    visit({"max_epochs", "max_iter"}, &S::max_epochs, setting::Whole{1}, "epochs of a trial");
    visit("interval", &S::interval,
          setting::WholeUpTo<S>{1, &S::max_epochs, {"max_epochs", "max_iter"}},
          "epochs of a round");
    visit("quantile", &S::quantile, setting::Real{0, 0.5, /*min_is_open=*/true},
          "share of the trials that copies, and that is copied");
    visit("resample", &S::resample, setting::Real{0, 1},
          "probability that a parameter is drawn anew");
  }
};

using SchedulerChoice = std::variant<NoEarlyTermination, SuccessiveHalving, Hyperband, Asha,
                                     MedianStopping, PopulationBased>;

// The name in a sweep file: none, successive_halving, hyperband, asha, median, pbt.
std::string_view name_of(SchedulerChoice const& scheduler);

std::vector<std::string> problems(SchedulerChoice const& scheduler);

// ---- the plan

// How many trials train, and until which epoch.
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

// A trial with the score that it is ranked by.
struct Ranked {
  int id = 0;
  double score = 0;
};
// Ids of the best `keep` of a rung's trials, best first; fewer if fewer have a finite score.
std::vector<int> survivors(std::vector<Ranked> trials, int keep, bool maximize);
// The same by whatever means: a device that sorts faster.
using Ranking =
    std::function<std::vector<int>(std::vector<Ranked> trials, int keep, bool maximize)>;

}  // namespace brood
