// SPDX-License-Identifier: Apache-2.0
// What both backends check before they touch a member. All throw UsageError.
#pragma once

#include <cstdint>
#include <string>

#include "brood/backend.hpp"
#include "core/member.hpp"

namespace brood {

// An image that is to be restored: its tensors are of the member's sizes.
void check_image(MemberImage const& image, Member const& member);

// A clone: both members have the same layers and keep the same tensors.
void check_clone(Member const& to, Member const& from);

// Predictions: x has as many columns as the member in `slot` takes ...
void check_columns(Matrix const& x, int inputs, Slot slot);
// ... and there is room for them, in floats.
void check_room(std::size_t room, std::size_t needed);

}  // namespace brood
