// SPDX-License-Identifier: Apache-2.0
// What is reported of a trial.
#pragma once

#include <span>

#include "study/study_setup.hpp"

namespace brood {

// Of one whose members, split by split, had these scores at its last rung; without state, rank and
// bracket, which it has by others.
TrialResult trial_result(StudySetup const& setup, int trial, Config config, int epochs,
                         std::span<double const> member_scores);

}  // namespace brood
