// SPDX-License-Identifier: Apache-2.0
#include "files/run/result_document.hpp"

#include <cmath>
#include <cstdint>

#include "files/run/run_files.hpp"

namespace brood::files {

namespace {

void add_scores(double valid, double test, NamedScores const& test_metrics, Json& json) {
  json.set("valid", valid).set("test", test);
  json.set("test_metrics", scores_document(test_metrics));
}

}  // namespace

Json scores_document(NamedScores const& scores) {
  Json json = Json::Object();
  for (auto const& [metric, value] : scores)
    json.set(metric, value);
  return json;
}

Json winner_document(Result const& result) {
  TrialResult const& best = winner(result);
  Json json;
  json.set("trial", best.id).set("epochs", best.epochs).set("parameters", Json(best.config));
  add_scores(result.valid, result.test, result.test_metrics, json);
  return json;
}

Json predictor_document(Result const& result) {
  if (result.model.layers.empty()) return {};
  Json json;
  if (result.ensemble.empty()) {
    json.set("by", "winner").set("networks", 1);
    add_scores(result.valid, result.test, result.test_metrics, json);
  } else {
    json.set("by", "ensemble");
    json.set("networks", static_cast<std::int64_t>(result.ensemble.parts.size()));
    add_scores(result.ensemble_valid, result.ensemble_test, result.ensemble_test_metrics, json);
  }
  return json;
}

}  // namespace brood::files
