// SPDX-License-Identifier: Apache-2.0
// What a study will do: rungs, members, memory, submissions, time.
#include "study/plan.hpp"

#include <algorithm>
#include <map>
#include <span>

#include "backend/describe.hpp"
#include "brood/error.hpp"
#include "search/space/membership.hpp"
#include "study/corners.hpp"
#include "study/ensemble.hpp"
#include "study/memory_budget.hpp"
#include "study/pace.hpp"
#include "study/repeats.hpp"
#include "study/start.hpp"

namespace brood {

namespace {

// The bytes of the largest member: from where each parameter is there, every parameter goes to the
// corner that takes most, in turns until none takes more.
std::int64_t largest_member(Backend& backend, Data const& data, Study const& study) {
  SearchSpace const& space = study.space;
  std::int64_t most = 0;
  auto const bytes_of = [&](Config const& config) -> std::int64_t {
    Config const member = member_config(space.active_part(config), study);
    if (!check(member, data.task()).empty()) return 0;
    return backend.bytes(member, data.shape(), data.rows());
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

// What the backend makes of members that train together, judged by the first so many of them.
class Submissions {
 public:
  Submissions(Engine& engine, Data const& data, Study const& study, Splits const& splits,
              Tuner& tuner)
      : backend_(engine.backend()) {
    auto const rows = static_cast<std::int64_t>(splits.splits.front().train->size());
    std::size_t const members = members_per_trial(study, splits);
    for (auto const& ask : tuner.ask(kMaxTrials)) {
      for (std::size_t i = 0; i < members; ++i)
        members_.push_back(describe(member_config(ask.config, study), data.shape(), 0, rows, 0));
    }
  }

  Submission const& of(std::int64_t members) {
    auto const count = std::min(members_.size(), static_cast<std::size_t>(members));
    auto const [at, fresh] = known_.try_emplace(count);
    if (fresh) {
      at->second = backend_.plan(std::span<Member const>(members_).first(count));
    }
    return at->second;
  }

  // Adds that so many members train for so many epochs.
  void add(std::int64_t members, std::int64_t epochs) {
    Submission const& some = of(members);
    most_launches_ = std::max(most_launches_, some.launches);
    auto const planned = static_cast<double>(
        std::min<std::int64_t>(members, static_cast<std::int64_t>(members_.size())));
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
  std::vector<Member> members_;
  std::map<std::size_t, Submission> known_;  // by members
  int most_launches_ = 0;
  double seconds_ = 0;                 // of the device
  double work_ = 0, device_work_ = 0;  // done, and what could have been
};

void plan_submissions(Submissions& submissions, StudyPlan& plan) {
  for (Stretch const& stretch :
       stretches_of(plan.brackets, plan.members_per_trial, plan.final_members_per_trial)) {
    submissions.add(stretch.members, stretch.until - stretch.from);
    // Those that join for the last rung train from the beginning, and so longer than the others.
    if (stretch.late > 0) submissions.add(stretch.late, stretch.from);
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
  plan.notes = splits.notes;
  note_start_rows(study, data.table(), splits, plan.notes);
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
  plan.refit_epochs = study.refit == Refit::no ? 0 : plan.rungs.back().epoch;
  if (study.refit == Refit::all && !splits.test->empty()) plan.refit_epochs *= 2;
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
  check_memory(engine, data, study, most);
  plan.waves = static_cast<int>((most + fitting - 1) / fitting);
  plan.upper_bound = may_stop_early(study.space) || study.space.find("epochs") != nullptr ||
                     std::holds_alternative<MedianStopping>(study.scheduler) || study.stop.target ||
                     study.stop.patience_rungs || study.stop.epochs;
  plan.lower_bound = std::holds_alternative<Asha>(study.scheduler);
  Submissions submissions(engine, data, study, splits, tuner);
  plan_submissions(submissions, plan);
  return plan;
}

}  // namespace brood
