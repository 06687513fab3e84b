// SPDX-License-Identifier: Apache-2.0
// Promise 1 on the device: a member's bits do not depend on where its tensors lie, how its batch is
// cut into chunks, or how many warps and blocks work on it; in any precision, with the rounding of
// the tensor cores.
#include <gtest/gtest.h>

#include <string>

#include "backend/describe.hpp"
#include "cases.hpp"
#include "cuda/cuda_backend.hpp"
#include "emulation/device_under_test.hpp"
#include "same.hpp"

namespace brood {
namespace {

using cuda::Layout;
using cuda::Precision;

// The members that the variations are tried on: odd widths and batches, and what takes its own way
// through the kernel.
std::vector<MemberCase> const& cases() {
  static std::vector<MemberCase> const list = [] {
    std::vector<MemberCase> chosen = shape_cases();
    for (auto const& c : feature_cases()) {
      for (char const* const name :
           {"clip_norm", "both_dropouts", "ema", "row_weights", "frozen_layer", "l1_and_l2_adam"}) {
        if (c.name == name) chosen.push_back(c);
      }
    }
    MemberCase patient = chosen.front();
    patient.name = "patient_average";
    patient.config.set("patience", Whole{2});
    patient.config.set("ema", 0.5);
    chosen.push_back(patient);
    return chosen;
  }();
  return list;
}

MemberSpec spec_of(MemberCase const& c, Backend& backend) {
  MemberSpec spec;
  spec.config = c.config;
  spec.seed = c.seed;
  spec.table = backend.load(c.data.table());
  spec.train_rows = c.train_rows();
  spec.eval_rows = c.eval_rows();
  spec.transform = c.transform;
  return spec;
}

// All cases trained for two epochs on a backend of their own; of long ones, few steps.
std::vector<MemberImage> trained(Precision precision, cuda::SubmissionLimits const& limits,
                                 Profile* profile = nullptr) {
  auto const backend = cuda::make_backend(cuda::device_under_test(), precision, limits, profile);
  std::vector<MemberSpec> specs;
  for (auto const& c : cases())
    specs.push_back(spec_of(c, *backend));
  auto const slots = backend->admit(specs);
  std::vector<TrainOrder> orders;
  for (auto const slot : slots)
    orders.push_back({slot, 2, 1});
  backend->train(orders);
  return backend->save(slots);
}

struct Variation {
  std::string name;
  cuda::SubmissionLimits limits;
};
void PrintTo(Variation const& variation, std::ostream* out) {
  *out << variation.name;
}

std::vector<Variation> variations() {
  std::vector<Variation> list;
  auto add = [&](std::string name, cuda::SubmissionLimits limits) {
    list.push_back({std::move(name), limits});
  };
  for (int const warps : {1, 2, 4, 8})
    add("warps_" + std::to_string(warps), {.plan = {}, .warps = warps, .blocks = 1});
  for (int const blocks : {2, 4, 8})
    add("blocks_" + std::to_string(blocks), {.plan = {}, .warps = 2, .blocks = blocks});
  add("blocks_2_chunks", {.plan = {.most_chunk_rows = 32}, .warps = 4, .blocks = 2});
  for (int const rows : {16, 32, 64}) {
    add("chunks_" + std::to_string(rows),
        {.plan = {.most_chunk_rows = rows}, .warps = 2, .blocks = 1});
  }
  add("moments_in_l2", {.plan = {.first = Layout::moments_in_l2}, .warps = 4, .blocks = 1});
  add("weights_in_l2", {.plan = {.first = Layout::weights_in_l2}, .warps = 4, .blocks = 1});
  add("weights_in_l2_chunks",
      {.plan = {.first = Layout::weights_in_l2, .most_chunk_rows = 16}, .warps = 1, .blocks = 1});
  add("a_launch_a_step", {.plan = {}, .warps = 2, .blocks = 1, .launch_steps = 1});
  add("blocks_2_launches", {.plan = {}, .warps = 2, .blocks = 2, .launch_steps = 3});
  add("limit_163_kb", {.plan = {.shared_bytes = 166912}, .warps = 0, .blocks = 1});
  add("limit_99_kb", {.plan = {.shared_bytes = 101376}, .warps = 0, .blocks = 1});
  return list;
}

class Placement : public ::testing::TestWithParam<std::tuple<Precision, Variation>> {};

TEST_P(Placement, ChangesNoBit) {
  auto const& [precision, variation] = GetParam();
  static std::map<Precision, std::vector<MemberImage>> expected;
  auto& base = expected[precision];
  if (base.empty()) base = trained(precision, {.plan = {}, .warps = 4, .blocks = 1});
  auto const got = trained(precision, variation.limits);
  for (std::size_t i = 0; i < cases().size(); ++i)
    expect_same(base[i], got[i], cases()[i].name);
}

INSTANTIATE_TEST_SUITE_P(, Placement,
                         ::testing::Combine(::testing::Values(Precision::tf32, Precision::bf16,
                                                              Precision::fp32),
                                            ::testing::ValuesIn(variations())),
                         [](auto const& info) {
                           return std::string(name_of(std::get<0>(info.param))) + "_" +
                                  std::get<1>(info.param).name;
                         });

// Launch by launch as in one, and timed: the device's seconds are within those of the submission.
TEST(Profiled, ChangesNoBitAndHasTheDevicesTime) {
  cuda::SubmissionLimits const whole{.plan = {}, .warps = 4, .blocks = 1};
  auto const base = trained(Precision::tf32, whole);
  for (int const launch_steps : {0, 3}) {
    cuda::SubmissionLimits limits = whole;
    limits.launch_steps = launch_steps;
    Profile profile;
    Profile::Scope const training(&profile, Phase::train);
    auto const got = trained(Precision::tf32, limits, &profile);
    for (std::size_t i = 0; i < cases().size(); ++i)
      expect_same(base[i], got[i], cases()[i].name);
    ProfileReport const report = profile.report();
    ASSERT_EQ(report.submissions.size(), 1u);
    auto const& only = report.submissions.front();
    EXPECT_EQ(only.members, static_cast<int>(cases().size()));
    double const device = report.train[static_cast<std::size_t>(TrainPart::device)];
    EXPECT_GT(device, 0.0);
    EXPECT_DOUBLE_EQ(only.busy_share, device / (only.end - only.start));
    EXPECT_LE(only.busy_share, 1.0);
    EXPECT_LT(only.end, report.seconds);
  }
}

// Layer by layer, too, a member is the same alone and among others, at once and in pieces.
TEST(LayerByLayer, NeighboursAndSplitsChangeNoBit) {
  cuda::SubmissionLimits const limits{.plan = {.first = Layout::layered}};
  for (Precision const precision : {Precision::tf32, Precision::bf16}) {
    auto const together = trained(precision, limits);
    for (std::size_t i = 0; i < cases().size(); i += 3) {
      auto const backend = cuda::make_backend(cuda::device_under_test(), precision, limits);
      auto const slots = backend->admit(std::vector{spec_of(cases()[i], *backend)});
      for (int const epoch : {1, 2})
        backend->train(std::vector{TrainOrder{slots[0], epoch, 1}});
      expect_same(together[i], backend->save(slots)[0], cases()[i].name);
    }
  }
}

// Two members that differ in their batch only, of which one is trained in the fused kernel and one
// layer by layer: a clone carries its tensors over.
TEST(LayerByLayer, ACloneCrossesFromOneLayoutToTheOther) {
  MemberCase small{"clone", fixtures::blobs(4300, 5, 3), Config{{"hidden", Wholes{8}}}};
  MemberCase large = small;
  small.config.set("batch_size", Whole{128});
  large.config.set("batch_size", Whole{4096});
  auto const table = small.data.table();
  auto const plan_in = [&](MemberCase const& c, int bytes) {
    auto const described = describe(c.config, {table.task, table.x.columns, c.outputs()}, c.seed,
                                    static_cast<std::int64_t>(c.train_rows()->size()), 0);
    return cuda::plan_member(
        described, table.y.columns, Precision::tf32, {1, 1},
        {.shared_bytes = bytes, .first = Layout::weights_in_l2, .most_chunk_rows = 16});
  };
  int const bytes = plan_in(small, 1 << 20).shared_bytes;
  ASSERT_EQ(plan_in(small, bytes).layout, Layout::weights_in_l2);
  ASSERT_EQ(plan_in(large, bytes).layout, Layout::layered);
  cuda::SubmissionLimits const limits{
      .plan = {.shared_bytes = bytes, .first = Layout::weights_in_l2, .most_chunk_rows = 16}};
  auto const backend = cuda::make_backend(cuda::device_under_test(), Precision::tf32, limits);
  auto const slots =
      backend->admit(std::vector{spec_of(small, *backend), spec_of(large, *backend)});
  backend->train(std::vector{TrainOrder{slots[0], 1, 1}});
  backend->clone(std::vector{SlotCopy{slots[0], slots[1]}});
  auto images = backend->save(slots);
  images[1].seed = images[0].seed;
  expect_same(images[0], images[1], "fused to layered");
  backend->train(std::vector{TrainOrder{slots[1], 2, 1}});
  backend->clone(std::vector{SlotCopy{slots[1], slots[0]}});
  images = backend->save(slots);
  expect_same(images[1], images[0], "layered to fused");
}

}  // namespace
}  // namespace brood
