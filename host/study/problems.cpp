// SPDX-License-Identifier: Apache-2.0
// What is wrong with a study, before any data is touched.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "study/constraints.hpp"
#include "study/corners.hpp"
#include "study/metric.hpp"
#include "study/plan.hpp"
#include "study/start.hpp"

namespace brood {

namespace {

void add_new(std::vector<std::string> const& found, std::vector<std::string>& problems) {
  for (auto const& problem : found) {
    if (std::find(problems.begin(), problems.end(), problem) == problems.end())
      problems.push_back(problem);
  }
}

// Epochs of a trial's own are at most the scheduler's.
std::vector<std::string> problems_of_epochs(Study const& study) {
  Parameter const* const epochs = study.space.find("epochs");
  if (epochs == nullptr) return {};
  std::vector<Value> const values = corners(*epochs);
  std::int64_t const most = max_epochs(study.scheduler);
  for (Value const& value : values) {
    if (number_of(value).value_or(0) <= static_cast<double>(most)) continue;
    return {"epochs: " + to_text(value) + " exceeds the scheduler's max_epochs, " +
            std::to_string(most) + "; raise that"};
  }
  bool const own = values != std::vector<Value>{most};
  if (own && std::holds_alternative<PopulationBased>(study.scheduler)) {
    return {
        "epochs: does not go with population based training, where trials copy each other until "
        "the end; give one number of epochs"};
  }
  return {};
}

bool varies(SearchSpace const& space, std::string_view name) {
  Parameter const* const parameter = space.find(name);
  return parameter != nullptr && corners(*parameter).size() > 1;
}

// Scores are of one measure.
std::vector<std::string> problems_of_measure(Study const& study, Task task) {
  std::string const metric = metric_name(study, task);
  if (metric == "pinball" && varies(study.space, "tau")) {
    return {
        "tau: is the quantile that the metric pinball is of, and does not vary; give one number, "
        "or another metric"};
  }
  if (metric != "loss" || task != Task::regression) return {};
  for (std::string_view const name : {"loss", "huber_delta", "tau", "tweedie_power"}) {
    if (!varies(study.space, name)) continue;
    return {"metric: loss does not compare trials of other losses, and " + std::string(name) +
            " varies; take rmse or mae, or give one " + std::string(name)};
  }
  return {};
}

}  // namespace

std::vector<std::string> problems(Study const& of, Task task) {
  Study const study = with_start(of);
  std::vector<std::string> found = study.space.problems();
  add_new(problems(study.sampler, study.space), found);
  add_new(problems(study.scheduler), found);
  add_new(problems(study.constraints), found);
  if (study.trials < 1)
    found.push_back("trials: " + std::to_string(study.trials) +
                    " is not allowed; allowed: 1 and up");
  if (study.ensemble < 0) {
    found.push_back("ensemble: " + std::to_string(study.ensemble) +
                    " is not allowed; allowed: 0 (none) and up");
  }
  if (study.final_repeats < 1) {
    found.push_back("final_repeats: " + std::to_string(study.final_repeats) +
                    " is not allowed; allowed: 1 and up");
  }
  bool const copies = std::holds_alternative<PopulationBased>(study.scheduler);
  if (study.final_repeats > 1 && copies) {
    found.push_back(
        "final_repeats: does not go with population based training, where a trial is what it "
        "copied on the way; leave it out, or give validation more repeats");
  }
  if (study.stop.patience_rungs && *study.stop.patience_rungs < 1) {
    found.push_back("stop.patience_rungs: " + std::to_string(*study.stop.patience_rungs) +
                    " is not allowed; allowed: 1 and up, or none");
  }
  if (study.stop.target && !std::isfinite(*study.stop.target))
    found.push_back("stop.target: is not finite; allowed: a score of the metric");
  std::string const metric = metric_problem(metric_name(study, task), task);
  if (!metric.empty()) found.push_back(metric);
  add_new(problems_of_measure(study, task), found);
  add_new(problems_of_epochs(study), found);
  if (copies && may_stop_early(study.space)) {
    found.push_back(
        "patience: does not go with population based training, where members that fall behind go "
        "on as copies; leave it out");
  }
  if (found.empty()) found = start_problems(study, task);
  if (!found.empty()) return found;
  visit_corners(study.space, [&](Config const& config) {
    add_new(check(member_config(config, study), task), found);
  });
  return found;
}

}  // namespace brood
