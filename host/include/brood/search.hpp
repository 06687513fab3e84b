// SPDX-License-Identifier: Apache-2.0
// Samplers and Tuner: ask/tell over any objective. Knows no network, device or file. Everything is
// a function of (space, sampler, scheduler, trials, seed) and the scores told: never of time,
// threads or memory.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "brood/scheduler.hpp"
#include "brood/space.hpp"
#include "brood/value.hpp"

namespace brood {

// ---- samplers

// Who proposes the trials' configurations. Everywhere `first` are hand-picked points that become
// the first trials, in order; a parameter that such a point leaves out is drawn as Random would. In
// a finite space a configuration is proposed once; when all of them were, there are fewer trials.
// A proposal that is not allowed (TunerOptions) is drawn anew, as Random would.

// Trial i is a pure function of (seed, i): points drawn by Philox, whatever was told.
struct Random {
  static constexpr std::string_view kName = "random";
  static constexpr std::string_view kHelp = "each trial drawn independently of the others";
  std::vector<Config> first = {};

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("first", &Random::first, setting::Points{},
          "hand-picked points that become the first trials");
  }
};

// The hand-picked points, in order. Each gives every parameter that varies.
struct List {
  static constexpr std::string_view kName = "list";
  static constexpr std::string_view kHelp = "the hand-picked points, in order";
  std::vector<Config> configs = {};

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit({"configs", "points"}, &List::configs, setting::Points{}, "the points");
  }
};

// Every combination of the values of a finite space, the last parameter fastest.
struct Grid {
  static constexpr std::string_view kName = "grid";
  static constexpr std::string_view kHelp =
      "every combination of values; needs a finite number of them";
  std::vector<Config> first = {};

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("first", &Grid::first, setting::Points{},
          "hand-picked points that become the first trials");
  }
};

// The Sobol sequence (Joe & Kuo 2008) from its first point on, shifted by the seed (a digital
// shift).
struct Sobol {
  static constexpr std::string_view kName = "sobol";
  static constexpr std::string_view kHelp =
      "points that fill the space more evenly than random ones";
  std::vector<Config> first = {};

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("first", &Sobol::first, setting::Points{},
          "hand-picked points that become the first trials");
  }
};

// Tree-structured Parzen estimators (Bergstra et al. 2011) by Optuna's rules: multivariate as
// in 5.0, else each parameter for itself as in 4.9. Trials that wait for a score count as bad.
struct Tpe {
  static constexpr std::string_view kName = "tpe";
  static constexpr std::string_view kHelp = "Parzen estimators of good and other trials";
  bool multivariate = true;
  int startup = 10;
  int candidates = 24;
  bool consider_endpoints = false;
  std::vector<Config> first = {};

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("startup", &Tpe::startup, setting::Whole{1},
          "trials with a score before the first model");
    visit("candidates", &Tpe::candidates, setting::Whole{1},
          "drawn from the good trials' density; the best ratio is proposed");
    visit("multivariate", &Tpe::multivariate, setting::YesOrNo{},
          "one density of all parameters together");
    visit("consider_endpoints", &Tpe::consider_endpoints, setting::YesOrNo{},
          "the outermost kernels are as wide as to the bounds");
    visit("first", &Tpe::first, setting::Points{},
          "hand-picked points that become the first trials");
  }
};

// Bayesian optimization: a Gaussian process with a Matern 5/2 kernel and the largest expected
// improvement, as Optuna's GPSampler. Its cost grows with the cube of the trials; 1,000 are many.
struct Bayes {
  static constexpr std::string_view kName = "bayes";
  static constexpr std::string_view kHelp = "expected improvement of a Gaussian process";
  int startup = 10;
  std::vector<Config> first = {};

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("startup", &Bayes::startup, setting::Whole{1},
          "trials with a score before the first model");
    visit("first", &Bayes::first, setting::Points{},
          "hand-picked points that become the first trials");
  }
};

using SamplerChoice = std::variant<Random, List, Grid, Sobol, Tpe, Bayes>;
// The name in a sweep file: random, list, grid, sobol, tpe, bayes.
std::string_view name_of(SamplerChoice const& sampler);

// One sentence each; nothing of a space that has problems of its own.
std::vector<std::string> problems(SamplerChoice const& sampler, SearchSpace const& space);

// ---- ask/tell

using Allowed = std::function<bool(Config const&)>;

// waiting: asked for or between rungs; pruned: not promoted; complete: trained to the end;
// stopped: its own patience ended it (still ranked); diverged: non-finite score; dropped: somebody
// took it out (it keeps the score of its last rung, and is not ranked).
enum class TrialState { waiting, pruned, complete, stopped, diverged, dropped };
std::string_view name_of(TrialState state);

