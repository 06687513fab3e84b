// SPDX-License-Identifier: Apache-2.0
// Where trials stand, by Study::best_of.
#pragma once

#include <optional>
#include <vector>

#include "study/study_setup.hpp"

namespace brood {

// The winner so far.
std::optional<int> best_trial(StudySetup const& setup, Tuner const& tuner);
// The n best, best first.
std::vector<int> leaderboard(StudySetup const& setup, Tuner const& tuner, int n);
// The trials whose predictions the end of a study takes, beside the winner's: those of the
// leaderboard that an ensemble is selected from; without one, but without test rows too, those that
// the winner was chosen from last, so that its score can be corrected for it.
std::vector<int> final_library(StudySetup const& setup, Tuner const& tuner);

}  // namespace brood
