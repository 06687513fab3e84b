// SPDX-License-Identifier: Apache-2.0
// PED-ANOVA: the numbers of Optuna (importance_cases.hpp), and what they mean.
#include "search/importance/ped_anova.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "search/importance/importance_cases.hpp"

namespace brood {
namespace {

// As make_importances.py has them, to the bit.
std::array<double, 4> draws(int i) {
  constexpr double kSteps[] = {.6180339887498949, .7548776662466927, .5698402909980532,
                               .8191725133961645};
  std::array<double, 4> u{};
  for (std::size_t j = 0; j < u.size(); ++j)
    u[j] = std::fmod((i + 1) * kSteps[j], 1.0);
  return u;
}

struct Trials {
  SearchSpace space;
  std::vector<Config> configs;
  std::vector<double> values;

  std::vector<ParameterImportance> importances() const {
    std::vector<JudgedTrial> judged;
    for (std::size_t i = 0; i < configs.size(); ++i)
      judged.push_back({&configs[i], values[i]});
    return ped_anova(space, judged);
  }
};

Trials four_parameters(int count) {
  Trials trials;
  trials.space.log_uniform("lr", 1e-5, 1e-1).integer("width", 1, 64);
  trials.space.choice("activation", {"relu", "tanh", "elu"}).uniform("noise", 0, 1);
  trials.space.constant("dropout", 0.5);
  constexpr char const* kActivations[] = {"relu", "tanh", "elu"};
  constexpr double kPenalties[] = {0, .2, .4};
  for (int i = 0; i < count; ++i) {
    auto const u = draws(i);
    double const lr = std::pow(10, -5 + 4 * u[0]);
    auto const width = static_cast<std::int64_t>(1 + std::floor(64 * u[1]));
    auto const activation = static_cast<std::size_t>(3 * u[2]);
    trials.configs.push_back({{"lr", std::clamp(lr, 1e-5, 1e-1)},
                              {"width", width},
                              {"activation", kActivations[activation]},
                              {"noise", u[3]},
                              {"dropout", 0.5}});
    trials.values.push_back(std::pow(std::log10(lr) + 2.5, 2) +
                            .1 * std::abs(static_cast<double>(width) - 32) / 32 +
                            kPenalties[activation]);
  }
  return trials;
}

Trials conditional(int count) {
  Trials trials;
  trials.space.choice("optimizer", {"adam", "momentum"});
  trials.space.add({.name = "batch_size",
                    .distribution = Distribution::q_log_uniform_values,
                    .min = 1,
                    .max = 1023,
                    .q = 1});
  trials.space.add({.name = "weight_decay",
                    .distribution = Distribution::q_uniform,
                    .min = 0,
                    .max = 2,
                    .q = 0.25});
  trials.space.uniform("momentum", 0, 1).when("optimizer", {"momentum"});
  for (int i = 0; i < count; ++i) {
    auto const u = draws(i);
    bool const has_momentum = 2 * u[0] >= 1;
    double const batch = std::floor(std::pow(2, 10 * u[1]));
    double const decay = 0.25 * std::floor(9 * u[2]);
    Config config = {{"optimizer", has_momentum ? "momentum" : "adam"},
                     {"batch_size", static_cast<std::int64_t>(batch)},
                     {"weight_decay", decay}};
    double value = std::abs(std::log2(batch) - 6) + (decay - 1) * (decay - 1);
    if (has_momentum) {
      config.set("momentum", u[3]);
      value += 3 * std::abs(u[3] - 0.9) - 1;
    }
    trials.configs.push_back(std::move(config));
    trials.values.push_back(value);
  }
  return trials;
}

Trials ties(int count) {
  Trials trials;
  trials.space.uniform("x", 0, 1).uniform("y", 0, 1);
  for (int i = 0; i < count; ++i) {
    auto const u = draws(i);
    trials.configs.push_back({{"x", u[0]}, {"y", u[1]}});
    trials.values.push_back(-std::floor(4 * u[0]) / 4);
  }
  return trials;
}

Trials family(std::string_view name, int count) {
  if (name == "FourParameters") return four_parameters(count);
  return name == "Conditional" ? conditional(count) : ties(count);
}

// Sums of at most a thousand terms, in another order: far below a millionth.
TEST(PedAnova, GivesTheNumbersOfOptuna) {
  for (golden::ImportanceCase const& golden : golden::kImportanceCases) {
    SCOPED_TRACE(golden.family + std::string(" ") + std::to_string(golden.trials));
    auto const found = family(golden.family, golden.trials).importances();
    ASSERT_EQ(found.size(), golden.divergences.size());
    double sum = 0;
    for (auto const& [name, divergence] : golden.divergences)
      sum += divergence;
    for (auto const& [name, divergence] : golden.divergences) {
      // Clang 14 captures no structured binding without an initialiser.
      auto const own = std::find_if(found.begin(), found.end(), [&name = name](auto const& each) {
        return each.parameter == name;
      });
      ASSERT_NE(own, found.end()) << name;
      EXPECT_NEAR(own->divergence, divergence, 1e-9 * (1 + divergence)) << name;
      EXPECT_NEAR(own->share, divergence / sum, 1e-6) << name;
    }
  }
}

TEST(PedAnova, IsInTheOrderOfTheSpaceAndLeavesOutWhatDoesNotVary) {
  auto const found = four_parameters(50).importances();
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].parameter, "lr");
  EXPECT_EQ(found[2].parameter, "activation");
  EXPECT_EQ(found[3].parameter, "noise");
}

TEST(PedAnova, SaysNothingOfTooFewTrials) {
  for (int const count : {0, 1}) {
    for (ParameterImportance const& each : four_parameters(count).importances()) {
      EXPECT_EQ(each.divergence, 0);
      EXPECT_EQ(each.share, 0);
    }
  }
}

TEST(PedAnova, LeavesOutTrialsOfAnotherSpace) {
  Trials trials = four_parameters(100);
  auto const alone = trials.importances();
  trials.configs.push_back({{"lr", 7.0}, {"width", std::int64_t{1}}});
  trials.values.push_back(-100);
  auto const beside = trials.importances();
  for (std::size_t i = 0; i < alone.size(); ++i)
    EXPECT_EQ(alone[i].divergence, beside[i].divergence);
}

}  // namespace
}  // namespace brood