// A trial that is to train now.
struct Ask {
  int trial = 0;
  Config config = {};
  int from_epoch = 0;  // 0: a new trial; else continue from here
  int until_epoch = 0;
  std::int64_t finish = 0;  // in virtual time
  // Population based training: begin with a copy of the weights that this trial has at from_epoch;
  // -1: with its own.
  int copy_from = -1;
};

// A trial of a former study.
struct PriorTrial {
  Config config = {};  // values of every parameter of the space
  double score = std::numeric_limits<double>::quiet_NaN();  // not finite: it diverged
  int epoch = 0;                                            // at which it had its score
  bool operator==(PriorTrial const&) const = default;
};

// What a Tuner searches and by which rules: with the scores told, it is a function of these.
struct TunerOptions {
  SearchSpace space = {};
  SamplerChoice sampler = Random{};
  SchedulerChoice scheduler = SuccessiveHalving{};
  int trials = 64;
  std::uint64_t seed = 0;
  bool maximize = false;
  // What a sampler that learns from scores is shown beside the trials, from the first proposal on.
  std::vector<PriorTrial> prior = {};
  // Trials that are proposed at once; the next are when each of these has a result, or when a
  // worker is free. 0: as many as suit the sampler.
  int ask_batch = 0;
  // Which configurations may be tried, a pure function; empty: all. If none is allowed of all of a
  // finite space (of up to 65,536), or of 10,000 draws, the Tuner throws UsageError.
  Allowed allowed = {};
  // By what the trials of a rung are ranked; decides nothing.
  Ranking ranking = survivors;
};

// What a Tuner remembers of a trial.
struct TunerTrial {
  int id = 0;
  TrialState state = TrialState::waiting;
  int epoch = 0;                                            // trained so far, as told
  double score = std::numeric_limits<double>::quiet_NaN();  // the last one told
  int rung = -1;  // the last one that it was ranked in: told in, or carried through when stopped
  double best_score = std::numeric_limits<double>::quiet_NaN();  // of all told
};

// Population based training: a trial goes on as a copy of another.
struct Exploit {
  int trial = 0, from = 0;
  int epoch = 0;         // of both
  Config before, after;  // of the trial
};

// A part of the training that led to a trial: as which trial, that is from which seed, with which
// hyperparameters, until when.
struct Segment {
  int trial = 0;
  Config config = {};
  int until_epoch = 0;
};

class Schedule;
struct SamplerMemory;
struct Observation;

// Time is virtual: an epoch of a trial takes a unit, and results count in the order of finishing
// time and then of trials, whenever they are told.
class Tuner {
 public:
  // Throws UsageError with everything that is wrong with the options.
  explicit Tuner(TunerOptions options);

  // Up to `most` trials that may train and were not yet asked for, each until an epoch of its own:
  // those of a rung in order of rank (new ones by id). Empty while the tuner waits for tell(), and
  // when finished.
  std::vector<Ask> ask(int most);

  // The score of a trial that was asked for, at its until_epoch. Earlier with `stopped`: its own
  // patience ended it; it keeps its score and is ranked with the rung, and among the survivors it
  // takes its place in the rungs that follow without being asked for again. Non-finite, at any
  // epoch of the rung: diverged, never promoted. Throws UsageError, and changes nothing, for a
  // trial that was not asked for or was told already, and for an epoch outside the rung.
  void tell(int trial, int epoch, double score, bool stopped = false);

  // Takes a trial that has begun and not ended out of the study: it keeps the score of the last
  // rung that it was told in, is never promoted, and never best(). One that is on its way to the
  // end of a rung is asked for and told as ever, without being trained: what is told of it, at
  // whatever epoch, is not kept. Again: nothing. Throws UsageError for any other trial, with what
  // became of it.
  void drop(int trial);
  bool is_dropped(int trial) const;

  // How many trials go on after the rung in progress, in place of what was planned; of the rungs
  // after it, 1/eta again. 0: the study ends with this rung. For SuccessiveHalving, while a result
  // of the rung is still to be told; throws UsageError otherwise.
  void promote(int trials);
  // More trials than the study has so far, as if it had had them from the beginning. For a study of
  // SuccessiveHalving and a sampler that has no use for scores, before any result of the first rung
  // is told; throws UsageError otherwise.
  void grow(int trials);
  // As many as there will be: those that were given, or that grow() said; fewer of a space that has
  // no more.
  int trials_in_all() const { return options_.trials; }
  // As it was given, with what promote() said.
  SchedulerChoice const& scheduler() const { return options_.scheduler; }

