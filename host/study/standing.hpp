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
// The trials that an ensemble is selected from: the best of the leaderboard; none without one.
std::vector<int> ensemble_library(StudySetup const& setup, Tuner const& tuner);

}  // namespace brood
