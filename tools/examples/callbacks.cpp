// SPDX-License-Identifier: Apache-2.0
// Callbacks of a study: what is told after each rung and while one trains, a trial that is dropped,
// and a study that is ended from outside. The library itself prints nothing.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <optional>
#include <vector>

#include "brood/brood.hpp"

int main() {
  // Rows within a circle, and those outside.
  constexpr int kRows = 600;
  std::vector<float> x, y;
  for (int i = 0; i < kRows; ++i) {
    float const a = 2.0f * std::fmod(0.618034f * static_cast<float>(i), 1.0f) - 1.0f;
    float const b = 2.0f * std::fmod(0.754878f * static_cast<float>(i), 1.0f) - 1.0f;
    x.push_back(a);
    x.push_back(b);
    y.push_back(a * a + b * b < 0.6f ? 1.0f : 0.0f);
  }

  brood::Engine engine;
  brood::Data const data = engine.load({.x = {x.data(), kRows, 2},
                                        .y = {y.data(), kRows, 1},
                                        .task = brood::Task::classification,
                                        .classes = 2});
  brood::Study study{.scheduler = brood::SuccessiveHalving{.eta = 3, .max_epochs = 81},
                     .metric = {"accuracy"},
                     .trials = 81,
                     .seed = 1};
  study.space.log_uniform("lr", 1e-4, 1e-1)
      .choice("hidden", {std::vector<std::int64_t>{16}, std::vector<std::int64_t>{32, 32}})
      .choice("activation", {"tanh", "relu"});

  std::optional<brood::StudyRun> run;
  std::atomic<bool> ends = false;  // any thread, or a signal handler, may set it
  study.on_rung = [&](brood::Progress const& p) {
    std::printf("rung %d of %d: accuracy %.3f of trial %d%s, %zu trials train on\n", p.rung + 1,
                p.rungs, p.top_score, p.top_trial, p.new_best ? ", the best so far" : "",
                p.alive.size());
    // Somebody does not want one of them.
    if (p.rung == 0) run->drop(p.alive.front());
    return p.top_score > 0.99 ? brood::Go::stop : brood::Go::on;
  };
  // About once a second.
  study.on_training = [](brood::Training const& t) {
    std::printf("  epoch %d, %.0f s left\n", t.epoch, t.seconds_left);
  };
  study.stop_requested = [&] { return ends.load(); };

  run.emplace(engine, data, study);
  while (run->advance()) {
  }
  brood::Result const result = run->finish();
  auto const dropped = std::find_if(
      result.trials.begin(), result.trials.end(),
      [](brood::TrialResult const& trial) { return trial.state == brood::TrialState::dropped; });
  std::printf("trial %d was dropped at epoch %d\n", dropped->id, dropped->epochs);
  std::printf("trial %d won, the study ended as %s\n", result.best,
              brood::name_of(result.ended).data());
  return 0;
}
