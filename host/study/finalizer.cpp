// SPDX-License-Identifier: Apache-2.0
#include "study/finalizer.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <thread>
#include <utility>

#include "study/corrected_score.hpp"
#include "study/plan.hpp"
#include "study/standing.hpp"

namespace brood {

std::vector<Finalizer::FinalMember> Finalizer::final_members(std::vector<int> const& trials) {
  std::vector<FinalMember> finals;
  for (int const trial : trials)
    finals.push_back({.trial = trial});
  if (setup_.study.refit != Refit::no && !trials.empty()) {
    std::vector<int> epochs;
    for (int const trial : trials) {
      Config const config = tuner_.config(trial);
      int const trained = std::min(tuner_.trials()[static_cast<std::size_t>(trial)].epoch,
                                   own_epochs(config, setup_.study));
      epochs.push_back(curves_.scored_epochs(trial, config, trained));
    }
    auto const ids = members_.refit(tuner_, trials, epochs, setup_.splits.development);
    auto const metrics = members_.population().metrics(ids);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      finals[i].id = ids[i];
      finals[i].transform =
          setup_.transforms.of_rows(last_config(finals[i].trial), setup_.splits.development);
      finals[i].refit_epochs = epochs[i];
      finals[i].refit_diverged = metrics[i].state == MemberState::diverged;
    }
  }
  for (auto& each : finals) {
    if (setup_.study.refit != Refit::no && !each.refit_diverged) continue;
    each.id = members_.validated(tuner_, each.trial, 1).front();
    each.transform = setup_.transforms.of_split(last_config(each.trial), 0);
  }
  return finals;
}

Model model_of(StudySetup const& setup, Population& population, MemberId id, Config const& config,
               Transform const& transform) {
  return {.task = setup.data.task(),
          .outputs = setup.data.outputs(),
          .config = with_defaults(member_config(config, setup.study), setup.data.task()),
          .transform = transform,
          .layers = population.weights({&id, 1}).front()};
}

Rows every_row(Table const& table) {
  std::vector<std::int32_t> rows(static_cast<std::size_t>(table.x.rows));
  std::iota(rows.begin(), rows.end(), 0);
  return std::make_shared<std::vector<std::int32_t> const>(std::move(rows));
}

Model Finalizer::model_of(FinalMember const& member) {
  return brood::model_of(setup_, members_.population(), member.id, last_config(member.trial),
                         *member.transform);
}

std::vector<MemberId> Finalizer::validated(int trial) {
  return members_.validated(tuner_, trial, member_scores_[static_cast<std::size_t>(trial)].size());
}

Finalizer::Library Finalizer::library_of(std::vector<int> trials) {
  std::vector<std::vector<MemberId>> ids;
  for (int const trial : trials)
    ids.push_back(validated(trial));
  auto predictions = out_of_fold_.predictions(members_.population(), ids);
  return {std::move(trials), std::move(predictions)};
}

// Those of the CPU backend, or all that there are.
int Finalizer::host_threads() const {
  BackendInfo const info = setup_.engine.info();
  return info.name == "cpu" ? info.parallel_members
                            : static_cast<int>(std::thread::hardware_concurrency());
}

void Finalizer::finish(Result& result) {
  FinalMember const final = final_members({result.best}).front();
  result.refit_epochs = final.refit_epochs;
  result.refit_diverged = final.refit_diverged;
  result.model = model_of(final);
  std::vector<int> trials = final_library(setup_, tuner_);
  std::size_t const chosen_from = trials.size();
  auto const winner = std::find(trials.begin(), trials.end(), result.best) - trials.begin();
  if (winner == std::ssize(trials)) trials.push_back(result.best);
  Library library = library_of(std::move(trials));
  result.model.calibration =
      out_of_fold_.calibration(library.predictions[static_cast<std::size_t>(winner)]);
  bool const has_test_rows = !setup_.splits.test->empty();
  TestScores const test = scorer_.test(final.id, result.model.calibration);
  result.test = test.score;
  result.test_metrics = test.metrics;
  result.test_coverage = test.coverage;
  if (setup_.study.ensemble == 0) {
    if (!has_test_rows) {
      result.out_of_fold = winner_score(library, static_cast<int>(winner));
      result.judged = validated_networks({}, result.best);
    }
    if (setup_.study.refit == Refit::all) train_on_all(final, {}, result);
    return;
  }
  library.trials.resize(chosen_from);
  library.predictions.resize(chosen_from);
  auto const parts = make_ensemble(final, library, result);
  if (setup_.study.refit == Refit::all) train_on_all(final, parts, result);
}

