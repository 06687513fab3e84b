// SPDX-License-Identifier: Apache-2.0
#include "files/export/optuna_study.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "brood/version.hpp"
#include "files/export/run_times.hpp"
#include "files/export/trial_curves.hpp"

namespace brood::files {

namespace {

constexpr double kSigmas = 4;  // at which normal distributions end

// A value as a choice of Optuna's: null, a flag, a number or a text.
Json choice_of(Value const& value) {
  bool const is_list = std::holds_alternative<std::vector<std::int64_t>>(value) ||
                       std::holds_alternative<std::vector<double>>(value);
  return is_list ? Json(to_text(value)) : Json(value);
}

// A parameter of the space as one distribution for all trials. Points that were given by hand may
// lie outside the range that was searched: then it is as much wider.
class OptunaDistribution {
 public:
  OptunaDistribution(Parameter const& parameter, std::vector<TrialResult> const& trials)
      : parameter_(parameter) {
    std::vector<Value> values;
    for (TrialResult const& trial : trials) {
      if (Value const* const value = trial.config.find(parameter.name)) values.push_back(*value);
    }
    bool const numbers = std::all_of(values.begin(), values.end(), [](Value const& value) {
      return number_of(value).has_value();
    });
    if (parameter.values.empty() && numbers) {
      make_range(values);
    } else {
      make_choices(values);
    }
  }

  std::string const& json() const { return json_; }
  double internal(Value const& value) const {
    if (choices_.empty()) return *number_of(value);
    auto const place = std::find(choices_.begin(), choices_.end(), choice_of(value).text());
    return static_cast<double>(place - choices_.begin());
  }

 private:
  static std::string document(std::string_view name, Json attributes) {
    return Json().set("name", name).set("attributes", std::move(attributes)).text();
  }

  void make_choices(std::vector<Value> const& values) {
    Json::Array choices;
    auto const add = [&](Value const& value) {
      Json choice = choice_of(value);
      if (std::find(choices_.begin(), choices_.end(), choice.text()) != choices_.end()) return;
      choices_.push_back(choice.text());
      choices.push_back(std::move(choice));
    };
    std::for_each(parameter_.values.begin(), parameter_.values.end(), add);
    std::for_each(values.begin(), values.end(), add);
    json_ = document("CategoricalDistribution", Json().set("choices", std::move(choices)));
  }

  bool is_log() const {
    Distribution const law = parameter_.distribution;
    return law == Distribution::log_uniform_values || law == Distribution::inv_log_uniform_values ||
           law == Distribution::q_log_uniform_values || law == Distribution::log_normal;
  }

  // 0 where there is none.
  double step() const {
    switch (parameter_.distribution) {
      case Distribution::int_uniform:
        return 1;
      case Distribution::q_uniform:
      case Distribution::q_log_uniform_values:
      case Distribution::q_normal:
        return parameter_.q;
      default:
        return 0;
    }
  }

  std::pair<double, double> searched() const {
    double const low = parameter_.mu - kSigmas * parameter_.sigma;
    double const high = parameter_.mu + kSigmas * parameter_.sigma;
    switch (parameter_.distribution) {
      case Distribution::normal:
      case Distribution::q_normal:
        return {low, high};
      case Distribution::log_normal:
        return {std::exp(low), std::exp(high)};
      default:
        return {parameter_.min, parameter_.max};
    }
  }

  void make_range(std::vector<Value> const& values) {
    auto [low, high] = searched();
    double step = this->step();
    if (step > 0) {                                     // to multiples of it
      low = std::ceil(low / step - 1e-9) * step + 0.0;  // no -0
      high = std::floor(high / step + 1e-9) * step;
    }
    bool whole = step > 0 && std::floor(step) == step;
    for (Value const& value : values) {
      double const number = *number_of(value);
      low = std::min(low, number);
      high = std::max(high, number);
      whole = whole && std::floor(number) == number;
    }
    auto const off_grid = [step, from = low](Value const& value) {
      double const steps = (*number_of(value) - from) / step;
      return std::fabs(steps - std::nearbyint(steps)) > 1e-6;
    };
    if (whole) {
      // Optuna has no steps beside 1 on a logarithmic scale.
      bool const on_grid = std::none_of(values.begin(), values.end(), off_grid);
      bool const log = is_log() && low >= 1;
      std::int64_t const by = on_grid && !log ? static_cast<std::int64_t>(step) : 1;
      json_ = document("IntDistribution", Json()
                                              .set("log", log)
                                              .set("step", by)
                                              .set("low", static_cast<std::int64_t>(low))
                                              .set("high", static_cast<std::int64_t>(high)));
      return;
    }
    bool const stepped =
        step > 0 && !is_log() && std::none_of(values.begin(), values.end(), off_grid);
    json_ = document("FloatDistribution", Json()
                                              .set("step", stepped ? Json(step) : Json())
                                              .set("low", low)
                                              .set("high", high)
                                              .set("log", is_log() && low > 0));
  }

