// SPDX-License-Identifier: Apache-2.0
// The inside of StudyRun, in five parts: the loop (study.cpp), scores (scores.cpp), the winner
// (winner.cpp), the ensemble (ensemble.cpp), and the state between rungs (resume.cpp).
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "brood/population.hpp"
#include "brood/study.hpp"
#include "study/ensemble.hpp"
#include "study/metric.hpp"

namespace brood {

struct StudyRun::Impl {
  using Clock = std::chrono::steady_clock;

  Impl(Engine& engine_in, Data const& data_in, Study study_in);

  // ---- the loop

  bool advance();
  // The members of a trial on the splits first .. last - 1.
  std::vector<MemberSpec> members_of(int trial, Config const& config, std::size_t first,
                                     std::size_t last) const;
  // In how many members a trial is trained until the end of what is asked for: those that it has,
  // and those that join it.
  std::size_t members_for(Ask const& ask) const;
  // Where a member is in virtual time. Those that join a trial for its last rung (`late`) go all
  // the way from the beginning while the others go on from where they are.
  static int epoch_at(Ask const& ask, bool late, std::int64_t time);
  void admit_new(std::vector<Ask> const& asks);
  // Takes in what the tuner asks for.
  void begin_asked();
  // Trains those in flight for so many epochs, in pieces of about a second, so that stop_requested
  // is heard; how it is cut changes no result. False if it was.
  bool train(int epochs);
  // The members of the trials in flight, in their order.
  std::vector<MemberId> flying_members() const;
  double affordable() const;
  // A trial's score is the mean of its members' scores; NaN if one of them diverged.
  void tell(Ask const& ask, std::span<MemberMetrics const> metrics, std::span<double const> scores);
  // Members of trials that go on as copies of others, in the place of those that they had.
  void copy_members();
  // Lets go of the members of trials that are no longer in the running.
  void release_losers();
  void report(int trials, int epoch, int waves);
  // Ends the study if its scores say so.
  void check_stop();
  void end(Ended why);

  // ---- scores

  MetricContext context_of(std::span<std::int32_t const> rows) const;
  // By member, those of a trial one after the other: the metric on its validation rows, of the
  // weights that predict. NaN for those that diverged.
  std::vector<double> member_scores(std::span<Ask const> asks, std::span<MemberId const> ids,
                                    std::span<MemberMetrics const> metrics);
  // The metric of members on the same rows, from their predictions.
  std::vector<double> predicted_scores(std::span<MemberId const> ids,
                                       std::span<std::int32_t const> rows);
  // Appends what a trial's members recorded since it was last told, and counts the epochs.
  void record(Ask const& ask, std::span<MemberMetrics const> metrics,
              std::span<double const> scores);
  double test_score(MemberId id);
  NamedScores test_metrics(MemberId id);

  // ---- the winner

  Result finish();
  Result found() const;
  // The winner so far, and the n best, by Study::best_of.
  std::optional<int> best() const;
  std::vector<int> leaderboard(int n) const;
  std::vector<TrialResult> trial_results() const;
  // Epochs after which a trial had its score: the mean over its members.
  int scored_epochs(int trial) const;
  // The network that stands for a trial in the end.
  struct FinalMember {
    int trial = 0;
    MemberId id = 0;
    SharedTransform transform = {};
    int refit_epochs = 0;
    bool refit_diverged = false;
  };
  // With refit, trained anew on all rows but the test rows; where that diverges, and without refit,
  // the first validated member.
  std::vector<FinalMember> final_members(std::vector<int> const& trials);
  Model model_of(FinalMember const& member);
  // Members trained through all that led to a trial, and for so many epochs; `specs_of` is what
  // they are in a segment.
  template <class SpecsOf>
  std::vector<MemberId> replay(int trial, int epochs, int evaluate_every_epochs,
                               SpecsOf&& specs_of);
  // Trials' networks trained anew on all rows but the test rows, each for its epochs.
  std::vector<MemberId> refit(std::vector<int> const& trials, std::vector<int> const& epochs,
                              SharedTransform transform);
  // What a trial's network is in a segment of its refit.
  MemberSpec refit_spec(Segment const& segment, SharedTransform const& transform) const;
  // The first `count` validated members of a trial, trained straight through if they were let go,
  // or if a rung that was dropped took them further than its score.
  std::vector<MemberId> validated(int trial, std::size_t count);

  // ---- the ensemble

  // The trials that an ensemble is selected from: the best of the leaderboard. Their members are
  // kept.
  std::vector<int> library() const;
  Selection select(std::vector<int> const& trials);
  // The members of all folds and repeats of each trial: what stands for it in an ensemble that is
  // not trained again (bagging, Breiman 1996, by folds).
  std::vector<FinalMember> bags(std::vector<int> const& trials);
  void make_ensemble(FinalMember const& winner, Result& result);

  // ---- the state between rungs

  StudyState state();
  void restore(StudyState const& from);

  Clock::time_point const start = Clock::now();
  Engine& engine;
  Data data;
  Study study;
  Tuner tuner;
  std::string metric;
  bool maximize;
  Splits splits;      // of all repeats; the first `early` are those of every rung
  std::size_t early;  // members of a trial before its last rung
  InitialWeights initial;
  Population population;
  std::vector<SharedTransform> transforms;       // by split
  std::vector<MetricContext> contexts;           // by split, of its validation rows
  std::map<int, std::vector<MemberId>> members;  // by trial, one per split: `early` of them, or all
  std::vector<double> standard_errors;           // by trial, of its last score
  std::vector<Ask> flight;                       // trials that are training
  std::vector<CurvePoint> curves;
  std::int64_t member_epochs = 0;
  int events = 0;          // rungs reported so far
  std::size_t copied = 0;  // of the tuner's lineage
  double rate = 0;         // member-epochs per second, lately
  StopProgress stop_progress;
  bool stopped = false;  // ended before the last rung
  Ended ended = Ended::complete;
};

// Whether a configuration has patience, and so is scored at its best evaluation.
bool is_patient(Config const& config);

// Of the mean of at least two members' scores; NaN of one.
double standard_error(std::span<double const> scores, double mean);

double seconds_since(std::chrono::steady_clock::time_point start);

}  // namespace brood
