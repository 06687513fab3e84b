// SPDX-License-Identifier: Apache-2.0
// Former trials, read and matched; see warm_start.hpp.
#include "files/sweep/warm_start.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <utility>
#include <variant>

#include "brood/error.hpp"
#include "files/io/text.hpp"
#include "files/run/run_files.hpp"
#include "files/run/run_table.hpp"
#include "files/sweep/keys.hpp"
#include "files/sweep/parameter.hpp"
#include "files/sweep/reader.hpp"
#include "search/samplers/points.hpp"

namespace brood::files {

namespace {

HyperparameterInfo const* info_of(std::vector<HyperparameterInfo> const& infos,
                                  std::string_view name) {
  auto const found =
      std::find_if(infos.begin(), infos.end(), [&](auto const& each) { return each.name == name; });
  return found == infos.end() ? nullptr : &*found;
}

// Whether former trials mean anything to the sampler.
bool learns_from_scores(SamplerChoice const& sampler) {
  return std::holds_alternative<Tpe>(sampler) || std::holds_alternative<Bayes>(sampler);
}

// ---- observations

class ObservationReader {
 public:
  ObservationReader(Section const& top, SearchSpace const& space)
      : top_(top), space_(space), infos_(hyperparameters()) {
    keys_ = {"score", "epoch"};
    for (Parameter const& parameter : space.parameters())
      keys_.push_back(parameter.name);
  }

  PriorTrial read(Node const& map) {
    Section const section(&map, "observations", keys_, top_.problems());
    PriorTrial trial;
    Node const* const score = section.find("score");
    if (score != nullptr && score->kind != NodeKind::null) {
      trial.score = section
                        .real("score", "a number, or null of a trial that diverged",
                              [](double x) { return std::isfinite(x); })
                        .value_or(trial.score);
    }
    constexpr int kMaxEpochs = 1'000'000;
    trial.epoch = static_cast<int>(section.integer("epoch", 1, kMaxEpochs).value_or(1));
    if (!section.has("epoch")) section.add_missing("epoch", "after how many it had the score");
    Config point;
    for (Entry const& entry : map.entries) {
      HyperparameterInfo const* const info = info_of(infos_, entry.key);
      if (info == nullptr || space_.find(entry.key) == nullptr) continue;
      if (auto value = read_value(*info, entry.value, top_.problems()))
        point.set(entry.key, std::move(*value));
    }
    if (!top_.problems().none()) return trial;
    for (auto const& problem : problems_of_point(point, space_, "observations", /*in_full=*/true))
      top_.problems().add(map.place, problem);
    if (top_.problems().none()) trial.config = completed(point, space_, 0, 0);
    return trial;
  }

 private:
  Section const& top_;
  SearchSpace const& space_;
  std::vector<HyperparameterInfo> infos_;
  Names keys_;
};

// ---- a former run

[[noreturn]] void refuse(std::string const& what) {
  throw UsageError("warm_start: " + what);
}

class FormerRun {
 public:
  FormerRun(std::string const& directory, Sweep const& sweep)
      : sweep_(sweep),
        infos_(hyperparameters()),
        table_((std::filesystem::path(directory) / "trials.csv").string()) {
    if (table_.rows() == 0) refuse(table_.path() + " is empty");
    if (table_.find(score_column())) return;
    std::string there = "no metric";
    for (std::string const& name : table_.names()) {
      if (name.starts_with("valid_")) there = name.substr(6);
    }
    refuse(directory + " was scored by " + there + ", and this study by " +
           sweep.study.metric.name + "; scores of another metric say nothing here");
  }

  std::int64_t trials() const { return table_.rows() - 1; }

  // Nothing if the trial is none of this study's, or has no score.
  std::optional<PriorTrial> trial(std::int64_t index) const {
    PriorTrial trial;
    auto const epochs = read_number<double>(cell(index, "epochs"));
    if (epochs.reading != Reading::number || epochs.value < 0 || epochs.value > 1e9)
      damaged(index, "epochs");
    trial.epoch = static_cast<int>(epochs.value);
    bool const diverged = cell(index, "state") == "diverged";
    auto const number = read_number<double>(cell(index, score_column()));
    if (number.reading == Reading::number) {
      trial.score = number.value;
    } else if (!diverged) {
      return std::nullopt;
    }
    auto point = point_of(index);
    if (!point) return std::nullopt;
    trial.config = std::move(*point);
    return trial;
  }

