// SPDX-License-Identifier: Apache-2.0
// A run with trials of every state and parameters of every kind, for the tests of exports.
#pragma once

#include <cmath>

#include "brood/files/run_record.hpp"

namespace brood::files {

inline SearchSpace exported_space() {
  using Hidden = std::vector<std::int64_t>;
  SearchSpace space;
  space.constant("batch_size", std::int64_t{32});
  space.choice("hidden", {Hidden{8}, Hidden{16, 8}});
  space.choice("optimizer", {"adam", "momentum"});
  space.log_uniform("lr", 1e-5, 0.1);
  space.uniform("momentum", 0.5, 0.99).when("optimizer", {"momentum"});
  space.integer("warmup_epochs", 0, 4);
  space.add({.name = "dropout", .distribution = Distribution::q_uniform, .max = 0.55, .q = 0.1});
  space.add({.name = "l2", .distribution = Distribution::normal, .mu = 1, .sigma = 0.25});
  return space;
}

inline Config exported_config(double lr) {
  return {{"batch_size", std::int64_t{32}},
          {"hidden", std::vector<std::int64_t>{16, 8}},
          {"optimizer", "adam"},
          {"lr", lr},
          {"warmup_epochs", std::int64_t{2}},
          {"dropout", 0.3},
          {"l2", 1.5}};
}

// Four trials: complete, pruned (with momentum), diverged, and one that never began.
inline RunRecord exported_run() {
  RunRecord run;
  run.sweep.name = "sweep-1";
  run.sweep.study.space = exported_space();
  run.facts.started = "2023-11-14T22:13:20Z";  // 1.7e9 s
  run.facts.seconds = 60;
  run.facts.ended = "complete";
  Result& result = run.result;
  result.metric = "accuracy";
  result.maximize = true;
  result.best = 0;
  Config pruned = exported_config(0.02);
  pruned.set("optimizer", "momentum");
  pruned.set("momentum", 0.9);
  result.trials = {
      {.id = 0,
       .state = TrialState::complete,
       .epochs = 2,
       .score = 0.875,
       .config = exported_config(0.01),
       .rank = 1,
       .parameters = 41,
       .seed = 8},
      {.id = 1,
       .state = TrialState::pruned,
       .epochs = 1,
       .score = 0.5,
       .config = pruned,
       .rank = 2},
      {.id = 2, .state = TrialState::diverged, .epochs = 1, .config = exported_config(0.1)},
      {.id = 3, .config = exported_config(0.001)}};
  result.curves = {{0, 0, 0, 1, 0.5, 0.25, 0.75}, {0, 0, 0, 2, 0.5, 0.25, 0.875},
                   {0, 1, 0, 1, 0.5, 0.25, 0.25}, {0, 1, 0, 2, 0.5, 0.25, 0.875},
                   {1, 0, 0, 1, 0.5, 0.25, 0.5},  {2, 0, 0, 1, NAN, NAN, NAN}};
  return run;
}

}  // namespace brood::files
