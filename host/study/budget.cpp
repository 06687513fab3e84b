// SPDX-License-Identifier: Apache-2.0
// How much of a study fits into a time. What the clock decides here is written into the study, and
// so recorded with the run.
#include "study/budget.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <span>
#include <vector>

#include "backend/describe.hpp"
#include "brood/population.hpp"
#include "search/samplers/sampler.hpp"
#include "study/constraints.hpp"
#include "study/corners.hpp"
#include "study/plan.hpp"
#include "study/repeats.hpp"
#include "study/start.hpp"
#include "study/transforms.hpp"

namespace brood {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kProbed = 16;  // members trained to see how fast it goes
constexpr int kWeighed = 256;        // trials of which the work is counted
constexpr double kProbing = 0.03;    // share of the time that must not be exceeded before the next
constexpr double kPlanned = 0.85;    // share of the time that the plan may fill

constexpr double kPicking = 0.15;  // share of the time for an ensemble's selection
constexpr int kFewestPicks = 4;

double seconds_until(Clock::time_point when) {
  return std::chrono::duration<double>(when - Clock::now()).count();
}

// How fast members of the study's space train on a split: some of them in their first epoch, and
// the work that is usual among more.
Pace measured_pace(Engine& engine, Data const& data, Study const& study, Split const& split,
                   double seconds) {
  Transforms transforms(study, data.table(), {.development = split.train, .splits = {split}});
  Tuner tuner({.space = study.space,
               .sampler = study.sampler,
               .scheduler = NoEarlyTermination{},
               .trials = std::min(kWeighed, most_trials(study.sampler, study.space)),
               .seed = study.seed,
               .allowed = allowed_by(study.constraints, engine, data, study)});
  std::vector<MemberSpec> specs;
  std::vector<double> work;
  for (auto const& ask : tuner.ask(kWeighed)) {
    work.push_back(epoch_work(ask.config, study, data.shape(), split.train->size()));
    if (specs.size() == kProbed) continue;
    specs.push_back({.config = member_config(ask.config, study),
                     .seed = study.seed,
                     .train_rows = split.train,
                     .eval_rows = split.valid,
                     .transform = transforms.of_split(ask.config, 0),
                     .start = initial_weights(study.start)});
  }
  int const parallel = engine.info().parallel_members;
  Pace pace(parallel);
  Population population(engine);
  auto const before = Clock::now();
  auto const ids = population.admit(std::move(specs), data);
  auto const start = Clock::now();
  pace.note_begin(static_cast<double>(ids.size()),
                  std::chrono::duration<double>(start - before).count());
  double waited_for = 0;  // the work of the largest of those that trained side by side
  for (std::size_t done = 0; done < ids.size();) {
    auto const count = std::min(ids.size() - done, static_cast<std::size_t>(parallel));
    population.train(std::span(ids).subspan(done, count), 1);
    waited_for += std::ranges::max(std::span(work).subspan(done, count));
    done += count;
    double const passed = std::chrono::duration<double>(Clock::now() - start).count();
    pace.note(waited_for, waited_for, passed);
    if (passed > kProbing * seconds) break;
  }
  return pace.slower(std::accumulate(work.begin(), work.end(), 0.0) /
                     static_cast<double>(work.size()));
}

// A study that brood has shaped itself, with shorter rungs and fewer members a trial: the further
// down the list, the less its scores say. Repeats are given up first, then epochs, and folds last,
// for a hold-out of few rows is mostly luck.
struct Shape {
  int max_epochs;
  Validation validation;
};
std::vector<Shape> shapes_of(Study const& study) {
  int const epochs = max_epochs(study.scheduler);
  std::vector<Shape> shapes = {{epochs, study.validation}};
  auto const* halving = std::get_if<SuccessiveHalving>(&study.scheduler);
  if (halving == nullptr) return shapes;
  Validation quick = study.validation;
  if (auto const* folds = std::get_if<Folds>(&study.validation)) {
    Folds once = *folds;
    once.repeats = 1;
    for (int const shorter : {epochs, epochs / halving->eta, epochs / halving->eta / halving->eta})
      shapes.push_back({std::max(shorter, 1), once});
    quick = Holdout{.test = folds->test, .by = folds->by};
  }
  for (int shorter = epochs / halving->eta; shorter >= 1; shorter /= halving->eta)
    shapes.push_back({shorter, quick});
  return shapes;
}

}  // namespace

