// SPDX-License-Identifier: Apache-2.0
// How orders are cut into launches: nothing is left out or done twice, every launch is short.
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cuda/plan/device_model.hpp"
#include "cuda/plan/submission.hpp"
#include "cuda/planned.hpp"

namespace brood::cuda {
namespace {

using namespace planned;

PlanCache plans_for(SubmissionLimits limits = {}) {
  DeviceLimits const device = planning_device("sm_90")->limits();
  limits.plan.shared_bytes = device.shared_bytes_block;
  return {Precision::tf32, device, limits};
}

// Steps of each job by the launches, none in the middle of another of the same job's group.
std::vector<std::int64_t> steps_of(std::vector<LaunchGroup> const& groups,
                                   std::vector<Launch> const& launches,
                                   std::vector<Job> const& jobs) {
  std::vector<std::int64_t> done(jobs.size(), 0);
  for (auto const& launch : launches) {
    LaunchGroup const& group = groups[launch.group];
    EXPECT_GT(launch.count, 0u);
    for (std::size_t place = launch.first; place < launch.first + launch.count; ++place) {
      auto equals = group.equals.begin();
      while (place >= equals->first + equals->count)
        ++equals;
      std::size_t const job = group.jobs[place];
      done[job] += std::min(equals->most_steps, jobs[job].steps - done[job]);
    }
  }
  return done;
}

TEST(Launches, DoEveryStepOfEveryJobOnceAndNoneIsLong) {
  std::vector<Member> members;
  std::vector<Shape> const shapes = {kA, kB, kC, kD, {"small", 5, 3, {8}, 16}};
  for (auto const& shape : shapes)
    members.push_back(member_of(shape));
  std::mt19937 random(3);
  for (int const count : {1, 2, 40, 133, 3000, 20000}) {
    for (double const seconds : {1.0, 0.2, 0.01}) {
      std::vector<Job> jobs;
      for (int i = 0; i < count; ++i) {
        jobs.push_back({.member = &members[random() % members.size()],
                        .steps = 1 + static_cast<std::int64_t>(random() % 5 * 700)});
      }
      PlanCache plans = plans_for();
      auto const groups = group_jobs(jobs, plans, seconds);
      auto const launches = launches_of(groups, seconds);
      auto const done = steps_of(groups, launches, jobs);
      for (std::size_t i = 0; i < jobs.size(); ++i)
        ASSERT_EQ(done[i], jobs[i].steps) << count << " jobs, " << seconds << " s";
      for (auto const& launch : launches)
        EXPECT_LE(launch.seconds, seconds * (1 + 1e-9)) << count;
      // No more launches than the work is long, a part of one for the end of each group's level.
      Forecast const forecast = forecast_of(groups, launches, plans.device());
      double most = 0;
      for (auto const& group : groups)
        most += group.equals.front().launches;
      EXPECT_LE(static_cast<double>(launches.size()),
                most + 4 * static_cast<double>(groups.size()) * forecast.seconds / seconds)
          << count << " jobs, " << seconds << " s";
      EXPECT_GT(forecast.busy_share, 0.0);
      EXPECT_LE(forecast.busy_share, 1.0);
    }
  }
}

TEST(Launches, OfStepsForcedHaveSoMany) {
  Member const m = member_of(kD);
  std::vector<Job> const jobs(5, {.member = &m, .steps = 10});
  PlanCache plans = plans_for({.plan = {}, .launch_steps = 3});
  auto const groups = group_jobs(jobs, plans, 0.2);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(launches_of(groups, 0.2).size(), 4u);
  EXPECT_EQ(groups[0].equals.front().most_steps, 3);
}

// Whatever planning does not look at: members that differ in it have the plan of the first one.
TEST(PlanCache, KeepsPlansByAllThatPlanningLooksAt) {
  std::vector<std::pair<char const*, Value>> const settings = {
      {"activation", std::string("tanh")},
      {"dropout", 0.2},
      {"input_dropout", 0.1},
      {"init", std::string("zeros")},
      {"lr", 0.5},
      {"parametrization", std::string("ntk")},
      {"l1", 0.1},
      {"l2", 0.1},
      {"weight_decay", 0.1},
      {"clip_value", 0.5},
      {"clip_norm", 1.0},
      {"ema", 0.9},
      {"patience", std::int64_t{3}},
      {"label_smoothing", 0.1},
      {"lr_schedule", std::string("cosine")},
      {"class_weights", std::string("balanced")},
      {"batch_size", std::int64_t{128}},
      {"epochs", std::int64_t{7}},
      {"optimizer", std::string("momentum")},
      {"hidden", Wholes{64, 48}}};
  for (Shape const& shape : {kA, kB, kC, kD}) {
    for (int const rows : {10000, 50}) {
      PlanCache plans = plans_for();
      auto const check = [&](Member const& m, std::string const& what) {
        for (std::size_t const jobs : {1u, 40u, 200u, 5000u}) {
          Planned const& kept = plans.planned({.member = &m, .steps = 1}, jobs);
          PlanLimits within = plans.limits().plan;
          within.shared_bytes = kept.shared_limit;
          MemberPlan const fresh = plan_member(m, Precision::tf32, kept.share, within);
          EXPECT_EQ(std::memcmp(&kept.plan.map, &fresh.map, sizeof fresh.map), 0) << what;
          EXPECT_EQ(std::memcmp(&kept.plan.tiling, &fresh.tiling, sizeof fresh.tiling), 0) << what;
          EXPECT_EQ(kept.plan.layout, fresh.layout) << what;
          EXPECT_EQ(kept.plan.gradient_floats, fresh.gradient_floats) << what;
        }
      };
      check(member_of(shape, {}, rows), shape.name);
      for (auto const& [name, value] : settings) {
        Config const extra{{name, value}};
        Shape changed = shape;
        if (std::string(name) == "batch_size") changed.batch = 128;
        if (std::string(name) == "optimizer") changed.optimizer = "momentum";
        if (std::string(name) == "hidden") changed.hidden = {64, 48};
        check(member_of(changed, extra, rows), shape.name + " " + name);
      }
      Member seeded = member_of(shape, {}, rows);
      seeded.seed = 77;
      seeded.eval_rows = 3;
      check(seeded, shape.name + " seed");
    }
  }
}

}  // namespace
}  // namespace brood::cuda
