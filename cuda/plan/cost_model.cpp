// SPDX-License-Identifier: Apache-2.0
#include "cuda/plan/cost_model.hpp"

#include <algorithm>
#include <cmath>

namespace brood::cuda {

namespace {

// ---- the coefficients, all of them, in clocks of a multiprocessor
//
// throughput = a + b tiles + c words + d global
// latency    = a + (b tiles + c words) / warps + d global (+ what a cluster's barriers take)
//
// tiles: products of 16 x 8 x 8 (tf32) that a step needs, each dimension rounded up to 16; half as
// many in bf16, three times in fp32. words: parameters, times 1 + the optimizer's states. global:
// floats that go to or come from global memory, in the layouts whose tensors lie there.
//
// The latency is fitted to the kernels' machine code on the modelled multiprocessor (sm_90): of
// one member alone, A (64-64-64-10, batch 64, SGD) takes 19.5 k clocks on four warps, D (16-32-2,
// batch 32, Adam) 13.5 k on one; the throughput to what its units allow. Whoever changes the
// kernels fits them again (tests/machine/run.py); a device's own timings correct all of them by one
// factor (launcher.hpp).
//
// Warps beyond the tiles of 32 x 32 that a product has find nothing to do.
struct Clocks {
  double fixed, tile, word;
};
constexpr Clocks kThroughput{450, 3.6, 0.15};
constexpr Clocks kLatency{11000, 20, 0.5};
constexpr double kGlobalFloat = 0.22;    // 18 bytes a clock: a multiprocessor's share of HBM
constexpr double kClusterBarrier = 900;  // with the memory that it orders
constexpr double kForwardShare = 0.4;    // of a step, that an evaluation takes for as many rows
// Layer by layer: the whole device, in launches that follow each other.
constexpr double kLaunch = 6000;              // from one small launch to the next
constexpr double kDeviceTilesPerClock = 0.3;  // of each multiprocessor, in large products

constexpr int kRegistersPerThread = 256;
constexpr int kRegistersSm = 65536, kThreadsSm = 2048, kBlocksSm = 32;
constexpr int kReservedPerBlock = 1024;  // bytes of shared memory that the driver takes

struct Work {
  double tiles = 0, words = 0, global = 0;
};

double tiles_per_product(Precision precision) {
  return precision == Precision::tf32 ? 1.0 : precision == Precision::bf16 ? 0.5 : 3.0;
}

double parameters(Member const& m) {
  double count = 0;
  for (int l = 0; l < m.layers; ++l)
    count += (static_cast<double>(m.width[l]) + 1) * m.width[l + 1];
  return count;
}

Work step_work(Member const& m, MemberPlan const& plan, Precision precision) {
  int const rows = round_up(std::max(step_rows(m, 0), 1), 16);
  Work work;
  for (int l = 0; l < m.layers; ++l) {
    double const in = round_up(m.width[l], 16), out = round_up(m.width[l + 1], 16);
    work.tiles += (l == 0 ? 2 : 3) * rows / 16 * (in / 8) * (out / 8);
  }
  work.tiles *= tiles_per_product(precision);
  double const states = state_tensors(m);
  work.words = parameters(m) * (1 + states);
  if (plan.layout == Layout::moments_in_l2) work.global = parameters(m) * 2 * states;
  if (plan.layout == Layout::weights_in_l2) {
    double const chunks = (rows + plan.tiling.chunk_rows - 1) / std::max(plan.tiling.chunk_rows, 1);
    double const gradient = plan.gradient_floats > 0 ? 2 * chunks : 0;
    work.global = parameters(m) * (2 * chunks + 1 + 2 * states + gradient);
  }
  return work;
}

// Of the activations in flight, or of the weights, of the layer that has the most.
int most_tiles(Member const& m, MemberPlan const& plan) {
  auto tiles = [](int numbers) { return (numbers + kPanelRows - 1) / kPanelRows; };
  int const rows = std::max(tiles(plan.tiling.chunk_rows), 1);
  int most = 1;
  for (int l = 0; l < m.layers; ++l)
    most = std::max(most, tiles(m.width[l + 1]) * std::max(rows, tiles(m.width[l])));
  return most;
}

double clocks_of(Clocks const& clocks, Work const& work, double warps) {
  return clocks.fixed + (clocks.tile * work.tiles + clocks.word * work.words) / warps +
         kGlobalFloat * work.global;
}

// One after another, the whole device on each.
Cost layered_cost(Member const& m, Work const& work, DeviceLimits const& device) {
  double const launches = 5.0 * m.layers + 6;
  double const clocks =
      kLaunch * launches + work.tiles / (kDeviceTilesPerClock * device.multiprocessors);
  double const seconds = clocks / device.clock_hz;
  return {seconds, seconds * device.multiprocessors};
}

}  // namespace

Cost step_cost(Member const& m, MemberPlan const& plan, Share const& share, Precision precision,
               DeviceLimits const& device) {
  Work const work = step_work(m, plan, precision);
  if (plan.layout == Layout::layered) return layered_cost(m, work, device);
  double const warps = std::min(static_cast<double>(share.warps) * share.blocks,
                                static_cast<double>(most_tiles(m, plan)));
  double latency = clocks_of(kLatency, work, warps);
  if (share.blocks > 1) latency += 2 * kClusterBarrier;
  return {latency / device.clock_hz, clocks_of(kThroughput, work, 1) / device.clock_hz};
}

double evaluation_steps(Member const& m, double rows) {
  return kForwardShare * rows / std::max(batch_rows(m, 0), 1);
}

// 4 ns a comparison: 0.2 ms for 4,096 on a host of 2024. The device's are predictions: launches and
// a wait, 10 GB/s of pageable memory, a radix sort of 64-bit keys in 8 passes.
double host_sort_seconds(double keys) {
  return 4e-9 * keys * std::log2(std::max(keys, 2.0));
}

double device_sort_seconds(double keys, double bytes_of_key) {
  return 1e-4 + keys * (1e-9 + 1e-10 * bytes_of_key);
}

int shared_bytes_beside(int count, DeviceLimits const& device) {
  return std::min(device.shared_bytes_block, device.shared_bytes_sm / count - kReservedPerBlock);
}

int blocks_of_memory(int shared_bytes, DeviceLimits const& device) {
  return device.shared_bytes_sm / (shared_bytes + kReservedPerBlock);
}

int blocks_per_multiprocessor(int shared_bytes, int threads, DeviceLimits const& device) {
  int const fitting =
      std::min({blocks_of_memory(shared_bytes, device),
                kRegistersSm / (threads * kRegistersPerThread), kThreadsSm / threads, kBlocksSm});
  return std::max(fitting, 1);
}

}  // namespace brood::cuda
