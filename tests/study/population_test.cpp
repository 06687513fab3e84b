// SPDX-License-Identifier: Apache-2.0
// Population: a member trained through rungs is the member trained straight, whoever else is there;
// members come and go by ids; what cannot be trained is refused as a whole.
#include "brood/population.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "brood/error.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

struct Kind {
  char const* name;
  Config config;
};
void PrintTo(Kind const& kind, std::ostream* out) {
  *out << kind.name;
}

constexpr std::int64_t kEpochs = 20;

std::vector<Kind> const kKinds = {
    {"Linear", {{"hidden", Widths{}}, {"optimizer", "sgd"}, {"lr", 0.05}}},
    {"AdamWithDropout", {{"hidden", Widths{16, 9}}, {"dropout", 0.3}, {"input_dropout", 0.1}}},
    {"NadamWithDropouts",
     {{"hidden", Widths{16, 9}},
      {"layer_dropout", std::vector<double>{0.4, 0.1}},
      {"optimizer", "nadam"},
      {"momentum_decay", 0.05}}},
    {"OneCycleNesterov",
     {{"optimizer", "nesterov"}, {"lr", 0.03}, {"lr_schedule", "one_cycle"}, {"warmup_epochs", 3}}},
    {"CosineWithAverage",
     {{"lr_schedule", "cosine"}, {"ema", 0.95}, {"activation", "gelu"}, {"clip_norm", 0.5}}},
    {"Patient", {{"patience", 2}, {"lr", 0.03}, {"hidden", Widths{32}}, {"batch_size", 7}}},
    {"PatientWithAverage", {{"patience", 3}, {"ema", 0.8}, {"optimizer", "rmsprop"}}},
    {"Diverging", {{"optimizer", "sgd"}, {"lr", 1e10}, {"activation", "identity"}}},
};

class OfEachKind : public testing::TestWithParam<Kind> {
 protected:
  OfEachKind()
      : table_(with_row_weights(small_blobs())),
        engine_({.device = "cpu", .threads = 1}),
        data_(engine_.load(table_.table())) {
    auto const [train, valid] = shuffled_split(table_.rows, 40);
    Config config = GetParam().config;
    config.set("epochs", kEpochs);
    spec_ = {.config = std::move(config),
             .seed = 5,
             .train_rows = train,
             .eval_rows = valid,
             .transform = some_transform(table_)};
  }

  MemberImage trained_through(std::vector<int> const& rungs) {
    Population population(engine_);
    auto const ids = population.admit({spec_}, data_);
    for (int const epoch : rungs)
      population.train(ids, epoch);
    return population.save(ids).front();
  }

  OwnedTable table_;
  Engine engine_;
  Data data_;
  MemberSpec spec_;
};

TEST_P(OfEachKind, ThroughRungsIsStraightThrough) {
  MemberImage const straight = trained_through({kEpochs});
  expect_same(trained_through({1, 3, 9, kEpochs}), straight);
  expect_same(trained_through({7, 7, 2, 8, kEpochs, kEpochs + 5}), straight);
}

TEST_P(OfEachKind, GoesOnFromASavedImageInAnotherPopulation) {
  MemberImage const half = trained_through({6});
  Population population(engine_);
  MemberId const id = population.admit(spec_, data_, half);
  EXPECT_EQ(population.metrics({&id, 1}).front().epoch, half.metrics.epoch);
  population.train({&id, 1}, kEpochs);
  expect_same(population.save({&id, 1}).front(), trained_through({kEpochs}));
}

TEST_P(OfEachKind, IsTheSameBesideOthersThatComeAndGo) {
  Population population(engine_);
  MemberSpec other = spec_;
  other.seed = 6;
  auto const others = population.admit({other, other, other}, data_);
  auto const own = population.admit({spec_}, data_);
  population.train(others, 2);
  population.train(own, 4);
  population.release({others.data(), 2});
  population.admit({other}, data_);
  std::vector<MemberId> const both = {others[2], own[0]};
  population.train(both, kEpochs);
  expect_same(population.save(own).front(), trained_through({kEpochs}));
}

INSTANTIATE_TEST_SUITE_P(Population, OfEachKind, testing::ValuesIn(kKinds),
                         [](auto const& param) { return std::string(param.param.name); });

// ---- ids and refusals

class PopulationTest : public testing::Test {
 protected:
  PopulationTest()
      : table_(small_blobs()),
        engine_({.device = "cpu", .threads = 1}),
        data_(engine_.load(table_.table())) {}

