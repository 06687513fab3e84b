// SPDX-License-Identifier: Apache-2.0
#include "files/report/document.hpp"

#include <algorithm>
#include <cmath>

#include "files/io/number_text.hpp"
#include "files/report/trial_columns.hpp"

namespace brood::files {

namespace {

constexpr int kScoreDigits = 6, kLossDigits = 4, kWhole = 15;
constexpr std::size_t kCurves = 20, kPointsOfACurve = 64;

// Of each item a number, as a column.
template <class Items, class Number>
std::string column(Items const& items, int digits, Number number) {
  std::string text;
  for (auto const& item : items)
    text += (text.empty() ? "" : " ") + shortest_text(static_cast<double>(number(item)), digits);
  return text;
}

Json history_document(std::vector<BestSoFar> const& history) {
  Json json;
  json.set("epochs", column(history, kWhole, [](auto& p) { return p.member_epochs; }));
  json.set("seconds", column(history, 5, [](auto& p) { return p.seconds; }));
  json.set("trials", column(history, kWhole, [](auto& p) { return p.trial; }));
  json.set("scores", column(history, kScoreDigits, [](auto& p) { return p.score; }));
  return json;
}

Json::Array rungs_document(std::vector<FunnelRung> const& funnel) {
  Json::Array list;
  for (FunnelRung const& rung : funnel) {
    Json json;
    json.set("bracket", rung.bracket + 1).set("epoch", rung.epoch).set("trials", rung.trials);
    json.set("diverged", rung.diverged).set("best", rung.best).set("median", rung.median);
    json.set("seconds", rung.seconds);
    list.push_back(std::move(json));
  }
  return list;
}

Json spread_document(std::vector<Spread> const& spread, int digits) {
  Json json;
  json.set("epochs", column(spread, kWhole, [](auto& p) { return p.epoch; }));
  json.set("low", column(spread, digits, [](auto& p) { return p.low; }));
  json.set("middle", column(spread, digits, [](auto& p) { return p.middle; }));
  json.set("high", column(spread, digits, [](auto& p) { return p.high; }));
  return json;
}

Json curve_document(int trial, std::vector<MeanPoint> const& points) {
  Json json;
  json.set("trial", trial);
  json.set("epochs", column(points, kWhole, [](auto& p) { return p.epoch; }));
  json.set("train", column(points, kLossDigits, [](auto& p) { return p.train_loss; }));
  json.set("valid", column(points, kLossDigits, [](auto& p) { return p.valid_loss; }));
  json.set("metric", column(points, kScoreDigits, [](auto& p) { return p.metric; }));
  return json;
}

// The winner first, then the others from the best on.
Json curves_document(RunAnalysis const& analysis) {
  Json::Array trials;
  auto const add = [&](int trial) {
    auto const points = curve_of(analysis, trial);
    if (!points.empty()) trials.push_back(curve_document(trial, thinned(points, kPointsOfACurve)));
  };
  if (analysis.run.winner() != nullptr) add(analysis.run.result.best);
  for (TrialResult const* const trial : analysis.ranked) {
    if (trials.size() == kCurves || trial->rank == 0) break;
    if (trial->id != analysis.run.result.best) add(trial->id);
  }
  Json json;
  json.set("trials", std::move(trials));
  json.set("metric", spread_document(spreads(analysis.curves, CurveOf::metric), kScoreDigits));
  json.set("loss", spread_document(spreads(analysis.curves, CurveOf::valid_loss), kLossDigits));
  return json;
}

Json::Array importance_document(std::vector<ParameterImportance> const& importances) {
  Json::Array list;
  for (ParameterImportance const& each : importances) {
    Json json;
    json.set("parameter", each.parameter).set("divergence", each.divergence);
    json.set("share", each.share);
    list.push_back(std::move(json));
  }
  return list;
}

Json::Array edges_document(std::vector<RangeEdge> const& edges) {
  Json::Array list;
  for (RangeEdge const& edge : edges) {
    Json json;
    json.set("parameter", edge.parameter).set("end", edge.end).set("upper", edge.at_upper_end);
    json.set("crowded", edge.crowded).set("of", edge.of);
    list.push_back(std::move(json));
  }
  return list;
}

Json run_document(RunAnalysis const& analysis) {
  ReportedRun const& run = analysis.run;
  Json json;
  json.set("name", run.sweep.name).set("directory", run.directory);
  json.set("metric", run.result.metric).set("goal", run.result.maximize ? "maximize" : "minimize");
  json.set("best", run.result.best);
  json.set("parameters", parameters_document(run.sweep.study.space));
  json.set("trials", trials_document(analysis));
  json.set("history", history_document(analysis.history));
  json.set("rungs", rungs_document(analysis.funnel));
  json.set("curves", curves_document(analysis));
  json.set("importance", importance_document(analysis.importances));
  json.set("edges", edges_document(analysis.edges));
  Json::Array sentences;
  for (std::string const& sentence : cautions(analysis))
    sentences.emplace_back(sentence);
  json.set("cautions", std::move(sentences));
  return json;
}

}  // namespace

Json report_document(std::span<RunAnalysis const> runs) {
  Json::Array list;
  for (RunAnalysis const& run : runs)
    list.push_back(run_document(run));
  Json json;
  json.set("format", 1).set("runs", std::move(list));
  return json;
}

}  // namespace brood::files
