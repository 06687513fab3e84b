// SPDX-License-Identifier: Apache-2.0
// The texts of a run's files; see run_files.hpp.
#include "files/run/run_files.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "brood/error.hpp"
#include "brood/version.hpp"
#include "files/io/json.hpp"
#include "files/model/model_page.hpp"
#include "files/run/inspection_document.hpp"
#include "files/run/profile_document.hpp"
#include "files/run/result_document.hpp"
#include "files/run/trained_rows.hpp"
#include "files/store/request_files.hpp"
#include "study/start.hpp"

namespace brood::files {

namespace {

constexpr int kFormat = 1;

// As RFC 4180 has it: quoted where a comma, a quote or a line end would be taken for structure.
std::string csv_cell(std::string const& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char const c : text)
    quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

// to_chars would write a sign that depends on how the NaN came about.
std::string number(double value) {
  return std::isnan(value) ? "nan" : to_text(value);
}

// "key: value" lines. Values are numbers, names of choices and lists of numbers, which YAML reads
// as they stand.
std::string yaml_of(Config const& config) {
  std::string text;
  for (auto const& [name, value] : config)
    text += name + ": " + to_text(value) + "\n";
  return text;
}

// The training that led to a winner that was a copy: as which trial, with what, until when.
Json::Array segments_document(std::vector<Segment> const& segments) {
  Json::Array list;
  for (Segment const& segment : segments) {
    Json json;
    json.set("trial", segment.trial).set("until_epoch", segment.until_epoch);
    json.set("parameters", Json(segment.config));
    list.push_back(std::move(json));
  }
  return list;
}

Json::Array rungs_document(std::vector<RungFacts> const& rungs) {
  Json::Array list;
  for (RungFacts const& rung : rungs) {
    Json json;
    json.set("trials", rung.trials).set("epoch", rung.epoch);
    json.set("member_epochs", rung.member_epochs).set("seconds", rung.seconds);
    json.set("best", rung.best).set("top", rung.top);
    list.push_back(std::move(json));
  }
  return list;
}

Json run_document(Sweep const& sweep, Result const& result, RunFacts const& facts,
                  double target_unit) {
  Json data, device, repeat, json;
  data.set("path", sweep.data_path).set("fingerprint", facts.data_fingerprint);
  if (facts.rows > 0) data.set("rows", facts.rows).set("development_rows", facts.development_rows);
  device.set("backend", facts.backend.name).set("device", facts.backend.device);
  device.set("precision", facts.backend.precision);
  repeat.set("trials", sweep.study.trials).set("events", facts.events);
  json.set("brood", BROOD_VERSION).set("format", kFormat).set("name", sweep.name);
  json.set("command_line", facts.command_line).set("started", facts.started);
  json.set("seconds", facts.seconds);
  std::uint64_t const seed = sweep.study.seed;
  bool const is_signed = seed <= std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  json.set("seed", is_signed ? Json(static_cast<std::int64_t>(seed)) : Json(std::to_string(seed)));
  json.set("data", data).set("device", device);
  if (sweep.study.start.model != nullptr) {
    Json start;
    start.set("path", sweep.start_path).set("fingerprint", identity(sweep.study.start));
    json.set("start", std::move(start));
  }
  json.set("ended", facts.ended).set("repeat", repeat);
  if (!facts.of_run.empty()) json.set("trained_alone_of", facts.of_run);
  json.set("metric", result.metric).set("goal", result.maximize ? "maximize" : "minimize");
  json.set("winner", winner_document(result))
      .set("predicts", predictor_document(result, target_unit));
  json.set("member_epochs", result.member_epochs).set("refit_epochs", result.refit_epochs);
  if (!facts.rungs.empty()) json.set("rungs", rungs_document(facts.rungs));
  if (facts.profile) json.set("profile", profile_document(*facts.profile));
  if (result.segments.size() > 1) json.set("winner_was", segments_document(result.segments));
  return json;
}

Json score_document(Result const& result, double target_unit) {
  TrialResult const& best = winner(result);
  Json json;
  json.set("trial", result.best).set("metric", result.metric);
  json.set("goal", result.maximize ? "maximize" : "minimize");
  json.set("valid", result.valid);
  if (!std::isnan(best.standard_error)) json.set("valid_standard_error", best.standard_error);
  json.set("test", result.test);
  json.set("test_metrics", scores_document(result.test_metrics));
  set_calibration(result.model.calibration, result.test_coverage, target_unit, json);
  if (result.ensemble.empty() && result.out_of_fold.rows > 0)
    json.set("out_of_fold", out_of_fold_document(result.out_of_fold));
  json.set("epochs", best.epochs).set("refit_epochs", result.refit_epochs);
  return json;
}

Json ensemble_document(Result const& result, double target_unit) {
  Json::Array parts;
  for (Ensemble::Part const& part : result.ensemble.parts) {
    Json json;
    json.set("trial", part.trial).set("count", part.count);
    parts.push_back(std::move(json));
  }
  Json json;
  json.set("format", kFormat).set("file", "ensemble.safetensors").set("metric", result.metric);
  json.set("valid", result.ensemble_valid).set("test", result.ensemble_test);
  json.set("test_metrics", scores_document(result.ensemble_test_metrics));
  set_calibration(result.ensemble.calibration, result.ensemble_test_coverage, target_unit, json);
  if (result.out_of_fold.rows > 0)
    json.set("out_of_fold", out_of_fold_document(result.out_of_fold));
  json.set("refit_epochs", result.ensemble_epochs).set("parts", std::move(parts));
  return json;
}

// Columns of trials.csv beside those of parameters and folds.
constexpr std::string_view kOwnColumns[] = {"trial",      "state",          "epochs",
                                            "accuracy",   "standard_error", "rank",
                                            "parameters", "seed",           "bracket"};
constexpr std::string_view kFold = "fold_";

// A line of trials.csv: name and cell of each column.
using Cells = std::vector<std::pair<std::string, std::string>>;

// Which columns there are, where not all runs have them.
struct Optional {
  bool accuracies = false, errors = false, brackets = false;
  std::size_t folds = 0;
};

Optional columns_of(std::vector<TrialResult> const& trials) {
  Optional columns;
  for (TrialResult const& trial : trials) {
    columns.accuracies = columns.accuracies || !std::isnan(trial.accuracy);
    columns.errors = columns.errors || !std::isnan(trial.standard_error);
    columns.brackets = columns.brackets || trial.bracket > 0;
    columns.folds = std::max(columns.folds, trial.fold_scores.size());
  }
  return columns;
}

Cells cells_of(TrialResult const& trial, std::string const& metric, SearchSpace const& space,
               Optional const& columns) {
  Cells cells = {{"trial", std::to_string(trial.id)},
                 {"state", std::string(name_of(trial.state))},
                 {"epochs", std::to_string(trial.epochs)},
                 {"valid_" + metric, number(trial.score)}};
  if (columns.accuracies) cells.emplace_back("accuracy", number(trial.accuracy));
  if (columns.errors) cells.emplace_back("standard_error", number(trial.standard_error));
  for (Parameter const& parameter : space.parameters()) {
    Value const* const value = trial.config.find(parameter.name);
    cells.emplace_back(column_of_parameter(parameter.name), value ? to_text(*value) : "");
  }
  for (std::size_t k = 0; k < columns.folds; ++k) {
    cells.emplace_back(std::string(kFold) + std::to_string(k + 1),
                       k < trial.fold_scores.size() ? number(trial.fold_scores[k]) : "nan");
  }
  cells.emplace_back("rank", trial.rank > 0 ? std::to_string(trial.rank) : "");
  cells.emplace_back("parameters", std::to_string(trial.parameters));
  cells.emplace_back("seed", std::to_string(trial.seed));
  if (columns.brackets) cells.emplace_back("bracket", std::to_string(trial.bracket + 1));
  return cells;
}

}  // namespace

TrialResult const& winner(Result const& result) {
  auto const found =
      std::find_if(result.trials.begin(), result.trials.end(),
                   [&](TrialResult const& trial) { return trial.id == result.best; });
  if (found == result.trials.end()) throw UsageError("the result has no winner to write down");
  return *found;
}

bool is_fold_column(std::string_view name) {
  if (!name.starts_with(kFold) || name.size() == kFold.size()) return false;
  return name.find_first_not_of("0123456789", kFold.size()) == std::string_view::npos;
}

std::string column_of_parameter(std::string_view name) {
  // `epochs` is how far a trial came, this how far it would have gone.
  if (name == "epochs") return "epochs_in_all";
  bool const taken =
      is_fold_column(name) || name.starts_with("valid_") ||
      std::find(std::begin(kOwnColumns), std::end(kOwnColumns), name) != std::end(kOwnColumns);
  return (taken ? "parameters." : "") + std::string(name);
}

std::string trials_csv(Result const& result, SearchSpace const& space) {
  Optional const columns = columns_of(result.trials);
  std::string names, lines;
  for (TrialResult const& trial : result.trials) {
    bool const first = lines.empty();
    std::string line;
    for (auto const& [name, cell] : cells_of(trial, result.metric, space, columns)) {
      if (first) names += (names.empty() ? "" : ",") + csv_cell(name);
      line += (line.empty() ? "" : ",") + csv_cell(cell);
    }
    lines += line + "\n";
  }
  return names + "\n" + lines;
}

std::string curves_csv(Result const& result) {
  // No two columns of one name.
  bool const by_loss = result.metric == "loss";
  std::string text = "trial,fold,repeat,epoch,train_loss,valid_loss";
  text += by_loss ? "\n" : ",valid_" + result.metric + "\n";
  for (CurvePoint const& point : result.curves) {
    for (int const index : {point.trial, point.fold, point.repeat, point.epoch}) {
      text += std::to_string(index) + ",";
    }
    text += number(point.train_loss) + "," + number(point.valid_loss);
    text += by_loss ? "\n" : "," + number(point.valid_metric) + "\n";
  }
  return text;
}

std::string ensemble_part_name(std::size_t part) {
  return "ensemble-" + std::to_string(part + 1) + ".safetensors";
}

namespace {

constexpr std::string_view kTrials = "trials/";

// Of a name below trials/N/ what follows; else the name.
std::string_view in_trial(std::string_view name) {
  if (!name.starts_with(kTrials)) return name;
  std::size_t const slash = name.find('/', kTrials.size());
  std::string_view const number = name.substr(kTrials.size(), slash - kTrials.size());
  bool const is_number =
      !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
  return is_number && slash != std::string_view::npos ? name.substr(slash + 1) : name;
}

// Of what sibling() calls what is unfinished, the name that it would have had; else the name.
std::string finished(std::string_view name) {
  std::size_t const slash = name.substr(0, name.size() - 1).rfind('/') + 1;
  std::size_t const end = name.find(".new-", slash);
  if (name.substr(slash, 1) != "." || end == std::string_view::npos) return std::string(name);
  std::string_view const rest = name.substr(end + 5);  // a number, and what SQLite adds
  std::size_t const number = rest.find_first_not_of("0123456789");
  std::string_view const suffix = number == std::string_view::npos ? "" : rest.substr(number);
  if (number == 0 || (!suffix.empty() && suffix[0] != '/' && suffix != "-journal"))
    return std::string(name);
  return std::string(name.substr(0, slash)) + std::string(name.substr(slash + 1, end - slash - 1)) +
         std::string(suffix);
}

}  // namespace

bool is_run_folder(std::string_view full_name) {
  std::string const name = finished(full_name);
  std::string_view const own = in_trial(name);
  return own == "best/" || name == kTrials || (own.empty() && name != own);
}

bool is_run_file(std::string_view full_name) {
  std::string const whole = finished(full_name);
  std::string_view const name = in_trial(whole);
  if (std::find(kStoreFiles.begin(), kStoreFiles.end(), whole) != kStoreFiles.end()) return true;
  if (is_request_file(whole)) return true;
  if (std::find(kRunFiles.begin(), kRunFiles.end(), name) != kRunFiles.end()) return true;
  if (name == kEnsembleDocument || name == kEnsembleFile || name == kReportFile ||
      name == kInspectionFile)
    return true;
  // Of older runs, a file for each network.
  constexpr std::string_view kStart = "best/ensemble-", kEnd = ".safetensors";
  if (!name.starts_with(kStart) || !name.ends_with(kEnd)) return false;
  std::string_view number = name.substr(kStart.size());
  if (number.size() <= kEnd.size()) return false;
  number.remove_suffix(kEnd.size());
  return std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<RunFile> run_files(Sweep const& sweep, Result const& result, Encoding const& encoding,
                               RunFacts const& facts) {
  double const target_unit = encoding.target_unit();
  std::vector<RunFile> files = {
      {"config.yaml", resolved_yaml(sweep)},
      {"run.json", run_document(sweep, result, facts, target_unit).text(/*indented=*/true) + "\n"},
      {"trials.csv", trials_csv(result, sweep.study.space)},
      {"curves.csv", curves_csv(result)},
  };
  if (facts.inspection) {
    files.push_back({std::string(kInspectionFile),
                     inspection_document(*facts.inspection).text(/*indented=*/true) + "\n"});
  }
  if (result.model.layers.empty()) return files;  // StudyRun::found()
  files.push_back({"best/config.yaml", yaml_of(winner(result).config)});
  files.push_back(
      {"best/score.json", score_document(result, target_unit).text(/*indented=*/true) + "\n"});
  SavedModel const saved{result.model, encoding, result.metric, sweep.dataset.weight};
  files.push_back({"best/model.safetensors", to_safetensors(saved)});
  files.push_back({std::string(kModelPage), model_page(saved, !result.ensemble.empty())});
  if (!facts.trained_rows.empty())
    files.push_back({"best/trained_rows.npy", to_npy(facts.trained_rows)});
  if (result.ensemble.empty()) return files;
  files.push_back({std::string(kEnsembleDocument),
                   ensemble_document(result, target_unit).text(/*indented=*/true) + "\n"});
  files.push_back({std::string(kEnsembleFile),
                   to_safetensors(SavedPredictor{result.ensemble, encoding, result.metric,
                                                 sweep.dataset.weight})});
  return files;
}

}  // namespace brood::files
