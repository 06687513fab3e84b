// SPDX-License-Identifier: Apache-2.0
// A run in Optuna's terms, which its database and its journal share: parameters with distributions,
// values as Optuna's storages hold them, states, values by epoch.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "brood/files/run_record.hpp"
#include "files/io/json.hpp"

namespace brood::files {

// Of optuna.trial.TrialState and StudyDirection, by their numbers.
enum class OptunaState { running = 0, complete = 1, pruned = 2, fail = 3, waiting = 4 };
std::string_view name_of(OptunaState state);

struct OptunaParameter {
  std::string name;
  double value = 0;          // a number, or the index of a choice
  std::string distribution;  // JSON; the same in all trials
};

struct OptunaTrial {
  OptunaState state = OptunaState::complete;
  std::vector<double> values = {};  // one, or none if it has no score
  std::vector<OptunaParameter> parameters = {};
  std::map<int, double> by_epoch = {};  // the metric, as far as it is known
  Json::Object attributes = {};
};

struct OptunaStudy {
  std::string name;
  bool maximize = false;
  std::string metric;
  std::string start, end;  // "2026-01-31 12:00:00.000000", UTC
  Json::Object attributes = {};
  std::vector<OptunaTrial> trials = {};  // by number
};

// Trials that diverged FAIL (a score that is not finite is no value to Optuna); those that were
// stopped for want of progress are COMPLETE. Parameters of one value are attributes of the study,
// of lists a text each. Of a run that is not finished, trials that have begun and may train on are
// RUNNING.
OptunaStudy optuna_study(RunRecord const& run);

}  // namespace brood::files
