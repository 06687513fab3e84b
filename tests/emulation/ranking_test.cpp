// SPDX-License-Identifier: Apache-2.0
// Ranking on the device is the ranking of the host, ties, signed zeros and lost scores included.
#include "cuda/ranking/ranking.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "brood/error.hpp"
#include "cuda/device.hpp"

namespace brood::cuda {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

class RankingOnTheDevice : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string why_none;
    if (device_count(&why_none) == 0) GTEST_SKIP() << "no CUDA device: " << why_none;
    device = Device::open(0);
    arena = std::make_unique<Arena>(*device);
  }

  void expect_as_on_the_host(std::vector<Ranked> const& trials) {
    int const count = static_cast<int>(trials.size());
    for (bool const maximize : {false, true}) {
      for (int const keep : {0, 1, count / 4, count / 2, count, count + 5}) {
        ASSERT_EQ(rank_on_device(*device, *arena, trials, keep, maximize),
                  survivors(trials, keep, maximize))
            << count << " trials, keep " << keep << ", maximize " << maximize;
      }
    }
  }

  std::unique_ptr<Device> device;
  std::unique_ptr<Arena> arena;
};

TEST_F(RankingOnTheDevice, OrdersEveryKindOfScore) {
  std::vector<double> const scores = {0.0,     -0.0,  1.0,  -1.0,  1e308,  -1e308, 5e-324,
                                      -5e-324, 0.125, kInf, -kInf, kNaN,   2.0,    -2.0,
                                      1.0,     0.0,   -0.0, -1.0,  1e-300, 3.0};
  std::vector<Ranked> trials;
  for (std::size_t i = 0; i < scores.size(); ++i)
    trials.push_back({static_cast<int>((7 * i) % scores.size()), scores[i]});
  expect_as_on_the_host(trials);
}

TEST_F(RankingOnTheDevice, NobodyAndNobodyFinite) {
  expect_as_on_the_host({});
  expect_as_on_the_host({{0, kNaN}, {1, kInf}, {2, -kInf}});
  expect_as_on_the_host({{3, 0.5}});
}

// Accuracies over few rows: many trials have the same score, and they come in no order of ids.
TEST_F(RankingOnTheDevice, BreaksTiesByIdInALargeRung) {
  std::mt19937 random(3);
  std::vector<Ranked> trials;
  for (int id = 0; id < 50000; ++id)
    trials.push_back({id, static_cast<double>(random() % 300) / 300});
  std::shuffle(trials.begin(), trials.end(), random);
  expect_as_on_the_host(trials);
}

}  // namespace
}  // namespace brood::cuda
