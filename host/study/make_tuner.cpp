// SPDX-License-Identifier: Apache-2.0
// What a study means to its tuner, its metric and its members.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "brood/error.hpp"
#include "study/constraints.hpp"
#include "study/corners.hpp"
#include "study/metric.hpp"
#include "study/plan.hpp"

namespace brood {

namespace {

// What a copy of a member cannot change: the shape of the network, what its inputs are made of and
// what the optimizer keeps, and the batch size, by which steps are counted. So only reals are
// explored, and not whether an average is kept; nor what decides whether one of the others is
// there.
std::vector<std::string> inherited(SearchSpace const& space) {
  std::set<std::string, std::less<>> names;
  for (HyperparameterInfo const& info : hyperparameters()) {
    bool const changes = info.type == "real" && info.name != "ema" && info.name != "periodic_sigma";
    if (!changes && space.find(info.name) != nullptr) names.emplace(info.name);
  }
  auto const& parameters = space.parameters();
  for (auto parameter = parameters.rbegin(); parameter != parameters.rend(); ++parameter) {
    if (!names.contains(parameter->name)) continue;
    for (Condition const& condition : parameter->when)
      names.insert(condition.parameter);
  }
  return {names.begin(), names.end()};
}

}  // namespace

int max_epochs(SchedulerChoice const& scheduler) {
  return std::visit([](auto const& choice) { return choice.max_epochs; }, scheduler);
}

std::string metric_name(Study const& study, Task task) {
  if (!study.metric.name.empty()) return study.metric.name;
  Parameter const* const loss = study.space.find("loss");
  bool const of_quantile = task == Task::regression && loss != nullptr &&
                           corners(*loss) == std::vector<Value>{"pinball"};
  return of_quantile ? "pinball" : default_metric(task);
}

std::optional<double> quantile_of(std::string_view metric, SearchSpace const& space) {
  Config config;
  if (Parameter const* const tau = space.find("tau")) config.set("tau", corners(*tau).front());
  return quantile_of(metric, config);
}

void check_defined(std::string const& metric, Table const& table, Splits const& splits) {
  std::vector<std::string> found;
  auto const look = [&](Rows const& rows, std::string const& which) {
    std::string const reason = undefined_reason(metric, table, *rows);
    if (reason.empty()) return;
    found.push_back("metric.name: " + metric + " has no value on " + which + ": " + reason +
                    "; choose another metric, or other rows by validation");
  };
  for (auto const& split : splits.splits) {
    look(split.valid, "the validation rows of fold " + std::to_string(split.fold) + ", repeat " +
                          std::to_string(split.repeat));
  }
  if (!splits.test->empty()) look(splits.test, "the test rows");
  if (!found.empty()) throw UsageError(std::move(found));
}

int own_epochs(Config const& config, Study const& study) {
  Value const* const own = config.find("epochs");
  int const most = max_epochs(study.scheduler);
  return own == nullptr ? most : static_cast<int>(number_of(*own).value_or(most));
}

Config member_config(Config const& config, Study const& study) {
  Config own;
  for (auto const& [name, value] : config) {
    if (name != "seed") own.set(name, value);
  }
  own.set("epochs", std::int64_t{own_epochs(config, study)});
  return own;
}

bool may_stop_early(SearchSpace const& space) {
  Parameter const* const patience = space.find("patience");
  if (patience == nullptr) return false;
  auto const values = corners(*patience);
  return std::any_of(values.begin(), values.end(),
                     [](Value const& v) { return v != Value{std::int64_t{0}}; });
}

Tuner make_tuner(Engine& engine, Data const& data, Study const& study) {
  Task const task = data.task();
  auto found = problems(study, task);
  if (!found.empty()) throw UsageError(std::move(found));
  check_constraints(engine, data, study);
  SchedulerChoice scheduler = study.scheduler;
  if (auto* rounds = std::get_if<PopulationBased>(&scheduler)) {
    rounds->inherited = inherited(study.space);
  }
  return Tuner({.space = study.space,
                .sampler = study.sampler,
                .scheduler = std::move(scheduler),
                .trials = study.trials,
                .seed = study.seed,
                .maximize = higher_is_better(metric_name(study, task), task),
                .prior = study.prior,
                .allowed = allowed_by(study.constraints, engine, data, study),
                .ranking = [&engine](std::vector<Ranked> trials, int keep, bool higher) {
                  return engine.backend().rank(std::move(trials), keep, higher);
                }});
}

}  // namespace brood
