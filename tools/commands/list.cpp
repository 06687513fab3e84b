// SPDX-License-Identifier: Apache-2.0
// brood list: every name that a sweep file may use. Hyperparameters, their choices and settings
// come from the library's own tables, so that a new one is listed without a word here.
#include <algorithm>
#include <type_traits>

#include "brood/error.hpp"
#include "brood/member.hpp"
#include "brood/space.hpp"
#include "brood/study.hpp"
#include "brood/value.hpp"
#include "files/sweep/keys.hpp"
#include "files/sweep/settings.hpp"
#include "files/sweep/synonyms.hpp"
#include "tools/commands/commands.hpp"
#include "tools/definitions.hpp"
#include "tools/output.hpp"

namespace brood::tools {

namespace {

using files::Json;

struct Name {
  std::string name, help;
};

// A topic of names alone; `hyperparameters` has more columns and is not among them.
struct Topic {
  std::string_view name;
  std::vector<Name> names;
};

std::vector<Name> choices_of(std::string_view hyperparameter) {
  std::vector<Name> names;
  for (HyperparameterInfo const& info : hyperparameters()) {
    if (info.name != hyperparameter) continue;
    for (std::string_view const choice : info.choices) {
      names.push_back({std::string(choice), choice == info.default_text ? "the default" : ""});
    }
  }
  return names;
}

std::string help_of(Distribution distribution) {
  switch (distribution) {
    case Distribution::constant:
      return "value";
    case Distribution::categorical:
      return "values, and probabilities if they differ";
    case Distribution::ordinal:
      return "values in their order: models take neighbours for alike";
    case Distribution::int_uniform:
      return "min, max: whole numbers, both ends included";
    case Distribution::uniform:
      return "min, max";
    case Distribution::q_uniform:
      return "min, max, q: multiples of q";
    case Distribution::log_uniform_values:
      return "min, max, which are values and not exponents: ln x is uniform";
    case Distribution::q_log_uniform_values:
      return "min, max, q: the same, in multiples of q";
    case Distribution::inv_log_uniform_values:
      return "min, max: the same law as log_uniform_values";
    case Distribution::normal:
      return "mu, sigma; clipped at 4 sigma";
    case Distribution::q_normal:
      return "mu, sigma, q: the same, in multiples of q";
    case Distribution::log_normal:
      return "mu, sigma of ln x; clipped at 4 sigma";
  }
  return "";
}

std::vector<Name> distributions() {
  std::vector<Name> names;
  for (int i = 0; i <= static_cast<int>(Distribution::log_normal); ++i) {
    auto const distribution = static_cast<Distribution>(i);
    names.push_back({std::string(name_of(distribution)), help_of(distribution)});
  }
  return names;
}

std::vector<Name> metric_names() {
  std::vector<Name> names;
  for (MetricInfo const& metric : metrics()) {
    std::string tasks;
    for (auto const& [fits, task] :
         {std::pair(metric.of_classes, "classes"), std::pair(metric.of_labels, "labels"),
          std::pair(metric.of_values, "values")}) {
      if (fits) tasks += std::string(tasks.empty() ? "" : ", ") + task;
    }
    names.push_back({std::string(metric.name),
                     std::string(metric.help) + "; " +
                         (metric.higher_is_better ? "maximized" : "minimized") + "; for " + tasks});
  }
  return names;
}

std::vector<Name> methods() {
  std::vector<Name> names;
  for_alternatives<SamplerChoice>([&]<class S>(S const&) {
    std::string const keys = files::joined(files::settings_keys<S>());
    names.push_back({std::string(S::kName),
                     std::string(S::kHelp) + (keys.empty() ? "" : "; sampler: " + keys)});
  });
  return names;
}

std::vector<Name> schedulers() {
  std::vector<Name> names;
  for_alternatives<SchedulerChoice>([&]<class S>(S const&) {
    bool const none = std::is_same_v<S, NoEarlyTermination>;
    names.push_back(
        {std::string(S::kName),
         (none ? "" : files::joined(files::settings_keys<S>()) + ": ") + std::string(S::kHelp)});
  });
  return names;
}

// "default 0.2; 0 <= holdout < 1"
std::string range_text(std::string_view fallback, std::string_view allowed) {
  return "default " + std::string(fallback.empty() ? "none" : fallback) + "; " +
         std::string(allowed);
}

template <class S>
std::vector<Name> settings_of() {
  std::vector<Name> names;
  S const defaults{};
  files::for_keys<S>(
      [&](setting::Name name, auto field, auto const& allowed, std::string_view help) {
        names.push_back(
            {std::string(name.key), std::string(help) + "; " +
                                        range_text(files::setting_text(defaults.*field, allowed),
                                                   files::allowed_text(name.key, allowed))});
      });
  return names;
}

std::vector<Name> synonym_names() {
  std::vector<Name> names;
  for (files::Synonyms const& each : files::synonyms()) {
    std::string words(each.words);
    for (std::size_t at = words.find(' '); at != std::string::npos; at = words.find(' ', at + 2))
      words.replace(at, 1, ", ");
    bool const hyperparameter = each.of == "hyperparameter";
    names.push_back(
        {std::string(each.meant) + (hyperparameter ? "" : " (" + std::string(each.of) + ")"),
         words});
  }
  return names;
}

std::vector<Topic> topics() {
  return {
      {"activations", choices_of("activation")},
      {"optimizers", choices_of("optimizer")},
      {"losses", choices_of("loss")},
      {"schedules", choices_of("lr_schedule")},
      {"inits", choices_of("init")},
      {"distributions", distributions()},
      {"parameters",
       {{"value", "fixed"},
        {"values", "one of a list; see distributions for other laws"},
        {"min, max", "a range: of whole numbers if both are written so"},
        {"parameters",
         "a map of parameters of its own: optimizer: {parameters: {name: ..., lr: ...}}"},
        {"when",
         "a map of earlier parameters and the value, or list of values, that each must have; "
         "elsewhere the parameter is not there"}}},
      {"constraints", settings_of<Constraints>()},
      {"metrics", metric_names()},
      {"methods", methods()},
      {"early_terminate", schedulers()},
      {"best_of",
       {{"last_rung", "the winner is the best of the trials that were trained furthest"},
        {"any", "the winner is the best of all trials, each by its last score"}}},
      {"stop", settings_of<Stop>()},
      {"calibrate", settings_of<Calibrate>()},
      {"validation",
       {{"holdout", "a share of all rows validates; test: a share that is scored at the end"},
        {"folds", "each of so many folds validates once; repeats: so often"},
        {"group", "a column: rows of the same value stay on one side"},
        {"time", "a column: what trains is earlier than what validates, and that than test rows"},
        {"fold", "a column of folds; rows named train or -1 only train, test are test rows"},
        {"final_repeats", "repeats in all of those that come to the last rung"}}},
      {"tasks",
       {{"classification", "one target with classes"},
        {"regression", "one or several targets with numbers"},
        {"multi_label", "several targets of 0 and 1"}}},
      {"synonyms", synonym_names()}};
}

constexpr std::string_view kHyperparameters = "hyperparameters";
constexpr std::string_view kSettings = "settings";
constexpr std::string_view kKeys = "keys";

// Each setting of samplers, schedulers, validations, constraints, stop and the study itself.
struct SettingRow {
  std::string name, default_text, allowed;
  std::string_view help;
};
template <class S>
void add_settings(std::string_view of, std::vector<SettingRow>& rows) {
  S const defaults{};
  files::for_keys<S>(
      [&](setting::Name name, auto field, auto const& allowed, std::string_view help) {
        std::string const full = std::string(of) + (of.empty() ? "" : ".") + std::string(name.key);
        for (SettingRow const& row : rows) {
          if (row.name == full) return;  // validations share theirs
        }
        rows.push_back({full, files::setting_text(defaults.*field, allowed),
                        files::allowed_text(name.key, allowed), help});
      });
}
std::vector<SettingRow> setting_rows() {
  std::vector<SettingRow> rows;
  auto const add = [&]<class S>(S const&) { add_settings<S>(S::kName, rows); };
  for_alternatives<SamplerChoice>(add);
  for_alternatives<SchedulerChoice>([&]<class S>(S const& scheduler) {
    if constexpr (std::is_same_v<S, NoEarlyTermination>) {
      add_settings<S>("train", rows);
    } else {
      add(scheduler);
    }
  });
  for_alternatives<Validation>([&]<class S>(S const&) { add_settings<S>("validation", rows); });
  add_settings<Constraints>("constraints", rows);
  add_settings<Stop>("stop", rows);
  add_settings<Calibrate>("calibrate", rows);
  add_settings<Study>("", rows);
  return rows;
}

// The keys that are neither hyperparameters nor settings.
std::vector<SettingRow> key_rows() {
  std::vector<SettingRow> rows;
  auto const add = [&](std::string const& section, auto const& keys) {
    for (files::Key const& key : keys)
      rows.push_back({section + std::string(key.name), std::string(key.fallback),
                      std::string(key.allowed), key.help});
  };
  add("", files::kTopKeys);
  add("data.", files::kDataKeys);
  add("metric.", files::kMetricKeys);
  add("warm_start.", files::kWarmStartKeys);
  return rows;
}

std::string rows_text(std::vector<SettingRow> const& rows) {
  std::vector<Definition> definitions;
  for (SettingRow const& row : rows)
    definitions.push_back(
        {row.name, {std::string(row.help), range_text(row.default_text, row.allowed)}});
  return definition_list(definitions, output_width());
}

Json rows_document(std::vector<SettingRow> const& rows) {
  Json::Array array;
  for (SettingRow const& row : rows) {
    Json json;
    json.set("name", row.name).set("default", row.default_text);
    json.set("allowed", row.allowed).set("help", row.help);
    array.push_back(std::move(json));
  }
  return array;
}

std::string hyperparameters_text() {
  std::vector<SettingRow> rows;
  for (HyperparameterInfo const& info : hyperparameters())
    rows.push_back({std::string(info.name), info.default_text, info.allowed, info.help});
  return rows_text(rows);
}

Json hyperparameters_document() {
  Json::Array array;
  for (HyperparameterInfo const& info : hyperparameters()) {
    Json json;
    json.set("name", info.name).set("group", info.group).set("type", info.type);
    json.set("default", info.default_text).set("allowed", info.allowed).set("help", info.help);
    json.set("choices", Json(info.choices));
    array.push_back(std::move(json));
  }
  return array;
}

std::string names_text(std::vector<Name> const& names) {
  std::vector<Definition> definitions;
  for (Name const& name : names)
    definitions.push_back({name.name, {name.help}});
  return definition_list(definitions, output_width());
}

Json names_document(std::vector<Name> const& names) {
  Json::Array array;
  for (Name const& name : names) {
    array.push_back(Json().set("name", name.name).set("help", name.help));
  }
  return array;
}

}  // namespace

int list(Options const& options) {
  std::string const wanted = options.inputs.empty() ? "" : options.inputs[0];
  Style const style(options.no_color);
  std::string text;
  Json document = Json::Object();
  std::vector<std::string_view> known = {kHyperparameters, kKeys, kSettings};
  auto const add = [&](std::string_view name, std::string const& names, Json json) {
    text += (text.empty() ? "" : "\n") + style.heading(name) + "\n" + names;
    document.set(name, std::move(json));
  };
  if (wanted.empty() || wanted == kHyperparameters) {
    add(kHyperparameters, hyperparameters_text(), hyperparameters_document());
  }
  for (auto const& [name, rows] :
       {std::pair(kKeys, key_rows()), std::pair(kSettings, setting_rows())}) {
    if (wanted.empty() || wanted == name) add(name, rows_text(rows), rows_document(rows));
  }
  for (Topic const& topic : topics()) {
    known.push_back(topic.name);
    if (wanted.empty() || wanted == topic.name) {
      add(topic.name, names_text(topic.names), names_document(topic.names));
    }
  }
  if (text.empty()) {
    std::string all;
    for (std::string_view const name : known)
      all += (all.empty() ? "" : ", ") + std::string(name);
    throw UsageError(wanted + ": there is no such topic" + did_you_mean(wanted, known) +
                     "; the topics are " + all);
  }
  print_result(options.json ? document.text(/*indented=*/true) + "\n" : text);
  return 0;
}

}  // namespace brood::tools
