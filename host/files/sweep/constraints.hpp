// SPDX-License-Identifier: Apache-2.0
// `constraints` of a sweep file: upper bounds on each configuration, known before it is trained.
#pragma once

#include "brood/files/sweep.hpp"
#include "files/sweep/section.hpp"

namespace brood::files {

void read_constraints(Section const& top, Sweep& sweep);

}  // namespace brood::files