  bool finished() const;
  // The plan: each bracket, and all together (how many trials train to each epoch).
  std::vector<std::vector<Rung>> const& brackets() const;
  std::vector<Rung> const& rungs() const;
  // Index into brackets(): the one that a trial goes through.
  int bracket(int trial) const;
  // Index into rungs() of the lowest in progress; when finished, of the last one reached.
  int rung() const;
  std::int64_t now() const;  // virtual time: when the last result that counts was there
  // At how many times results count, if no trial ends early and all are asked for at once; 0: that
  // depends on the scores.
  int events() const;
  // Those proposed so far, by id.
  std::span<TunerTrial const> trials() const;
  Config const& config(int trial) const;
  // With which its last score was told: another one if it has become a copy since.
  Config const& scored_config(int trial) const;
  // What a sampler is shown: the prior trials (as trial -1), and of every trial what counts, not
  // what was told early.
  std::vector<Observation> observations() const;
  // By trial: whether it trains, or may be asked for again, or holds a place as stopped. Not those
  // that were dropped.
  std::vector<bool> running() const;

  // All copies so far, in their order.
  std::span<Exploit const> lineage() const;
  // The training that led to a trial's last score, as one: a single segment if it was never a copy.
  std::vector<Segment> segments(int trial) const;

  // Best of the trials that were trained furthest: those of the last rung in which any has a finite
  // score. Nothing if no score is finite. Here and below, none that was dropped.
  std::optional<int> best() const;
  // Best score of all, at whatever epoch.
  std::optional<int> best_of_any() const;
  // The n best of the trials with a finite score: by the last rung (later first), then by rank.
  // The first is best().
  std::vector<int> leaderboard(int n) const;

  // Training of a trial that was begun and does not count yet.
  struct Job {
    int trial = 0;
    std::int64_t finish = 0;  // virtual time
    bool told = false;
    int copy_from = -1;  // as in Ask
    // Before it was told.
    int from_epoch = 0;
    double score_before = std::numeric_limits<double>::quiet_NaN();
  };
  // A bracket of a synchronous scheduler.
  struct BracketState {
    int rung = 0;
    std::vector<int> alive;  // of the rung in progress, in order of rank; none after the last
    int counted = 0;         // of these, by how many results count
  };
  // A rung of an asynchronous scheduler: the results that count, best first.
  struct RungState {
    // A trial's score at this rung.
    struct Result {
      int trial = 0;
      double score = 0;
      bool promoted = false;
    };
    std::vector<Result> results;
    std::size_t promoted = 0;  // the first so many all are; others may be
  };
  // The whole state as one value; restoring it continues exactly. The trials in flight (asked for,
  // not told) are asked for again.
  struct State {
    std::vector<TunerTrial> trials;  // proposed, by id
    std::vector<Config> configs;     // as many
    int begun = 0;                   // of these, the first so many
    bool exhausted = false;          // the space has no more of them
    int grown = 0;                   // by grow(): trials in all; 0: as many as the study has
    std::vector<int> promoted;       // by promote(): SuccessiveHalving::promoted from then on
    std::int64_t now = 0;            // virtual time
    std::vector<Job> jobs;           // in the order in which they are asked for
    std::vector<BracketState> brackets;
    std::vector<RungState> rungs;
    std::vector<Exploit> lineage;
  };
  State state() const;
  // Throws StorageError for a state that does not fit the options.
  void restore(State state);

 private:
  // An open job on the calendar.
  struct Finish {
    std::int64_t time = 0;
    int trial = 0;
    int place = 0;                               // in jobs
    bool operator<(Finish const& other) const {  // the next to finish is the largest
      return time != other.time ? time > other.time : trial > other.trial;
    }
  };

  void plan();
  void settle();
  void begin_jobs();
  int batch() const;
  bool propose_batch();
  void end_proposals();
  int until_epoch(int trial) const;
  void open_job(int trial);
  void enter_job(int place);
  bool is_open(std::size_t place) const;
  void drop_closed_jobs();
  bool stands_before(TunerTrial const& a, TunerTrial const& b) const;
  static void check_fits(State const& state, Schedule const& schedule, int most_trials);

  TunerOptions options_;
  std::shared_ptr<Schedule const> schedule_;
  std::vector<Rung> rungs_;
  State state_;  // its jobs include closed ones, to which job_of_ does not point
  std::priority_queue<Finish> calendar_;
  std::vector<int> job_of_;     // by trial: its open job, or -1
  std::vector<bool> asked_;     // as many as jobs
  std::size_t next_ask_ = 0;    // no job before this one is still to be asked for
  int first_results_open_ = 0;  // trials begun whose first result does not count yet
  // What proposing has found out so far; it saves time and decides nothing. A copy begins without.
  struct Memory {
    std::shared_ptr<SamplerMemory> held = {};
    Memory() = default;
    Memory(Memory const&) {}
    Memory(Memory&&) = default;
    Memory& operator=(Memory const&) {
      held = {};
      return *this;
    }
    Memory& operator=(Memory&&) = default;
    ~Memory() = default;
  } memory_;
};

}  // namespace brood
