// SPDX-License-Identifier: Apache-2.0
// A sweep file, section by section. Each section is one function that begins with the list of its
// keys; all of them note what is wrong and go on, and the whole list is thrown at the end.
#include "brood/files/sweep.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <set>
#include <utility>

#include "brood/error.hpp"
#include "brood/member.hpp"
#include "data/dates.hpp"
#include "files/io/text.hpp"
#include "files/io/yaml.hpp"
#include "files/sweep/constraints.hpp"
#include "files/sweep/keys.hpp"
#include "files/sweep/method.hpp"
#include "files/sweep/overrides.hpp"
#include "files/sweep/reader.hpp"
#include "files/sweep/scheduler.hpp"
#include "files/sweep/section.hpp"
#include "files/sweep/settings.hpp"
#include "files/sweep/space.hpp"
#include "files/sweep/start_model.hpp"
#include "files/sweep/synonyms.hpp"
#include "files/sweep/validation.hpp"
#include "files/sweep/vocabulary.hpp"
#include "files/sweep/warm_start.hpp"
#include "files/table/csv_dialect.hpp"
#include "study/plan.hpp"

namespace brood::files {

namespace {

constexpr std::pair<std::string_view, Task> kTasks[] = {{"classification", Task::classification},
                                                        {"regression", Task::regression},
                                                        {"multi_label", Task::multi_label}};

class SweepReader {
 public:
  SweepReader(Node const& root, std::string const& directory, Problems& problems)
      : root_(root),
        directory_(directory),
        problems_(problems),
        top_(&root, "", top_keys(), problems, hyperparameter_names(),
             "under parameters, network or train") {}

  Sweep read() {
    note_ignored();
    read_task();
    read_data();
    read_validation(top_, sweep_);
    read_metric();
    read_seed();
    read_settings(top_, sweep_.study);
    read_settings(Section(top_, "stop", settings_keys<Stop>()), sweep_.study.stop);
    read_settings(Section(top_, "calibrate", settings_keys<Calibrate>()), sweep_.study.calibrate);
    read_constraints(top_, sweep_);
    read_time_limit();
    read_start(top_, directory_, sweep_);
    read_warm_start(top_, directory_, sweep_);
    SpaceOfSweep space = read_space(root_, problems_, sweep_.notes);
    note_places();
    sweep_.study.scheduler = read_scheduler(top_, space, sweep_.notes);
    sweep_.study.space = std::move(space.space);
    if (sweep_.dataset.task)
      sweep_.study.metric.name = metric_name(sweep_.study, *sweep_.dataset.task);
    read_method(top_, sweep_.study, sweep_.notes);
    read_observations(top_, sweep_);
    return std::move(sweep_);
  }

 private:
  // Of Weights & Biases' keys, those that do not say what to train.
  static Names ignored_keys() {
    return {"program",    "command",  "project", "entity", "name",     "description",
            "controller", "settings", "job",     "queue",  "image_uri"};
  }
  static Names top_keys() {
    Names keys = names_of(kTopKeys);
    for (Names const& more : {settings_keys<Study>(), ignored_keys()})
      keys.insert(keys.end(), more.begin(), more.end());
    return keys;
  }
  static Names hyperparameter_names() {
    Names names;
    for (HyperparameterInfo const& info : hyperparameters())
      names.push_back(info.name);
    return names;
  }

  void note_ignored() {
    for (std::string_view const key : ignored_keys()) {
      Entry const* entry = root_.find(key);
      if (entry != nullptr) {
        sweep_.notes.push_back(entry->place.text() + ": " + entry->key + " is ignored");
      }
    }
  }

  // Of hyperparameters: what the task says of them is known with the data only.
  void note_places() {
    for (std::string_view const section : {"parameters", "network", "train"}) {
      Entry const* const entry = root_.find(section);
      if (entry == nullptr) continue;
      for (Entry const& each : entry->value.entries)
        sweep_.places.emplace(each.key, each.place.text());
    }
  }

  void read_task() {
    Names names;
    for (auto const& [name, task] : kTasks)
      names.push_back(name);
    auto const chosen = top_.choice("task", names);
    for (auto const& [name, task] : kTasks) {
      if (chosen == name) sweep_.dataset.task = task;
    }
  }

