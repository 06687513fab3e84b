// SPDX-License-Identifier: Apache-2.0
// A run read back from its files: config.yaml says what was asked for, run.json who won and how it
// went, the two tables what every trial did.
#include "brood/files/run_record.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "brood/error.hpp"
#include "brood/files/trials.hpp"
#include "files/io/text.hpp"
#include "files/run/curve_table.hpp"
#include "files/run/directories.hpp"
#include "files/run/inspection_document.hpp"
#include "files/run/run_document.hpp"
#include "files/run/run_files.hpp"

namespace brood::files {

namespace {

namespace fs = std::filesystem;

std::string path_in(std::string const& directory, std::string_view name) {
  return (fs::path(directory) / name).string();
}

// A document of the run with the path that messages name.
struct Document {
  std::string path;
  Json json;

  [[noreturn]] void damaged(std::string_view key, std::string_view what) const {
    throw StorageError(path + ":1: is damaged: " + std::string(key) + " is no " +
                       std::string(what));
  }
  // 0 if it is absent or null.
  template <class T>
  T whole(Json const& object, std::string_view key) const {
    double const number = real(object, key);
    if (std::isnan(number)) return 0;
    constexpr double kMost = 0x1p53;
    bool const fits = number >= 0 &&
                      number <= std::min(kMost, static_cast<double>(std::numeric_limits<T>::max()));
    if (!fits || std::floor(number) != number) damaged(key, "whole number");
    return static_cast<T>(number);
  }
  // NaN if it is absent or null.
  double real(Json const& object, std::string_view key) const {
    Json const* const value = object.find(key);
    bool const is_absent = value == nullptr || value->as<std::monostate>() != nullptr;
    double const number = number_at(&object, key);
    if (std::isnan(number) && !is_absent) damaged(key, "number");
    return number;
  }
  // Empty if it is absent.
  std::string text(std::string_view key) const {
    Json const* const value = json.find(key);
    if (value == nullptr) return "";
    if (auto const* const text = value->as<std::string>()) return *text;
    damaged(key, "text");
  }
  // Null if it is absent or null.
  Json const* object(std::string_view key) const {
    Json const* const value = json.find(key);
    if (value == nullptr || value->as<std::monostate>() != nullptr) return nullptr;
    if (value->as<Json::Object>() == nullptr) damaged(key, "object");
    return value;
  }
  Json::Array const& array(std::string_view key) const {
    static Json::Array const kNone;
    Json const* const value = json.find(key);
    if (value == nullptr) return kNone;
    auto const* const array = value->as<Json::Array>();
    if (array == nullptr) damaged(key, "list");
    return *array;
  }
  NamedScores scores(Json const& object, std::string_view key) const {
    NamedScores scores;
    Json const* const map = object.find(key);
    auto const* const entries = map ? map->as<Json::Object>() : nullptr;
    if (entries == nullptr) return scores;
    for (auto const& entry : *entries)
      scores.emplace_back(entry.first, real(*map, entry.first));
    return scores;
  }
};

Document document_of(std::string const& directory, std::string_view name) {
  std::string path = path_in(directory, name);
  Json json = read_document(path);
  return {std::move(path), std::move(json)};
}

// ---- what was asked for

Sweep sweep_of(std::string const& directory, std::string const& name) {
  std::string const path = path_in(directory, "config.yaml");
  try {
    Sweep sweep = read_sweep(path);
    if (!name.empty()) sweep.name = name;
    return sweep;
  } catch (UsageError const& error) {
    throw StorageError(error.what());
  }
}

// ---- how it went

RunFacts facts_of(Document const& run) {
  RunFacts facts;
  facts.command_line = run.text("command_line");
  facts.started = run.text("started");
  facts.ended = run.text("ended");
  facts.of_run = run.text("trained_alone_of");
  facts.seconds = run.real(run.json, "seconds");
  if (Json const* const data = run.object("data")) {
    facts.data_fingerprint = text_at(run.json, "data", "fingerprint");
    facts.rows = run.whole<std::int64_t>(*data, "rows");
    facts.development_rows = run.whole<std::int64_t>(*data, "development_rows");
  }
  facts.backend.name = text_at(run.json, "device", "backend");
  facts.backend.device = text_at(run.json, "device", "device");
  facts.backend.precision = text_at(run.json, "device", "precision");
  if (Json const* const repeat = run.object("repeat"))
    facts.events = run.whole<int>(*repeat, "events");
  for (Json const& rung : run.array("rungs")) {
    facts.rungs.push_back({.trials = run.whole<int>(rung, "trials"),
                           .epoch = run.whole<int>(rung, "epoch"),
                           .member_epochs = run.whole<std::int64_t>(rung, "member_epochs"),
                           .best = run.real(rung, "best"),
                           .top = run.real(rung, "top"),
                           .seconds = run.real(rung, "seconds")});
  }
  return facts;
}

Ended ended_named(std::string const& name) {
  for (Ended const each : {Ended::complete, Ended::target, Ended::no_improvement, Ended::epochs,
                           Ended::time, Ended::stopped}) {
    if (name == name_of(each)) return each;
  }
  return Ended::stopped;  // by --events, or by a device that failed
}

// ---- what was found

// Who is best, by rank; runs of older versions say it in an order of their own.
std::vector<int> ranked_trials(TrialTable const& table, std::vector<TrialResult> const& trials) {
  std::vector<std::size_t> lines(trials.size());
  for (std::size_t line = 0; line < lines.size(); ++line)
    lines[line] = line;
  std::vector<int> ids;
  for (std::size_t const line : sorted(table, std::move(lines), std::nullopt)) {
    if (std::isfinite(trials[line].score)) ids.push_back(trials[line].id);
  }
  constexpr std::size_t kLeaderboard = 10;
  ids.resize(std::min(ids.size(), kLeaderboard));
  return ids;
}

void read_winner_scores(Document const& run, Result& result) {
  Json const* const winner = run.object("winner");
  if (winner == nullptr) return;
  result.best = run.whole<int>(*winner, "trial");
  result.valid = run.real(*winner, "valid");
  result.test = run.real(*winner, "test");
  result.test_metrics = run.scores(*winner, "test_metrics");
}

void read_out_of_fold(Document const& run, Result& result) {
  Json const* const predicts = run.object("predicts");
  Json const* const json = predicts ? predicts->find("out_of_fold") : nullptr;
  if (json == nullptr || json->as<Json::Object>() == nullptr) return;
  OutOfFoldScore& told = result.out_of_fold;
  told.score = run.real(*json, "score");
  told.low = run.real(*json, "low");
  told.high = run.real(*json, "high");
  told.draws = run.whole<int>(*json, "draws");
  told.rows = run.whole<std::int64_t>(*json, "rows");
  told.metrics = run.scores(*json, "metrics");
}

void read_ensemble(std::string const& directory, Result& result) {
  std::error_code ignored;
  if (!fs::exists(path_in(directory, kEnsembleDocument), ignored)) return;
  Document const ensemble = document_of(directory, kEnsembleDocument);
  for (Json const& part : ensemble.array("parts")) {
    result.ensemble.parts.push_back(
        {.trial = ensemble.whole<int>(part, "trial"), .count = ensemble.whole<int>(part, "count")});
  }
  result.ensemble_valid = ensemble.real(ensemble.json, "valid");
  result.ensemble_test = ensemble.real(ensemble.json, "test");
  result.ensemble_test_metrics = ensemble.scores(ensemble.json, "test_metrics");
  result.ensemble_epochs = ensemble.whole<std::int64_t>(ensemble.json, "refit_epochs");
}

Result result_of(std::string const& directory, Document const& run, Sweep const& sweep) {
  TrialTable const table = read_trials(directory);
  Result result;
  result.trials = trials_of(table);
  result.metric = table.metric;
  result.maximize = table.maximize;
  result.curves = read_curves(path_in(directory, "curves.csv"), table.metric);
  result.leaderboard = ranked_trials(table, result.trials);
  read_winner_scores(run, result);
  if (result.best < 0 && !result.leaderboard.empty()) {
    result.best = result.leaderboard.front();
    result.valid = winner(result).score;
  }
  read_out_of_fold(run, result);
  read_ensemble(directory, result);
  result.member_epochs = run.whole<std::int64_t>(run.json, "member_epochs");
  result.refit_epochs = run.whole<std::int64_t>(run.json, "refit_epochs");
  result.ended = ended_named(run.text("ended"));
  result.stopped_early = result.ended != Ended::complete;
  result.trials_in_all = sweep.study.trials;
  result.scheduler = sweep.study.scheduler;
  result.stop = sweep.study.stop;
  return result;
}

}  // namespace

RunRecord read_run(std::string const& directory) {
  std::error_code ignored;
  if (!fs::exists(directory, ignored)) throw UsageError(directory + ": there is no such directory");
  for (std::string_view const name : {"config.yaml", "run.json", "trials.csv", "curves.csv"}) {
    if (!fs::exists(path_in(directory, name), ignored)) {
      refuse_no_run(directory, std::string(name));
    }
  }
  Document const run = document_of(directory, "run.json");
  if (run.json.as<Json::Object>() == nullptr)
    throw StorageError(run.path + ":1: is damaged: is no object");
  RunRecord record;
  record.directory = directory;
  record.sweep = sweep_of(directory, run.text("name"));
  record.facts = facts_of(run);
  record.result = result_of(directory, run, record.sweep);
  record.result.seconds = record.facts.seconds;
  if (fs::exists(path_in(directory, kInspectionFile), ignored)) {
    Document const inspection = document_of(directory, kInspectionFile);
    record.facts.inspection = read_inspection(inspection.json, inspection.path);
  }
  if (fs::exists(path_in(directory, "best/model.safetensors"), ignored))
    record.encoding = read_best(directory).encoding;
  return record;
}

}  // namespace brood::files