 private:
  std::string score_column() const { return "valid_" + sweep_.study.metric.name; }
  // Empty where there is no such column.
  std::string cell(std::int64_t trial, std::string_view name) const {
    auto const column = table_.find(name);
    return column ? table_.text(trial + 1, *column) : "";
  }
  [[noreturn]] void damaged(std::int64_t trial, std::string_view name) const {
    table_.damaged(trial + 1,
                   "trial " + std::to_string(trial) + " has no sound " + std::string(name));
  }

  // With all defaults, but the epochs, which are the scheduler's.
  Config in_full(Config const& config) const {
    Config full;
    for (auto const& [name, value] : with_defaults(config, *sweep_.dataset.task)) {
      if (name != "epochs") full.set(name, value);
    }
    return full;
  }

  Config config_of(std::int64_t index) const {
    Config config;
    for (HyperparameterInfo const& info : infos_) {
      std::string const name(info.name);
      std::string const text = cell(index, column_of_parameter(name));
      if (text.empty()) continue;  // the trial does not have it
      Problems problems;
      auto value = read_value(info, parse_yaml_value(text, name), problems);
      if (!value) damaged(index, name);
      config.set(name, std::move(*value));
    }
    if (!check(config, *sweep_.dataset.task).empty()) damaged(index, "hyperparameters");
    return config;
  }

  // A configuration that says its shape by `hidden`, and dropout by one rate or by a list, in all
  // words that a study's space may have: this study's are picked.
  static Config in_all_words(Config config) {
    Value const hidden = *config.find("hidden");
    auto const* const widths = std::get_if<std::vector<std::int64_t>>(&hidden);
    if (widths == nullptr) return config;
    config.set("layers", static_cast<std::int64_t>(widths->size()));
    bool const alike =
        std::adjacent_find(widths->begin(), widths->end(), std::not_equal_to<>()) == widths->end();
    if (alike && !widths->empty()) config.set("width", widths->front());
    Value const* const one = config.find("dropout");
    std::vector<double> const rates =
        one != nullptr ? std::vector<double>(widths->size(), number_of(*one).value_or(0.0))
                       : numbers_of(*config.find("layer_dropout"));
    for (std::size_t l = 0; l < widths->size(); ++l) {
      config.set("width_" + std::to_string(l + 1), (*widths)[l]);
      config.set("dropout_" + std::to_string(l + 1), rates[l]);
    }
    config.set("layer_dropout", rates);
    if (config.find("heads") == nullptr) config.set("heads", std::int64_t{1});
    return config;
  }

  // What this study's space says of the trial, if with it all of the trial is said.
  std::optional<Config> point_of(std::int64_t index) const {
    SearchSpace const& space = sweep_.study.space;
    Config const told = config_of(index);
    Config const former = in_full(told);
    Config own = in_all_words(former);
    if (Value const* const epochs = told.find("epochs")) own.set("epochs", *epochs);
    Config point;
    for (Parameter const& parameter : space.parameters()) {
      if (Value const* const value = own.find(parameter.name)) point.set(parameter.name, *value);
    }
    point = space.active_part(point);
    if (!problems_of_point(point, space, "", /*in_full=*/true).empty()) return std::nullopt;
    point = completed(point, space, 0, 0);
    if (in_full(point) != former) return std::nullopt;
    return point;
  }