OutOfFoldScore Finalizer::winner_score(Library const& library, int winner) const {
  // The repeats that all have.
  std::size_t least = library.predictions.front().size();
  for (auto const& each : library.predictions)
    least = std::min(least, each.size());
  std::vector<std::vector<float>> candidates;
  for (auto const& each : library.predictions)
    candidates.emplace_back(each.begin(), each.begin() + static_cast<std::ptrdiff_t>(least));
  return corrected_score(setup_, out_of_fold_, {.candidates = candidates, .picked = {winner}},
                         host_threads());
}

std::vector<JudgedNetwork> Finalizer::validated_networks(std::map<int, int> const& picks,
                                                         int winner) {
  std::map<int, int> trials = picks;
  trials.try_emplace(winner, 0);
  std::vector<JudgedNetwork> networks;
  for (auto const& [trial, count] : trials) {
    auto const ids = validated(trial);
    auto const& splits = setup_.splits.splits;
    double const repeats = splits[ids.size() - 1].repeat + 1;
    Config const config = last_config(trial);
    for (std::size_t s = 0; s < ids.size(); ++s) {
      // Alone, and where it stands for one that is trained again, a trial is one network for a row.
      bool const is_first = splits[s].repeat == 0;
      double const weight = is_bagged() ? count / repeats : is_first ? count : 0;
      double const alone = trial == winner && is_first ? 1 : 0;
      if (weight == 0 && alone == 0) continue;
      networks.push_back(
          {.model = model_of(
               {.trial = trial, .id = ids[s], .transform = setup_.transforms.of_split(config, s)}),
           .weight = picks.empty() ? alone : weight,
           .alone = alone,
           .rows = splits[s].valid});
    }
  }
  return networks;
}

void Finalizer::train_on_all(FinalMember const& winner, std::vector<FinalMember> const& parts,
                             Result& result) {
  if (setup_.splits.test->empty()) return;
  Rows const rows = every_row(setup_.data.table());
  std::vector<int> trials = {winner.trial}, epochs = {winner.refit_epochs};
  for (FinalMember const& part : parts) {
    if (part.trial == winner.trial) continue;
    trials.push_back(part.trial);
    epochs.push_back(part.refit_epochs);
    result.ensemble_epochs += part.refit_epochs;
  }
  result.refit_epochs += winner.refit_epochs;
  // What was scored on the test rows may be looked at there.
  for (Ensemble::Part const& part : result.ensemble.parts) {
    result.judged.push_back({.model = part.model,
                             .weight = static_cast<double>(part.count),
                             .alone = part.trial == winner.trial ? 1.0 : 0.0,
                             .rows = setup_.splits.test});
  }
  bool const is_part = std::any_of(parts.begin(), parts.end(), [&](FinalMember const& part) {
    return part.trial == winner.trial;
  });
  if (!is_part) {
    result.judged.push_back(
        {.model = result.model, .weight = parts.empty() ? 1.0 : 0.0, .rows = setup_.splits.test});
    result.judged.back().model.calibration = {};
  }
  auto const ids = members_.refit(tuner_, trials, epochs, rows);
  auto const metrics = members_.population().metrics(ids);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    bool const diverged = metrics[i].state == MemberState::diverged;
    if (i == 0) result.refit_diverged = result.refit_diverged || diverged;
    if (diverged) continue;
    Model model = model_of({.trial = trials[i],
                            .id = ids[i],
                            .transform = setup_.transforms.of_rows(last_config(trials[i]), rows)});
    for (Ensemble::Part& part : result.ensemble.parts) {
      if (part.trial == trials[i]) part.model = model;
    }
    if (i > 0) continue;
    model.calibration = result.model.calibration;
    result.model = std::move(model);
  }
  result.trained = rows;
}

}  // namespace brood
