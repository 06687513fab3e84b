// SPDX-License-Identifier: Apache-2.0
// From orders to launches: what share of the device each member gets, its plan, and groups of
// members that one launch can take together.
#pragma once

#include <cstdint>
#include <vector>

#include "cuda/kernels.hpp"
#include "cuda/plan.hpp"

namespace brood::cuda {

inline constexpr int kMostLaunches = 8;

// What is known of a member before it is planned.
struct Job {
  Member const* member;
  int targets;   // of its table
  double steps;  // that it is to do
};

struct PlannedJob {
  std::size_t job;  // index
  MemberPlan plan;
  Share share;
  double cost;  // flops
};

struct LaunchGroup {
  Variant variant;
  LaunchShape shape;
  std::vector<PlannedJob> jobs;  // longest first
};

// What a backend plans within. Tests force plans by it.
struct SubmissionLimits {
  PlanLimits plan;            // shared_bytes 0: what the device has
  int warps = 0, blocks = 0;  // of every member; 0: by the number of members
  double launch_flops =
      0;  // of a member at a launch, a step at least; 0: by the time that it takes
};

// Every job must fit with a share of one block of one warp.
std::vector<LaunchGroup> group_jobs(std::vector<Job> const& jobs, Precision precision,
                                    DeviceLimits const& device, SubmissionLimits const& limits);

// What a submission needs, and what the device could do in the time that it takes: at best that of
// its longest member, every warp of eight on a multiprocessor as fast as any other.
struct SubmissionWork {
  double flops = 0, device_flops = 0;
};
SubmissionWork work_of(std::vector<LaunchGroup> const& groups, DeviceLimits const& device);

// Bytes of shared memory that the products of a step read, of a member that is not trained layer by
// layer. The rest of a step's traffic is not in it, so it is a lower bound.
double shared_bytes_of_step(Member const& m, MemberPlan const& plan, Precision precision);

}  // namespace brood::cuda