  Sweep const& sweep_;
  std::vector<HyperparameterInfo> infos_;
  RunTable table_;
};

// The best of those that were trained furthest, and then of the others, before the points that the
// sweep names.
void put_first(std::vector<PriorTrial> trials, int count, bool maximize, SamplerChoice& sampler) {
  std::erase_if(trials, [](PriorTrial const& trial) { return !std::isfinite(trial.score); });
  std::stable_sort(trials.begin(), trials.end(), [&](PriorTrial const& a, PriorTrial const& b) {
    if (a.epoch != b.epoch) return a.epoch > b.epoch;
    return maximize ? a.score > b.score : a.score < b.score;
  });
  std::visit(
      [&](auto& chosen) {
        if constexpr (requires { chosen.first; }) {
          std::vector<Config> points;
          for (PriorTrial const& trial : trials) {
            if (static_cast<int>(points.size()) == count) break;
            bool const twice =
                std::find(points.begin(), points.end(), trial.config) != points.end() ||
                std::find(chosen.first.begin(), chosen.first.end(), trial.config) !=
                    chosen.first.end();
            if (!twice) points.push_back(trial.config);
          }
          chosen.first.insert(chosen.first.begin(), points.begin(), points.end());
        }
      },
      sampler);
}

}  // namespace

void read_warm_start(Section const& top, std::string const& directory, Sweep& sweep) {
  Node const* const node = top.find("warm_start");
  if (node == nullptr) return;
  std::optional<std::vector<std::string>> paths;
  if (node->kind == NodeKind::map) {
    Section const section(top, "warm_start", names_of(kWarmStartKeys));
    if (!section.has("runs")) section.add_missing("runs", "the directories of former runs");
    paths = section.names("runs");
    sweep.warm_start_first = static_cast<int>(section.integer("first", 1, 1000).value_or(0));
  } else {
    paths = top.names("warm_start");
  }
  for (std::string const& path : paths.value_or(std::vector<std::string>{}))
    sweep.warm_start_paths.push_back(opened(path, *node, directory));
  sweep.places["warm_start"] = node->place.text();
}

void read_observations(Section const& top, Sweep& sweep) {
  SamplerChoice const& sampler = sweep.study.sampler;
  bool const points = sweep.warm_start_first > 0 && !std::holds_alternative<List>(sampler);
  for (std::string_view const key : {"warm_start", "observations"}) {
    bool const goes = learns_from_scores(sampler) || (key == "warm_start" && points);
    if (goes || !top.has(key)) continue;
    top.add_problem(key, "does not go with method " + std::string(name_of(sampler)) +
                             ", which learns from no scores; allowed: tpe, bayes");
  }
  Node const* const list = top.find("observations");
  if (list == nullptr || !top.problems().none()) return;  // of a sound space
  bool good = list->kind == NodeKind::list;
  for (Node const& item : list->items)
    good = good && item.kind == NodeKind::map;
  if (!good) {
    top.add_problem("observations",
                    "is not allowed so; allowed: a list of maps such as [{score: 0.9, epoch: 81, "
                    "lr: 0.1}]");
    return;
  }
  ObservationReader reader(top, sweep.study.space);
  for (Node const& item : list->items)
    sweep.study.prior.push_back(reader.read(item));
}

std::string observations_text(std::vector<PriorTrial> const& trials) {
  std::string text = trials.empty() ? "" : "observations:\n";
  for (PriorTrial const& trial : trials) {
    text += "  - {score: " + (std::isfinite(trial.score) ? to_text(trial.score) : "null") +
            ", epoch: " + std::to_string(trial.epoch);
    for (auto const& [name, value] : trial.config) {
      auto const* const word = std::get_if<std::string>(&value);
      text += ", " + name + ": " + (word ? yaml_text(*word) : to_text(value));
    }
    text += "}\n";
  }
  return text;
}

void take_former_trials(Sweep& sweep) {
  if (sweep.warm_start_paths.empty()) return;
  std::vector<PriorTrial> taken;
  for (std::string const& directory : sweep.warm_start_paths) {
    std::vector<PriorTrial> own;
    std::int64_t of = 0;
    try {
      FormerRun const run(directory, sweep);
      of = run.trials();
      for (std::int64_t i = 0; i < of; ++i) {
        if (auto trial = run.trial(i)) own.push_back(std::move(*trial));
      }
    } catch (StorageError const& error) {
      throw StorageError("warm_start: " + std::string(error.what()));
    } catch (UsageError const& error) {
      std::string const& problem = error.problems().front();
      if (problem.starts_with("warm_start: ")) throw;
      refuse(problem);
    }
    sweep.notes.push_back("warm_start: " + std::to_string(own.size()) + " of " +
                          counted(of, "trial") + " of " + directory + " are taken" +
                          (static_cast<std::int64_t>(own.size()) == of
                               ? ""
                               : "; the others have no score, or hyperparameters that this "
                                 "study does not give"));
    taken.insert(taken.end(), own.begin(), own.end());
  }
  bool const maximize = higher_is_better(sweep.study.metric.name, *sweep.dataset.task);
  put_first(taken, sweep.warm_start_first, maximize, sweep.study.sampler);
  if (learns_from_scores(sweep.study.sampler))
    sweep.study.prior.insert(sweep.study.prior.end(), taken.begin(), taken.end());
}

}  // namespace brood::files
