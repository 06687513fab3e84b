// SPDX-License-Identifier: Apache-2.0
// The instructions that a warp executed, in order, with what the timing model wants to know of
// each.
#pragma once

#include <cstdint>
#include <vector>

namespace brood::machine {

struct Step {
  enum class Kind : std::uint8_t {
    plain,
    taken,           // a branch that some lanes took
    shared,          // an access of the block's own shared memory
    generic_shared,  // ... by a generic address
    far_shared,      // ... of another block of the cluster
    global,
    copy,     // asynchronous
    nothing,  // an access, or a barrier, of no lane
  };
  std::uint32_t instruction = 0;  // an index
  Kind kind = Kind::plain;
  std::uint8_t sectors = 0;      // of 32 bytes of global memory
  std::uint16_t wavefronts = 0;  // of shared memory
};

using Trace = std::vector<Step>;

}  // namespace brood::machine