  void read_data() {
    Section const data(top_, "data", names_of(kDataKeys));
    if (auto const file = data.text("file")) {
      sweep_.data_path = opened(*file, *data.find("file"), directory_);
    } else if (!data.has("file")) {
      data.add_missing("file", "the csv, idx, npy or npz file to learn from");
    }
    auto& dataset = sweep_.dataset;
    dataset.targets = data.names("target").value_or(std::vector<std::string>{});
    if (auto const labels = data.text("labels")) {
      sweep_.read.labels = opened(*labels, *data.find("labels"), directory_);
      if (!data.has("target")) dataset.targets = {"label"};
    } else if (!data.has("target")) {
      data.add_missing("target", "the column to predict, or -1 for the last one");
    }
    sweep_.read.format = data.choice("format", {"csv", "idx", "npy", "npz"}).value_or("");
    sweep_.read.header = data.flag("header");
    read_separator(data);
    sweep_.read.decimal = data.choice("decimal", {".", ","}).value_or("");
    sweep_.read.missing = data.names("missing");
    dataset.drop = data.names("drop").value_or(std::vector<std::string>{});
    dataset.missing_indicator = data.flag("missing_indicator").value_or(false);
    dataset.bins = static_cast<int>(data.integer("bins", 0, kMaxBins).value_or(0));
    if (dataset.bins == 1) {
      data.add_problem("bins", "1 is not allowed; allowed: 0, or 2 to " + std::to_string(kMaxBins));
    }
    dataset.weight = data.text("weight").value_or("");
    dataset.positive = data.text("positive").value_or("");
    if (Node const* columns = data.find("columns")) read_kinds(*columns);
    check_data(data);
  }

  void read_separator(Section const& data) {
    auto const separator = data.text("separator");
    if (!separator) return;
    if (auto const character = separator_named(*separator)) {
      sweep_.read.separator = separator_name(*character);
      return;
    }
    data.add_problem("separator",
                     files::quoted(*separator) +
                         " is not allowed; allowed: comma, semicolon, tab, pipe, space, or "
                         "another character that numbers and names have not");
  }

  // The keys are any columns' names.
  void read_kinds(Node const& columns) {
    if (columns.kind != NodeKind::map) {
      problems_.add(columns.place,
                    not_allowed("data.columns", columns, "a map such as {NAME: categorical}"));
    }
    for (Entry const& entry : columns.entries) {
      std::string const& said = entry.value.text;
      ColumnKind kind = ColumnKind::categorical;
      if (said == "numeric") {
        kind = ColumnKind::numeric;
      } else if (is_date_format(said)) {
        kind = ColumnKind::date;
        sweep_.read.dates[entry.key] = said;
      } else if (said != "categorical") {
        std::string allowed = "one of categorical, numeric";
        for (std::string_view const format : date_formats())
          allowed += ", " + std::string(format);
        problems_.add(entry.value.place,
                      not_allowed("data.columns." + entry.key, entry.value, allowed));
      }
      sweep_.read.kinds[entry.key] = kind;
    }
  }

  // What the keys of `data` and the task say together.
  void check_data(Section const& data) {
    DatasetOptions const& options = sweep_.dataset;
    Node const* target = data.find("target");
    if (target != nullptr && target->kind == NodeKind::list && target->items.empty()) {
      data.add_problem("target", "[] is not allowed; allowed: one name or more");
    }
    std::set<std::string> const targets(options.targets.begin(), options.targets.end());
    for (std::string const& name : options.drop) {
      if (targets.count(name) > 0) {
        data.add_problem("drop", files::quoted(name) + " is the target and cannot be dropped");
      } else if (name == options.weight) {
        data.add_problem("drop", files::quoted(name) + " is data.weight; name it there only");
      }
    }
    if (targets.count(options.weight) > 0) {
      data.add_problem("weight",
                       files::quoted(options.weight) + " is the target and cannot weigh rows");
    }
    if (options.task == Task::classification && targets.size() > 1) {
      top_.add_problem("task", "classification has one target, and data.target names " +
                                   std::to_string(targets.size()) +
                                   "; allowed: regression, multi_label");
    }
  }

  void read_metric() {
    Section const section(top_, "metric", names_of(kMetricKeys));
    read_target(section);
    std::string& metric = sweep_.study.metric.name;
    Task const* task = sweep_.dataset.task ? &*sweep_.dataset.task : nullptr;
    Node const* node = section.find("name");
    if (node == nullptr) {
      if (section.has("goal")) section.add_missing("name", "its goal follows from it");
      return;  // the space decides
    }
    auto const goal = section.choice("goal", {"maximize", "minimize"});
    std::string const name = metric_meant(node->text);
    if (name.empty()) return refuse_metric(*node);
    std::string const letters = letters_of(node->text);
    if (letters.starts_with("test") || letters.ends_with("test")) {
      sweep_.notes.push_back(node->place.text() + ": " + node->text + " is read as " + name +
                             " on validation rows; test rows are looked at once, at the end");
    }
    metric = name;
    sweep_.places["metric.name"] = node->place.text();
    if (task != nullptr) check_metric_fits(*task, *node);
    if (goal && *goal != goal_of(name)) {
      section.add_problem(
          "goal", *goal + " does not fit " + name + "; allowed: " + std::string(goal_of(name)));
    }
  }

  void refuse_metric(Node const& node) {
    Names names;
    for (MetricInfo const& each : metrics())
      names.push_back(each.name);
    std::string const letters = letters_of(node.text);
    bool const of_training = letters.starts_with("train") || letters.ends_with("train");
    problems_.add(node.place,
                  not_allowed("metric.name", node, "one of " + joined(names)) +
                      (of_training ? "; trials are not scored on rows that they train on"
                                   : did_you_mean(node.text, names)));
  }

