// SPDX-License-Identifier: Apache-2.0
// How many trials fit into a time: the one place where a clock has a say in what is trained. What
// it says is a number of trials, which is recorded and repeats the run.
#include "study/budget.hpp"

#include <algorithm>
#include <chrono>

#include "brood/population.hpp"
#include "brood/study.hpp"
#include "search/samplers/sampler.hpp"
#include "study/constraints.hpp"
#include "study/plan.hpp"
#include "study/start.hpp"

namespace brood {

namespace {

constexpr int kProbed = 16;        // members trained to see how fast it goes
constexpr double kPlanned = 0.85;  // share of the time that the plan may fill
constexpr int kFewest = 9;
constexpr int kMax = 10000;

// Wall seconds of a member-epoch while all workers are busy.
double measured_seconds(Engine& engine, Data const& data, Study const& study, Split const& split) {
  auto const transform =
      std::make_shared<Transform const>(fit_transform(data.table(), *split.train));
  Tuner tuner({.space = study.space,
               .sampler = study.sampler,
               .scheduler = NoEarlyTermination{},
               .trials = std::min(kProbed, most_trials(study.sampler, study.space)),
               .seed = study.seed,
               .allowed = allowed_by(study.constraints, engine, data, study)});
  std::vector<MemberSpec> specs;
  for (auto const& ask : tuner.ask(kProbed)) {
    specs.push_back({.config = member_config(ask.config, study),
                     .seed = study.seed,
                     .train_rows = split.train,
                     .eval_rows = split.valid,
                     .transform = transform});
  }
  Population population(engine);
  auto const ids = population.admit(std::move(specs), data);
  auto const before = std::chrono::steady_clock::now();
  population.train(ids, 1);
  std::chrono::duration<double> const passed = std::chrono::steady_clock::now() - before;
  return passed.count() / static_cast<double>(ids.size());
}

}  // namespace

int trials_at(double member_epoch, int workers, Study const& study, Splits const& splits,
              double seconds) {
  auto const brackets = plan_brackets(study.scheduler, kMax);
  auto const per_trial = static_cast<std::int64_t>(members_per_trial(study, splits));
  auto const per_final_trial = static_cast<std::int64_t>(splits.splits.size());
  double const epochs_per_trial =
      static_cast<double>(epochs_of(brackets, per_trial, per_final_trial).members) / kMax;
  // The refit is one member on one worker.
  double const refit = study.refit ? max_epochs(study.scheduler) * member_epoch * workers : 0.0;
  double const affordable = (kPlanned * seconds - refit) / (member_epoch * epochs_per_trial);
  auto const trials = static_cast<int>(
      std::clamp(affordable, static_cast<double>(kFewest), static_cast<double>(kMax)));
  return std::min(trials, most_trials(study.sampler, study.space));
}

int trials_within(Engine& engine, Data const& data, Study const& of, double seconds) {
  Study const study = with_start(of);
  Splits const splits = splits_of(study, data.table());
  double const each = measured_seconds(engine, data, study, splits.splits.front());
  return trials_at(each, engine.info().parallel_members, study, splits, seconds);
}

}  // namespace brood
