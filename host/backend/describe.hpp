// SPDX-License-Identifier: Apache-2.0
// From names and values (MemberSpec) to the plain description that training steps read (Member).
#pragma once

#include <cstdint>

#include "brood/member.hpp"
#include "core/member.hpp"

namespace brood {

// Throws UsageError with everything that check(config, task) finds. The inputs are as many as the
// config can make of such a table: how many pieces a number has, its rows decide (admission_of).
Member describe(Config const& config, TableShape const& shape, std::uint64_t seed,
                std::int64_t train_rows, std::int64_t eval_rows);

// The key of a member's randomness: that of the config's own seed, if it has one, in a repeat.
std::uint64_t seed_of(Config const& config, std::uint64_t otherwise, std::uint32_t repeat);

// Heads of a network by a valid config.
int head_count(Config const& config);

}  // namespace brood
