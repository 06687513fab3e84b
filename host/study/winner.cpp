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
#include "study/start.hpp"
#include "study/study_run.hpp"

namespace brood {

namespace {

constexpr int kLeaderboard = 10;

}  // namespace

std::optional<int> StudyRun::Impl::best() const {
  return study.best_of == BestOf::any ? tuner.best_of_any() : tuner.best();
}

std::vector<int> StudyRun::Impl::leaderboard(int n) const {
  if (study.best_of == BestOf::last_rung) return tuner.leaderboard(n);
  std::vector<TunerTrial> ranked;
  for (auto const& trial : tuner.trials()) {
    if (std::isfinite(trial.score)) ranked.push_back(trial);
  }
  std::sort(ranked.begin(), ranked.end(), [&](TunerTrial const& a, TunerTrial const& b) {
    return ranks_before(a.score, a.id, b.score, b.id, maximize);
  });
  ranked.resize(std::min(ranked.size(), static_cast<std::size_t>(n)));
  std::vector<int> ids;
  for (auto const& trial : ranked)
    ids.push_back(trial.id);
  return ids;
}

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

template <class SpecsOf>
std::vector<MemberId> StudyRun::Impl::replay(int trial, int epochs, int evaluate_every_epochs,
                                             SpecsOf&& specs_of) {
  std::vector<MemberId> ids;
  for (Segment const& segment : tuner.segments(trial)) {
    if (ids.empty()) {
      ids = population.admit(specs_of(segment), data);
    } else {
      auto const before = std::exchange(ids, population.branch(ids, specs_of(segment), data));
      population.release(before);
    }
    population.train(ids, std::min(segment.until_epoch, epochs), evaluate_every_epochs);
  }
  return ids;
}

MemberSpec StudyRun::Impl::refit_spec(Segment const& segment,
                                      SharedTransform const& transform) const {
  Config config = segment.config;
  config.set("patience", std::int64_t{0});
  return {.config = member_config(std::move(config), study),
          .seed = member_seed(study.seed, static_cast<std::uint32_t>(segment.trial), 0),
          .table = data.id(),
          .train_rows = splits.development,
          .eval_rows = nullptr,
          .transform = transform,
          .start = initial};
}

std::vector<MemberId> StudyRun::Impl::refit(std::vector<int> const& trials,
                                            std::vector<int> const& epochs,
                                            SharedTransform transform) {
  std::vector<MemberId> ids(trials.size());
  std::map<int, std::vector<std::size_t>> together;  // by epochs: trials of one segment
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (tuner.segments(trials[i]).size() == 1) {
      together[epochs[i]].push_back(i);
      continue;
    }
    ids[i] = replay(trials[i], epochs[i], 0, [&](Segment const& segment) {
               return std::vector{refit_spec(segment, transform)};
             }).front();
  }
  for (auto const& [until, places] : together) {
    std::vector<MemberSpec> specs;
    for (auto const i : places)
      specs.push_back(refit_spec(tuner.segments(trials[i]).front(), transform));
    auto const admitted = population.admit(std::move(specs), data);
    population.train(admitted, until, 0);
    for (std::size_t i = 0; i < places.size(); ++i)
      ids[places[i]] = admitted[i];
  }
  return ids;
}

std::vector<MemberId> StudyRun::Impl::validated(int trial, std::size_t count) {
  int const epoch = tuner.trials()[static_cast<std::size_t>(trial)].epoch;
  if (auto const found = members.find(trial); found != members.end()) {
    auto const ids = std::span(found->second).first(count);
    auto const metrics = population.metrics(ids);
    bool const as_scored =
        std::all_of(metrics.begin(), metrics.end(),
                    [&](MemberMetrics const& each) { return each.epoch <= epoch; });
    if (as_scored) return {ids.begin(), ids.end()};
  }
  return replay(trial, epoch, 1, [&](Segment const& segment) {
    return members_of(segment.trial, segment.config, 0, count);
  });
}

std::vector<StudyRun::Impl::FinalMember> StudyRun::Impl::final_members(
    std::vector<int> const& trials) {
  std::vector<FinalMember> finals;
  for (int const trial : trials)
    finals.push_back({.trial = trial});
  if (study.refit && !trials.empty()) {
    auto const all =
        std::make_shared<Transform const>(transform_for(study, data.table(), *splits.development));
    std::vector<int> epochs;
    for (int const trial : trials)
      epochs.push_back(scored_epochs(trial));
    auto const ids = refit(trials, epochs, all);
    auto const metrics = population.metrics(ids);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      finals[i].id = ids[i];
      finals[i].transform = all;
      finals[i].refit_epochs = epochs[i];
      finals[i].refit_diverged = metrics[i].state == MemberState::diverged;
    }
  }
  for (auto& each : finals) {
    if (study.refit && !each.refit_diverged) continue;
    each.id = validated(each.trial, 1).front();
    each.transform = transforms.front();
  }
  return finals;
}

Model StudyRun::Impl::model_of(FinalMember const& member) {
  return {.task = data.task(),
          .outputs = data.outputs(),
          .config = with_defaults(member_config(tuner.segments(member.trial).back().config, study),
                                  data.task()),
          .transform = *member.transform,
          .layers = population.weights({&member.id, 1}).front()};
}

// By id; those that a stop of the study left between rungs have been stopped.
std::vector<TrialResult> StudyRun::Impl::trial_results() const {
  std::vector<TrialResult> results;
  for (auto const& trial : tuner.trials()) {
    bool const waiting = trial.state == TrialState::waiting;
    if (waiting && trial.epoch == 0) continue;  // never begun
    TrialState const state = waiting ? TrialState::stopped : trial.state;
    results.push_back({trial.id, state, trial.epoch, trial.score, tuner.scored_config(trial.id),
                       standard_errors[static_cast<std::size_t>(trial.id)]});
  }
  return results;
}

Result StudyRun::Impl::found() const {
  auto const winner = best();
  if (!winner) {
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
  result.leaderboard = leaderboard(kLeaderboard);
  result.best = *winner;
  result.metric = metric;
  result.maximize = maximize;
  result.valid = tuner.trials()[static_cast<std::size_t>(*winner)].score;
  result.member_epochs = member_epochs;
  result.stopped_early = stopped;
  result.ended = ended;
  result.segments = tuner.segments(*winner);
  result.seconds = seconds_since(start);
  return result;
}

Result StudyRun::Impl::finish() {
  Profile::Scope const refitting(engine.profile(), Phase::refit);
  Result result = found();
  FinalMember const final = final_members({result.best}).front();
  result.refit_epochs = final.refit_epochs;
  result.refit_diverged = final.refit_diverged;
  result.model = model_of(final);
  result.test = test_score(final.id);
  result.test_metrics = test_metrics(final.id);
  if (study.ensemble > 0) make_ensemble(final, result);
  result.seconds = seconds_since(start);
  return result;
}

}  // namespace brood
