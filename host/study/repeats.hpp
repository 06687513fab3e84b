// SPDX-License-Identifier: Apache-2.0
// In how many members a trial is trained: folds x repeats, and in the last rung those of
// Study::final_repeats, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "brood/study.hpp"

namespace brood {

// The rows of every member that a trial comes to have, those of its earlier rungs first.
Splits splits_of(Study const& study, Table const& table);
// Of these, how many train a trial before its last rung.
std::size_t members_per_trial(Study const& study, Splits const& splits);
// What the members of all trials train, and how many trials come to a last rung.
struct Epochs {
  std::int64_t members = 0, restarted = 0;
  std::int64_t final_trials = 0;
};
Epochs epochs_of(std::vector<std::vector<Rung>> const& brackets, std::int64_t per_trial,
                 std::int64_t per_final_trial);

}  // namespace brood
