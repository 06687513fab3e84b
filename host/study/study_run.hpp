// SPDX-License-Identifier: Apache-2.0
// The inside of StudyRun, in three parts: the loop (study.cpp), the winner (winner.cpp), and the
// state between rungs (resume.cpp).
#pragma once

#include <chrono>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "brood/population.hpp"
#include "brood/study.hpp"
#include "study/metric.hpp"

namespace brood {

struct StudyRun::Impl {
  using Clock = std::chrono::steady_clock;

  Impl(Engine& engine_in, Data const& data_in, Study study_in);

  // ---- the loop

  bool advance();
  // The members of a trial, one per split.
  std::vector<MemberSpec> members_of(int trial, Config const& config) const;
  MetricContext context_of(std::span<std::int32_t const> rows) const;
  void admit_new(std::vector<Ask> const& asks);
  // Takes in what the tuner asks for.
  void begin_asked();
  // Trains those in flight for so many epochs, in pieces of about a second, so that stop_requested
  // is heard; how it is cut changes no result. False if it was.
  bool train(int epochs);
  // The members of the trials in flight, in their order.
  std::vector<MemberId> flying_members() const;
  double affordable() const;
  // Appends what a trial's members recorded since it was last told, and counts the epochs.
  void record(Ask const& ask, std::span<MemberMetrics const> metrics);
  // Mean of the members' scores; NaN if one of them diverged.
  double score_of(std::span<MemberMetrics const> metrics, bool patient) const;
  void tell(Ask const& ask, std::span<MemberMetrics const> metrics);
  // Members of trials that go on as copies of others, in the place of those that they had.
  void copy_members();
  // Lets go of the members of trials that are no longer in the running.
  void release_losers();
  void report(int trials, int epoch, int waves);

  // ---- the winner

  Result finish();
  std::vector<TrialResult> trial_results() const;
  // Epochs after which a trial had its score: the mean over its members.
  int scored_epochs(int trial) const;
  // One member trained through all that led to a trial, and for so many epochs; `spec_of` is what
  // it is in a segment.
  template <class SpecOf>
  MemberId replay(int trial, int epochs, int evaluate_every_epochs, SpecOf&& spec_of);
  // A trial's network trained anew on all rows but the test rows.
  MemberId refit(int trial, int epochs, SharedTransform transform);
  // The first validated member of a trial, trained straight through if it was let go, or if a rung
  // that was dropped took it further than its score.
  MemberId validated(int trial);
  double test_score(MemberId id);

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
  Splits splits;
  Population population;
  std::vector<SharedTransform> transforms;       // by split
  std::vector<MetricContext> contexts;           // by split, of its validation rows
  std::map<int, std::vector<MemberId>> members;  // by trial, one per split
  std::vector<Ask> flight;                       // trials that are training
  std::vector<CurvePoint> curves;
  std::int64_t member_epochs = 0;
  int events = 0;          // rungs reported so far
  std::size_t copied = 0;  // of the tuner's lineage
  double rate = 0;         // member-epochs per second, lately
  bool stopped = false;
};

// Whether a configuration has patience, and so is scored at its best evaluation.
bool is_patient(Config const& config);

double seconds_since(std::chrono::steady_clock::time_point start);

}  // namespace brood