  Parameter const& parameter_;
  std::vector<std::string> choices_ = {};  // as JSON
  std::string json_;
};

OptunaState state_of(TrialResult const& trial, bool unfinished) {
  if (trial.state == TrialState::waiting && trial.epochs == 0)
    return unfinished ? OptunaState::running : OptunaState::waiting;
  if (trial.state == TrialState::diverged || !std::isfinite(trial.score)) return OptunaState::fail;
  if (trial.state == TrialState::waiting && unfinished) return OptunaState::running;
  // Of a run that was cut short, those between two rungs.
  bool const ended_early = trial.state == TrialState::pruned ||
                           trial.state == TrialState::waiting || trial.state == TrialState::dropped;
  return ended_early ? OptunaState::pruned : OptunaState::complete;
}

Json::Object attributes_of(TrialResult const& trial, bool unfinished) {
  Json json;
  json.set("state", name_of(trial.state)).set("epochs", trial.epochs);
  if (trial.rank > 0) json.set("rank", trial.rank);
  if (!unfinished)  // else they are not known
    json.set("parameters", trial.parameters).set("seed", std::to_string(trial.seed));
  json.set("bracket", trial.bracket + 1);
  if (!std::isnan(trial.accuracy)) json.set("accuracy", trial.accuracy);
  if (!std::isnan(trial.standard_error)) json.set("standard_error", trial.standard_error);
  if (!trial.fold_scores.empty()) json.set("fold_scores", Json(trial.fold_scores));
  return *json.as<Json::Object>();
}

Json::Object attributes_of(RunRecord const& run, std::vector<Parameter const*> const& constants) {
  Json json;
  json.set("brood", BROOD_VERSION).set("run", run.sweep.name);
  json.set("command_line", run.facts.command_line).set("data", run.sweep.data_path);
  json.set("ended", run.unfinished ? "not yet" : run.facts.ended);
  json.set("winner", run.result.best);
  if (!std::isnan(run.result.test)) json.set("test_" + run.result.metric, run.result.test);
  for (Parameter const* const constant : constants)
    json.set("constant " + constant->name, choice_of(constant->values.front()));
  return *json.as<Json::Object>();
}

}  // namespace

std::string_view name_of(OptunaState state) {
  switch (state) {
    case OptunaState::running:
      return "RUNNING";
    case OptunaState::complete:
      return "COMPLETE";
    case OptunaState::pruned:
      return "PRUNED";
    case OptunaState::fail:
      return "FAIL";
    case OptunaState::waiting:
      return "WAITING";
  }
  return "";
}

OptunaStudy optuna_study(RunRecord const& run) {
  RunTimes const times = times_of(run);
  OptunaStudy study{.name = run.sweep.name,
                    .maximize = run.result.maximize,
                    .metric = run.result.metric,
                    .start = date_time(times.start),
                    .end = date_time(times.end)};
  std::vector<Parameter const*> searched, constants;
  std::vector<OptunaDistribution> distributions;
  for (Parameter const& parameter : run.sweep.study.space.parameters()) {
    bool const is_constant = parameter.distribution == Distribution::constant;
    (is_constant ? constants : searched).push_back(&parameter);
    if (!is_constant) distributions.emplace_back(parameter, run.result.trials);
  }
  study.attributes = attributes_of(run, constants);
  TrialCurves const curves(run.result);
  for (TrialResult const& result : run.result.trials) {
    OptunaTrial trial{.state = state_of(result, run.unfinished),
                      .attributes = attributes_of(result, run.unfinished)};
    bool const scored = trial.state == OptunaState::complete || trial.state == OptunaState::pruned;
    if (scored) trial.values = {result.score};
    for (std::size_t p = 0; p < searched.size(); ++p) {
      Value const* const value = result.config.find(searched[p]->name);
      if (value == nullptr) continue;  // its conditions do not hold
      trial.parameters.push_back(
          {searched[p]->name, distributions[p].internal(*value), distributions[p].json()});
    }
    trial.by_epoch = curves.metric(result.id);
    study.trials.push_back(std::move(trial));
  }
  return study;
}

}  // namespace brood::files
