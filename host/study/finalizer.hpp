// SPDX-License-Identifier: Apache-2.0
// The end of a study: the winner is trained again on all rows but the test rows, and scored on
// those, once; likewise an ensemble.
#pragma once

#include <vector>

#include "study/ensemble.hpp"
#include "study/learning_curves.hpp"
#include "study/out_of_fold.hpp"
#include "study/scorer.hpp"
#include "study/trial_members.hpp"

namespace brood {

// A member as a network by itself.
Model model_of(StudySetup const& setup, Population& population, MemberId id, Config const& config,
               Transform const& transform);

class Finalizer {
 public:
  Finalizer(StudySetup const& setup, Tuner const& tuner, TrialMembers& members, Scorer& scorer,
            LearningCurves const& curves)
      : setup_(setup),
        tuner_(tuner),
        members_(members),
        scorer_(scorer),
        curves_(curves),
        out_of_fold_(setup) {}

  // Adds model, test scores and ensemble to a result that knows its best trial.
  void finish(Result& result);

 private:
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
  // What a trial's members have come to be trained with.
  Config last_config(int trial) const { return tuner_.segments(trial).back().config; }
  // Of trials as they were validated.
  std::vector<std::vector<float>> out_of_fold_predictions(std::vector<int> const& trials);

  // ---- the ensemble (final_ensemble.cpp)

  Selection select(std::vector<int> const& trials,
                   std::vector<std::vector<float>> const& candidates);
  // The members of all folds and repeats of each trial: what stands for it in an ensemble that is
  // not trained again (bagging, Breiman 1996, by folds).
  std::vector<FinalMember> bags(std::vector<int> const& trials);
  // Of trials, with their predictions out of fold.
  void make_ensemble(FinalMember const& winner, std::vector<int> const& trials,
                     std::vector<std::vector<float>> const& candidates, Result& result);

  StudySetup const& setup_;
  Tuner const& tuner_;
  TrialMembers& members_;
  Scorer& scorer_;
  LearningCurves const& curves_;
  OutOfFold out_of_fold_;
};

}  // namespace brood
