// SPDX-License-Identifier: Apache-2.0
// What successive halving is for: on the space of HPOBench's networks (Eggensperger et al. 2021;
// depth 1 to 3, width 16 to 256, batch size 4 to 256, learning rate 1e-5 to 1) and the digits, 81
// trials in rungs of 1, 3, 9, 27 and 81 epochs find a better network than as many epochs spent on
// trials that all train to the end, and one as good as three times as many.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <vector>

#include "brood/brood.hpp"
#include "brood/files/sweep.hpp"

namespace brood {
namespace {

constexpr int kSeeds = 10;

SearchSpace networks() {
  std::vector<Value> hidden;
  for (std::size_t depth = 1; depth <= 3; ++depth) {
    for (std::int64_t const width : {16, 23, 32, 45, 64, 91, 128, 181, 256})
      hidden.push_back(std::vector<std::int64_t>(depth, width));
  }
  SearchSpace space;
  space.choice("hidden", hidden)
      .choice("batch_size", {4, 8, 16, 32, 64, 128, 256})
      .log_uniform("lr", 1e-5, 1)
      .log_uniform("l2", 1e-8, 1e-2);
  return space;
}

// Validation accuracies of the best trials of studies with seeds 0, 1, ...
struct Scores {
  double mean = 0, error = 0;  // of the mean
  std::int64_t epochs = 0;     // of a study
};
Scores scores(Engine& engine, Data const& data, SchedulerChoice const& scheduler, int trials) {
  std::vector<double> found;
  Scores scores;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Result const result = tune(engine, data,
                               {.space = networks(),
                                .scheduler = scheduler,
                                .validation = Holdout{.valid = 0.33, .test = 0},
                                .metric = {"accuracy"},
                                .trials = trials,
                                .seed = static_cast<std::uint64_t>(seed),
                                .refit = Refit::no});
    found.push_back(result.valid);
    scores.epochs = result.member_epochs;
    scores.mean += result.valid / kSeeds;
  }
  double variance = 0;
  for (double const x : found)
    variance += (x - scores.mean) * (x - scores.mean) / (kSeeds - 1);
  scores.error = std::sqrt(variance / kSeeds);
  std::printf("%3d trials, %4d epochs: %.4f +- %.4f\n", trials, static_cast<int>(scores.epochs),
              scores.mean, scores.error);
  return scores;
}

TEST(Halving, FindsMoreThanTrialsThatAllTrainToTheEnd) {
  files::Sweep sweep = files::read_sweep(BROOD_TEST_DATA "/../../tools/examples/digits.yaml");
  Dataset const dataset = files::load_dataset(sweep);
  Engine engine({.device = "cpu"});
  Data const data = engine.load(dataset.table());
  Scores const halving = scores(engine, data, SuccessiveHalving{}, 81);
  Scores const few = scores(engine, data, NoEarlyTermination{81}, 5);
  Scores const many = scores(engine, data, NoEarlyTermination{81}, 15);
  EXPECT_LE(halving.epochs, few.epochs);
  EXPECT_GT(halving.mean, few.mean);
  // Within two standard errors of the difference.
  EXPECT_GE(halving.mean, many.mean - 2 * std::hypot(halving.error, many.error));
}

}  // namespace
}  // namespace brood
