// SPDX-License-Identifier: Apache-2.0
// Neither the memory limit, which makes members take turns, nor the number of threads changes a
// bit of any result.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "brood/population.hpp"
#include "brood/study.hpp"
#include "study/study_testing.hpp"

namespace brood {
namespace {

using namespace study_testing;
using namespace fixtures;

struct Outcome {
  Result result;
  int waves = 0;  // of the first rung
};

Outcome run_study(EngineOptions const& options, OwnedTable const& table, Study study) {
  Engine engine(options);
  Outcome outcome;
  study.on_rung = [&](Progress const& p) {
    if (p.rung == 0) outcome.waves = p.waves;
    return Go::on;
  };
  outcome.result = tune(engine, engine.load(table.table()), study);
  return outcome;
}

std::int64_t largest_member(OwnedTable const& table, Study const& study) {
  Engine engine({.device = "cpu", .threads = 1});
  return plan(engine, engine.load(table.table()), study).bytes_per_member;
}

// Divergence and patience too: their members are parked like others.
Study demanding_study() {
  Study study = varied_study(Folds{.folds = 2, .repeats = 2, .test = 0.2});
  study.space.log_uniform("lr", 1e-3, 1e3).choice("patience", {0, 2});
  return study;
}

TEST(Waves, TheMemoryLimitChangesNothing) {
  auto const table = with_row_weights(regression(120, 4));
  Study const study = demanding_study();
  std::int64_t const largest = largest_member(table, study);
  Outcome const unlimited = run_study({.device = "cpu", .threads = 2}, table, study);
  EXPECT_EQ(unlimited.waves, 1);
  int last_waves = 0;
  for (double const members : {50.0, 20.0, 7.0, 3.5, 2.0, 1.0}) {
    SCOPED_TRACE("room for " + std::to_string(members));
    auto const limit = static_cast<std::int64_t>(members * static_cast<double>(largest));
    Outcome const limited =
        run_study({.device = "cpu", .threads = 2, .memory_limit = limit}, table, study);
    expect_same(limited.result, unlimited.result);
    EXPECT_GE(limited.waves, last_waves);
    last_waves = limited.waves;
  }
  EXPECT_GE(last_waves, 10);  // 40 members, of which few are so small that two fit
}

TEST(Waves, ThePlanSaysHowManyAtMost) {
  auto const table = regression(120, 4);
  Study study = demanding_study();
  study.space.constant("hidden", Widths{20, 12})
      .constant("optimizer", "adam")
      .constant("ema", 0.9)
      .constant("patience", 2);  // all members are equally large
  std::int64_t const each = largest_member(table, study);
  for (int const fitting : {1, 3, 7, 39, 40}) {
    EngineOptions const options{
        .device = "cpu", .threads = 1, .memory_limit = fitting * each + each / 2};
    Engine engine(options);
    StudyPlan const planned = plan(engine, engine.load(table.table()), study);
    EXPECT_EQ(planned.bytes, 40 * each);
    EXPECT_EQ(planned.waves, (40 + fitting - 1) / fitting);
    EXPECT_EQ(run_study(options, table, study).waves, planned.waves);
  }
}

TEST(Waves, AParkedMemberGoesOnAsIfItHadStayed) {
  auto const table = small_blobs();
  Engine roomy({.device = "cpu", .threads = 2});
  Data const roomy_data = roomy.load(table.table());
  auto const bytes = [&](Config const& config) {
    return roomy.backend().bytes(config, roomy_data.shape(), roomy_data.rows());
  };
  std::vector<MemberSpec> specs;
  std::int64_t largest = 0;
  for (int i = 0; i < 9; ++i) {
    Config config{{"hidden", Widths{8 + 4 * i}}, {"epochs", 12}, {"dropout", 0.1}};
    if (i % 3 == 1) config.set("ema", 0.9);
    if (i % 3 == 2) config.set("patience", std::int64_t{3});
    largest = std::max(largest, bytes(config));
    specs.push_back({.config = config,
                     .seed = static_cast<std::uint64_t>(i),
                     .train_rows = rows_between(0, 110),
                     .eval_rows = rows_between(110, 150)});
  }
  Population free(roomy);
  auto const ids = free.admit(specs, roomy_data);
  free.train(ids, 12);
  EXPECT_EQ(free.waves(ids), 1);
  auto const images = free.save(ids);
  std::vector<float> predictions(9 * 150 * 3);
  free.forward(ids, Matrix{table.x.data(), 150, 5}, predictions);

  Engine narrow({.device = "cpu", .threads = 2, .memory_limit = largest});
  Data const data = narrow.load(table.table());
  Population population(narrow);
  ASSERT_EQ(population.admit(specs, data), ids);
  EXPECT_GT(population.waves(ids), 4);
  for (int const epoch : {1, 2, 5, 12}) {
    population.train(ids, epoch);
    EXPECT_LE(population.resident_bytes(), largest);
  }
  auto const saved = population.save(ids);
  auto const metrics = population.metrics(ids);
  auto const weights = population.weights(ids);
  auto const free_weights = free.weights(ids);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    SCOPED_TRACE(i);
    expect_same(saved[i], images[i]);
    EXPECT_TRUE(same_bits(metrics[i].history, images[i].metrics.history));
    EXPECT_TRUE(same_bits(weights[i], free_weights[i]));
  }
  std::vector<float> again(predictions.size());
  population.forward(ids, Matrix{table.x.data(), 150, 5}, again);
  EXPECT_TRUE(same_bits(again, predictions));
  EXPECT_LE(population.resident_bytes(), largest);
}

TEST(Waves, ThreadsChangeNothing) {
  auto const table = small_blobs();
  Study const study = demanding_study();
  Outcome const one = run_study({.device = "cpu", .threads = 1}, table, study);
  for (int const threads : {2, 7}) {
    SCOPED_TRACE(threads);
    expect_same(run_study({.device = "cpu", .threads = threads}, table, study).result, one.result);
  }
}

}  // namespace
}  // namespace brood
