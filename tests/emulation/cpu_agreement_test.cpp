// SPDX-License-Identifier: Apache-2.0
// The CPU backend and the CUDA backend, members alike: what a user sees who changes devices. Only a
// plausibility check, by tolerances taken, not derived; both backends are held to the oracle.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "cases.hpp"
#include "cuda/cuda_backend.hpp"
#include "emulation/device_under_test.hpp"

namespace brood {
namespace {

using cuda::Layout;
using cuda::Precision;

// Relative differences of losses.
struct Tolerance {
  double after_step, after_epoch;
};
Tolerance tolerance_of(Precision precision) {
  if (precision == Precision::fp32) return {1e-5, 1e-3};
  if (precision == Precision::tf32) return {1e-3, 1e-2};
  return {1e-2, 5e-2};
}

MemberCase member(std::string name, fixtures::OwnedTable data, Wholes hidden, int batch,
                  Config const& more = {}) {
  MemberCase c{std::move(name), std::move(data), {}};
  c.config = Config{{"hidden", std::move(hidden)}, {"batch_size", Whole{batch}}};
  for (auto const& [key, value] : more)
    c.config.set(key, value);
  if (c.data.task == Task::regression) c.transform = fixtures::some_transform(c.data);
  c.held_out = 60;
  return c;
}

// As in practice: the workloads of the benchmarks in small, and a few others.
std::vector<MemberCase> cases() {
  using fixtures::blobs;
  return {
      member("digits", blobs(380, 64, 10), {64, 64}, 64),
      member("small", blobs(380, 16, 2), {32}, 32),
      member("wide_input", blobs(188, 300, 10), {128}, 64),
      member("tabular", blobs(444, 54, 7), {64, 64}, 128, {{"lr", 3e-3}}),
      member("tanh_momentum", blobs(220, 20, 4), {40, 24}, 32,
             {{"activation", text("tanh")}, {"optimizer", text("momentum")}, {"lr", 0.05}}),
      member("gelu_dropout", blobs(220, 20, 4), {40, 24}, 32,
             {{"activation", text("gelu")}, {"dropout", 0.3}, {"input_dropout", 0.1}}),
      member("mse", fixtures::regression(220, 12, 2), {48}, 32, {{"optimizer", text("adamw")}}),
      member("labels", fixtures::multi_label(220, 20, 6), {32, 16}, 32,
             {{"clip_norm", 1.0}, {"l2", 1e-3}}),
  };
}

// The evaluation of the only epoch of training on `rows`.
Evaluation trained(Backend& backend, MemberCase const& c, Rows const& rows) {
  MemberSpec spec;
  spec.config = c.config;
  spec.seed = c.seed;
  spec.table = backend.load(c.data.table());
  spec.train_rows = rows;
  spec.eval_rows = c.eval_rows();
  spec.transform = c.transform;
  auto const slots = backend.admit(std::vector{spec});
  backend.train(std::vector{TrainOrder{slots[0], 1, 1}});
  return backend.metrics(slots)[0].history.back();
}

// In one kernel as the planner has it, and layer by layer.
class CpuAgreement : public ::testing::TestWithParam<std::tuple<Precision, Layout, MemberCase>> {
 protected:
  Precision precision = std::get<0>(GetParam());
  Layout first = std::get<1>(GetParam());
  MemberCase const& c = std::get<2>(GetParam());

  void agree(Rows const& rows, double tolerance) const {
    Engine cpu({.device = "cpu", .threads = 1});
    auto const cuda =
        cuda::make_backend(cuda::device_under_test(), precision, {.plan = {.first = first}});
    Evaluation const expected = trained(cpu.backend(), c, rows);
    Evaluation const got = trained(*cuda, c, rows);
    EXPECT_EQ(got.step, expected.step);
    EXPECT_EQ(got.weight, expected.weight);
    EXPECT_NEAR(got.train_loss, expected.train_loss, tolerance * expected.train_loss);
    EXPECT_NEAR(got.loss, expected.loss, tolerance * expected.loss);
  }
};

TEST_P(CpuAgreement, AfterOneStep) {
  agree(c.one_batch_of_rows(), tolerance_of(precision).after_step);
}

TEST_P(CpuAgreement, AfterOneEpoch) {
  agree(c.train_rows(), tolerance_of(precision).after_epoch);
}

std::string name_of_case(::testing::TestParamInfo<CpuAgreement::ParamType> const& info) {
  auto const& [precision, first, c] = info.param;
  return std::string(name_of(precision)) + "_" + c.name +
         (first == Layout::layered ? "_layered" : "");
}
INSTANTIATE_TEST_SUITE_P(, CpuAgreement,
                         ::testing::Combine(::testing::Values(Precision::fp32, Precision::tf32,
                                                              Precision::bf16),
                                            ::testing::Values(Layout::resident, Layout::layered),
                                            ::testing::ValuesIn(cases())),
                         name_of_case);

}  // namespace
}  // namespace brood
