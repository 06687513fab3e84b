// SPDX-License-Identifier: Apache-2.0
// Samplers, schedulers of trials, the plan they amount to, and Tuner: ask/tell over any objective.
// Knows no network, device or file. Everything is a function of (space, sampler, scheduler,
// trials, seed) and the scores told: never of time, threads or memory.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "brood/space.hpp"
#include "brood/value.hpp"

namespace brood {

// ---- samplers

// Who proposes the trials' configurations. Everywhere `first` are hand-picked points that become
// the first trials, in order; a parameter that such a point leaves out is drawn as Random would. In
// a finite space a configuration is proposed once; when all of them were, there are fewer trials.

// Trial i is a pure function of (seed, i): points drawn by Philox, whatever was told.
struct Random {
  std::vector<Config> first = {};
};

// The hand-picked points, in order. Each gives every parameter that varies.
struct List {
  std::vector<Config> configs = {};
};

// Every combination of the values of a finite space, the last parameter fastest.
struct Grid {
  std::vector<Config> first = {};
};

// The Sobol sequence (Joe & Kuo 2008) from its first point on, shifted by the seed (a digital
// shift).
struct Sobol {
  std::vector<Config> first = {};
};

// Tree-structured Parzen estimators (Bergstra et al. 2011) by Optuna's rules: multivariate as
// in 5.0, else each parameter for itself as in 4.9. Trials that wait for a score count as bad.
struct Tpe {
  bool multivariate = true;
  int startup = 10;                 // so many trials have a score before the first model; >= 1
  int candidates = 24;              // drawn from the good ones' density; the best ratio wins; >= 1
  bool consider_endpoints = false;  // whether the outermost kernels are as wide as to the bounds
  std::vector<Config> first = {};
};

// Bayesian optimization: a Gaussian process with a Matern 5/2 kernel and the largest expected
// improvement, as Optuna's GPSampler. Its cost grows with the cube of the trials; 1,000 are many.
struct Bayes {
  int startup = 10;  // so many trials have a score before the first model; >= 1
  std::vector<Config> first = {};
};

using SamplerChoice = std::variant<Random, List, Grid, Sobol, Tpe, Bayes>;
// The name in a sweep file: random, list, grid, sobol, tpe, bayes.
std::string_view name_of(SamplerChoice const& sampler);

// One sentence each; nothing of a space that has problems of its own.
std::vector<std::string> problems(SamplerChoice const& sampler, SearchSpace const& space);

// ---- schedulers: who trains on, and until which epoch

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

using SchedulerChoice = std::variant<NoEarlyTermination, SuccessiveHalving>;

// ---- the plan

struct Rung {
  int trials = 0;
  int epoch = 0;  // trained to here, in total
  bool operator==(Rung const&) const = default;
};

// The rungs that `trials` trials go through. On integers only; with fewer trials than halvings, one
// trial goes through the last rungs, so that every plan ends at max_epochs. Throws UsageError for
// problems(scheduler) and less than one trial.
std::vector<Rung> plan_rungs(SchedulerChoice const& scheduler, int trials);

// Trial-epochs of a plan when promotion continues training, and when it would begin anew.
std::int64_t trial_epochs(std::span<Rung const> rungs);
std::int64_t trial_epochs_restarted(std::span<Rung const> rungs);

std::vector<std::string> problems(SchedulerChoice const& scheduler);

// ---- order of scores

// Whether score a of trial `id_a` ranks before b: non-finite last, better first, then lower id.
// A total order: the same for every use in the program.
bool ranks_before(double a, int id_a, double b, int id_b, bool maximize);

// ---- ask/tell

// waiting: asked for or between rungs; pruned: not promoted; complete: trained to the end;
// stopped: its own patience ended it (still ranked); diverged: non-finite score.
enum class TrialState { waiting, pruned, complete, stopped, diverged };
std::string_view name_of(TrialState state);

struct Ask {
  int trial = 0;
  Config config = {};
  int from_epoch = 0;  // 0: a new trial; else continue from here
  int until_epoch = 0;
};

struct TunerOptions {
  SearchSpace space = {};
  SamplerChoice sampler = Random{};
  SchedulerChoice scheduler = SuccessiveHalving{};
  int trials = 64;
  std::uint64_t seed = 0;
  bool maximize = false;
};

// What a Tuner remembers of a trial; its config is a pure function of its id.
struct TunerTrial {
  int id = 0;
  TrialState state = TrialState::waiting;
  int epoch = 0;                                            // trained so far, as told
  double score = std::numeric_limits<double>::quiet_NaN();  // the last one told
  int rung = -1;  // the last one that it was ranked in: told in, or carried through when stopped
};

class Tuner {
 public:
  // Throws UsageError with everything that is wrong with the options.
  explicit Tuner(TunerOptions options);

  // Up to `most` trials of the rung in progress that were not yet asked for, in order of rank
  // (new ones by id). Empty while the rung waits for tell(), and when finished.
  std::vector<Ask> ask(int most);

  // The score of a trial that was asked for, at its until_epoch. Earlier with `stopped`: its own
  // patience ended it; it keeps its score and is ranked with the rung, and among the survivors it
  // takes its place in the rungs that follow without being asked for again. Non-finite, at any
  // epoch of the rung: diverged, never promoted. The last tell of a rung closes it. Throws
  // UsageError, and changes nothing, for a trial that was not asked for or was told already, and
  // for an epoch outside the rung.
  void tell(int trial, int epoch, double score, bool stopped = false);

  bool finished() const;
  int rung() const;                        // index of the rung in progress; the last one reached
  std::vector<Rung> const& rungs() const;  // the plan
  std::span<TunerTrial const> trials() const;
  Config config(int trial) const;

  // Best of the trials that were trained furthest: those of the last rung in which any has a finite
  // score. Nothing if no score is finite.
  std::optional<int> best() const;
  // Best score of all, at whatever epoch.
  std::optional<int> best_of_any() const;
  // The n best of the trials with a finite score: by the last rung (later first), then by rank.
  // The first is best().
  std::vector<int> leaderboard(int n) const;

  // The whole state as one value; restoring it continues exactly. The trials in flight (asked for,
  // not told) are asked for again.
  struct State {
    int rung = 0;
    std::vector<TunerTrial> trials;  // by id
    std::vector<int> alive;          // of the rung in progress, in order of rank; none: finished
    std::vector<bool> told;          // as many as alive
  };
  State const& state() const;
  // Throws StorageError for a state that does not fit the options.
  void restore(State state);

 private:
  void open_rung(std::vector<int> alive);
  void close_rung();
  void index_rung();
  void check_fits(State const& state) const;

  TunerOptions options_;
  std::vector<Config> configs_;  // by trial; none: drawn when they are wanted
  std::vector<Rung> rungs_;
  State state_;
  std::vector<int> place_;   // by trial: its index in alive, or -1
  std::vector<bool> asked_;  // as many as alive
  int next_ask_ = 0;         // no trial before this place is still to be asked for
  int untold_ = 0;           // trials that the rung waits for
};

}  // namespace brood
