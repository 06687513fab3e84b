// SPDX-License-Identifier: Apache-2.0
// When a study ends before its last rung by its scores: a function of them alone, so that the run
// is repeated by its configuration.
#pragma once

#include <optional>
#include <span>

#include "brood/search.hpp"
#include "brood/study.hpp"

namespace brood {

// Takes in the scores at the end of a rung.
void note_rung(std::span<TunerTrial const> trials, bool maximize, StopProgress& progress);

// Why the study ends here, or nothing.
std::optional<Ended> reason_to_stop(Stop const& stop, StopProgress const& progress, bool maximize);

}  // namespace brood
