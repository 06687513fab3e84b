// SPDX-License-Identifier: Apache-2.0
// A trial of a study by itself. A member is a function of its own specification, so that what the
// trial's members were in the study they are here.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "brood/error.hpp"
#include "study/finalizer.hpp"
#include "study/plan.hpp"
#include "study/start.hpp"
#include "study/trial_result.hpp"

namespace brood {

namespace {

// Whether a trial was scored in its last rung by the members that final_repeats adds, too. One that
// has stopped may have done so there; where the study was cut short, they did not count.
bool counts_late_members(Tuner const& tuner, Stop const& stop, TrialResult const& former) {
  if (former.state != TrialState::stopped) return former.state == TrialState::complete;
  if (stop.epochs && former.epochs >= *stop.epochs) return false;
  auto const& rungs = tuner.brackets()[static_cast<std::size_t>(tuner.bracket(former.id))];
  return rungs.size() < 2 || former.epochs > rungs[rungs.size() - 2].epoch;
}

}  // namespace

Result train_alone(Engine& engine, Data const& data, Study study, TrialResult const& former) {
  if (std::holds_alternative<PopulationBased>(study.scheduler)) {
    throw UsageError(
        "under pbt a trial goes on as a copy of others, with hyperparameters that "
        "change on the way, so that none can be trained alone; repeat the whole study");
  }
  auto const start = std::chrono::steady_clock::now();
  study = with_start(std::move(study));
  Tuner const tuner = make_tuner(engine, data, study);
  int const most = static_cast<int>(study.trials);
  if (former.id < 0 || former.id >= most || former.epochs < 1 ||
      former.epochs > max_epochs(study.scheduler)) {
    throw UsageError("the study has no trial " + std::to_string(former.id) + " of " +
                     std::to_string(former.epochs) + " epochs; trials are 0 .. " +
                     std::to_string(most - 1) + ", epochs 1 .. " +
                     std::to_string(max_epochs(study.scheduler)));
  }
  StudySetup const setup(engine, data, std::move(study));
  TrialMembers members(setup);
  Population& population = members.population();
  bool const last = counts_late_members(tuner, setup.study.stop, former);
  Ask const ask{.trial = former.id,
                .config = former.config,
                .from_epoch = 0,
                .until_epoch = last ? max_epochs(setup.study.scheduler) : former.epochs};
  members.admit({&ask, 1});
  auto const& ids = members.of(ask.trial);
  population.train(ids, former.epochs);
  auto const metrics = population.metrics(ids);

  Scorer scorer(setup, members);
  auto const scores = scorer.scores({&ask, 1}, metrics);
  LearningCurves curves(setup);
  curves.record(ask, metrics, scores);
  int epochs = 0;
  for (MemberMetrics const& each : metrics)
    epochs = std::max(epochs, each.epoch);

  Result result;
  result.trials = {trial_result(setup, ask.trial, ask.config, epochs, scores)};
  TrialResult& trial = result.trials.front();
  trial.state = former.state;
  auto const accuracies = scorer.accuracies({&ask, 1}, metrics);
  if (!accuracies.empty()) trial.accuracy = mean_of(accuracies);
  trial.bracket = tuner.bracket(ask.trial);
  if (!std::isfinite(trial.score)) {
    throw NoUsableTrial("trial " + std::to_string(ask.trial) + " diverges: there is no network");
  }
  trial.rank = 1;
  result.curves = curves.sorted();
  result.leaderboard = {ask.trial};
  result.best = ask.trial;
  result.metric = setup.metric;
  result.maximize = setup.maximize;
  result.valid = trial.score;
  result.member_epochs = curves.member_epochs();
  result.segments = {{ask.trial, ask.config, epochs}};

  MemberId id = ids.front();
  SharedTransform transform = setup.transforms.of_split(ask.config, 0);
  if (setup.study.refit != Refit::no) {
    result.refit_epochs = curves.scored_epochs(ask.trial, ask.config, epochs);
    MemberId const again =
        population
            .admit({setup.refit_of(result.segments.front(), setup.splits.development)}, setup.data)
            .front();
    population.train({&again, 1}, static_cast<int>(result.refit_epochs), 0);
    result.refit_diverged = population.metrics({&again, 1}).front().state == MemberState::diverged;
    if (!result.refit_diverged) {
      id = again;
      transform = setup.transforms.of_rows(ask.config, setup.splits.development);
    }
  }
  result.model = model_of(setup, population, id, ask.config, *transform);
  OutOfFold const out_of_fold(setup);
  auto const predictions = out_of_fold.predictions(population, {&ids, 1}).front();
  result.model.calibration = out_of_fold.calibration(predictions);
  TestScores const test = scorer.test(id, result.model.calibration);
  result.test = test.score;
  result.test_metrics = test.metrics;
  result.test_coverage = test.coverage;
  result.development = result.trained = setup.splits.development;
  if (setup.study.refit == Refit::all && !setup.splits.test->empty()) {
    Rows const rows = every_row(setup.data.table());
    MemberId const again =
        population.admit({setup.refit_of(result.segments.front(), rows)}, setup.data).front();
    auto const refit_epochs = static_cast<int>(result.refit_epochs);
    population.train({&again, 1}, refit_epochs, 0);
    result.refit_epochs += refit_epochs;
    if (population.metrics({&again, 1}).front().state == MemberState::diverged) {
      result.refit_diverged = true;
    } else {
      Calibration const calibration = std::move(result.model.calibration);
      result.model = model_of(setup, population, again, ask.config,
                              *setup.transforms.of_rows(ask.config, rows));
      result.model.calibration = calibration;
    }
    result.trained = rows;
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace brood
