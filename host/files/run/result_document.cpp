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

void set_calibration(Calibration const& calibration, std::vector<double> const& test_coverage,
                     double target_unit, Json& json) {
  if (calibration.temperature != 1) json.set("temperature", calibration.temperature);
  if (calibration.threshold) json.set("threshold", *calibration.threshold);
  Json::Array intervals;
  for (std::size_t i = 0; i < calibration.intervals.size(); ++i) {
    Interval const& interval = calibration.intervals[i];
    std::vector<double> half_widths = interval.half_widths;
    for (double& half : half_widths)
      half *= target_unit;
    Json each;
    each.set("coverage", interval.coverage).set("half_widths", Json(half_widths));
    if (!test_coverage.empty()) each.set("test_coverage", test_coverage[i]);
    intervals.push_back(std::move(each));
  }
  if (!intervals.empty()) json.set("intervals", std::move(intervals));
}

Json predictor_document(Result const& result, double target_unit) {
  if (result.model.layers.empty()) return {};
  Json json;
  if (result.ensemble.empty()) {
    json.set("by", "winner").set("networks", 1);
    add_scores(result.valid, result.test, result.test_metrics, json);
    set_calibration(result.model.calibration, result.test_coverage, target_unit, json);
  } else {
    json.set("by", "ensemble");
    json.set("networks", static_cast<std::int64_t>(result.ensemble.parts.size()));
    add_scores(result.ensemble_valid, result.ensemble_test, result.ensemble_test_metrics, json);
    set_calibration(result.ensemble.calibration, result.ensemble_test_coverage, target_unit, json);
  }
  return json;
}

}  // namespace brood::files
