// SPDX-License-Identifier: Apache-2.0
// The whole network's gradient, read off one step of sgd, against central differences of the
// oracle's loss: neither the backend's nor the oracle's backward pass is trusted here.
#include <gtest/gtest.h>

#include <cmath>

#include "cases.hpp"
#include "under_test.hpp"

namespace brood {
namespace {

class FiniteDifference : public ::testing::TestWithParam<MemberCase> {};

// In double, step h: off by h^2 |L'''| / 6, |L'''| < 1000 for these small networks, and by the
// rounding 2^-52 |L| / h.
constexpr double kStep = 1e-5;
constexpr double kDifferenceError = kStep * kStep * 1000 / 6 + 0x1p-52 * 4 / kStep;

TEST_P(FiniteDifference, IsTheGradientOfOneStep) {
  MemberCase const& c = GetParam();
  Rows const rows = c.one_batch_of_rows();
  Engine engine(backend_under_test());
  Data const data = engine.load(c.data.table());
  auto const slots = engine.backend().admit(std::vector{c.spec(data, rows)});
  engine.backend().train(std::vector{TrainOrder{slots[0], 1, 1}});
  auto const after = engine.backend().save(slots)[0].weights;

  auto const settings = c.settings();
  auto const samples = c.samples();
  auto const start = c.initial_weights();
  auto const randomness = randomness_of(c, rows->size());
  auto const bound = oracle::first_step(settings, samples, ints(rows), start, randomness);
  oracle::Trainer<double> const trainer(settings, samples, ints(rows),
                                        oracle::network_from(c.widths(), start), randomness);
  auto const batch = trainer.batch_at(0);
  std::vector<double> weights(start.begin(), start.end());
  auto loss_with = [&](std::size_t i, double change) {
    auto moved = weights;
    moved[i] += change;
    auto const network = oracle::network_from(c.widths(), moved);
    return oracle::batch_gradient(settings, samples, network, batch, randomness.keep).loss;
  };
  for (std::size_t i = 0; i < weights.size(); ++i) {
    double const difference = (loss_with(i, kStep) - loss_with(i, -kStep)) / (2 * kStep);
    double const gradient = (weights[i] - after[i]) / settings.lr;
    double const arithmetic = (bound.highest[i] - bound.lowest[i]) / settings.lr;
    EXPECT_NEAR(gradient, difference, kDifferenceError + arithmetic) << "parameter " << i;
    EXPECT_LT(arithmetic, oracle::sums_truncate ? 4e-4 : 1e-4);  // a bound worth something
  }
}

INSTANTIATE_TEST_SUITE_P(, FiniteDifference, ::testing::ValuesIn(smooth_cases()),
                         [](auto const& info) { return info.param.name; });

}  // namespace

}  // namespace brood
