// SPDX-License-Identifier: Apache-2.0
// host/core is the same source on both sides; here it gives the same bits too: initial weights, row
// orders, dropout masks, and the functions that kernels and the host share. (Quotients and roots of
// the update are approximate on a device, and not compared: see conformance_test.cu.)
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "core/init.hpp"
#include "core/math.hpp"
#include "core/member.hpp"
#include "core/permutation.hpp"
#include "cuda/kernels/dropout.cuh"
#include "gpu/on_device.hpp"

namespace brood::cuda {
namespace {

__device__ int first_index() {
  return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
}
__device__ int index_step() {
  return static_cast<int>(gridDim.x * blockDim.x);
}
constexpr LaunchShape kManyThreads{.blocks = 264, .threads = 256};
constexpr LaunchShape kFewThreads{.blocks = 2, .threads = 64};

class Core : public DeviceTest {
 protected:
  // Few where threads are fibers.
  LaunchShape const shape = samples(64) == 64 ? kManyThreads : kFewThreads;

  void expect_same(std::vector<float> const& got, std::vector<float> const& expected,
                   char const* what) {
    ASSERT_EQ(got.size(), expected.size());
    Mismatches mismatches;
    for (std::size_t i = 0; i < got.size(); ++i) {
      mismatches.check(bits_of(got[i]) == bits_of(expected[i]),
                       [&] { return text("%s %zu: %a for %a", what, i, got[i], expected[i]); });
    }
  }
};

// ---- initial weights

struct WeightArguments {
  InitLaw law;
  float* out;
  int count;
};

// Words spread over all of their range by an odd factor.
BROOD_HD std::uint32_t spread_word(int i) {
  return static_cast<std::uint32_t>(i) * 2654435769u;
}

__global__ void draw_weights(WeightArguments all) {
  for (int i = first_index(); i < all.count; i += index_step())
    all.out[i] = weight_of(all.law, spread_word(i));
}

TEST_F(Core, DrawsTheSameWeights) {
  int const count = samples(1 << 24);
  for (InitLaw const law : {HeNormal::law(64, 10), HeUniform::law(64, 10), NormalInit::law(1, 1)}) {
    OnDevice<float> const out(*device, static_cast<std::size_t>(count));
    run(draw_weights, shape, WeightArguments{law, out.data(), count});
    std::vector<float> expected(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
      expected[static_cast<std::size_t>(i)] = weight_of(law, spread_word(i));
    expect_same(out.read(), expected, law.normal ? "normal weight" : "uniform weight");
  }
}

struct LayerArguments {
  InitLaw law;
  std::uint64_t seed;
  float* out;
  int count;
};

__global__ void draw_layer(LayerArguments all) {
  for (int i = 7 * first_index(); i < all.count; i += 7 * index_step()) {
    initial_weights(all.law, philox_key(all.seed), 3, static_cast<std::uint32_t>(i),
                    all.count - i < 7 ? all.count - i : 7, all.out + i);
  }
}

TEST_F(Core, DrawsTheSameLayer) {
  int const count = samples(1 << 20);
  LayerArguments arguments{HeNormal::law(300, 64), 0x1234567890abcdef, nullptr, count};
  OnDevice<float> const out(*device, static_cast<std::size_t>(count));
  std::vector<float> expected(static_cast<std::size_t>(count));
  initial_weights(arguments.law, philox_key(arguments.seed), 3, 0, count, expected.data());
  arguments.out = out.data();
  run(draw_layer, shape, arguments);
  expect_same(out.read(), expected, "weight");
}

// ---- row orders

struct OrderArguments {
  BatchOrder order;
  std::uint32_t* out;
};

__global__ void order_rows(OrderArguments all) {
  for (int i = first_index(); i < static_cast<int>(all.order.rows); i += index_step())
    all.out[i] = row_at(all.order, static_cast<std::uint32_t>(i));
}

TEST_F(Core, OrdersRowsTheSame) {
  Mismatches mismatches;
  for (std::uint32_t const rows : {1u, 2u, 15u, 16u, 17u, 300u, 1437u, 4096u, 60000u, 262145u}) {
    if (static_cast<int>(rows) > samples(1 << 20)) continue;
    for (std::uint32_t const epoch : {0u, 1u, 977u}) {
      BatchOrder const order = batch_order(0xfedcba9876543210 + rows, epoch, rows);
      OnDevice<std::uint32_t> const out(*device, rows);
      run(order_rows, shape, OrderArguments{order, out.data()});
      auto const got = out.read();
      for (std::uint32_t i = 0; i < rows; ++i) {
        std::uint32_t const expected = row_at(order, i);
        mismatches.check(got[i] == expected, [&] {
          return text("of %u rows, epoch %u, position %u: %u for %u", rows, epoch, i, got[i],
                      expected);
        });
      }
    }
  }
}

// ---- dropout

struct DropoutArguments {
  DropoutScalars dropout;
  std::uint64_t seed;
  float* out;  // (blocks, 8 rows, 16 pairs of columns, 4)
  int count;   // of fours
};

__global__ void drop_out(DropoutArguments all) {
  for (int i = first_index(); i < all.count; i += index_step()) {
    Quad const factors =
        dropout_factors(all.dropout, all.seed, 41, 2, i / 128, i / 16 % 8, 2 * (i % 16));
    for (int j = 0; j < 4; ++j)
      all.out[4 * i + j] = factors.v[j];
  }
}

TEST_F(Core, DropsTheSameUnits) {
  int const count = samples(1 << 20);
  for (float const rate : {0.1f, 0.5f, 0.95f}) {
    std::uint64_t const seed = 987654321;
    OnDevice<float> const out(*device, 4 * static_cast<std::size_t>(count));
    std::uint32_t const threshold = dropout_threshold(static_cast<double>(rate));
    auto const kept = static_cast<float>(1.0 / (1.0 - static_cast<double>(rate)));
    run(drop_out, shape, DropoutArguments{{threshold, kept}, seed, out.data(), count});
    std::vector<float> expected;
    for (int i = 0; i < count; ++i) {
      auto const row = static_cast<std::uint32_t>(i / 128 * 8 + i / 16 % 8);
      PhiloxBlock const block = philox({{static_cast<std::uint32_t>(i % 16), 41, row,
                                         2u << 8 | static_cast<std::uint32_t>(Purpose::dropout)}},
                                       philox_key(seed));
      for (std::uint32_t const word : block.word)
        expected.push_back(word >= threshold ? kept : 0.0f);
    }
    expect_same(out.read(), expected, "factor");
  }
}

// ---- functions

struct FunctionArguments {
  float const* in;
  float* out;  // (count, 4)
  int count;
};

BROOD_HD void functions_of(float x, float* out) {
  out[0] = exp(x);
  out[1] = log(x < 0.0f ? 1.0f - x : 1.0f + x);
  SinCos<float> const both = sin_cos(x);
  out[2] = both.sin;
  out[3] = both.cos;
}

__global__ void apply_functions(FunctionArguments all) {
  for (int i = first_index(); i < all.count; i += index_step())
    functions_of(all.in[i], all.out + 4 * i);
}

TEST_F(Core, ComputesTheSameFunctions) {
  int const count = samples(1 << 22);
  std::vector<float> in;
  for (int i = 0; i < count; ++i)
    in.push_back(std::ldexp(normal(), static_cast<int>(words() % 12) - 6));
  OnDevice<float> const device_in(*device, in), out(*device, 4 * in.size());
  run(apply_functions, shape, FunctionArguments{device_in.data(), out.data(), count});
  std::vector<float> expected(4 * in.size());
  for (std::size_t i = 0; i < in.size(); ++i)
    functions_of(in[i], expected.data() + 4 * i);
  expect_same(out.read(), expected, "function");
}

// ---- what changes from step to step

struct StepArguments {
  Member const* members;
  double* lr;
  StepScalars* scalars;
  int members_count, steps;
};

__global__ void step_settings(StepArguments all) {
  for (int i = first_index(); i < all.members_count * all.steps; i += index_step()) {
    Member const& m = all.members[i / all.steps];
    all.lr[i] = lr_at_step(m, i % all.steps);
    all.scalars[i] = step_scalars(m, all.lr[i], i % all.steps);
  }
}

TEST_F(Core, SchedulesTheSame) {
  std::vector<Member> members;
  for (int schedule = 0; schedule < LrSchedules::size; ++schedule) {
    for (int optimizer = 0; optimizer < Optimizers::size; ++optimizer) {
      Member m{};
      m.lr = 0.003 * (1 + schedule + optimizer);
      m.lr_schedule = schedule;
      m.schedule = {.gamma = 0.93,
                    .step_epochs = 3,
                    .final_factor = 0.07,
                    .coslog_base = 2.0,
                    .coslog_cycles = 4};
      m.optimizer = optimizer;
      m.settings = {.momentum = 0.9f,
                    .beta1 = 0.9f,
                    .beta2 = 0.999f,
                    .rho = 0.99f,
                    .eps = 1e-8f,
                    .eps_inside = optimizer % 2 != 0,
                    .momentum_decay = 0.004f};
      m.train_rows = 100;
      m.batch_size = 32;
      m.epochs = 40;
      m.warmup_epochs = schedule % 2 == 0 ? 3 : 0;
      members.push_back(m);
    }
  }
  int const steps = 160;
  auto const size = members.size() * static_cast<std::size_t>(steps);
  OnDevice<Member> const device_members(*device, members);
  OnDevice<double> const lr(*device, size);
  OnDevice<StepScalars> const scalars(*device, size);
  run(step_settings, shape,
      StepArguments{device_members.data(), lr.data(), scalars.data(),
                    static_cast<int>(members.size()), steps});
  auto const got_lr = lr.read();
  auto const got = scalars.read();
  Mismatches mismatches;
  for (std::size_t i = 0; i < size; ++i) {
    auto const at = static_cast<std::size_t>(steps);
    Member const& m = members[i / at];
    auto const step = static_cast<std::int64_t>(i % at);
    double const expected_lr = lr_at_step(m, step);
    StepScalars const expected = step_scalars(m, expected_lr, step);
    bool const right = bits_of(got_lr[i]) == bits_of(expected_lr) &&
                       bits_of(got[i].rate) == bits_of(expected.rate) &&
                       bits_of(got[i].eps) == bits_of(expected.eps) &&
                       bits_of(got[i].beta1) == bits_of(expected.beta1) &&
                       bits_of(got[i].one_minus_beta1) == bits_of(expected.one_minus_beta1) &&
                       bits_of(got[i].beta2) == bits_of(expected.beta2) &&
                       bits_of(got[i].one_minus_beta2) == bits_of(expected.one_minus_beta2);
    mismatches.check(right, [&] {
      return text("schedule %d optimizer %d step %d: lr %a for %a, rate %a for %a", m.lr_schedule,
                  m.optimizer, static_cast<int>(step), got_lr[i], expected_lr, got[i].rate,
                  expected.rate);
    });
  }
}

}  // namespace
}  // namespace brood::cuda
