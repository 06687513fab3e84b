// SPDX-License-Identifier: Apache-2.0
// A sweep as the text that reads back as the same study. What has no value of its own (found from
// the data, or a hyperparameter's default) is a comment.
#include <filesystem>
#include <system_error>
#include <variant>

#include "brood/files/sweep.hpp"
#include "files/io/yaml.hpp"
#include "files/sweep/reader.hpp"
#include "files/sweep/settings.hpp"
#include "files/sweep/warm_start.hpp"

namespace brood::files {

namespace {

std::string absolute(std::string const& path) {
  if (path == "-") return path;  // the standard input
  std::error_code error;
  auto const full = std::filesystem::absolute(path, error);
  return error ? path : full.lexically_normal().string();
}

template <class Item, class Text>
std::string list(std::vector<Item> const& items, Text text) {
  std::string result;
  for (Item const& item : items)
    result += (result.empty() ? "[" : ", ") + text(item);
  return result.empty() ? "[]" : result + ']';
}

std::string value_text(Value const& value) {
  auto const* text = std::get_if<std::string>(&value);
  return text != nullptr ? yaml_text(*text) : to_text(value);
}

std::string names_text(std::vector<std::string> const& names) {
  if (names.size() == 1) return yaml_text(names[0]);
  return list(names, yaml_text);
}

std::string data_text(Sweep const& sweep) {
  ReadOptions const& read = sweep.read;
  DatasetOptions const& dataset = sweep.dataset;
  std::string text = "data:\n  file: " + yaml_text(absolute(sweep.data_path)) +
                     "\n  target: " + names_text(dataset.targets) + '\n';
  if (!read.labels.empty()) text += "  labels: " + yaml_text(absolute(read.labels)) + '\n';
  text += read.format.empty() ? "  # format: from the file's name\n"
                              : "  format: " + yaml_text(read.format) + '\n';
  text += read.header ? "  header: " + setting_text(*read.header, setting::YesOrNo{}) + '\n'
                      : "  # header: found in the file\n";
  if (!read.separator.empty()) text += "  separator: " + yaml_text(read.separator) + '\n';
  if (!read.decimal.empty()) text += "  decimal: " + yaml_text(read.decimal) + '\n';
  if (read.missing) text += "  missing: " + list(*read.missing, yaml_text) + '\n';
  text += "  drop: " + list(dataset.drop, yaml_text) + '\n';
  text +=
      "  missing_indicator: " + setting_text(dataset.missing_indicator, setting::YesOrNo{}) + '\n';
  text += "  bins: " + std::to_string(dataset.bins) + '\n';
  text += dataset.weight.empty() ? "  # weight: none\n"
                                 : "  weight: " + yaml_text(dataset.weight) + '\n';
  if (!dataset.positive.empty()) text += "  positive: " + yaml_text(dataset.positive) + '\n';
  text += read.kinds.empty() ? "  columns: {}\n" : "  columns:\n";
  for (auto const& [name, kind] : read.kinds) {
    std::string const said = kind == ColumnKind::numeric       ? "numeric"
                             : kind == ColumnKind::categorical ? "categorical"
                                                               : yaml_text(read.dates.at(name));
    text += "    " + yaml_text(name) + ": " + said + '\n';
  }
  return text;
}

std::string task_text(Sweep const& sweep) {
  if (!sweep.dataset.task) return "# task: found from the target\n";
  switch (*sweep.dataset.task) {
    case Task::classification:
      return "task: classification\n";
    case Task::regression:
      return "task: regression\n";
    case Task::multi_label:
      return "task: multi_label\n";
  }
  return "";
}

std::string validation_text(Study const& study, DatasetOptions const& data) {
  std::string by;
  if (study.final_repeats > 1) by = ", final_repeats: " + std::to_string(study.final_repeats);
  for (auto const& [key, column] : {std::pair("group", data.group), std::pair("time", data.time),
                                    std::pair("fold", data.fold)}) {
    if (!column.empty()) by += std::string(", ") + key + ": " + yaml_text(column);
  }
  return "validation: {" +
         std::visit([](auto const& chosen) { return settings_text(chosen); }, study.validation) +
         by + "}\n";
}

std::string metric_text(MetricChoice const& metric) {
  if (metric.name.empty()) return "# metric: accuracy, or rmse for regression\n";
  return "metric: {name: " + metric.name + ", goal: " + std::string(goal_of(metric.name)) + "}\n";
}

std::string stop_text(Stop const& stop) {
  std::string const text = settings_text(stop);
  return text.empty() ? "# stop: after the last rung\n" : "stop: {" + text + "}\n";
}

std::string constraints_text(Constraints const& constraints) {
  std::string const text = settings_text(constraints);
  return text.empty() ? "# constraints: none\n" : "constraints: {" + text + "}\n";
}

// Epochs that are searched stand under parameters.
std::string scheduler_text(SchedulerChoice const& scheduler, SearchSpace const& space) {
  std::string const type = "early_terminate: {type: " + std::string(name_of(scheduler));
  if (auto const* none = std::get_if<NoEarlyTermination>(&scheduler)) {
    bool const searched = space.find("epochs") != nullptr;
    return type + (searched ? "}\n" : "}\ntrain: {" + settings_text(*none) + "}\n");
  }
  return type + ", " +
         std::visit([](auto const& chosen) { return settings_text(chosen); }, scheduler) + "}\n";
}

std::string points_text(char const* key, std::vector<Config> const& points) {
  if (points.empty()) return "";
  std::string text = std::string(key) + ":\n";
  for (Config const& point : points) {
    std::string fields;
    for (auto const& [name, value] : point)
      fields += (fields.empty() ? "" : ", ") + name + ": " + value_text(value);
    text += "  - {" + fields + "}\n";
  }
  return text;
}

std::string sampler_text(SamplerChoice const& sampler) {
  std::string text = "method: " + std::string(name_of(sampler)) + '\n';
  if (auto const* list = std::get_if<List>(&sampler)) text += points_text("points", list->configs);
  std::string const settings =
      std::visit([](auto const& chosen) { return settings_text(chosen); }, sampler);
  if (!settings.empty()) text += "sampler: {" + settings + "}\n";
  std::visit(
      [&](auto const& chosen) {
        if constexpr (requires { chosen.first; }) text += points_text("first", chosen.first);
      },
      sampler);
  return text;
}

// ", when: {optimizer: [adam, adamw]}", or nothing.
std::string when_text(Parameter const& parameter) {
  std::string text;
  for (Condition const& condition : parameter.when) {
    text += (text.empty() ? ", when: {" : ", ") + condition.parameter + ": " +
            list(condition.values, value_text);
  }
  return text.empty() ? text : text + '}';
}

std::string parameter_text(Parameter const& parameter) {
  std::string const end = when_text(parameter) + "}\n";
  std::string const start = "  " + parameter.name + ": {";
  auto const field = [](char const* name, double value) {
    return std::string(", ") + name + ": " + to_text(value);
  };
  std::string const named = "distribution: " + std::string(name_of(parameter.distribution));
  std::string const range = field("min", parameter.min) + field("max", parameter.max);
  std::string const bell = field("mu", parameter.mu) + field("sigma", parameter.sigma);
  switch (parameter.distribution) {
    case Distribution::constant:
      return start + "value: " + value_text(parameter.values[0]) + end;
    case Distribution::categorical: {
      std::string text = start + "values: " + list(parameter.values, value_text);
      if (!parameter.probabilities.empty()) {
        text += ", probabilities: " +
                list(parameter.probabilities, [](double x) { return to_text(x); });
      }
      return text + end;
    }
    case Distribution::ordinal:
      return start + named + ", values: " + list(parameter.values, value_text) + end;
    case Distribution::int_uniform:
    case Distribution::uniform:
    case Distribution::log_uniform_values:
    case Distribution::inv_log_uniform_values:
      return start + named + range + end;
    case Distribution::q_uniform:
    case Distribution::q_log_uniform_values:
      return start + named + range + field("q", parameter.q) + end;
    case Distribution::normal:
    case Distribution::log_normal:
      return start + named + bell + end;
    case Distribution::q_normal:
      return start + named + bell + field("q", parameter.q) + end;
  }
  return "";
}

std::string space_text(SearchSpace const& space) {
  std::string text = space.parameters().empty() ? "parameters: {}\n" : "parameters:\n";
  for (Parameter const& parameter : space.parameters())
    text += parameter_text(parameter);
  text += "# The other hyperparameters have their defaults:\n";
  for (HyperparameterInfo const& info : hyperparameters()) {
    if (info.name == "epochs" || space.find(info.name) != nullptr) continue;
    text += "#   " + std::string(info.name) + ": " + info.default_text + '\n';
  }
  return text;
}

}  // namespace

std::string resolved_yaml(Sweep const& sweep) {
  Study const& study = sweep.study;
  std::string text = "# The study " + yaml_text(sweep.name) + ", resolved: with every default.\n";
  text += data_text(sweep) + task_text(sweep) + validation_text(study, sweep.dataset) +
          metric_text(study.metric);
  text += sampler_text(study.sampler) + "trials: " + std::to_string(study.trials) +
          "\nseed: " + std::to_string(study.seed) + '\n' + settings_lines(study, {"refit"});
  text += sweep.time_limit_seconds
              ? "time_limit: " + to_text(*sweep.time_limit_seconds) + "  # seconds\n"
              : "# time_limit: none\n";
  text += sweep.start_path.empty() ? "# start: from drawn weights\n"
                                   : "start: " + yaml_text(absolute(sweep.start_path)) + '\n';
  text += observations_text(study.prior);
  return text + constraints_text(study.constraints) +
         settings_lines(study, {"best_of", "ensemble"}) + stop_text(study.stop) + "calibrate: {" +
         settings_text(study.calibrate) + "}\n" + scheduler_text(study.scheduler, study.space) +
         space_text(study.space);
}

}  // namespace brood::files
