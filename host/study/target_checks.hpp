// SPDX-License-Identifier: Apache-2.0
// What losses with a log link (see core/loss.hpp) ask of targets.
#pragma once

#include <string>
#include <string_view>

#include "brood/space.hpp"
#include "brood/table.hpp"

namespace brood {

// The first loss of a space that has a log link; empty: none has.
std::string log_link_loss(SearchSpace const& space);

// Why a loss with a log link is not one for a table's targets, with the row; empty: it is.
std::string target_problem(std::string_view loss, Table const& table);

// What to do then.
inline constexpr char const* kOtherLosses =
    "leave such rows out, or take mse, mae, huber, pinball or log_cosh";

}  // namespace brood
