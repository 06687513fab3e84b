// SPDX-License-Identifier: Apache-2.0
// How much of a study fits into memory: members that train or wait for their turn are all there at
// once, from the first rung on.
#pragma once

#include <cstdint>

#include "brood/study.hpp"

namespace brood {

// Bytes of a member with all it keeps, as is usual among the first trials of a study.
double usual_member_bytes(Engine& engine, Data const& data, Study const& study);

// Bytes for members at once, wherever they are: on the device, or as images in the host's memory,
// which the CPU backend shares with them.
std::int64_t room_for_members(Engine const& engine);

// Throws UsageError if the members that are there at once are usually larger than that.
void check_memory(Engine& engine, Data const& data, Study const& study, std::int64_t members);

// The study with no more than fits there, where nobody has asked for its shape: first without
// repeats, then by a hold-out, and last with fewer trials.
Study fit_to_memory(Engine& engine, Data const& data, Study const& study);

}  // namespace brood
