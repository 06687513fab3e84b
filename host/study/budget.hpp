// SPDX-License-Identifier: Apache-2.0
// What fits into a time, once it is known how fast members train.
#pragma once

#include <optional>

#include "brood/study.hpp"
#include "study/finish_time.hpp"
#include "study/pace.hpp"

namespace brood {

// How many trials a search of rungs up to so many epochs needs to find something: as many as fill a
// bracket, but not dozens.
int enough_trials(int max_epochs);

// The most trials of the study, up to as many as it has, that so many seconds are enough for, the
// end included; at least 1. `per_trial`, `per_final_trial`: members.
int trials_in(double seconds, Study const& study, std::int64_t per_trial,
              std::int64_t per_final_trial, Pace const& pace, FinishTime const& finish);

// About how long the whole study takes on this engine, by the pace of a few networks trained for an
// epoch; nothing where that would take more than a moment.
std::optional<double> expected_seconds(Engine& engine, Data const& data, Study const& study);

}  // namespace brood
