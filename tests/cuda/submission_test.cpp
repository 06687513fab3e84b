// SPDX-License-Identifier: Apache-2.0
// From jobs to launches: few, longest first, and the device full.
#include "cuda/plan/submission.hpp"

#include <array>
#include <memory>
#include <set>
#include <utility>

#include "cuda/plan/device_model.hpp"
#include "cuda/planned.hpp"

namespace brood::cuda {
namespace {

using namespace planned;

DeviceLimits h200() {
  DeviceLimits limits;
  limits.multiprocessors = 132;
  limits.shared_bytes_block = kSm90;
  limits.shared_bytes_sm = 228 * 1024;
  limits.clusters = {66, 32, 16};
  return limits;
}

// Groups with the plans that they refer to.
struct Grouped {
  PlanCache plans;
  std::vector<Job> jobs;
  std::vector<LaunchGroup> groups;
};
std::unique_ptr<Grouped> groups_of(std::vector<Member> const& members, DeviceLimits const& device,
                                   Precision precision = Precision::tf32) {
  SubmissionLimits const limits{.plan = {.shared_bytes = device.shared_bytes_block}};
  auto grouped = std::make_unique<Grouped>(Grouped{{precision, device, limits}, {}, {}});
  for (std::size_t i = 0; i < members.size(); ++i) {
    grouped->jobs.push_back({.member = &members[i], .steps = 10 + static_cast<std::int64_t>(i)});
  }
  grouped->groups = group_jobs(grouped->jobs, grouped->plans, 0.2);
  return grouped;
}

std::vector<Member> mixture(int count) {
  std::vector<Member> members;
  std::vector<Shape> const shapes = {kA,
                                     kB,
                                     kC,
                                     kD,
                                     {"large", 64, 10, {64, 64}, 1024},
                                     {"small", 5, 3, {8}, 16},
                                     {"mid", 64, 10, {32}, 64},
                                     {"wide", 300, 10, {64}, 32}};
  for (int i = 0; i < count; ++i)
    members.push_back(member_of(shapes[static_cast<std::size_t>(i) % shapes.size()]));
  return members;
}

TEST(Submission, IsAtMostEightLaunchesWhateverThePopulation) {
  for (int const count : {1, 2, 8, 33, 66, 132, 133, 1000, 5000}) {
    for (Precision const precision : {Precision::tf32, Precision::bf16, Precision::fp32}) {
      auto const members = mixture(count);
      auto const grouped = groups_of(members, h200(), precision);
      auto const& groups = grouped->groups;
      EXPECT_LE(groups.size(), static_cast<std::size_t>(kMaxGroups)) << count;
      std::set<std::size_t> seen;
      for (auto const& group : groups) {
        EXPECT_EQ(group.shape.blocks, static_cast<int>(group.jobs.size()) * group.shape.cluster);
        for (auto const job : group.jobs)
          EXPECT_TRUE(seen.insert(job).second) << "a member twice";
        std::size_t jobs = 0;
        for (auto const& equals : group.equals) {
          MemberPlan const& plan = equals.planned->plan;
          EXPECT_TRUE(plan.fits);
          EXPECT_LE(plan.shared_bytes, group.shape.shared_bytes);
          EXPECT_EQ(plan.tiling.row_warps * plan.tiling.column_warps * 32, group.shape.threads);
          EXPECT_EQ(plan.tiling.blocks, group.shape.cluster);
          EXPECT_EQ(equals.first, jobs);
          jobs += equals.count;
        }
        EXPECT_EQ(jobs, group.jobs.size());
      }
      EXPECT_EQ(seen.size(), members.size());
    }
  }
}

TEST(Submission, LongestComeFirst) {
  auto const members = mixture(500);
  auto const grouped = groups_of(members, h200());
  for (auto const& group : grouped->groups) {
    for (std::size_t i = 1; i < group.equals.size(); ++i)
      EXPECT_LE(group.equals[i].seconds, group.equals[i - 1].seconds);
  }
}

// A small batch takes more steps for the same flops, and a step of a tiny network as long as one of
// a small one.
TEST(Submission, LongestIsByTimeNotByFlops) {
  std::vector<Member> members(300, member_of({"often", 16, 2, {32}, 8}));
  members.resize(600, member_of({"seldom", 16, 2, {64}, 512}));
  auto const grouped = [&] {
    SubmissionLimits const limits{.plan = {.shared_bytes = kSm90}, .warps = 1};
    auto made = std::make_unique<Grouped>(Grouped{{Precision::tf32, h200(), limits}, {}, {}});
    for (auto const& m : members)
      made->jobs.push_back({.member = &m, .steps = steps_per_epoch(m)});
    made->groups = group_jobs(made->jobs, made->plans, 0.2);
    return made;
  }();
  ASSERT_EQ(grouped->groups.size(), 1u);
  auto const& equals = grouped->groups[0].equals;
  ASSERT_EQ(equals.size(), 2u);
  EXPECT_LT(step_flops(members.front()) * steps_per_epoch(members.front()),
            step_flops(members.back()) * steps_per_epoch(members.back()));
  EXPECT_EQ(grouped->groups[0].jobs.front(), 0u);
}

TEST(Submission, ManySmallNetworksShareAMultiprocessor) {
  std::vector<Member> const members(2000, member_of(kD));
  auto const grouped = groups_of(members, h200());
  auto const& groups = grouped->groups;
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_LE(groups[0].shape.threads, 64);
}

TEST(Submission, FewNetworksGetSeveralBlocks) {
  std::vector<Member> const members(8, member_of(kA));
  auto const grouped = groups_of(members, h200());
  auto const& groups = grouped->groups;
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].shape.cluster, 2);  // of 32 rows each
  EXPECT_EQ(groups[0].shape.threads, 256);
  DeviceLimits less = h200();
  less.clusters = {66, 0, 0};
  EXPECT_EQ(groups_of(members, less)->groups[0].shape.cluster, 2);
  less.clusters = {};
  EXPECT_EQ(groups_of(members, less)->groups[0].shape.cluster, 1);
}

