// SPDX-License-Identifier: Apache-2.0
// The leaderboard, the winner and how to go on; see tune_result.hpp.
#include "tools/commands/tune_result.hpp"

#include <algorithm>
#include <cmath>

#include "files/io/text.hpp"
#include "files/report/result_words.hpp"
#include "files/run/profile_document.hpp"
#include "files/run/result_document.hpp"
#include "tools/fitted_table.hpp"
#include "tools/options.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

using files::Json;

TrialResult const& trial_of(Result const& result, int id) {
  return *std::find_if(result.trials.begin(), result.trials.end(),
                       [&](TrialResult const& trial) { return trial.id == id; });
}

TrialResult const& winner_of(Result const& result) {
  return trial_of(result, result.best);
}

std::string leaderboard_text(Tuned const& tuned) {
  Result const& result = tuned.result;
  std::vector<std::string> varied;
  for (Parameter const& parameter : tuned.prepared.sweep.study.space.parameters()) {
    if (parameter.distribution != Distribution::constant) varied.push_back(parameter.name);
  }
  std::vector<std::vector<std::string>> rows = {
      {"rank", "trial", "state", "epochs", "valid " + result.metric}};
  // Beside log loss, which few can read.
  bool const with_accuracy = !std::isnan(winner_of(result).accuracy);
  if (with_accuracy) rows[0].push_back("accuracy");
  for (std::string const& name : varied)
    rows[0].push_back(name == "epochs" ? "epochs_in_all" : name);  // as in trials.csv
  for (std::size_t i = 0; i < result.leaderboard.size(); ++i) {
    TrialResult const& trial = trial_of(result, result.leaderboard[i]);
    std::vector<std::string> row = {std::to_string(i + 1), std::to_string(trial.id),
                                    std::string(name_of(trial.state)), std::to_string(trial.epochs),
                                    score_text(trial.score)};
    if (with_accuracy) row.push_back(score_text(trial.accuracy));
    for (std::string const& name : varied) {
      Value const* const value = trial.config.find(name);
      auto const* const real = value ? std::get_if<double>(value) : nullptr;
      row.push_back(!value ? "" : real ? setting_text(*real) : to_text(*value));
    }
    rows.push_back(std::move(row));
  }
  std::string const score = rows[0][4];
  return fitted_table(std::move(rows), {.width = output_width(),
                                        .always = {"rank", "trial", "epochs", score, "accuracy"},
                                        .first_out = {"state"}});
}

// Trials of former studies, from which the sampler learned.
std::string former_text(Tuned const& tuned) {
  auto const& prior = tuned.prepared.sweep.study.prior;
  PriorTrial const* best = nullptr;
  bool const maximize = tuned.result.maximize;
  for (PriorTrial const& trial : prior) {
    if (!std::isfinite(trial.score)) continue;
    bool const further = best == nullptr || trial.epoch > best->epoch;
    bool const better = !further && trial.epoch == best->epoch &&
                        (maximize ? trial.score > best->score : trial.score < best->score);
    if (further || better) best = &trial;
  }
  if (best == nullptr) return "";
  std::string text = "Of " + counted(std::ssize(prior), "former trial") + " the best has " +
                     tuned.result.metric + " " + score_text(best->score) + " at epoch " +
                     std::to_string(best->epoch);
  for (auto const& [name, value] : best->config) {
    Parameter const* const parameter = tuned.prepared.sweep.study.space.find(name);
    if (parameter == nullptr || parameter->distribution == Distribution::constant) continue;
    text += ", " + name + " " + to_text(value);
  }
  return wrapped(text + ".", output_width());
}

std::string winner_text(Tuned const& tuned) {
  TrialResult const& best = trial_of(tuned.result, tuned.result.best);
  std::vector<std::vector<std::string>> rows;
  for (auto const& [name, value] : best.config)
    rows.push_back({name + ":", to_text(value)});
  return "The winner is trial " + std::to_string(best.id) + ":\n" + left_table(rows, 2);
}

// The winner is the best of those trained furthest. Another may have scored better on the way.
std::string better_on_the_way_text(Result const& result) {
  TrialResult const* top = nullptr;
  for (TrialResult const& trial : result.trials) {
    if (!std::isfinite(trial.score)) continue;
    if (!top || ranks_before(trial.score, trial.id, top->score, top->id, result.maximize)) {
      top = &trial;
    }
  }
  if (!top || top->id == result.best || top->score == result.valid) return "";
  return "Trial " + std::to_string(top->id) + " had " + result.metric + " " +
         score_text(top->score) + " at epoch " + std::to_string(top->epochs) +
         "; the winner is chosen among the trials that were trained furthest.\n";
}

// Whether what was saved has been trained on the test rows, too.
bool is_trained_on_all(Result const& result) {
  return result.trained != nullptr && result.trained->size() > result.development->size();
}

