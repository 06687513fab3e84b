// SPDX-License-Identifier: Apache-2.0
// The end of a study: the winner is trained again on all rows but the test rows, and scored on
// those, once; likewise an ensemble. Without test rows what predicts is scored out of fold, and
// that is corrected for the choice. With Refit::all, what was scored is trained again on every row.
#pragma once

#include <cstdint>
#include <map>
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

// The test rows among them.
Rows every_row(Table const& table);

class Finalizer {
 public:
  // `member_scores`: by trial and split, of its last score.
  Finalizer(StudySetup const& setup, Tuner const& tuner, TrialMembers& members, Scorer& scorer,
            LearningCurves const& curves, std::vector<std::vector<double>> const& member_scores)
      : setup_(setup),
        tuner_(tuner),
        members_(members),
        scorer_(scorer),
        curves_(curves),
        member_scores_(member_scores),
        out_of_fold_(setup) {}

  // Adds model, scores and ensemble to a result that knows its best trial.
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
  // Trials, with their predictions out of fold.
  struct Library {
    std::vector<int> trials;
    std::vector<std::vector<float>> predictions;
  };

  // With refit, trained anew on all rows but the test rows; where that diverges, and without refit,
  // the first validated member.
  std::vector<FinalMember> final_members(std::vector<int> const& trials);
  Model model_of(FinalMember const& member);
  // What a trial's members have come to be trained with.
  Config last_config(int trial) const { return tuner_.segments(trial).back().config; }
  // The members by which a trial has its score, as they were validated.
  std::vector<MemberId> validated(int trial);
  Library library_of(std::vector<int> trials);
  int host_threads() const;

  // ---- without test rows

  // Of the winner alone, by its place among those that it was chosen from.
  OutOfFoldScore winner_score(Library const& library, int winner) const;
  // The networks of these trials as they were validated, by how often each was picked, and the
  // winner's.
  std::vector<JudgedNetwork> validated_networks(std::map<int, int> const& picks, int winner);

  // ---- the ensemble (final_ensemble.cpp)

  // Whether a pick is all networks of a trial: what stands for it in an ensemble that is not
  // trained again (bagging, Breiman 1996, by folds).
  bool is_bagged() const { return setup_.study.ensemble > 0 && setup_.study.refit == Refit::no; }
  std::vector<FinalMember> bags(std::vector<int> const& trials);
  // As they are in the ensemble: of bags the mean of a row's predictions, else those of each of the
  // repeats that all trials have.
  std::vector<std::vector<float>> candidates_of(Library const& library) const;
  std::vector<std::int64_t> bytes_of(std::vector<int> const& trials);
  // How often a network counts in the mean, by trial.
  std::map<int, int> counts_of(std::map<int, int> const& picks);
  // Returns the networks that it is made of.
  std::vector<FinalMember> make_ensemble(FinalMember const& winner, Library const& library,
                                         Result& result);

  // ---- Refit::all

  void train_on_all(FinalMember const& winner, std::vector<FinalMember> const& parts,
                    Result& result);

  StudySetup const& setup_;
  Tuner const& tuner_;
  TrialMembers& members_;
  Scorer& scorer_;
  LearningCurves const& curves_;
  std::vector<std::vector<double>> const& member_scores_;
  OutOfFold out_of_fold_;
};

}  // namespace brood