// 33 clusters of four would be two waves where groups of multiprocessors hold 32.
TEST(Submission, ClustersAreAsLargeAsAllOfThemFitAtOnce) {
  Shape const large{"A1024", 64, 10, {64, 64}, 1024};
  for (auto const& [members, cluster] :
       std::vector<std::pair<int, int>>{{16, 8}, {17, 4}, {32, 4}, {33, 2}, {66, 2}, {67, 1}}) {
    std::vector<Member> const same(static_cast<std::size_t>(members), member_of(large));
    auto const grouped = groups_of(same, h200());
    ASSERT_EQ(grouped->groups.size(), 1u);
    EXPECT_EQ(grouped->groups[0].shape.cluster, cluster) << members;
  }
}

TEST(DeviceModel, ClustersLieWithinGroupsOfMultiprocessors) {
  auto const clusters = [](char const* model) { return planning_device(model)->limits().clusters; };
  using Three = std::array<int, 3>;
  EXPECT_EQ(clusters("sm_80"), (Three{0, 0, 0}));
  EXPECT_EQ(clusters("sm_90"), (Three{66, 32, 16}));  // six groups of 16 and two of 18
  EXPECT_EQ(clusters_at_once(planning_device("sm_90")->limits(), 1), 132);
  EXPECT_EQ(clusters_at_once(planning_device("sm_90")->limits(), 16), 16);
}

// Whoever keeps gradients (clip_norm, chunks) gets several blocks like others; they lie in global
// memory for the while.
TEST(Submission, FewNetworksThatKeepGradientsGetSeveralBlocks) {
  std::vector<Member> const members(8, member_of(kA, {{"clip_norm", 1.0}}));
  auto const grouped = groups_of(members, h200());
  auto const& groups = grouped->groups;
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].shape.cluster, 2);
  MemberPlan const& plan = groups[0].equals[0].planned->plan;
  EXPECT_EQ(plan.gradient_floats, tile_layout(members[0], plan.order).size);
}

// Counted by hand for 16-16-16, batch 16, in tf32, in units of 16 x 16 words, of which a panel of
// rows has two. Forward and deltas (three products): a tile of 32 rows by 16 columns reads two
// units of rows and one of weights. Gradients (two): one of 16 by 16 reads two units of each side.
TEST(Submission, SharedMemoryReadByAStepIsThatOfItsTiles) {
  Member const m = member_of({"tiny", 16, 16, {16}, 16});
  auto const bytes = [&](Precision precision, Layout first) {
    MemberPlan const plan =
        plan_member(m, precision, {1, 1}, {.shared_bytes = kSm90, .first = first});
    EXPECT_EQ(plan.layout, first);
    return shared_bytes_of_step(m, plan, precision);
  };
  EXPECT_EQ(bytes(Precision::tf32, Layout::resident), (3 * (2 + 1) + 2 * (2 + 2)) * 1024);
  EXPECT_EQ(bytes(Precision::bf16, Layout::resident), (3 * (2 + 1) + 2 * (2 + 2)) * 512);
  EXPECT_EQ(bytes(Precision::tf32, Layout::weights_in_l2), (3 * 2 + 2 * (2 + 2)) * 1024);
}

// The same for 48-16, batch 64: two tiles of 32 rows by 16 columns, over three units of inputs; and
// of the gradient, over four units of rows, one tile of 16 x 32 and one of 16 x 16.
TEST(Submission, SharedMemoryReadByAStepCountsTilesAtTheEdges) {
  Member const m = member_of({"flat", 48, 16, {}, 64});
  MemberPlan const plan = plan_member(m, Precision::tf32, {1, 1}, {.shared_bytes = kSm90});
  double const units = 2 * 3 * (2 + 1) + 4 * ((1 + 2) + (1 + 1));
  EXPECT_EQ(shared_bytes_of_step(m, plan, Precision::tf32), units * 1024);
}

}  // namespace
}  // namespace brood::cuda