int enough_trials(int max_epochs) {
  return std::clamp(max_epochs, 9, 27);
}

int trials_in(double seconds, Study const& study, std::int64_t per_trial,
              std::int64_t per_final_trial, Pace const& pace, FinishTime const& finish) {
  auto const fits = [&](int trials) {
    auto const brackets = plan_brackets(study.scheduler, trials);
    auto const stretches = stretches_of(brackets, per_trial, per_final_trial);
    int const epochs = stretches.back().until;
    return seconds_left(pace, stretches, 0) + finish.seconds(pace, trials, epochs) <= seconds;
  };
  int least = 1, most = study.trials;
  while (least < most) {
    int const middle = least + (most - least + 1) / 2;
    fits(middle) ? least = middle : most = middle - 1;
  }
  return least;
}

std::optional<double> expected_seconds(Engine& engine, Data const& data, Study const& of) {
  constexpr double kMoment = 0.1, kFlopsPerSecond = 20e9;
  Study const study = with_start(of);
  Splits const splits = splits_of(study, data.table());
  Split const& first = splits.splits.front();
  Config const config = member_config(study.space.active_part(first_corner(study.space)), study);
  Member const member =
      describe(config, data.shape(), 0, static_cast<std::int64_t>(first.train->size()), 0);
  if (steps_per_epoch(member) * step_flops(member) > kMoment * kFlopsPerSecond) return std::nullopt;
  Pace const pace = measured_pace(engine, data, study, first, kMoment / kProbing);
  std::size_t const early = members_per_trial(study, splits);
  auto const stretches =
      stretches_of(plan_brackets(study.scheduler, study.trials), static_cast<std::int64_t>(early),
                   static_cast<std::int64_t>(splits.splits.size()));
  return seconds_left(pace, stretches, 0) +
         FinishTime(study, data, splits, early).seconds(pace, study.trials, stretches.back().until);
}

Study fit_to_time(Engine& engine, Data const& data, Study const& of, Clock::time_point finish_by,
                  Fit fit) {
  Study const started = with_start(of);
  Study fitted = of;
  int const asked = std::min(of.trials, most_trials(of.sampler, of.space));
  fitted.trials = asked;
  Splits splits = splits_of(started, data.table());
  auto const rows = static_cast<double>(splits.splits.front().train->size());
  Pace const measured =
      measured_pace(engine, data, started, splits.splits.front(), seconds_until(finish_by));
  double const seconds = kPlanned * seconds_until(finish_by);
  auto const shapes = fit == Fit::shape
                          ? shapes_of(started)
                          : std::vector<Shape>{{max_epochs(of.scheduler), of.validation}};
  for (Shape const& shape : shapes) {
    Study study = started;
    study.trials = asked;
    study.validation = shape.validation;
    std::visit(
        [&](auto& scheduler) {
          scheduler.max_epochs = shape.max_epochs;
          if constexpr (requires { scheduler.min_epochs; })
            scheduler.min_epochs = std::min(scheduler.min_epochs, shape.max_epochs);
        },
        study.scheduler);
    splits = splits_of(study, data.table());
    std::size_t const early = members_per_trial(study, splits);
    double const train_rows = static_cast<double>(splits.splits.front().train->size());
    FinishTime finish(study, data, splits, early);
    // Picks for the ensemble take no more than a share of the time.
    while (fit == Fit::shape && study.ensemble > kFewestPicks &&
           finish.picking_seconds(study.trials) > kPicking * seconds) {
      study.ensemble /= 2;
      finish = FinishTime(study, data, splits, early);
    }
    fitted.ensemble = study.ensemble;
    fitted.validation = study.validation;
    fitted.scheduler = study.scheduler;
    fitted.trials = trials_in(seconds, study, static_cast<std::int64_t>(early),
                              static_cast<std::int64_t>(splits.splits.size()),
                              measured.slower(train_rows / rows), finish);
    if (fitted.trials >= std::min(study.trials, enough_trials(shape.max_epochs))) break;
  }
  fitted.grow_to = fitted.trials < asked ? asked : 0;
  return fitted;
}

}  // namespace brood