  MemberSpec spec(Config config = {}) const {
    return {.config = std::move(config),
            .seed = 1,
            .train_rows = rows_between(0, 100),
            .eval_rows = rows_between(100, 150)};
  }

  OwnedTable table_;
  Engine engine_;
  Data data_;
};

TEST_F(PopulationTest, IdsCountUpAndAreNeverUsedAgain) {
  Population population(engine_);
  EXPECT_EQ(population.admit({spec(), spec()}, data_), (std::vector<MemberId>{0, 1}));
  MemberId const second = 1;
  population.release({&second, 1});
  EXPECT_EQ(population.admit({spec()}, data_), (std::vector<MemberId>{2}));
  EXPECT_THROW(population.metrics({&second, 1}), UsageError);
  EXPECT_THROW(population.train({&second, 1}, 1), UsageError);
  EXPECT_THROW(population.release({&second, 1}), UsageError);
}

TEST_F(PopulationTest, ResidentBytesAreThoseOfItsMembers) {
  Population population(engine_);
  EXPECT_EQ(population.resident_bytes(), 0);
  auto const ids = population.admit({spec(), spec({{"hidden", Widths{100}}})}, data_);
  auto const bytes = [&](Config const& config) {
    return engine_.backend().bytes(config, data_.shape(), data_.rows());
  };
  EXPECT_EQ(population.resident_bytes(), bytes({}) + bytes({{"hidden", Widths{100}}}));
  population.release({ids.data(), 1});
  EXPECT_EQ(population.resident_bytes(), bytes({{"hidden", Widths{100}}}));
}

TEST_F(PopulationTest, BadSpecsAreAllNamedAndNoneIsAdmitted) {
  Population population(engine_);
  try {
    population.admit({spec({{"lr", -1.0}}), spec(), spec({{"activation", "rellu"}})}, data_);
    FAIL() << "admitted";
  } catch (UsageError const& error) {
    ASSERT_EQ(error.problems().size(), 2u);
    EXPECT_NE(error.problems()[0].find("lr: -1"), std::string::npos) << error.what();
    EXPECT_NE(error.problems()[1].find("did you mean relu"), std::string::npos) << error.what();
  }
  EXPECT_EQ(population.resident_bytes(), 0);
  // Rows are the backend's to check: nothing stays behind either.
  MemberSpec outside = spec();
  outside.eval_rows = rows_between(140, 151);
  EXPECT_THROW(population.admit({spec(), outside}, data_), UsageError);
  EXPECT_EQ(population.resident_bytes(), 0);
}

// Ids of tables are an engine's own: the same number may be another table elsewhere.
TEST_F(PopulationTest, DataOfAnotherEngineIsRefused) {
  Engine other({.device = "cpu", .threads = 1});
  Data const elsewhere = other.load(table_.table());
  Population population(engine_);
  EXPECT_THROW(population.admit({spec()}, elsewhere), UsageError);
  EXPECT_THROW(tune(engine_, elsewhere, varied_study()), UsageError);
}

TEST_F(PopulationTest, AMemberBeyondTheMemoryLimitIsRefused) {
  Engine small({.device = "cpu", .threads = 1, .memory_limit = 20000});
  Data const data = small.load(table_.table());
  Population population(small);
  try {
    population.admit({spec({{"hidden", Widths{256, 256}}})}, data);
    FAIL() << "admitted";
  } catch (UsageError const& error) {
    EXPECT_NE(std::string(error.what()).find("memory limit"), std::string::npos) << error.what();
  }
}

TEST_F(PopulationTest, ForwardOfRowsAndOfTheirInputsAgree) {
  Population population(engine_);
  auto const ids = population.admit({spec(), spec({{"hidden", Widths{}}})}, data_);
  population.train(ids, 3);
  std::vector<std::int32_t> const rows = {149, 3, 3, 77};
  std::vector<float> x;
  for (auto const row : rows)
    x.insert(x.end(), table_.x.begin() + row * 5, table_.x.begin() + (row + 1) * 5);
  std::vector<float> by_rows(2 * 4 * 3), by_inputs(2 * 4 * 3);
  population.forward(ids, rows, by_rows);
  population.forward(ids, Matrix{x.data(), 4, 5}, by_inputs);
  EXPECT_TRUE(same_bits(by_rows, by_inputs));
  for (std::size_t r = 0; r < by_rows.size(); r += 3)
    EXPECT_NEAR(by_rows[r] + by_rows[r + 1] + by_rows[r + 2], 1, 1e-6);  // 3 roundings near 1
}

}  // namespace
}  // namespace brood
