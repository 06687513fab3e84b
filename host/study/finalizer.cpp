// SPDX-License-Identifier: Apache-2.0
#include "study/finalizer.hpp"

#include <algorithm>

#include "study/plan.hpp"
#include "study/standing.hpp"

namespace brood {

std::vector<Finalizer::FinalMember> Finalizer::final_members(std::vector<int> const& trials) {
  std::vector<FinalMember> finals;
  for (int const trial : trials)
    finals.push_back({.trial = trial});
  if (setup_.study.refit && !trials.empty()) {
    std::vector<int> epochs;
    for (int const trial : trials) {
      Config const config = tuner_.config(trial);
      int const trained = std::min(tuner_.trials()[static_cast<std::size_t>(trial)].epoch,
                                   own_epochs(config, setup_.study));
      epochs.push_back(curves_.scored_epochs(trial, config, trained));
    }
    auto const ids = members_.refit(tuner_, trials, epochs);
    auto const metrics = members_.population().metrics(ids);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      finals[i].id = ids[i];
      finals[i].transform = setup_.transforms.of_development(last_config(finals[i].trial));
      finals[i].refit_epochs = epochs[i];
      finals[i].refit_diverged = metrics[i].state == MemberState::diverged;
    }
  }
  for (auto& each : finals) {
    if (setup_.study.refit && !each.refit_diverged) continue;
    each.id = members_.validated(tuner_, each.trial, 1).front();
    each.transform = setup_.transforms.of_split(last_config(each.trial), 0);
  }
  return finals;
}

Model model_of(StudySetup const& setup, Population& population, MemberId id, Config const& config,
               Transform const& transform) {
  return {.task = setup.data.task(),
          .outputs = setup.data.outputs(),
          .config = with_defaults(member_config(config, setup.study), setup.data.task()),
          .transform = transform,
          .layers = population.weights({&id, 1}).front()};
}

Model Finalizer::model_of(FinalMember const& member) {
  return brood::model_of(setup_, members_.population(), member.id, last_config(member.trial),
                         *member.transform);
}

std::vector<std::vector<float>> Finalizer::out_of_fold_predictions(std::vector<int> const& trials) {
  std::vector<std::vector<MemberId>> ids;
  for (int const trial : trials)
    ids.push_back(members_.validated(tuner_, trial, setup_.early));
  return out_of_fold_.predictions(members_.population(), ids);
}

void Finalizer::finish(Result& result) {
  FinalMember const final = final_members({result.best}).front();
  result.refit_epochs = final.refit_epochs;
  result.refit_diverged = final.refit_diverged;
  result.model = model_of(final);
  std::vector<int> const library = ensemble_library(setup_, tuner_);
  std::vector<int> predicting = library;  // which the winner usually is one of
  auto const winner = std::find(library.begin(), library.end(), result.best) - library.begin();
  if (winner == std::ssize(library)) predicting.push_back(result.best);
  auto candidates = out_of_fold_predictions(predicting);
  result.model.calibration = out_of_fold_.calibration(candidates[static_cast<std::size_t>(winner)]);
  candidates.resize(library.size());
  TestScores const test = scorer_.test(final.id, result.model.calibration);
  result.test = test.score;
  result.test_metrics = test.metrics;
  result.test_coverage = test.coverage;
  if (setup_.study.ensemble > 0) make_ensemble(final, library, candidates, result);
}

}  // namespace brood
