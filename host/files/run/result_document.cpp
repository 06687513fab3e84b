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

void set_calibration(Calibration const& calibration, std::vector<double> const& coverage,
                     double target_unit, Json& json, std::string_view covered) {
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
    if (!coverage.empty()) each.set(std::string(covered), coverage[i]);
    intervals.push_back(std::move(each));
  }
  if (!intervals.empty()) json.set("intervals", std::move(intervals));
}

Json out_of_fold_document(OutOfFoldScore const& told) {
  if (told.rows == 0) return {};
  Json json;
  json.set("score", told.score).set("low", told.low).set("high", told.high);
  json.set("draws", told.draws).set("rows", told.rows);
  json.set("metrics", scores_document(told.metrics));
  return json;
}

namespace {

// How often the intervals of what predicts hold the target.
void set_calibration(Result const& result, double target_unit, Json& json) {
  bool const alone = result.ensemble.empty();
  Calibration const& calibration = alone ? result.model.calibration : result.ensemble.calibration;
  bool const tested = result.out_of_fold.rows == 0;
  auto const& on_test_rows = alone ? result.test_coverage : result.ensemble_test_coverage;
  set_calibration(calibration, tested ? on_test_rows : result.out_of_fold.coverage, target_unit,
                  json, tested ? "test_coverage" : "out_of_fold_coverage");
}

}  // namespace

Json predictor_document(Result const& result, double target_unit) {
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
  set_calibration(result, target_unit, json);
  if (result.out_of_fold.rows > 0)
    json.set("out_of_fold", out_of_fold_document(result.out_of_fold));
  return json;
}

}  // namespace brood::files
