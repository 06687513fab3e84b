// SPDX-License-Identifier: Apache-2.0
// Runs for the tests of reports, made up.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "brood/files/report.hpp"
#include "files/saved_models.hpp"

namespace brood::files {

// Trials of successive halving, 27 of which a rung of 9 and one of 3 follow, of three parameters;
// the best have lr near its upper end 0.1. The last trial diverged.
inline RunRecord halving_run(int trials = 27) {
  RunRecord run;
  run.directory = "runs/made up";
  run.sweep = parse_sweep(
      "data: {file: some.csv, target: y}\n"
      "early_terminate: {type: successive_halving, eta: 3, min_iter: 1, max_iter: 9}\n"
      "trials: " +
          std::to_string(trials) +
          "\n"
          "parameters:\n"
          "  optimizer: {values: [adam, momentum]}\n"
          "  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-1}\n"
          "  dropout: {min: 0.0, max: 0.4}\n"
          "  momentum: {min: 0.5, max: 0.9, when: {optimizer: [momentum]}}\n",
      "made up.yaml");
  Result& result = run.result;
  result.metric = "accuracy";
  result.maximize = true;
  for (int i = 0; i < trials; ++i) {
    bool const diverged = trials > 1 && i == trials - 1;
    int const epochs = diverged ? 1 : i < trials / 9 ? 9 : i < trials / 3 ? 3 : 1;
    double const share = trials > 1 ? static_cast<double>(i) / (trials - 1) : 0;
    TrialResult trial{.id = i, .epochs = epochs};
    trial.state = diverged      ? TrialState::diverged
                  : epochs == 9 ? TrialState::complete
                                : TrialState::pruned;
    if (!diverged) {
      trial.score = 0.9 - 0.5 * share;
      trial.rank = i + 1;
    }
    trial.config = {{"optimizer", i % 2 == 0 ? "adam" : "momentum"},
                    {"lr", std::pow(10, -1 - 3 * share)},
                    {"dropout", 0.4 * ((i * 7) % 27) / 27}};
    if (i % 2 == 1) trial.config.set("momentum", 0.5 + 0.4 * std::fmod(i * 0.618, 1.0));
    trial.parameters = 31;
    result.trials.push_back(trial);
    for (int epoch = 1; epoch <= epochs; ++epoch) {
      double const score = diverged ? std::nan("") : trial.score - 0.02 * (epochs - epoch);
      result.curves.push_back({i, 0, 0, epoch, 1.0 / epoch, 1.2 / epoch, score});
    }
  }
  result.best = 0;
  result.valid = result.trials[0].score;
  result.test = 0.8;
  result.test_metrics = {{"accuracy", 0.8}, {"auc", 0.9}};
  result.member_epochs = 27 + 18 + 18;
  result.model = saved_model(Task::classification, "cross_entropy").model;
  run.encoding = encoding_of(Task::classification);
  run.facts = undisturbed_facts();
  run.facts.rungs = {{.trials = 27, .epoch = 1, .member_epochs = 27, .seconds = 1},
                     {.trials = 9, .epoch = 3, .member_epochs = 45, .seconds = 3},
                     {.trials = 3, .epoch = 9, .member_epochs = 63, .seconds = 6}};
  return run;
}

}  // namespace brood::files
