// SPDX-License-Identifier: Apache-2.0
// The section `validation`: which rows train, validate and test.
#pragma once

#include "brood/files/sweep.hpp"
#include "files/sweep/section.hpp"

namespace brood::files {

// `top` is the whole file; what it says of the data is in `sweep` already. Notes what is wrong.
void read_validation(Section const& top, Sweep& sweep);

}  // namespace brood::files