  // Weights & Biases' word for stop.target.
  void read_target(Section const& section) {
    Node const* node = section.find("target");
    if (node == nullptr) return;
    Entry const* stop = root_.find("stop");
    if (stop != nullptr && stop->value.find("target") != nullptr) {
      section.add_problem("target", "is stop.target, which is at " +
                                        stop->value.find("target")->place.text() +
                                        ", too; keep one of them");
    } else if (!node->is_number()) {
      problems_.add(node->place, not_allowed("metric.target", *node, "a score of the metric"));
    } else {
      sweep_.study.stop.target = node->real;
    }
  }

  void check_metric_fits(Task task, Node const& node) {
    try {
      higher_is_better(sweep_.study.metric.name, task);
    } catch (UsageError const& error) {
      for (std::string const& problem : error.problems())
        problems_.add(node.place, "metric.name: " + problem);
    }
  }

  void read_seed() {
    Node const* node = top_.find("seed");
    if (node == nullptr) return;
    // As text: a seed may exceed the integers of the tree, and no fraction of one is meant.
    std::string const& text = node->text;
    auto const [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), sweep_.study.seed);
    bool const whole = error == std::errc{} && end == text.data() + text.size();
    if (node->is_number() && whole) return;
    problems_.add(node->place,
                  not_allowed("seed", *node, "a whole number, 0 .. 18446744073709551615"));
  }

  void read_time_limit() {
    Node const* node = top_.find("time_limit");
    if (node == nullptr) return;
    auto const seconds = node->is_scalar() ? seconds_of(node->text) : std::nullopt;
    if (seconds && *seconds > 0 && *seconds < 1e9) {
      sweep_.time_limit_seconds = *seconds;
      return;
    }
    problems_.add(node->place,
                  not_allowed("time_limit", *node,
                              "a time above 0 such as 60s, 10m, 2h or 1d; a number is in seconds"));
  }

  Node const& root_;
  std::string const& directory_;
  Problems& problems_;
  Section top_;
  Sweep sweep_;
};

}  // namespace

std::string_view goal_of(std::string_view metric) {
  for (MetricInfo const& each : metrics()) {
    if (each.name == metric) return each.higher_is_better ? "maximize" : "minimize";
  }
  return "";
}

std::string opened(std::string const& path, Node const& node, std::string const& directory) {
  if (path == "-") return path;  // the standard input
  bool const relative = node.place.in_file() && std::filesystem::path(path).is_relative();
  return relative ? (std::filesystem::path(directory) / path).string() : path;
}

std::string study_name_of(std::string const& path) {
  if (path == "-") return "stdin";
  std::filesystem::path file = std::filesystem::path(path).filename();
  if (file.extension() == ".gz") file = file.stem();
  std::string const name = file.stem().string();
  return name.empty() ? "study" : name;
}

namespace {

// `metric: auc` says as much as `metric: {name: auc}`, and null nothing.
void make_section(Node& root, std::string const& key, std::string const& of_scalar) {
  for (Entry& entry : root.entries) {
    if (entry.key != key || !entry.value.is_scalar()) continue;
    if (entry.value.kind == NodeKind::null) {
      root.entries.erase(root.entries.begin() + (&entry - root.entries.data()));
      return;
    }
    Node section = node_at(entry.value.place, NodeKind::map);
    section.entries.push_back({of_scalar, entry.value.place, std::move(entry.value)});
    entry.value = std::move(section);
    return;
  }
}

}  // namespace

Sweep read_tree(Node root, Overrides const& overrides, std::string const& study_name,
                std::string const& directory) {
  Problems problems;
  Vocabulary vocabulary(problems);
  if (root.kind == NodeKind::map) {
    make_section(root, "metric", "name");
    make_section(root, "early_terminate", "type");
    rename_aliases(root, problems);
    vocabulary.rename(root);
    apply_overrides(root, overrides, vocabulary, problems);
    vocabulary.translate(root);
  }
  Sweep sweep = SweepReader(root, directory, problems).read();
  problems.throw_if_any();
  sweep.name = study_name;
  vocabulary.add_note(sweep.notes);
  if (sweep.study.space.dimensions() == 0 && sweep.study.trials > 1) {
    sweep.notes.push_back("nothing is searched: all " + std::to_string(sweep.study.trials) +
                          " trials are the same network from different initial weights");
  }
  return sweep;
}

Sweep parse_sweep(std::string_view text, std::string const& name, Overrides const& overrides) {
  std::string const directory = std::filesystem::path(name).parent_path().string();
  return read_tree(parse_yaml(text, name), overrides, study_name_of(name), directory);
}

Sweep read_sweep(std::string const& path, Overrides const& overrides) {
  return parse_sweep(read_file(path, kMaxYamlBytes), path, overrides);
}

}  // namespace brood::files
