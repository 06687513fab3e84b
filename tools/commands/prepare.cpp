// SPDX-License-Identifier: Apache-2.0
// What tune, plan and check begin with: the sweep that the command line asks for, its data on a
// device, and the plan. When this has been done there is nothing left to refuse.
#include <algorithm>
#include <string_view>

#include "brood/error.hpp"
#include "files/io/text.hpp"
#include "files/io/yaml.hpp"
#include "tools/commands/commands.hpp"
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
  return files::automatic_sweep(path, target, overrides_of(options));
}

files::Sweep sweep_of_file(std::string const& path, Options const& options) {
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

bool fits_time(files::Sweep const& sweep, Options const& options) {
  bool const said = options.trials || overrides_key(options.overrides, "trials") ||
                    overrides_key(options.overrides, "run_cap") ||
                    is_sweep_file(options.inputs.at(0));
  return sweep.time_limit_seconds && !said && options.engine.device_model.empty();
}

Prepared prepare(files::Sweep sweep, Options const& options, bool fit_time) {
  try {
    Profile::Scope const preparing(options.engine.profile, Phase::prepare);
    Engine engine(options.engine);
    Dataset dataset = files::load_dataset(sweep, options.engine.profile);
    Table const table = dataset.table();
    Data data = engine.load(table);
    if (fit_time) {
      double const seconds = *sweep.time_limit_seconds;
      int const fit = trials_within(engine, data, sweep.study, seconds);
      sweep.study.trials = std::min(fit, sweep.most_trials);
      sweep.notes.push_back("trials=" + std::to_string(sweep.study.trials) +
                            (fit > sweep.most_trials
                                 ? " are enough for so few rows; more would fit into "
                                 : " fit into ") +
                            duration_text(seconds));
    }
    StudyPlan plan = brood::plan(engine, data, sweep.study);
    sweep.notes.insert(sweep.notes.end(), plan.notes.begin(), plan.notes.end());
    return {std::move(sweep),   std::move(dataset.encoding),
            fingerprint(table), std::move(engine),
            std::move(data),    std::move(plan)};
  } catch (UsageError const& error) {
    throw files::at_places(sweep, error);
  }
}

}  // namespace brood::tools
