// SPDX-License-Identifier: Apache-2.0
// A model of one Hopper multiprocessor: replays the instructions of warps, with the stall counts
// and scoreboards that their encodings hold, on its pipes. Latencies of units that take a variable
// time are assumed, the instruction cache and clocks of memory beyond L2 are not modelled: read
// absolute figures as +-30 %, ratios as better.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "machine/instruction.hpp"
#include "machine/trace.hpp"

namespace brood::machine {

// Clocks. Those of memory are for what is behind the unit's own queue.
struct Latencies {
  double shared = 29, generic_shared = 35, far_shared = 200, l2 = 270, copy = 600;
  double special = 22, conversion_64 = 30, fp64 = 10;
  double tensor = 20, tensor_issue = 6.4;
  double shuffle = 24, special_register = 25, to_uniform = 9, constant = 30;
  double block_barrier = 20, cluster_barrier = 200, fence = 500;
  double taken_branch = 6;  // beyond the encoded stall
};

// Why a warp did not issue its next instruction.
enum class Stall : std::uint8_t { encoded, scoreboard, pipe, barrier };
inline constexpr int kStalls = 4;

struct Replay {
  double clocks = 0;  // of one repetition, while all blocks run
  // Warp clocks by instruction index and reason, of all blocks and repetitions.
  std::map<std::uint32_t, double[kStalls]> stalls;
};

// streams: what each warp of the blocks of one cluster does, block by block, again and again.
// per_multiprocessor: how many such clusters run side by side: on one multiprocessor, or, if there
// are several blocks, on as many as there are blocks.
Replay replay(Code const& code, std::vector<Trace> const& streams, int blocks,
              int per_multiprocessor, int repetitions, Latencies const& latencies = {});

}  // namespace brood::machine
