// SPDX-License-Identifier: Apache-2.0
// How many passes an access takes: of shared memory by its 32 banks, of global memory by sectors.
#pragma once

#include "machine/lanes.hpp"

namespace brood::machine {

// A quarter of a warp at a time for 16 bytes a lane, half of it for 8. Of a pass, each bank gives a
// word, to whoever wants it.
std::uint32_t wavefronts(Words const& at, std::uint32_t lanes, unsigned bytes);

// Of 32 bytes.
std::uint32_t sectors(Longs const& at, std::uint32_t lanes, unsigned bytes);

}  // namespace brood::machine
