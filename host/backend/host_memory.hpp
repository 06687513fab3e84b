// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace brood {

// Bytes of memory that this machine has.
std::int64_t host_memory();

}  // namespace brood