std::string scores_text(Result const& result) {
  std::string text = std::string(result.ensemble.empty() ? "valid " : "The winner alone: valid ") +
                     result.metric + " " + score_text(result.valid) + ", ";
  bool const is_told = result.ensemble.empty() && result.out_of_fold.rows > 0;
  text += is_told                   ? files::out_of_fold_text(result)
          : std::isnan(result.test) ? "no test rows"
                                    : "test " + result.metric + " " + score_text(result.test);
  if (result.refit_diverged) {
    text += " (its refit diverged; the weights before it are kept)";
  } else if (result.refit_epochs > 0) {
    bool const on_all = is_trained_on_all(result);
    text += " (after a refit on train + validation rows for " +
            counted(result.refit_epochs / (on_all ? 2 : 1), "epoch") + ")";
  }
  return text + "\n";
}

// What predicts, by the other metrics.
std::string test_metrics_text(Result const& result) {
  bool const is_told = result.out_of_fold.rows > 0;
  std::string const text = scores_list(is_told                   ? result.out_of_fold.metrics
                                       : result.ensemble.empty() ? result.test_metrics
                                                                 : result.ensemble_test_metrics,
                                       result.metric);
  if (text.empty()) return "";
  return wrapped((is_told ? "On these rows also " : "On the test rows also ") + text + ".",
                 output_width());
}

// What was fitted for it on the rows that validated.
std::string calibration_text(Tuned const& tuned) {
  Result const& result = tuned.result;
  bool const alone = result.ensemble.empty();
  Calibration const& calibration = alone ? result.model.calibration : result.ensemble.calibration;
  bool const is_told = result.out_of_fold.rows > 0;
  auto const& coverage = is_told ? result.out_of_fold.coverage
                         : alone ? result.test_coverage
                                 : result.ensemble_test_coverage;
  Encoding const& encoding = tuned.prepared.encoding;
  std::string text;
  if (calibration.temperature != 1) {
    text += "Its probabilities are calibrated, by a temperature of " +
            setting_text(calibration.temperature) + ".\n";
  }
  if (calibration.threshold) {
    std::string const what = encoding.task == Task::classification
                                 ? files::quoted(encoding.classes.back()) + " is"
                                 : "Labels are";
    text += what + " predicted where the probability is above " +
            setting_text(*calibration.threshold) + ".\n";
  }
  for (std::size_t i = 0; i < calibration.intervals.size(); ++i) {
    Interval const& interval = calibration.intervals[i];
    if (interval.coverage != 0.9 || encoding.targets.size() != 1) continue;
    text += "In 90 % of rows the target is within " +
            score_text(interval.half_widths.front() * encoding.target_unit()) +
            " of the prediction";
    text += coverage.empty() ? ".\n"
                             : std::string(is_told ? "; of rows that it was not fitted on, in "
                                                   : "; of the test rows, in ") +
                                   percent_text(coverage[i]) + " %.\n";
  }
  return text;
}

Json number_or_null(double value) {
  return std::isnan(value) ? Json() : Json(value);
}

std::string ensemble_text(Result const& result) {
  if (result.ensemble.empty()) return "";
  int picks = 0;
  std::int64_t bytes = 0;
  for (Ensemble::Part const& part : result.ensemble.parts) {
    picks += part.count;
    for (LayerWeights const& layer : part.model.layers)
      bytes +=
          static_cast<std::int64_t>((layer.weights.size() + layer.bias.size()) * sizeof(float));
  }
  std::string const test = result.out_of_fold.rows > 0 ? files::out_of_fold_text(result)
                           : std::isnan(result.ensemble_test)
                               ? "no test rows"
                               : "test " + result.metric + " " + score_text(result.ensemble_test);
  return "The ensemble, " +
         counted(static_cast<std::int64_t>(result.ensemble.parts.size()), "network") + " in " +
         counted(picks, "pick") + ", " + bytes_text(bytes) + ": valid " + result.metric + " " +
         score_text(result.ensemble_valid) + " (it was picked by that), " + test +
         "; it is what predicts.\n";
}

Json ensemble_document(Result const& result) {
  if (result.ensemble.empty()) return Json();
  Json::Array parts;
  for (Ensemble::Part const& part : result.ensemble.parts)
    parts.push_back(Json().set("trial", part.trial).set("count", part.count));
  Json json;
  json.set("valid", number_or_null(result.ensemble_valid));
  json.set("test", number_or_null(result.ensemble_test));
  json.set("test_metrics", files::scores_document(result.ensemble_test_metrics));
  json.set("refit_epochs", result.ensemble_epochs).set("parts", std::move(parts));
  return json;
}

