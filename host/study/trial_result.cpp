// SPDX-License-Identifier: Apache-2.0
#include "study/trial_result.hpp"

#include <algorithm>
#include <utility>

#include "study/constraints.hpp"
#include "study/plan.hpp"
#include "study/scorer.hpp"

namespace brood {

namespace {

// Of each fold the mean over the repeats; nothing of one fold.
std::vector<double> by_fold(std::vector<Split> const& splits, std::span<double const> scores) {
  std::vector<std::vector<double>> folds;
  for (std::size_t s = 0; s < scores.size(); ++s) {
    auto const fold = static_cast<std::size_t>(splits[s].fold);
    folds.resize(std::max(folds.size(), fold + 1));
    folds[fold].push_back(scores[s]);
  }
  std::vector<double> means;
  for (auto const& fold : folds)
    means.push_back(mean_of(fold));
  return means.size() < 2 ? std::vector<double>{} : means;
}

}  // namespace

TrialResult trial_result(StudySetup const& setup, int trial, Config config, int epochs,
                         std::span<double const> member_scores) {
  double const score = mean_of(member_scores);
  MemberSpec const first = setup.members_of(trial, config, 0, 1).front();
  TableShape shape = setup.data.shape();
  shape.inputs = static_cast<int>(first.transform->shift.size());
  shape.numbers = 0;  // are among them
  std::int64_t const parameters = parameter_count(first.config, shape);
  return {.id = trial,
          .epochs = epochs,
          .score = score,
          .config = std::move(config),
          .standard_error = standard_error(member_scores, score),
          .fold_scores = by_fold(setup.splits.splits, member_scores),
          .parameters = parameters,
          .seed = first.seed};
}

}  // namespace brood
