// SPDX-License-Identifier: Apache-2.0
// The ways in which the planner lays tensors over each other, and how to make it choose one.
#pragma once

#include <optional>
#include <string>

#include "backend/describe.hpp"
#include "backend/member_case.hpp"
#include "cuda/cuda_backend.hpp"
#include "cuda/plan/submission.hpp"

namespace brood {

// `limits.shared_bytes` counts; evaluation rows change no plan.
inline cuda::MemberPlan plan_of(MemberCase const& c, cuda::Precision precision,
                                cuda::Share const& share, cuda::PlanLimits const& limits) {
  auto const table = c.data.table();
  auto const described = describe(c.config, {table.task, table.x.columns, c.outputs()}, c.seed,
                                  static_cast<std::int64_t>(c.train_rows()->size()), 0);
  return cuda::plan_member(described, precision, share, limits);
}

// How rows are fetched, whether deltas lie over hidden layers, and within which limits.
struct Way {
  std::string name;
  cuda::Fetching fetching;
  bool deltas;
  cuda::SubmissionLimits limits;
};

// The limits with as much memory, of what a device has, as makes the planner choose that way for a
// member, if any does.
inline std::optional<cuda::SubmissionLimits> limits_of(Way const& way, MemberCase const& c,
                                                       cuda::Precision precision,
                                                       int device_bytes) {
  cuda::SubmissionLimits limits = way.limits;
  limits.plan.shared_bytes = device_bytes;
  cuda::Share const share{limits.warps, limits.blocks};
  for (;;) {
    cuda::MemberPlan const plan = plan_of(c, precision, share, limits.plan);
    if (!plan.fits || plan.layout == cuda::Layout::layered) return {};
    if (share.blocks > 1 && plan.layout == cuda::Layout::weights_in_l2) return {};
    bool over = false;
    for (int l = 0; l + 1 < kMaxLayers; ++l)
      over = over || (plan.map.delta[l] > 0 && plan.map.delta[l] == plan.map.hidden[l + 1]);
    limits.plan.shared_bytes = plan.shared_bytes;
    if (plan.map.fetching == way.fetching && over == way.deltas) break;
    limits.plan.shared_bytes -= 1;
  }
  // As it is decided when a member is admitted.
  if (plan_of(c, precision, {1, 1}, limits.plan).layout == cuda::Layout::layered) return {};
  return limits;
}

}  // namespace brood
