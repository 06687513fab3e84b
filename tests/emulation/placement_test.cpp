// SPDX-License-Identifier: Apache-2.0
// Promise 1 on the device: a member's bits do not depend on where its tensors lie, how its batch is
// cut into chunks, or how many warps and blocks work on it; in any precision, with the rounding of
// the tensor cores.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "cases.hpp"
#include "cuda/cuda_backend.hpp"
#include "emulation/device_under_test.hpp"
#include "emulation/ways.hpp"
#include "same.hpp"

namespace brood {
namespace {

using cuda::Fetching;
using cuda::Layout;
using cuda::Precision;

MemberCase network(std::string name, fixtures::OwnedTable data, Wholes hidden, Whole batch,
                   Config const& more) {
  MemberCase c{std::move(name), std::move(data), {}};
  c.config = Config{{"hidden", std::move(hidden)},
                    {"batch_size", batch},
                    {"activation", text("relu")},
                    {"optimizer", text("momentum")},
                    {"lr", 0.05}};
  for (auto const& [key, value] : more)
    c.config.set(key, value);
  return c;
}

// Of relu, whose deltas may lie over hidden layers: inputs in one segment and in several, panels of
// 16 and of 32 outputs, few and many of them, and with each what else takes a way of its own.
void add_networks(std::vector<MemberCase>& list) {
  using fixtures::blobs;
  using fixtures::with_row_weights;
  list.push_back(network("in150_h49_h33_out17_b100", blobs(150, 150, 17), {49, 33}, 100,
                         {{"layer_dropout", Reals{0.2, 0.4}},
                          {"input_dropout", 0.1},
                          {"optimizer", text("adam")},
                          {"lr", 0.005},
                          {"patience", Whole{2}}}));
  list.push_back(network("in300_h16_h16_out40_b96", blobs(140, 300, 40), {16, 16}, 96,
                         {{"optimizer", text("sgd")}, {"lr", 0.2}}));
  list.push_back(network("in48_h64_h48_h80_out48_b65", with_row_weights(blobs(120, 48, 48)),
                         {64, 48, 80}, 65, {{"clip_norm", 0.3}, {"ema", 0.8}}));
  list.push_back(network("in70_h32_h24_out5_b47", fixtures::with_missing(blobs(110, 70, 5), 0.05),
                         {32, 24}, 47, {{"input_dropout", 0.2}, {"clip_norm", 0.5}}));
  list.push_back(network("in20_h80_h32_out3_b64", blobs(120, 20, 3), {80, 32}, 64,
                         {{"layer_lr", Reals{1.0, 0.0, 1.0}}, {"l2", 0.01}}));
  list.push_back(network("in10_h33_out20_b33", fixtures::multi_label(100, 10, 20), {33}, 33,
                         {{"weight_decay", 0.1}, {"optimizer", text("adamw")}, {"lr", 0.01}}));
  auto regression = network("in11_h40_h40_out21_b40", fixtures::regression(100, 11, 21), {40, 40},
                            40, {{"loss", text("huber")}, {"clip_value", 0.05}});
  regression.transform = fixtures::some_transform(regression.data);
  list.push_back(regression);
  for (Whole const batch : {2, 15, 31, 32, 47, 63, 81, 97}) {
    int const rows = batch < 10 ? 30 : 20 + static_cast<int>(3 * batch / 2);
    list.push_back(network("in9_h20_h36_out4_b" + std::to_string(batch), blobs(rows, 9, 4),
                           {20, 36}, batch, {{"dropout", batch % 2 == 0 ? 0.25 : 0.0}}));
  }
}

// The members that the variations are tried on: odd widths and batches, and what takes its own way
// through the kernel.
std::vector<MemberCase> const& cases() {
  static std::vector<MemberCase> const list = [] {
    std::vector<MemberCase> chosen = shape_cases();
    for (auto const& c : feature_cases()) {
      for (char const* const name :
           {"clip_norm", "both_dropouts", "dropout_of_each", "ema", "row_weights", "frozen_layer",
            "l1_and_l2_adam", "optimizer_nadam", "nadam_all_around"}) {
        if (c.name == name) chosen.push_back(c);
      }
    }
    add_networks(chosen);
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

// Some cases trained for two epochs on a backend of their own; of long ones, few steps.
std::vector<MemberImage> trained(std::vector<MemberCase> const& list, Precision precision,
                                 cuda::SubmissionLimits const& limits, Profile* profile = nullptr) {
  auto const backend = cuda::make_backend(cuda::device_under_test(), precision, limits, profile);
  std::vector<MemberSpec> specs;
  for (auto const& c : list)
    specs.push_back(spec_of(c, *backend));
  auto const slots = backend->admit(specs);
  std::vector<TrainOrder> orders;
  for (auto const slot : slots)
    orders.push_back({slot, 2, 1});
  backend->train(orders);
  return backend->save(slots);
}
// All of them.
std::vector<MemberImage> trained(Precision precision, cuda::SubmissionLimits const& limits,
                                 Profile* profile = nullptr) {
  return trained(cases(), precision, limits, profile);
}
// What is to come out: alone, on four warps, with everything on chip that has room there.
MemberImage const& expected(Precision precision, std::size_t i) {
  static std::map<std::pair<Precision, std::size_t>, MemberImage> known;
  auto const [at, fresh] = known.try_emplace({precision, i});
  if (fresh)
    at->second = trained({cases()[i]}, precision, {.plan = {}, .warps = 4, .blocks = 1})[0];
  return at->second;
}

int device_bytes() {
  static int const bytes = cuda::device_under_test()->limits().shared_bytes_block;
  return bytes;
}
// Whether it is trained in the fused kernel, as it is decided when a member is admitted.
bool is_fused(MemberCase const& c, Precision precision, cuda::PlanLimits limits) {
  if (limits.shared_bytes == 0) limits.shared_bytes = device_bytes();
  return plan_of(c, precision, {1, 1}, limits).layout != Layout::layered;
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
  add("blocks_2_chunks", {.plan = {.most_chunk_rows = 64}, .warps = 4, .blocks = 2});
  for (int const rows : {32, 64}) {
    add("chunks_" + std::to_string(rows),
        {.plan = {.most_chunk_rows = rows}, .warps = 2, .blocks = 1});
  }
  add("moments_in_l2", {.plan = {.first = Layout::moments_in_l2}, .warps = 4, .blocks = 1});
  add("weights_in_l2", {.plan = {.first = Layout::weights_in_l2}, .warps = 4, .blocks = 1});
  add("weights_in_l2_chunks",
      {.plan = {.first = Layout::weights_in_l2, .most_chunk_rows = 32}, .warps = 1, .blocks = 1});
  add("a_launch_a_step", {.plan = {}, .warps = 2, .blocks = 1, .launch_steps = 1});
  add("blocks_2_launches", {.plan = {}, .warps = 2, .blocks = 2, .launch_steps = 3});
  add("limit_163_kb", {.plan = {.shared_bytes = 166912}, .warps = 0, .blocks = 1});
  add("limit_99_kb", {.plan = {.shared_bytes = 101376}, .warps = 0, .blocks = 1});
  return list;
}

class Placement : public ::testing::TestWithParam<std::tuple<Precision, Variation>> {};

TEST_P(Placement, ChangesNoBit) {
  auto const& [precision, variation] = GetParam();
  auto const got = trained(precision, variation.limits);
  int fused = 0;
  for (std::size_t i = 0; i < cases().size(); ++i) {
    if (!is_fused(cases()[i], precision, variation.limits.plan)) continue;
    ++fused;
    expect_same(expected(precision, i), got[i], cases()[i].name);
  }
  // Of 784 inputs 32 rows have 98 KB in words.
  int const too_wide = variation.name == "limit_99_kb" ? 2 : 0;
  EXPECT_EQ(fused, static_cast<int>(cases().size()) - too_wide);
}

INSTANTIATE_TEST_SUITE_P(, Placement,
                         ::testing::Combine(::testing::Values(Precision::tf32, Precision::bf16,
                                                              Precision::fp32),
                                            ::testing::ValuesIn(variations())),
                         [](auto const& info) {
                           return std::string(name_of(std::get<0>(info.param))) + "_" +
                                  std::get<1>(info.param).name;
                         });

// ---- tensors over each other

[[maybe_unused]] void PrintTo(Way const& way, std::ostream* out) {
  *out << way.name;
}

std::vector<Way> ways() {
  std::vector<Way> list;
  struct Cut {
    char const* name;
    cuda::SubmissionLimits limits;
  };
  std::vector<Cut> const cuts = {
      {"two_warps", {.plan = {}, .warps = 2, .blocks = 1}},
      {"eight_warps", {.plan = {}, .warps = 8, .blocks = 1}},
      {"chunks", {.plan = {.most_chunk_rows = 32}, .warps = 2, .blocks = 1}},
      {"weights_in_l2", {.plan = {.first = Layout::weights_in_l2}, .warps = 4, .blocks = 1}}};
  for (Cut const& cut : cuts) {
    auto add = [&](std::string name, Fetching fetching, bool deltas) {
      list.push_back({std::move(name) + "_" + cut.name, fetching, deltas, cut.limits});
    };
    add("deltas_over_hidden", Fetching::ahead, true);
    add("rows_over_hidden", Fetching::over_hidden, false);
    add("both_over_hidden", Fetching::over_hidden, true);
    add("rows_over_inputs", Fetching::over_inputs, false);
    add("rows_over_inputs_deltas_over_hidden", Fetching::over_inputs, true);
  }
  list.push_back({"rows_over_inputs_two_blocks",
                  Fetching::over_inputs,
                  false,
                  {.plan = {}, .warps = 2, .blocks = 2}});
  return list;
}

class Overlap : public ::testing::TestWithParam<std::tuple<Precision, Way>> {};

TEST_P(Overlap, ChangesNoBit) {
  auto const& [precision, way] = GetParam();
  int tried = 0;
  for (std::size_t i = 0; i < cases().size(); ++i) {
    auto const limits = limits_of(way, cases()[i], precision, device_bytes());
    if (!limits) continue;
    ++tried;
    auto const got = trained({cases()[i]}, precision, *limits);
    expect_same(expected(precision, i), got[0], cases()[i].name);
  }
  EXPECT_GE(tried, 2) << "members of which the planner chooses this";
}

std::vector<std::tuple<Precision, Way>> ways_of_precisions() {
  std::vector<std::tuple<Precision, Way>> list;
  for (Precision const precision : {Precision::tf32, Precision::bf16, Precision::fp32}) {
    for (Way const& way : ways()) {
      // Operands of bf16 are half as large as the rows that they are made of.
      if (precision == Precision::bf16 && way.fetching == Fetching::over_inputs) continue;
      list.emplace_back(precision, way);
    }
  }
  return list;
}
INSTANTIATE_TEST_SUITE_P(, Overlap, ::testing::ValuesIn(ways_of_precisions()),
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
  auto const plan_in = [&](MemberCase const& c, int bytes) {
    return plan_of(c, Precision::tf32, {1, 1},
                   {.shared_bytes = bytes, .first = Layout::weights_in_l2, .most_chunk_rows = 32});
  };
  // The least that the smaller batch needs; of the larger there are more sums of losses.
  int bytes = plan_in(small, 1 << 20).shared_bytes;
  while (plan_in(small, bytes - 1).layout != Layout::layered)
    bytes = plan_in(small, bytes - 1).shared_bytes;
  ASSERT_EQ(plan_in(small, bytes).layout, Layout::weights_in_l2);
  ASSERT_EQ(plan_in(large, bytes).layout, Layout::layered);
  cuda::SubmissionLimits const limits{
      .plan = {.shared_bytes = bytes, .first = Layout::weights_in_l2, .most_chunk_rows = 32}};
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
