// SPDX-License-Identifier: Apache-2.0
// Where the instructions and the clocks of a step are, as text.
#pragma once

#include <string>

#include "machine/workload_run.hpp"

namespace brood::machine {

// Runs of instructions that are executed equally often, those with most executed first; and the
// sums by function and by unit.
std::string hot_view(WorkloadRun const& run, int most);
// Warp clocks by the reason for which a warp did not issue, by function and by instruction.
std::string stalls_view(WorkloadRun const& run, Replay const& replayed, int most);
// Clocks of a warp's step by runs of instructions, in the order of addresses.
std::string phases_view(WorkloadRun const& run, Replay const& replayed);
// A line for each instruction, parted by tabs: function, place in it (hexadecimal), times a step,
// clocks of a warp's step, wavefronts, text.
std::string each_view(WorkloadRun const& run, Replay const& replayed);

}  // namespace brood::machine
