// SPDX-License-Identifier: Apache-2.0
#include "files/report/trial_columns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "files/io/number_text.hpp"
#include "search/space/distribution.hpp"

namespace brood::files {

namespace {

constexpr std::size_t kMostBytes = 600'000;
constexpr int kScoreDigits = 6, kSettingDigits = 4;

bool is_listed(Parameter const& parameter) {
  return parameter.distribution == Distribution::categorical ||
         parameter.distribution == Distribution::ordinal;
}

std::vector<Parameter const*> varied(SearchSpace const& space) {
  std::vector<Parameter const*> parameters;
  for (Parameter const& parameter : space.parameters()) {
    if (parameter.distribution != Distribution::constant) parameters.push_back(&parameter);
  }
  return parameters;
}

bool is_logarithmic(Parameter const& parameter) {
  switch (parameter.distribution) {
    case Distribution::log_uniform_values:
    case Distribution::q_log_uniform_values:
    case Distribution::inv_log_uniform_values:
    case Distribution::log_normal:
      return true;
    default:
      return false;
  }
}

// "optimizer is momentum or nesterov"
std::string when_text(Parameter const& parameter) {
  std::string text;
  for (Condition const& condition : parameter.when) {
    text += (text.empty() ? "" : ", ") + condition.parameter + " is ";
    for (std::size_t i = 0; i < condition.values.size(); ++i)
      text += (i == 0 ? "" : " or ") + to_text(condition.values[i]);
  }
  return text;
}

// A value as a number: of a list, its index.
double number_of(Parameter const& parameter, Config const& config) {
  Value const* const value = config.find(parameter.name);
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (value == nullptr) return kNone;
  if (!is_listed(parameter)) return brood::number_of(*value).value_or(kNone);
  auto const found = std::find(parameter.values.begin(), parameter.values.end(), *value);
  return found == parameter.values.end() ? kNone
                                         : static_cast<double>(found - parameter.values.begin());
}

using Trials = std::vector<TrialResult const*>;

template <class Number>
std::string column(Trials const& trials, int digits, Number number) {
  std::string text;
  for (TrialResult const* const trial : trials) {
    if (!text.empty()) text += ' ';
    text += shortest_text(static_cast<double>(number(*trial)), digits);
  }
  return text;
}

constexpr int kWhole = 15;  // digits of a whole number

Json document_of(Trials const& trials, SearchSpace const& space) {
  std::string states;
  bool accuracies = false, errors = false, brackets = false;
  for (TrialResult const* const trial : trials) {
    states += trial->state == TrialState::dropped ? 'x' : name_of(trial->state)[0];
    accuracies = accuracies || !std::isnan(trial->accuracy);
    errors = errors || !std::isnan(trial->standard_error);
    brackets = brackets || trial->bracket > 0;
  }
  Json json;
  json.set("ids", column(trials, kWhole, [](auto& t) { return t.id; }));
  json.set("states", states);
  json.set("epochs", column(trials, kWhole, [](auto& t) { return t.epochs; }));
  json.set("scores", column(trials, kScoreDigits, [](auto& t) { return t.score; }));
  if (accuracies)
    json.set("accuracies", column(trials, kScoreDigits, [](auto& t) { return t.accuracy; }));
  if (errors)
    json.set("errors", column(trials, kSettingDigits, [](auto& t) { return t.standard_error; }));
  json.set("sizes", column(trials, kWhole, [](auto& t) { return t.parameters; }));
  if (brackets) json.set("brackets", column(trials, kWhole, [](auto& t) { return t.bracket + 1; }));
  Json::Array values;
  for (Parameter const* const parameter : varied(space)) {
    values.emplace_back(column(trials, kSettingDigits, [&](TrialResult const& trial) {
      return number_of(*parameter, trial.config);
    }));
  }
  json.set("values", std::move(values));
  return json;
}

// The best half, and of the others as many as evenly as may be.
Trials sample(Trials const& trials, std::size_t count) {
  std::size_t const best = count / 2, others = count - best;
  Trials kept(trials.begin(), trials.begin() + static_cast<std::ptrdiff_t>(best));
  for (std::size_t i = 0; i < others; ++i)
    kept.push_back(trials[best + i * (trials.size() - best) / others]);
  return kept;
}

}  // namespace

Json::Array parameters_document(SearchSpace const& space) {
  Json::Array list;
  for (Parameter const* const parameter : varied(space)) {
    Json json;
    json.set("name", parameter->name);
    if (is_listed(*parameter)) {
      Json::Array values;
      for (Value const& value : parameter->values)
        values.emplace_back(to_text(value));
      json.set("values", std::move(values));
    } else {
      auto range = range_of(*parameter);
      if (parameter->distribution == Distribution::log_normal)
        range = {std::exp(range.min), std::exp(range.max)};
      json.set("low", range.min).set("high", range.max);
      json.set("log", is_logarithmic(*parameter));
      json.set("whole", parameter->distribution == Distribution::int_uniform);
    }
    if (!parameter->when.empty()) json.set("when", when_text(*parameter));
    list.push_back(std::move(json));
  }
  return list;
}

Json trials_document(RunAnalysis const& analysis) {
  SearchSpace const& space = analysis.run.sweep.study.space;
  Trials const& all = analysis.ranked;
  Json json = document_of(all, space);
  std::size_t const bytes = json.text().size();
  std::size_t shown = all.size();
  if (bytes > kMostBytes) {
    shown = all.size() * kMostBytes / bytes;
    json = document_of(sample(all, shown), space);
  }
  json.set("all", static_cast<std::int64_t>(all.size()));
  json.set("shown", static_cast<std::int64_t>(shown));
  return json;
}

}  // namespace brood::files
