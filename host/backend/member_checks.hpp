// SPDX-License-Identifier: Apache-2.0
// What both backends check before they touch a member. All throw UsageError.
#pragma once

#include <cstdint>
#include <string>

#include "brood/backend.hpp"
#include "core/member.hpp"

namespace brood {

// A spec's rows: at least one to train on, all inside the table.
void check_member_rows(MemberSpec const& spec, std::int64_t table_rows);

// Weights that a spec starts from: a layer's are of the member's sizes and finite, or not there.
void check_starting_weights(MemberSpec const& spec, Member const& member);
// Whether a layer of them is there; else it is drawn.
inline bool is_given(InitialWeights const& start, int layer) {
  return start != nullptr && !(*start)[static_cast<std::size_t>(layer)].weights.empty();
}

// An image that is to be restored: its tensors are of the member's sizes.
void check_image(MemberImage const& image, Member const& member);

// A clone: both members have the same layers and keep the same tensors.
void check_clone(Member const& to, Member const& from);

// Predictions: x has as many columns as the member in `slot` takes ...
void check_columns(Matrix const& x, int inputs, Slot slot);
// ... and there is room for them, in floats.
void check_room(std::size_t room, std::size_t needed);

}  // namespace brood