std::string ended_text(Tuned const& tuned) {
  if (!tuned.result.stopped_early) return "";
  int const rungs = tuned.prepared.plan.events;  // 0: not known before
  std::string const after = " after rung " + std::to_string(tuned.events) +
                            (rungs > 0 ? " of " + std::to_string(rungs) : "");
  switch (tuned.result.ended) {
    case Ended::target:
      return "Ended by stop.target" + after + ".\n";
    case Ended::no_improvement:
      return "Ended by stop.patience_rungs" + after + ".\n";
    case Ended::epochs:
      return "Ended by stop.epochs" + after + ".\n";
    case Ended::time:
      return "Ended by the time limit at epoch " + std::to_string(*tuned.result.stop.epochs) +
             (rungs > 0 ? " of " + std::to_string(tuned.prepared.plan.rungs.back().epoch) : "") +
             ".\n";
    default:
      return "Ended by --events" + after + "; --events " + std::to_string(tuned.events) +
             " repeats this run exactly.\n";
  }
}

// Where a clock has decided something, how to do the same without it.
std::string repeat_text(Tuned const& tuned, std::string const& program,
                        std::string const& directory) {
  if (!tuned.prepared.sweep.time_limit_seconds) return "";
  return "To repeat it exactly:\n  " + program + " tune " + directory + "/config.yaml\n";
}

Json trial_document(TrialResult const& trial) {
  Json json;
  json.set("trial", trial.id).set("state", name_of(trial.state)).set("epochs", trial.epochs);
  json.set("valid", number_or_null(trial.score));
  if (!std::isnan(trial.accuracy)) json.set("accuracy", trial.accuracy);
  json.set("parameters", Json(trial.config));
  return json;
}

}  // namespace

std::string tuned_text(Tuned const& tuned, Options const& options) {
  Style const style(options.no_color);
  std::string const program = shell_word(options.program);
  std::string const directory = shell_word(tuned.directory);
  std::string text =
      leaderboard_text(tuned) + former_text(tuned) + "\n" + winner_text(tuned) + "\n";
  bool const alone = tuned.result.ensemble.empty();
  std::string const winner = scores_text(tuned.result);
  text += style.heading(alone ? winner : ensemble_text(tuned.result));
  text += test_metrics_text(tuned.result) + calibration_text(tuned) + (alone ? "" : winner);
  if (is_trained_on_all(tuned.result)) {
    text += wrapped(
        "After their test scores were taken, the networks were trained again on every "
        "row, the test rows too; these are saved.",
        output_width());
  }
  text += better_on_the_way_text(tuned.result);
  text += ended_text(tuned);
  text += "Trained " + counted(tuned.result.member_epochs, "member-epoch") + " in " +
          duration_text(tuned.result.seconds) + ".\n";
  text += "Everything is in " + tuned.directory +
          ": report.html, config.yaml, run.json, trials.csv, curves.csv, best/\n";
  text += "To see its trials:\n  " + program + " show " + directory + "\n";
  text += std::string("To predict with the ") +
          (tuned.result.ensemble.empty() ? "winner" : "ensemble") + ":\n  " + program +
          " predict " + directory + " " + shell_word(tuned.prepared.sweep.data_path) + "\n";
  return text + repeat_text(tuned, program, directory);
}

Json tuned_document(Tuned const& tuned) {
  Result const& result = tuned.result;
  TrialResult const& winner = trial_of(result, result.best);
  double const target_unit = tuned.prepared.encoding.target_unit();
  Json best, device, data, json;
  best.set("trial", winner.id).set("parameters", Json(winner.config));
  best.set("epochs", winner.epochs);
  best.set("valid", number_or_null(result.valid)).set("test", number_or_null(result.test));
  best.set("test_metrics", files::scores_document(result.test_metrics));

  Json::Array leaderboard;
  for (int const id : result.leaderboard) {
    leaderboard.push_back(trial_document(trial_of(result, id)));
  }
  BackendInfo const info = tuned.prepared.engine.info();
  device.set("backend", info.name).set("device", info.device).set("precision", info.precision);
  data.set("path", tuned.prepared.sweep.data_path).set("rows", tuned.prepared.data.rows());
  data.set("fingerprint", tuned.prepared.fingerprint);

  json.set("name", tuned.prepared.sweep.name).set("directory", tuned.directory);
  json.set("metric", result.metric).set("goal", result.maximize ? "maximize" : "minimize");
  json.set("best", best).set("predicts", files::predictor_document(result, target_unit));
  json.set("trials", static_cast<std::int64_t>(result.trials.size()));
  json.set("member_epochs", result.member_epochs).set("refit_epochs", result.refit_epochs);
  json.set("seconds", result.seconds).set("stopped_early", result.stopped_early);
  json.set("ended", tuned.ended).set("events", tuned.events);
  json.set("ensemble", ensemble_document(result));
  json.set("leaderboard", std::move(leaderboard));
  json.set("plan", plan_document(tuned.prepared.plan)).set("data", data).set("device", device);
  if (tuned.profile) json.set("profile", files::profile_document(*tuned.profile));
  return json;
}

}  // namespace brood::tools
