// SPDX-License-Identifier: Apache-2.0
// Tunes networks for a table in memory: random search with successive halving, 5 folds.
#include <cmath>
#include <cstdio>
#include <vector>

#include "brood/brood.hpp"

int main() {
  // y = sin(a) + b^2 / 4, to be found from 400 rows.
  constexpr int kRows = 400;
  std::vector<float> x, y;
  for (int i = 0; i < kRows; ++i) {
    float const a = 6.0f * std::fmod(0.618034f * static_cast<float>(i), 1.0f) - 3.0f;
    float const b = 4.0f * std::fmod(0.754878f * static_cast<float>(i), 1.0f) - 2.0f;
    x.push_back(a);
    x.push_back(b);
    y.push_back(std::sin(a) + 0.25f * b * b);
  }

  brood::Engine engine;
  brood::Data const data = engine.load(
      {.x = {x.data(), kRows, 2}, .y = {y.data(), kRows, 1}, .task = brood::Task::regression});
  brood::Study study{.scheduler = brood::SuccessiveHalving{.eta = 3, .max_epochs = 81},
                     .validation = brood::Folds{.folds = 5},
                     .trials = 81,
                     .seed = 1};
  study.space.log_uniform("lr", 1e-3, 1e-1)
      .choice("hidden", {std::vector<std::int64_t>{16}, std::vector<std::int64_t>{32, 32}})
      .choice("activation", {"tanh", "relu", "sin"})
      .choice("lr_schedule", {"constant", "cosine"});
  study.on_rung = [](brood::Progress const& p) {
    std::printf("rung %d of %d: %d trials to epoch %d, best rmse %.4f\n", p.rung + 1, p.rungs,
                p.trials, p.epoch, p.best_score);
    return brood::Go::on;
  };
  brood::Result const result = brood::tune(engine, data, study);
  std::printf("trial %d: validation rmse %.4f, test rmse %.4f\n", result.best, result.valid,
              result.test);

  float const point[] = {1.0f, 1.0f};
  std::printf("at (1, 1): predicted %.3f, true %.3f\n", result.model.predict({point, 1, 2})[0],
              std::sin(1.0) + 0.25);
  return 0;
}
