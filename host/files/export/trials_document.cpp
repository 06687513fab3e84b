// SPDX-License-Identifier: Apache-2.0
// A run with all its trials as one JSON document.
#include "brood/files/export.hpp"

#include <cmath>

#include "brood/version.hpp"
#include "files/export/trial_curves.hpp"
#include "files/io/json.hpp"
#include "files/run/result_document.hpp"

namespace brood::files {

namespace {

Json distribution_document(Parameter const& parameter) {
  Json json;
  json.set("name", parameter.name).set("distribution", name_of(parameter.distribution));
  Json::Array values;
  for (Value const& value : parameter.values)
    values.push_back(Json(value));
  if (!values.empty()) json.set("values", std::move(values));
  if (parameter.min < parameter.max) json.set("min", parameter.min).set("max", parameter.max);
  if (parameter.q > 0) json.set("q", parameter.q);
  Json::Array conditions;
  for (Condition const& condition : parameter.when) {
    Json::Array allowed;
    for (Value const& value : condition.values)
      allowed.push_back(Json(value));
    conditions.push_back(Json().set("parameter", condition.parameter).set("values", allowed));
  }
  if (!conditions.empty()) json.set("when", std::move(conditions));
  return json;
}

Json point_document(CurvePoint const& point, bool is_loss) {
  Json json;
  json.set("fold", point.fold).set("repeat", point.repeat).set("epoch", point.epoch);
  json.set("train_loss", point.train_loss).set("valid_loss", point.valid_loss);
  if (!is_loss) json.set("valid_metric", point.valid_metric);
  return json;
}

Json trial_document(TrialResult const& trial, std::span<CurvePoint const> points, bool is_loss) {
  Json json;
  json.set("trial", trial.id).set("state", name_of(trial.state)).set("epochs", trial.epochs);
  json.set("score", trial.score).set("standard_error", trial.standard_error);
  if (!std::isnan(trial.accuracy)) json.set("accuracy", trial.accuracy);
  json.set("rank", trial.rank > 0 ? Json(trial.rank) : Json());
  json.set("config", Json(trial.config)).set("fold_scores", Json(trial.fold_scores));
  json.set("parameters", trial.parameters).set("seed", std::to_string(trial.seed));
  json.set("bracket", trial.bracket + 1);
  Json::Array curve;
  for (CurvePoint const& point : points)
    curve.push_back(point_document(point, is_loss));
  return json.set("curve", std::move(curve));
}

}  // namespace

std::string to_trials_json(RunRecord const& run) {
  Result const& result = run.result;
  Json json;
  json.set("brood", BROOD_VERSION).set("run", run.sweep.name);
  json.set("command_line", run.facts.command_line).set("started", run.facts.started);
  json.set("seconds", run.facts.seconds).set("ended", run.facts.ended);
  json.set("data",
           Json().set("path", run.sweep.data_path).set("fingerprint", run.facts.data_fingerprint));
  json.set("metric", result.metric).set("goal", result.maximize ? "maximize" : "minimize");
  json.set("winner", result.best >= 0 ? winner_document(result) : Json());
  Json::Array space, trials;
  for (Parameter const& parameter : run.sweep.study.space.parameters())
    space.push_back(distribution_document(parameter));
  TrialCurves const curves(result);
  for (TrialResult const& trial : result.trials)
    trials.push_back(trial_document(trial, curves.points(trial.id), result.metric == "loss"));
  json.set("space", std::move(space)).set("trials", std::move(trials));
  return json.text(/*indented=*/true) + "\n";
}

}  // namespace brood::files
