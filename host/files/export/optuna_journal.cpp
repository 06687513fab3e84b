// SPDX-License-Identifier: Apache-2.0
// A run as Optuna's journal: a line of JSON for each operation, numbered as in
// optuna/storages/journal/_storage.py.
#include "brood/files/export.hpp"
#include "files/export/optuna_study.hpp"

namespace brood::files {

namespace {

constexpr int kCreateStudy = 0, kStudyUserAttribute = 2, kStudySystemAttribute = 3,
              kCreateTrial = 4;
constexpr int kMinimize = 1, kMaximize = 2;

Json operation(int code) {
  Json json;
  json.set("op_code", code).set("worker_id", "brood");
  return json;
}

// ISO 8601, as this journal has them.
std::string with_t(std::string date_time) {
  date_time[date_time.find(' ')] = 'T';
  return date_time;
}

// A trial is one line, as far as it has come.
Json trial_operation(OptunaStudy const& study, OptunaTrial const& trial) {
  Json json = operation(kCreateTrial);
  json.set("study_id", 0).set("state", static_cast<int>(trial.state));
  bool const waiting = trial.state == OptunaState::waiting;
  if (!waiting) json.set("datetime_start", with_t(study.start));
  if (!waiting && trial.state != OptunaState::running)
    json.set("datetime_complete", with_t(study.end));
  if (!trial.values.empty()) json.set("values", Json(trial.values));
  Json::Object parameters, distributions, by_epoch;
  for (OptunaParameter const& parameter : trial.parameters) {
    parameters.emplace_back(parameter.name, parameter.value);
    distributions.emplace_back(parameter.name, parameter.distribution);
  }
  for (auto const& [epoch, value] : trial.by_epoch)
    by_epoch.emplace_back(std::to_string(epoch), value);
  json.set("params", std::move(parameters)).set("distributions", std::move(distributions));
  json.set("user_attrs", trial.attributes).set("system_attrs", Json::Object());
  json.set("intermediate_values", std::move(by_epoch));
  return json;
}

}  // namespace

std::string to_optuna_journal(RunRecord const& run) {
  OptunaStudy const study = optuna_study(run);
  std::string text;
  auto const add = [&](Json const& json) { text += json.text() + "\n"; };
  Json create = operation(kCreateStudy);
  create.set("study_name", study.name);
  add(create.set("directions", Json(std::vector{study.maximize ? kMaximize : kMinimize})));
  for (auto const& [name, value] : study.attributes) {
    Json one = operation(kStudyUserAttribute);
    add(one.set("study_id", 0).set("user_attr", Json().set(name, value)));
  }
  Json names = operation(kStudySystemAttribute);
  Json const metric = Json().set("study:metric_names", Json(std::vector{study.metric}));
  add(names.set("study_id", 0).set("system_attr", metric));
  for (OptunaTrial const& trial : study.trials)
    add(trial_operation(study, trial));
  return text;
}

}  // namespace brood::files
