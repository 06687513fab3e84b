// SPDX-License-Identifier: Apache-2.0
// The table of hyperparameters is in order with itself and with what it sets.
#include "backend/hyperparameters.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

#include "backend/describe.hpp"
#include "support/oracle.hpp"

namespace brood {
namespace {

bool is_list(Hyperparameter const& row) {
  return row.type == HyperparameterType::integers || row.type == HyperparameterType::reals;
}

TEST(Hyperparameters, NamesAreUnique) {
  std::set<std::string> names;
  for (auto const& row : kHyperparameters)
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
}

TEST(Hyperparameters, GroupsAreNetworkAndTrain) {
  for (auto const& row : kHyperparameters) {
    std::string const group = row.group;
    EXPECT_TRUE(group == "network" || group == "train") << row.name;
  }
}

TEST(Hyperparameters, DefaultsLieInTheirRanges) {
  for (auto const& row : kHyperparameters) {
    if (is_list(row) || std::isnan(row.fallback)) {
      EXPECT_NE(std::string(row.default_text), "") << row.name;
      continue;
    }
    if (row.type == HyperparameterType::choice) {
      EXPECT_GE(row.fallback, 0) << row.name;
      EXPECT_LT(row.fallback, static_cast<double>(row.choices.size())) << row.name;
      continue;
    }
    EXPECT_TRUE(row.above_min ? row.fallback > row.min : row.fallback >= row.min) << row.name;
    EXPECT_TRUE(row.below_max ? row.fallback < row.max : row.fallback <= row.max) << row.name;
  }
}

TEST(Hyperparameters, OnlyChoicesHaveChoices) {
  for (auto const& row : kHyperparameters)
    EXPECT_EQ(row.type == HyperparameterType::choice, !row.choices.empty()) << row.name;
}

TEST(Hyperparameters, HelpIsNeverEmpty) {
  for (auto const& row : kHyperparameters)
    EXPECT_NE(std::string(row.help), "") << row.name;
}

// Each row has a field of its own: what it sets it reads back, and no other row sees it.
TEST(Hyperparameters, EachRowSetsItsOwnField) {
  for (auto const& row : kHyperparameters) {
    if (row.set == nullptr) continue;
    Member m{};
    row.set(m, 1.0);
    EXPECT_EQ(row.get(m), 1.0) << row.name;
    for (auto const& other : kHyperparameters) {
      if (other.set == nullptr || &other == &row) continue;
      EXPECT_EQ(other.get(m), other.get(Member{})) << row.name << " also sets " << other.name;
    }
  }
}

Value some_value(Hyperparameter const& row) {
  switch (row.type) {
    case HyperparameterType::real:
      return 0.5;
    case HyperparameterType::integer:
      return std::int64_t{1};
    case HyperparameterType::flag:
      return true;
    case HyperparameterType::choice:
      return std::string(row.choices[0]);
    case HyperparameterType::integers:
      return std::vector<std::int64_t>{3};
    case HyperparameterType::reals:
      return std::vector<double>{0.5};
  }
  return 0.5;
}

// A hyperparameter that the oracle does not know cannot be tested against it.
TEST(Hyperparameters, AreAllKnownToTheOracle) {
  for (auto const& row : kHyperparameters) {
    EXPECT_NO_THROW(oracle::resolve(Config{{row.name, some_value(row)}}, Task::classification, 3))
        << row.name;
  }
}

// The oracle's defaults are written a second time in tests/support/settings.cpp.
TEST(Hyperparameters, DefaultsAreTheOracles) {
  auto const s = oracle::resolve({}, Task::classification, 3);
  auto fallback = [](std::string const& name) {
    for (auto const& row : kHyperparameters) {
      if (row.name == name) return row.fallback;
    }
    return -1.0;
  };
  EXPECT_EQ(fallback("activation"), index_of<Relu>(Activations{}));
  EXPECT_EQ(s.activation, "relu");
  EXPECT_EQ(fallback("init"), index_of<HeUniform>(Inits{}));
  EXPECT_EQ(s.init, "he_uniform");
  EXPECT_EQ(fallback("optimizer"), index_of<Adam>(Optimizers{}));
  EXPECT_EQ(s.optimizer, "adam");
  EXPECT_EQ(fallback("momentum"), s.momentum);
  EXPECT_EQ(fallback("beta1"), s.beta1);
  EXPECT_EQ(fallback("beta2"), s.beta2);
  EXPECT_EQ(fallback("huber_delta"), s.huber_delta);
  EXPECT_EQ(fallback("tau"), s.tau);
  EXPECT_EQ(fallback("tweedie_power"), s.tweedie_power);
  EXPECT_EQ(fallback("batch_size"), s.batch_size);
  EXPECT_EQ(fallback("epochs"), s.epochs);
  EXPECT_EQ(fallback("lr_gamma"), s.schedule.gamma);
  EXPECT_EQ(fallback("lr_step_epochs"), s.schedule.step_epochs);
  EXPECT_EQ(fallback("lr_final"), s.schedule.final_factor);
}

TEST(Hyperparameters, HeadsAreAPowerOfTwo) {
  for (int heads = 0; heads <= 33; ++heads) {
    bool const allowed = heads == 1 || heads == 2 || heads == 4 || heads == 8 || heads == 16;
    EXPECT_EQ(check("heads", std::int64_t{heads}).empty(), allowed) << heads;
  }
  EXPECT_EQ(check("heads", std::int64_t{3}).front(),
            "heads: 3 is not allowed; allowed: one of 1, 2, 4, 8, 16");
  Config const one = with_defaults({}, Task::regression);
  EXPECT_EQ(one.find("heads"), nullptr);  // says nothing
  Config const four = with_defaults({{"heads", std::int64_t{4}}}, Task::regression);
  EXPECT_EQ(*four.find("heads"), Value(std::int64_t{4}));
}

TEST(Hyperparameters, HeadsShareAllButTheLastLayer) {
  Config const config = {{"heads", std::int64_t{4}},
                         {"hidden", std::vector<std::int64_t>{20}},
                         {"batch_size", std::int64_t{32}}};
  Member const m = describe(config, {Task::classification, 5, 3}, 0, 70, 0);
  EXPECT_EQ(m.width[2], 12);
  EXPECT_EQ(outputs_of(m), 3);
  EXPECT_EQ(prediction_columns(m), 3);
  EXPECT_EQ(steps_per_epoch(m), 3);
  EXPECT_EQ(batch_rows(m, 2), 6);
  EXPECT_EQ(step_rows(m, 0), 128);
  EXPECT_EQ(step_rows(m, 2), 24);
  EXPECT_EQ(step_flops(m), (4.0 * 5 * 20 + 6.0 * 20 * 12) * 128);
  Config bce = config;
  bce.set("loss", "bce");
  EXPECT_EQ(describe(bce, {Task::classification, 5, 2}, 0, 70, 0).width[2], 4);
}

TEST(Hyperparameters, NumbersAreAsTheConfigurationHasThem) {
  EXPECT_EQ(numbers_of(Config()), Numbers());
  EXPECT_TRUE(Numbers().is_plain());
  Config const config = {{"scaling", std::string("robust")},
                         {"pieces", std::int64_t{16}},
                         {"periodic", std::int64_t{8}},
                         {"periodic_sigma", 0.25}};
  EXPECT_EQ(numbers_of(config), (Numbers{Scaling::robust, 16, 8, 0.25}));
  Config const full = with_defaults({}, Task::regression);
  EXPECT_EQ(numbers_of(full), Numbers());
  EXPECT_EQ(*full.find("scaling"), Value("standard"));
  EXPECT_EQ(*full.find("pieces"), Value(std::int64_t{0}));
  EXPECT_EQ(full.find("periodic_sigma"), nullptr);  // of nothing
  EXPECT_EQ(
      *with_defaults({{"periodic", std::int64_t{2}}}, Task::regression).find("periodic_sigma"),
      Value(1.0));
}

TEST(Hyperparameters, AMemberHasRoomForAllInputsThatNumbersMayBecome) {
  TableShape const shape{Task::classification, 10, 3, 4};
  auto const inputs = [&](Config const& config) {
    return describe(config, shape, 0, 10, 0).width[0];
  };
  EXPECT_EQ(inputs({}), 10);
  EXPECT_EQ(inputs({{"pieces", std::int64_t{1}}}), 10);
  EXPECT_EQ(inputs({{"scaling", std::string("robust")}}), 10);
  EXPECT_EQ(inputs({{"pieces", std::int64_t{8}}, {"periodic", std::int64_t{3}}}), 10 + 4 * 11);
}

TEST(Hyperparameters, OptimizersDefaultsAreTheOracles) {
  for (int i = 0; i < Optimizers::size; ++i) {
    visit(Optimizers{}, i, [](auto optimizer) {
      auto const s =
          oracle::resolve({{"optimizer", std::string(optimizer.name)}}, Task::classification, 3);
      EXPECT_EQ(static_cast<float>(s.lr), optimizer.kLr) << optimizer.name;
      EXPECT_EQ(static_cast<float>(s.weight_decay), optimizer.kWeightDecay) << optimizer.name;
      if (optimizer.kEps > 0) {
        EXPECT_EQ(static_cast<float>(s.eps), optimizer.kEps);
      }
      if (optimizer.kRho > 0) {
        EXPECT_EQ(static_cast<float>(s.rho), optimizer.kRho);
      }
    });
  }
}

}  // namespace
}  // namespace brood
