// SPDX-License-Identifier: Apache-2.0
// What a study that starts from trained weights (Study::start) takes over from them, and what of
// the study and its data cannot go with them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brood/study.hpp"

namespace brood {

// The study with the shape of its start's network as constants of the space, where the space says
// nothing of it. The study itself without a start.
Study with_start(Study study);

// What the space says against the network: one sentence each. `study` is of with_start().
std::vector<std::string> start_problems(Study const& study, Task task);

// Throws UsageError where the network does not fit together, or not to the data.
void check_start(Study const& study, Data const& data);

// By row: whether the start's network has seen it; empty where that is not known.
std::vector<bool> rows_of_start(Start const& start, Table const& table);

// A sentence for people where such rows validate.
void note_start_rows(Study const& study, Table const& table, Splits const& splits,
                     std::vector<std::string>& notes);

// The weights that every member begins with; null without a start.
InitialWeights initial_weights(Start const& start);

// What standardises the rows of members that train on `rows`: as the start's network was given
// them, else what those rows say.
Transform transform_for(Study const& study, Table const& table, std::span<std::int32_t const> rows,
                        TargetScaling targets);

// As few characters that tell one start from another; empty without a start.
std::string identity(Start const& start);

}  // namespace brood
