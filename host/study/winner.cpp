// SPDX-License-Identifier: Apache-2.0
// The end of a study: the winner is trained again on all rows but the test rows, and scored on
// those, once.
#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "backend/describe.hpp"
#include "brood/error.hpp"
#include "study/plan.hpp"
#include "study/study_run.hpp"

namespace brood {

namespace {

constexpr int kLeaderboard = 10;

}  // namespace

int StudyRun::Impl::scored_epochs(int trial) const {
  Config const config = tuner.config(trial);
  int const trained = tuner.trials()[static_cast<std::size_t>(trial)].epoch;
  if (!is_patient(config)) return trained;
  Value const* const min_delta = config.find("min_delta");
  double least = 0;
  if (min_delta != nullptr) as_number(*min_delta, least);
  double sum = 0;
  std::map<std::pair<int, int>, std::pair<double, int>> best;  // by fold and repeat: loss, epoch
  for (auto const& point : curves) {
    if (point.trial != trial) continue;
    auto const [at, fresh] =
        best.try_emplace({point.fold, point.repeat}, point.valid_loss, point.epoch);
    if (!fresh && point.valid_loss < at->second.first - least)
      at->second = {point.valid_loss, point.epoch};
  }
  for (auto const& [split, loss_and_epoch] : best)
    sum += loss_and_epoch.second;
  return std::max(1, static_cast<int>(std::lround(sum / static_cast<double>(best.size()))));
}

template <class SpecOf>
MemberId StudyRun::Impl::replay(int trial, int epochs, int evaluate_every_epochs,
                                SpecOf&& spec_of) {
  std::optional<MemberId> id;
  for (Segment const& segment : tuner.segments(trial)) {
    std::vector<MemberSpec> specs;
    specs.push_back(spec_of(segment));
    if (!id) {
      id = population.admit(std::move(specs), data).front();
    } else {
      MemberId const before = *id;
      id = population.branch({&before, 1}, std::move(specs), data).front();
      population.release({&before, 1});
    }
    population.train({&*id, 1}, std::min(segment.until_epoch, epochs), evaluate_every_epochs);
  }
  return *id;
}

MemberId StudyRun::Impl::refit(int trial, int epochs, SharedTransform transform) {
  return replay(trial, epochs, 0, [&](Segment const& segment) {
    Config config = segment.config;
    config.set("patience", std::int64_t{0});
    return MemberSpec{.config = member_config(std::move(config), study),
                      .seed = member_seed(study.seed, static_cast<std::uint32_t>(segment.trial), 0),
                      .table = data.id(),
                      .train_rows = splits.development,
                      .eval_rows = nullptr,
                      .transform = transform};
  });
}

MemberId StudyRun::Impl::validated(int trial) {
  int const epoch = tuner.trials()[static_cast<std::size_t>(trial)].epoch;
  if (auto const found = members.find(trial); found != members.end()) {
    MemberId const id = found->second.front();
    if (population.metrics({&id, 1}).front().epoch <= epoch) return id;
  }
  return replay(trial, epoch, 1, [&](Segment const& segment) {
    return members_of(segment.trial, segment.config).front();
  });
}

double StudyRun::Impl::test_score(MemberId id) {
  if (splits.test->empty()) return std::nan("");
  return metric_value(metric, population.evaluate({&id, 1}, *splits.test).front(),
                      context_of(*splits.test));
}

// By id; those that a stop of the study left between rungs have been stopped.
std::vector<TrialResult> StudyRun::Impl::trial_results() const {
  std::vector<TrialResult> results;
  for (auto const& trial : tuner.trials()) {
    bool const waiting = trial.state == TrialState::waiting;
    if (waiting && trial.epoch == 0) continue;  // never begun
    TrialState const state = waiting ? TrialState::stopped : trial.state;
    results.push_back({trial.id, state, trial.epoch, trial.score, tuner.scored_config(trial.id)});
  }
  return results;
}

Result StudyRun::Impl::finish() {
  auto const best = tuner.best();
  if (!best) {
    throw NoUsableTrial(
        stopped ? "the study was stopped before its first rung had ended: give it more time"
                : "all " + std::to_string(study.trials) +
                      " trials diverged: lower the learning rates of the space, or clip "
                      "gradients (clip_norm)");
  }
  Result result;
  result.trials = trial_results();
  result.curves = curves;
  auto order = [](CurvePoint const& p) { return std::tie(p.trial, p.fold, p.repeat, p.epoch); };
  std::sort(result.curves.begin(), result.curves.end(),
            [&](CurvePoint const& a, CurvePoint const& b) { return order(a) < order(b); });
  result.leaderboard = tuner.leaderboard(kLeaderboard);
  result.best = *best;
  result.metric = metric;
  result.maximize = maximize;
  result.valid = tuner.trials()[static_cast<std::size_t>(*best)].score;
  result.member_epochs = member_epochs;
  result.stopped_early = stopped;
  result.segments = tuner.segments(*best);

  SharedTransform transform = transforms.front();
  std::optional<MemberId> model;
  if (study.refit) {
    result.refit_epochs = scored_epochs(*best);
    auto const all =
        std::make_shared<Transform const>(fit_transform(data.table(), *splits.development));
    MemberId const id = refit(*best, static_cast<int>(result.refit_epochs), all);
    result.refit_diverged = population.metrics({&id, 1}).front().state == MemberState::diverged;
    if (!result.refit_diverged) {
      model = id;
      transform = all;
    }
  }
  if (!model) model = validated(*best);
  result.model = {
      .task = data.task(),
      .outputs = data.outputs(),
      .config = with_defaults(member_config(result.segments.back().config, study), data.task()),
      .transform = *transform,
      .layers = population.weights({&*model, 1}).front()};
  result.test = test_score(*model);
  result.seconds = seconds_since(start);
  return result;
}

}  // namespace brood
