// SPDX-License-Identifier: Apache-2.0
#include "study/plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>

#include "brood/error.hpp"
#include "search/space/membership.hpp"
#include "study/constraints.hpp"
#include "study/corners.hpp"
#include "study/ensemble.hpp"
#include "study/metric.hpp"
#include "study/repeats.hpp"
#include "study/start.hpp"

namespace brood {

namespace {

void add_new(std::vector<std::string> const& found, std::vector<std::string>& problems) {
  for (auto const& problem : found) {
    if (std::find(problems.begin(), problems.end(), problem) == problems.end())
      problems.push_back(problem);
  }
}

// The bytes of the largest member: from where each parameter is there, every parameter goes to the
// corner that takes most, in turns until none takes more.
std::int64_t largest_member(Backend& backend, Data const& data, Study const& study) {
  SearchSpace const& space = study.space;
  std::int64_t most = 0;
  auto const bytes_of = [&](Config const& config) -> std::int64_t {
    Config const member = member_config(space.active_part(config), study);
    if (!check(member, data.task()).empty()) return 0;
    return backend.bytes(member, data.task(), data.inputs(), data.outputs());
  };
  auto const climb = [&](Config largest) {
    std::int64_t bytes = bytes_of(largest);
    for (bool higher = true; higher;) {
      higher = false;
      for (auto const& parameter : space.parameters()) {
        for (auto const& value : corners(parameter)) {
          Config config = largest;
          config.set(parameter.name, value);
          std::int64_t const other = bytes_of(config);
          if (other <= bytes) continue;
          bytes = other;
          largest = std::move(config);
          higher = true;
        }
      }
    }
    most = std::max(most, bytes);
  };
  Config const base = first_corner(space);
  climb(base);
  for (auto const& parameter : space.parameters()) {
    if (parameter.when.empty()) continue;
    Config start = base;
    activate(space, parameter, start);
    climb(std::move(start));
  }
  return std::min(most, study.constraints.max_bytes.value_or(most));
}

bool may_stop_early(SearchSpace const& space) {
  Parameter const* const patience = space.find("patience");
  if (patience == nullptr) return false;
  auto const values = corners(*patience);
  return std::any_of(values.begin(), values.end(),
                     [](Value const& v) { return v != Value{std::int64_t{0}}; });
}

}  // namespace

int max_epochs(SchedulerChoice const& scheduler) {
  return std::visit([](auto const& choice) { return choice.max_epochs; }, scheduler);
}

std::string metric_name(Study const& study, Task task) {
  return study.metric.name.empty() ? default_metric(task) : study.metric.name;
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

Config member_config(Config config, Study const& study) {
  config.set("epochs", std::int64_t{max_epochs(study.scheduler)});
  return config;
}

namespace {

// What a copy of a member cannot change: the shape of the network and what the optimizer keeps, and
// the batch size, by which steps are counted. So only reals are explored, and not whether an
// average is kept; nor what decides whether one of the others is there.
std::vector<std::string> inherited(SearchSpace const& space) {
  std::set<std::string, std::less<>> names;
  for (HyperparameterInfo const& info : hyperparameters()) {
    bool const changes = info.type == "real" && info.name != "ema";
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
  if (study.stop.patience_rungs < 0) {
    found.push_back("stop.patience_rungs: " + std::to_string(study.stop.patience_rungs) +
                    " is not allowed; allowed: 0 (off) and up");
  }
  if (study.stop.target && !std::isfinite(*study.stop.target))
    found.push_back("stop.target: is not finite; allowed: a score of the metric");
  std::string const metric = metric_problem(metric_name(study, task), task);
  if (!metric.empty()) found.push_back(metric);
  Parameter const* const epochs = study.space.find("epochs");
  if (epochs != nullptr &&
      epochs->values != std::vector<Value>{std::int64_t{max_epochs(study.scheduler)}}) {
    found.push_back("epochs: is the scheduler's to say (" +
                    std::to_string(max_epochs(study.scheduler)) +
                    "); set its max_epochs and leave epochs out of the space");
  }
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

namespace {

// What the backend makes of members that train together, judged by the first so many of them.
class Submissions {
 public:
  Submissions(Engine& engine, Data const& data, Study const& study, Splits const& splits,
              Tuner& tuner)
      : backend_(engine.backend()),
        data_(data),
        rows_(static_cast<std::int64_t>(splits.splits.front().train->size())) {
    std::size_t const members = members_per_trial(study, splits);
    for (auto const& ask : tuner.ask(kMaxTrials)) {
      for (std::size_t i = 0; i < members; ++i)
        configs_.push_back(member_config(ask.config, study));
    }
  }

  Submission const& of(std::int64_t members) {
    auto const count = std::min(configs_.size(), static_cast<std::size_t>(members));
    auto const [at, fresh] = known_.try_emplace(count);
    if (fresh) {
      at->second = backend_.plan(std::span(configs_).first(count), data_.task(), data_.inputs(),
                                 data_.outputs(), rows_);
    }
    return at->second;
  }

  // Adds that so many members train for so many epochs.
  void add(std::int64_t members, std::int64_t epochs) {
    Submission const& some = of(members);
    most_launches_ = std::max(most_launches_, some.launches);
    auto const planned = static_cast<double>(
        std::min<std::int64_t>(members, static_cast<std::int64_t>(configs_.size())));
    double const work =
        some.work * static_cast<double>(members) / planned * static_cast<double>(epochs);
    work_ += work;
    seconds_ += some.seconds * static_cast<double>(members) / planned * static_cast<double>(epochs);
    device_work_ += work / some.busy_share;
  }
  int most_launches() const { return most_launches_; }
  double seconds() const { return seconds_; }
  double busy_share() const { return device_work_ > 0 ? work_ / device_work_ : 1.0; }

 private:
  static constexpr int kMaxTrials = 4096;
  Backend& backend_;
  Data const& data_;
  std::int64_t rows_;
  std::vector<Config> configs_;
  std::map<std::size_t, Submission> known_;  // by members
  int most_launches_ = 0;
  double seconds_ = 0;                 // of the device
  double work_ = 0, device_work_ = 0;  // done, and what could have been
};

// The brackets train side by side, each rung from where the one before ended.
void plan_submissions(Submissions& submissions, StudyPlan& plan) {
  std::set<int> ends;
  for (auto const& bracket : plan.brackets) {
    for (Rung const& rung : bracket)
      ends.insert(rung.epoch);
  }
  int from = 0;
  for (int const end : ends) {
    std::int64_t members = 0, late = 0;
    for (auto const& bracket : plan.brackets) {
      auto const rung = std::find_if(bracket.begin(), bracket.end(),
                                     [&](Rung const& each) { return each.epoch >= end; });
      if (rung == bracket.end()) continue;
      bool const last = rung + 1 == bracket.end(), first = rung == bracket.begin();
      std::int64_t const trials = rung->trials;
      members += trials * (first && last ? plan.final_members_per_trial : plan.members_per_trial);
      if (last && !first && (rung - 1)->epoch == from)
        late += trials * (plan.final_members_per_trial - plan.members_per_trial);
    }
    // Those that join for the last rung train from the beginning, and so longer than the others.
    submissions.add(members + late, end - from);
    if (late > 0) submissions.add(late, plan.rungs.back().epoch - (end - from));
    from = end;
  }
  if (plan.refit_epochs > 0) submissions.add(1, plan.refit_epochs);
  plan.most_launches = submissions.most_launches();
  plan.busy_share = submissions.busy_share();
  plan.seconds = submissions.seconds();
  plan.submission = submissions.of(std::int64_t{plan.trials} * plan.members_per_trial);
}

}  // namespace

StudyPlan plan(Engine& engine, Data const& data, Study const& of) {
  Study const study = with_start(of);
  Tuner tuner = make_tuner(engine, data, study);
  StudyPlan plan;
  plan.brackets = tuner.brackets();
  plan.rungs = tuner.rungs();
  plan.events = tuner.events();
  for (auto const& bracket : plan.brackets)
    plan.trials += bracket.front().trials;
  check_start(study, data);
  Splits const splits = splits_of(study, data.table());
  check_defined(metric_name(study, data.task()), data.table(), splits);
  plan.members_per_trial = static_cast<int>(members_per_trial(study, splits));
  plan.final_members_per_trial = static_cast<int>(splits.splits.size());
  int const late = plan.final_members_per_trial - plan.members_per_trial;
  Epochs const epochs =
      epochs_of(plan.brackets, plan.members_per_trial, plan.final_members_per_trial);
  std::int64_t const first_members = std::int64_t{plan.trials} * plan.members_per_trial;
  plan.members = first_members + epochs.final_trials * late;
  plan.member_epochs = epochs.members;
  plan.member_epochs_restarted = epochs.restarted;
  plan.refit_epochs = study.refit ? plan.rungs.back().epoch : 0;
  // Each pick may be another trial than the winner.
  plan.ensemble_epochs = plan.refit_epochs * std::min({study.ensemble, plan.trials - 1, kLibrary});
  plan.bytes_per_member = largest_member(engine.backend(), data, study);
  plan.bytes = plan.bytes_per_member * first_members;
  std::int64_t const fitting = engine.memory_limit() / plan.bytes_per_member;
  if (fitting < 1) {
    throw UsageError("network: the largest of the space takes " +
                     std::to_string(plan.bytes_per_member) + " bytes; the memory limit is " +
                     std::to_string(engine.memory_limit()) +
                     " bytes: raise it or make the networks smaller");
  }
  auto const* asha = std::get_if<Asha>(&study.scheduler);
  std::int64_t const at_once = asha != nullptr ? std::min(plan.trials, asha->workers) : plan.trials;
  std::int64_t const most =
      std::max(at_once * plan.members_per_trial,
               std::min(at_once, epochs.final_trials) * plan.final_members_per_trial);
  plan.waves = static_cast<int>((most + fitting - 1) / fitting);
  plan.upper_bound = may_stop_early(study.space) ||
                     std::holds_alternative<MedianStopping>(study.scheduler) || study.stop.target ||
                     study.stop.patience_rungs > 0;
  plan.lower_bound = std::holds_alternative<Asha>(study.scheduler);
  Submissions submissions(engine, data, study, splits, tuner);
  plan_submissions(submissions, plan);
  return plan;
}

}  // namespace brood
