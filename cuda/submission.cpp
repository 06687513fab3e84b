// SPDX-License-Identifier: Apache-2.0
#include "cuda/submission.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace brood::cuda {

namespace {

constexpr int kReservedPerBlock = 1024;  // bytes of shared memory that the driver takes

// Members of this size that a multiprocessor holds at once: 1, 2, 4 or 8.
int members_per_sm(int shared_bytes, DeviceLimits const& device) {
  int const fitting = device.shared_bytes_sm / (shared_bytes + kReservedPerBlock);
  return floor_to_power_of_two(std::clamp(fitting, 1, kMostWarps));
}

// With more members than multiprocessors: eight warps for each of those, shared by as many members
// as it holds. With fewer: eight warps for every member and, where blocks of rows allow, several
// blocks. So there are at most eight kinds of share in a submission, weights in global memory
// included.
Share share_for(Job const& job, int jobs, int per_sm, DeviceLimits const& device,
                SubmissionLimits const& limits) {
  Share share;
  if (jobs > device.multiprocessors) {
    int const needed = (jobs + device.multiprocessors - 1) / device.multiprocessors;
    share.warps = kMostWarps / std::min(per_sm, floor_to_power_of_two(needed));
  } else {
    // The largest cluster of which the device holds one for each.
    for (int const blocks : {2, 4, 8}) {
      if (clusters_at_once(device, blocks) >= jobs) share.blocks = blocks;
    }
  }
  if (limits.warps > 0) share.warps = limits.warps;
  if (limits.blocks > 0 && clusters_at_once(device, limits.blocks) > 0)
    share.blocks = limits.blocks;
  share.blocks = std::min(share.blocks, most_blocks(*job.member));
  return share;
}

PlannedJob planned(std::size_t index, Job const& job, int jobs, Precision precision,
                   DeviceLimits const& device, SubmissionLimits const& limits) {
  MemberPlan const alone = plan_member(*job.member, job.targets, precision, {1, 1}, limits.plan);
  Share share = share_for(job, jobs, members_per_sm(alone.shared_bytes, device), device, limits);
  MemberPlan plan = plan_member(*job.member, job.targets, precision, share, limits.plan);
  // A cluster keeps weights in shared memory, which may be too small.
  if (share.blocks > 1 && (!plan.fits || plan.layout == Layout::weights_in_l2)) {
    share.blocks = 1;
    plan = plan_member(*job.member, job.targets, precision, share, limits.plan);
  }
  return {index, plan, share, job.steps * step_flops(*job.member)};
}

}  // namespace

std::vector<LaunchGroup> group_jobs(std::vector<Job> const& jobs, Precision precision,
                                    DeviceLimits const& device, SubmissionLimits const& limits) {
  // A group: the same kernel, warps and blocks.
  using Key = std::tuple<bool, int, int>;
  std::map<Key, LaunchGroup> groups;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    PlannedJob job = planned(i, jobs[i], static_cast<int>(jobs.size()), precision, device, limits);
    Variant const variant{precision, job.plan.layout != Layout::weights_in_l2,
                          job.share.blocks > 1};
    Key const key{variant.shared_weights, job.share.warps, job.share.blocks};
    LaunchGroup& group = groups[key];
    group.variant = variant;
    group.shape.threads = 32 * job.share.warps;
    group.shape.cluster = job.share.blocks;
    group.shape.shared_bytes = std::max(group.shape.shared_bytes, job.plan.shared_bytes);
    group.jobs.push_back(std::move(job));
  }
  std::vector<LaunchGroup> list;
  for (auto& [key, group] : groups) {
    std::stable_sort(group.jobs.begin(), group.jobs.end(),
                     [](PlannedJob const& a, PlannedJob const& b) { return a.cost > b.cost; });
    group.shape.blocks = static_cast<int>(group.jobs.size()) * group.shape.cluster;
    list.push_back(std::move(group));
  }
  return list;
}

SubmissionWork work_of(std::vector<LaunchGroup> const& groups, DeviceLimits const& device) {
  SubmissionWork work;
  double longest = 0;  // flops of one warp
  for (auto const& group : groups) {
    int const warps = group.shape.threads / 32 * group.shape.cluster;
    for (auto const& job : group.jobs) {
      work.flops += job.cost;
      longest = std::max(longest, job.cost / warps);
    }
  }
  work.device_flops = std::max(work.flops, longest * device.multiprocessors * kMostWarps);
  return work;
}

// Per 8 words of the inner dimension and tile of 16 x 8 N a warp takes 4 wavefronts of 128 bytes
// for the left operand and 2 N for the right one (cuda/precision.cuh), which in the forward pass
// and the deltas is weights, and not counted where they lie in global memory. N is 4, or 2 where 16
// columns are left.
double shared_bytes_of_step(Member const& m, MemberPlan const& plan, Precision precision) {
  double const per_word = precision == Precision::bf16 ? 2 : 1;
  bool const shared = plan.layout != Layout::weights_in_l2;
  // All tiles of 16 rows and `columns`, in spans as warps take them.
  auto tiles = [](int columns, int span, bool right) {
    double wavefronts = 0;
    for (int start = 0; start < columns; start += span) {
      for (int at = start; at < std::min(start + span, columns); at += 32) {
        int const n = std::min({32, start + span - at, columns - at}) / 8;
        wavefronts += 4 + (right ? 2 * n : 0);
      }
    }
    return wavefronts;
  };
  double const row_blocks = round_up(m.batch_size, 16) / 16;
  double wavefronts = 0;
  for (int l = 0; l < m.layers; ++l) {
    int const in = round_up(m.width[l], 16), out = round_up(m.width[l + 1], 16);
    double const input_words = in / 8 / per_word, output_words = out / 8 / per_word;
    wavefronts += row_blocks * tiles(out, plan.cut.span, shared) * input_words;
    if (l > 0) wavefronts += row_blocks * tiles(in, plan.cut.span, shared) * output_words;
    wavefronts += out / 16 * tiles(in, in, true) * (2 * row_blocks / per_word);
  }
  return 128 * wavefronts;
}

}  // namespace brood::cuda
