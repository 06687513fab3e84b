// SPDX-License-Identifier: Apache-2.0
// How a member is laid out on a device: which tensors are in shared memory, how the batch is cut
// into chunks, how many warps and blocks work on it. Pure arithmetic on sizes; a plan changes how
// fast a member trains, never what it becomes.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/member.hpp"
#include "cuda/device.hpp"
#include "cuda/task/member_task.hpp"

namespace brood::cuda {

enum class Precision { tf32, bf16, fp32 };
std::string_view name_of(Precision precision);
// Throws UsageError for a name that is not among them.
Precision precision_named(std::string const& name);

// The layouts, fastest first.
enum class Layout {
  resident,       // (a) weights, moments and a whole batch in shared memory
  chunked,        // (b) likewise, but the batch in chunks, the gradient in a buffer
  moments_in_l2,  // (c) moments in global memory
  weights_in_l2,  // (d) weights, moments and gradient in global memory
  layered,        // layer by layer over the whole device (layered.hpp), all in global memory
};
std::string_view name_of(Layout layout);

// How much of the device a member is to get.
struct Share {
  int warps = 8;   // of a block: 1, 2, 4 or 8
  int blocks = 1;  // of a cluster: 1, 2, 4, 8 or 16
};

// Beyond so many weights (16 MiB) the whole device is to work on one network's products. A
// prediction, from bandwidths: one multiprocessor would need a millisecond for a step.
inline constexpr int kMaxFusedFloats = 1 << 22;

struct MemberPlan {
  bool fits = false;
  Layout layout = Layout::resident;
  TileOrder order = TileOrder::rows;
  SharedMap map{};
  Tiling tiling{};
  int shared_bytes = 0;
  // In global memory, floats: tensors that must live there between launches, and a gradient buffer
  // if it lies there.
  std::int64_t tensor_floats = 0;
  std::int64_t gradient_floats = 0;
  std::int64_t buffer_bytes = 0;  // what layered members share
};

// Where a test forces a plan that the planner would not choose first.
struct PlanLimits {
  int shared_bytes = 0;             // of a block
  Layout first = Layout::resident;  // layouts before it are not tried
  int most_chunk_rows = 4096;
};

// With one block, every member fits: what the fused kernel cannot hold goes layer by layer, and so
// do networks of more weights than kMaxFusedFloats.
MemberPlan plan_member(Member const& member, Precision precision, Share const& share,
                       PlanLimits const& limits);

inline int round_up(int n, int to) {
  return (n + to - 1) / to * to;
}
// The largest power of two that is at most n >= 1.
inline int floor_to_power_of_two(int n) {
  return static_cast<int>(std::bit_floor(static_cast<unsigned>(n)));
}

// How the fused kernel of a precision has its weights.
TileOrder tile_order(Precision precision);

// Blocks among which its batch can be dealt out, 32 rows at least for each.
int most_blocks(Member const& member);

}  // namespace brood::cuda
