// SPDX-License-Identifier: Apache-2.0
// From orders to launches: what share of the device each member gets, its plan, groups of members
// that one launch can take together, and how an order is cut into launches of a bounded length.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "cuda/kernels/kernels.hpp"
#include "cuda/plan/cost_model.hpp"
#include "cuda/plan/plan.hpp"

namespace brood::cuda {

// Kinds of launches of a submission, which run side by side.
inline constexpr int kMaxGroups = 8;

// What is known of a member before it is planned.
struct Job {
  Member const* member;
  std::int64_t steps = 0;           // that it is to do
  std::int64_t evaluated_rows = 0;  // on the way, all evaluations together
  bool has_gradient = false;        // a gradient buffer of its own, in global memory
  bool layered = false;             // trains layer by layer: is in no group
};

// What a backend plans within. Tests force plans by it.
struct SubmissionLimits {
  PlanLimits plan;                // shared_bytes 0: what the device has
  int warps = 0, blocks = 0;      // of every member; 0: by the number of members
  double launch_seconds = 0.2;    // of a launch at most, by the cost model
  std::int64_t launch_steps = 0;  // of a member at a launch; 0: by launch_seconds
};

// A plan with its share of the device, and what it costs.
struct Planned {
  MemberPlan plan;
  Share share;
  Cost step;
  double step_seconds = 0;  // beside as many others as its multiprocessor holds
  int shared_limit = 0;     // bytes that the plan was to fit in
};

// Plans of members, kept by all that planning looks at, so that planning a population takes no
// longer than looking at it.
class PlanCache {
 public:
  // limits.plan.shared_bytes is set.
  PlanCache(Precision precision, DeviceLimits device, SubmissionLimits const& limits)
      : precision_(precision), device_(std::move(device)), limits_(limits) {}

  Precision precision() const { return precision_; }
  DeviceLimits const& device() const { return device_; }
  SubmissionLimits const& limits() const { return limits_; }

  // Of a job among so many. What is returned stays where it is. The job must fit with a share of
  // one block of one warp.
  Planned const& planned(Job const& job, std::size_t jobs);
  // The same with one block, as evaluations and predictions are launched.
  Planned const& planned_alone(Job const& job, std::size_t jobs);

 private:
  // What a plan depends on, of a member, and of the population: members on a multiprocessor, and
  // blocks that it may have.
  using Key = std::array<std::int32_t, kMaxLayers + 1 + 10>;
  struct Hash {
    std::size_t operator()(Key const& key) const;
  };
  static Key key_of(Job const& job, int crowd, int blocks);
  Planned const& find(Job const& job, int crowd, int blocks);
  Planned make(Job const& job, int crowd, int blocks) const;
  Planned with_share(Job const& job, Share const& share, int crowd, int beside_it) const;

  Precision precision_;
  DeviceLimits device_;
  SubmissionLimits limits_;
  std::unordered_map<Key, Planned, Hash> plans_;
  Key last_key_{};
  Planned const* last_ = nullptr;  // of last_key_
};

// Jobs of a group that cost the same: they lie one after another in it.
struct Equals {
  Planned const* planned;
  double seconds;           // of each in all
  int launches;             // that each takes part in
  std::int64_t most_steps;  // of each in a launch
  std::size_t first, count;
};

struct LaunchGroup {
  Variant variant;
  LaunchShape shape;                // of a launch of all its jobs
  int at_once;                      // jobs that the device holds
  std::vector<std::uint32_t> jobs;  // indices; by launches, then longest first
  std::vector<Equals> equals;
};

// alone: for evaluations and predictions, with one block each.
std::vector<LaunchGroup> group_jobs(std::vector<Job> const& jobs, PlanCache& plans,
                                    double launch_seconds, bool alone = false);

// One of the launches that groups are cut into: some jobs that lie one after another.
struct Launch {
  std::size_t group;
  std::size_t first, count;
  double seconds;
};
// In the order in which they are to be put on their group's stream. Each takes launch_seconds at
// most, by the cost model, if a step is no longer than that.
std::vector<Launch> launches_of(std::vector<LaunchGroup> const& groups, double launch_seconds);

// What a submission takes, by the cost model.
struct Forecast {
  double seconds = 0;
  double busy_share = 1;  // of what the device's multiprocessors could do in that time
};
Forecast forecast_of(std::vector<LaunchGroup> const& groups, std::vector<Launch> const& launches,
                     DeviceLimits const& device);

// Bytes of shared memory that the products of a step read, of a member that is not trained layer by
// layer. The rest of a step's traffic is not in it, so it is a lower bound.
double shared_bytes_of_step(Member const& m, MemberPlan const& plan, Precision precision);

}  // namespace brood::cuda
