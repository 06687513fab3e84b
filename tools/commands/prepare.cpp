// SPDX-License-Identifier: Apache-2.0
// What tune, plan and check begin with: the sweep that the command line asks for, its data on a
// device, and the plan. When this has been done there is nothing left to refuse.
#include <algorithm>
#include <memory>
#include <string_view>

#include "brood/error.hpp"
#include "files/io/text.hpp"
#include "files/io/yaml.hpp"
#include "files/table/foreign_formats.hpp"
#include "study/budget.hpp"
#include "study/memory_budget.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/data_summary.hpp"
#include "tools/output.hpp"

namespace brood::tools {

bool is_sweep_file(std::string const& path) {
  constexpr std::string_view kEndings[] = {".yaml", ".yml", ".json"};
  return std::any_of(std::begin(kEndings), std::end(kEndings),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

namespace {

bool overrides_key(files::Overrides const& overrides, std::string_view key) {
  return std::any_of(overrides.begin(), overrides.end(),
                     [&](auto const& override) { return override.first == key; });
}

// A data file without a word on what is to be predicted: names its columns, if it can be read.
[[noreturn]] void refuse_no_target(std::string const& path) {
  std::vector<Column> const columns = files::read_columns(path);
  constexpr std::size_t kMax = 20;
  std::string names;
  for (std::size_t i = 0; i < std::min(columns.size(), kMax); ++i) {
    names += (i == 0 ? "" : ", ") + columns[i].name;
  }
  if (columns.size() > kMax) names += " and " + std::to_string(columns.size() - kMax) + " more";
  throw UsageError(
      path + ": which column is to be predicted? Say --target COLUMN; the columns are " + names);
}

// The reader settles the trials with the method.
files::Overrides overrides_of(Options const& options) {
  files::Overrides overrides = options.overrides;
  if (options.trials) overrides.emplace_back("trials", std::to_string(*options.trials));
  if (!options.positive.empty())
    overrides.emplace_back("data.positive", files::yaml_text(options.positive));
  return overrides;
}

files::Sweep sweep_of_data(std::string const& path, Options const& options) {
  std::string target = options.target;
  if (target.empty()) {
    if (overrides_key(options.overrides, "data.labels")) {
      target = "label";
    } else if (overrides_key(options.overrides, "data.target")) {
      target = "-1";  // the override replaces it
    } else {
      refuse_no_target(path);
    }
  }
  Profile::Scope const reading(options.engine.profile, Phase::read_data);
  return files::automatic_sweep(path, target, overrides_of(options), options.quality);
}

// A sweep is an object; a list in JSON is data.
void refuse_rows(std::string const& path) {
  if (!path.ends_with(".json")) return;
  std::string const text = files::read_file(path);
  std::size_t const first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '[')
    throw UsageError(path + ": " + files::foreign_format(path));
}

files::Sweep sweep_of_file(std::string const& path, Options const& options) {
  refuse_rows(path);
  if (options.quality != files::Quality::good) {
    throw UsageError("--quality: is of the sweep that is picked for a data file; " + path +
                     " says itself what to run");
  }
  files::Overrides overrides = overrides_of(options);
  if (!options.target.empty()) {
    overrides.emplace_back("data.target", files::yaml_text(options.target));
  }
  return files::read_sweep(path, overrides);
}

}  // namespace

files::Sweep read_sweep(Options const& options) {
  std::string const& path = options.inputs.at(0);
  files::Sweep sweep =
      is_sweep_file(path) ? sweep_of_file(path, options) : sweep_of_data(path, options);
  if (options.seed) sweep.study.seed = *options.seed;
  if (options.time_limit_seconds) sweep.time_limit_seconds = options.time_limit_seconds;
  return sweep;
}

// What is left after training, to print and to write.
std::optional<std::chrono::steady_clock::time_point> finish_by(files::Sweep const& sweep,
                                                               Options const& options) {
  if (!sweep.time_limit_seconds) return std::nullopt;
  constexpr double kTrained = 0.96, kLongest = 1e9;  // seconds
  std::chrono::duration<double> const limit(kTrained *
                                            std::min(*sweep.time_limit_seconds, kLongest));
  return options.started + std::chrono::duration_cast<std::chrono::steady_clock::duration>(limit);
}

namespace {

// Whose shape is nobody's wish.
bool is_shaped_by_us(Options const& options) {
  constexpr std::string_view kShapes[] = {"trials",     "run_cap", "early_terminate",
                                          "validation", "epochs",  "train"};
  bool const said =
      std::any_of(options.overrides.begin(), options.overrides.end(), [&](auto const& override) {
        std::string_view const key = override.first;
        return std::any_of(std::begin(kShapes), std::end(kShapes), [&](std::string_view shape) {
          return key == shape ||
                 (key.starts_with(shape) && key.substr(shape.size()).starts_with("."));
        });
      });
  return !said && !options.trials && !is_sweep_file(options.inputs.at(0));
}

std::string validation_text(Validation const& validation) {
  if (auto const* holdout = std::get_if<Holdout>(&validation))
    return "a hold-out of " + percent_text(holdout->valid) + " %";
  return std::visit(
      []<class V>(V const& each) -> std::string {
        if constexpr (requires { each.folds; })
          return std::to_string(each.folds) + " folds, " + counted(each.repeats, "repeat");
        return counted(each.repeats, "repeat");
      },
      validation);
}

// Makes the study that brood has shaped fit into memory, and says how.
void fit_memory(files::Sweep& sweep, Engine& engine, Data const& data) {
  Study asked = sweep.study;
  if (sweep.time_limit_seconds) asked.trials = sweep.most_trials;
  Study const fitted = fit_to_memory(engine, data, asked);
  std::string const validation = validation_text(fitted.validation);
  if (fitted.trials == asked.trials && validation == validation_text(asked.validation)) return;
  sweep.study.validation = fitted.validation;
  sweep.study.trials = std::min(sweep.study.trials, fitted.trials);
  sweep.most_trials = fitted.trials;
  sweep.notes.push_back("there is room in memory for " + counted(fitted.trials, "trial") + " by " +
                        validation + ", and no more are tried");
}

// Makes the sweep's study fit its time limit, and says how.
void fit(files::Sweep& sweep, Options const& options, Engine& engine, Data const& data) {
  bool const ours = is_shaped_by_us(options);
  Study& study = sweep.study;
  if (ours) study.trials = sweep.most_trials;
  Study const asked = study;
  study =
      fit_to_time(engine, data, asked, *finish_by(sweep, options), ours ? Fit::shape : Fit::trials);
  std::string const time = duration_text(*sweep.time_limit_seconds);
  if (study.trials == asked.trials && !ours) return;
  std::string note = "trials=" + std::to_string(study.trials);
  if (!ours) {
    note += " of " + std::to_string(asked.trials) + " fit into " + time;
  } else {
    int const epochs =
        std::visit([](auto const& each) { return each.max_epochs; }, study.scheduler);
    note += ", to " + counted(epochs, "epoch") + ", by " + validation_text(study.validation);
    note += study.trials == asked.trials
                ? ", are enough for so few rows; more would fit into " + time
                : ", fit into " + time;
  }
  sweep.notes.push_back(note);
}

}  // namespace

Prepared prepare(files::Sweep sweep, Options const& options, bool fit_time, bool for_people) {
  try {
    Profile::Scope const preparing(options.engine.profile, Phase::prepare);
    Engine engine(options.engine);
    bool const task_was_said = sweep.dataset.task.has_value();
    if (for_people && !sweep.columns) {
      Profile::Scope const reading(options.engine.profile, Phase::read_data);
      sweep.columns = std::make_shared<std::vector<Column> const>(files::read_data(sweep));
    }
    auto columns = for_people ? sweep.columns : nullptr;
    Dataset dataset = files::load_dataset(sweep, options.engine.profile);
    std::string data_text;
    if (columns) {
      data_text = text_of(summarize(*columns, sweep, task_was_said, &dataset), sweep,
                          /*most_columns=*/20, message_width());
      columns.reset();
    }
    Table const table = dataset.table();
    Data data = engine.load(table);
    bool const is_there = options.engine.device_model.empty();
    if (is_there && is_shaped_by_us(options)) fit_memory(sweep, engine, data);
    if (fit_time && sweep.time_limit_seconds && is_there) fit(sweep, options, engine, data);
    StudyPlan plan = brood::plan(engine, data, sweep.study);
    sweep.notes.insert(sweep.notes.end(), plan.notes.begin(), plan.notes.end());
    std::optional<double> expected;
    if (for_people && is_there) expected = expected_seconds(engine, data, sweep.study);
    return {std::move(sweep),    std::move(dataset.encoding),
            fingerprint(table),  std::move(engine),
            std::move(data),     std::move(plan),
            std::move(data_text)};
  } catch (UsageError const& error) {
    throw files::at_places(sweep, error);
  }
}

}  // namespace brood::tools
