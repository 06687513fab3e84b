// SPDX-License-Identifier: Apache-2.0
// Networks that are too large for kernels that count places in 32 bits.
#pragma once

#include <cstdint>
#include <string>

#include "core/member.hpp"

namespace brood::cuda {

// Empty, or why a member is too large. To be asked before anything else is: of such a member
// neither a layout nor a plan can be made.
std::string size_problem(Member const& member);

// Floats of all copies of its parameters and of a gradient, whatever its size.
std::int64_t most_tensor_floats(Member const& member);

}  // namespace brood::cuda
