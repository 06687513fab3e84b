// SPDX-License-Identifier: Apache-2.0
// How many trials fit into a time, once it is known how long one epoch of one member takes.
#pragma once

#include "study/repeats.hpp"

namespace brood {

// `member_epoch`: wall seconds of an epoch of a member while all workers are busy; `workers`: how
// many members train at a time. 9 .. 10,000, and no more than the space has.
int trials_at(double member_epoch, int workers, Study const& study, Splits const& splits,
              double seconds);

}  // namespace brood
