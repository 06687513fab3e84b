// SPDX-License-Identifier: Apache-2.0
// The inside of StudyRun: the loop over what it owns. A setup that never changes, the tuner, the
// members of trials (trial_members), their scores (scorer) and curves (learning_curves), and in the
// end the finalizer; resume.cpp has the state between rungs.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "brood/study.hpp"
#include "study/finalizer.hpp"
#include "study/finish_time.hpp"
#include "study/learning_curves.hpp"
#include "study/pace.hpp"
#include "study/scorer.hpp"
#include "study/study_setup.hpp"
#include "study/trial_members.hpp"

namespace brood {

class StudyRun::Impl {
 public:
  Impl(Engine& engine, Data const& data, Study study);

  bool advance();
  Result finish();
  Result found() const;
  void drop(int trial);
  StudyState state();
  // Goes on from there: from the state of this study, or of one that it extends.
  void begin_with(StudyState const& from);

 private:
  using Clock = std::chrono::steady_clock;

  struct Started {};  // the study has its initial weights
  struct Scored {     // of trials' members, in their order
    std::vector<MemberMetrics> metrics;
    std::vector<double> scores;
    std::vector<double> accuracies;  // or none
  };
  Impl(Engine& engine, Data const& data, Study study, Started);

  // Takes in what the tuner asks for.
  void ask();
  // Those that were dropped train no more; they wait until what is told of them counts. Returns
  // whether there were any.
  bool withdraw_dropped();
  bool stays_dropped(Ask const& ask);
  // Trains those that run for so many epochs, in pieces of about a second, so that stop_requested
  // is heard; how it is cut changes no result. Returns how many were trained, fewer where the time
  // was over and they go by the clock; nothing if a stop was requested.
  std::optional<int> train(int epochs, bool by_the_clock = true);
  // Where a member is in virtual time. Those that join a trial for its last rung (`late`) go all
  // the way from the beginning while the others go on from where they are.
  static int epoch_at(Ask const& ask, bool late, std::int64_t time);
  double affordable() const;

  // ---- by the clock; for studies with a time limit

  // What was measured while a rung trains: the work of all, and of the largest of those that
  // trained side by side.
  struct Measured {
    double work = 0, largest = 0, seconds = 0;
  };
  // Of an epoch of a member of the trial, as epoch_work() has it.
  double work_of(int trial);
  // How many more epochs of so many members, an epoch of which is so much work, there is time for.
  int epochs_in_time(double work, double members, int done) const;
  // At the pace of the trials that are expected to go on.
  Pace usual_pace() const { return pace_.slower(usual_work_); }
  // Seconds that are left for training if it ends at this epoch, of so many trials.
  double seconds_to_train(int trials, int last_epoch) const;
  // Before the results of a rung are told: lets as many go on as there is time for, after others
  // have joined the first rung if there is time for more. False if a stop was requested.
  bool fit_to_clock(std::vector<Ask>& done, Scored& scored, std::int64_t now);
  void expect_to_go_on(std::span<Ask const> done, Scored const& scored);
  bool grow(std::vector<Ask>& done, Scored& scored, std::int64_t now);
  int trials_in_time(int epochs) const;
  void fit_promotion(std::int64_t now);
  std::vector<Stretch> stretches(std::vector<std::vector<Rung>> const& brackets) const;
  void report_training(int epochs, double share);

  // ---- between rungs

  // Takes those that finish at this time.
  static std::vector<Ask> take_finished(std::vector<Ask>& asks, std::int64_t time);
  Scored score(std::vector<Ask> const& done);
  void tell(std::vector<Ask> const& done, Scored const& scored, std::int64_t now);
  // Of trials whose results are known, or that were dropped. Returns how many are known.
  int tell_waiting(std::vector<Ask> const& done);
  // A trial's score is the mean of its members' scores; NaN if one of them diverged. `cut`: it ends
  // here, before its rung does.
  void tell(Ask const& ask, std::span<MemberMetrics const> metrics, std::span<double const> scores,
            std::span<double const> accuracies, bool cut);
  void restore(StudyState const& from);
  // What state() has of scores, put back in place.
  void restore_scores();
  // Tells the tuner, and keeps it.
  void note(StudyState::Outcome outcome);
  // Members of trials that go on as copies of others, in the place of those that they had.
  void copy_members();
  // Lets go of the members of trials that are no longer in the running.
  void release_losers();
  void report(std::span<Ask const> done, int kept, std::int64_t now, int waves);
  // Ends the study if its scores say so.
  void check_stop();
  void end(Ended why);
  std::vector<TrialResult> trial_results() const;

  Clock::time_point const start_ = Clock::now();
  Tuner tuner_;
  StudySetup const setup_;
  TrialMembers members_;
  Scorer scorer_;
  LearningCurves curves_;
  std::vector<Ask> running_;                   // trials that are training
  std::optional<KnownOutcomes> known_;         // of a study that this one extends
  std::vector<Ask> waiting_;                   // trials that need no training, until they count
  std::vector<StudyState::Outcome> outcomes_;  // all that was told
  std::vector<std::vector<double>> member_scores_;      // by trial and split, of its last score
  std::vector<std::vector<double>> member_accuracies_;  // likewise; or none
  int events_ = 0;                                      // rungs reported so far
  std::size_t copied_ = 0;                              // of the tuner's lineage
  double rate_ = 0;                                     // member-epochs per second, lately
  Pace pace_;                                           // by epoch_work()
  std::vector<double> work_;                            // by trial, as far as it was asked for
  double usual_work_ = 0;                               // of those that are expected to go on
  std::optional<FinishTime> finish_time_;               // where a clock is asked
  Stop stop_;
  StopProgress stop_progress_;
  bool stopped_ = false;  // ended before the last rung
  Ended ended_ = Ended::complete;
};

double seconds_since(std::chrono::steady_clock::time_point start);

}  // namespace brood
