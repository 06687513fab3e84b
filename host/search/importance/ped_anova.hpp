// SPDX-License-Identifier: Apache-2.0
// How much each hyperparameter matters for being among the best: PED-ANOVA (Watanabe, Bansal &
// Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary Subspaces",
// IJCAI 2023), with conditional parameters as in Kishimoto & Watanabe (KDD 2026). It compares where
// the best tenth of the trials lies on a parameter's axis with where all of them lie: the Pearson
// divergence of two Parzen estimators on a grid. The numbers are those of Optuna 5.0's
// PedAnovaImportanceEvaluator with its defaults.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "brood/space.hpp"

namespace brood {

// A trial with what it is judged by: the less, the better; finite.
struct JudgedTrial {
  Config const* config = nullptr;
  double value = 0;
};

struct ParameterImportance {
  std::string parameter = {};
  double divergence = 0;  // 0 or more: 0 if the best lie as all do
  double share = 0;       // of the sum of all; 0 if all are 0
};

// Of each parameter of the space with more than one value, in the order of the space. A trial whose
// configuration is not of the space is left out. With fewer than two trials all are 0.
std::vector<ParameterImportance> ped_anova(SearchSpace const& space,
                                           std::span<JudgedTrial const> trials);

}  // namespace brood
