// SPDX-License-Identifier: Apache-2.0
// What a study makes of an ensemble. Candidates are judged by predictions of rows that they were
// not trained on: each fold's member predicts the rows that it is validated on.
#include <algorithm>
#include <map>
#include <thread>

#include "study/constraints.hpp"
#include "study/finalizer.hpp"
#include "study/plan.hpp"
#include "study/standing.hpp"
#include "study/truth.hpp"

namespace brood {

namespace {

// Those of the CPU backend, or all that there are.
int host_threads(BackendInfo const& info) {
  return info.name == "cpu" ? info.parallel_members
                            : static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

Selection Finalizer::select(std::vector<int> const& trials) {
  auto const outputs = static_cast<std::size_t>(setup_.data.outputs());
  std::vector<std::vector<MemberId>> ids;
  for (int const trial : trials)
    ids.push_back(members_.validated(tuner_, trial, setup_.early));
  std::vector<std::vector<float>> candidates(trials.size());
  auto const judged =
      std::span(setup_.splits.splits).first(setup_.early);  // which all of them have
  for (std::size_t s = 0; s < judged.size(); ++s) {
    auto const& rows = *judged[s].valid;
    std::vector<MemberId> members;
    for (auto const& own : ids)
      members.push_back(own[s]);
    std::size_t const each = rows.size() * outputs;
    std::vector<float> predictions(members.size() * each);
    members_.population().forward(members, rows, predictions);
    for (std::size_t c = 0; c < trials.size(); ++c) {
      auto const own = std::span(predictions).subspan(c * each, each);
      candidates[c].insert(candidates[c].end(), own.begin(), own.end());
    }
  }
  // What a candidate is in the ensemble: its networks of all folds, or the one that is trained
  // again.
  std::vector<std::int64_t> bytes;
  for (int const trial : trials) {
    Config const config = member_config(tuner_.segments(trial).back().config, setup_.study);
    std::int64_t const networks = setup_.study.refit ? 1 : static_cast<std::int64_t>(setup_.early);
    bytes.push_back(networks * parameter_count(config, setup_.data.shape()) *
                    static_cast<std::int64_t>(sizeof(float)));
  }
  std::vector<Truth> truths;
  for (auto const& split : judged)
    truths.emplace_back(setup_.data.table(), *split.valid);
  return select_ensemble(
      candidates, setup_.study.ensemble, setup_.maximize,
      [&](std::span<float const> predictions) {
        double sum = 0;
        std::size_t begin = 0;
        for (std::size_t s = 0; s < truths.size(); ++s) {
          std::size_t const rows = judged[s].valid->size();
          sum += truths[s].score(setup_.metric, setup_.data.task(),
                                 predictions.subspan(begin, rows * outputs));
          begin += rows * outputs;
        }
        return sum / static_cast<double>(truths.size());
      },
      host_threads(setup_.engine.info()), bytes);
}

std::vector<Finalizer::FinalMember> Finalizer::bags(std::vector<int> const& trials) {
  std::vector<FinalMember> finals;
  for (int const trial : trials) {
    auto const ids = members_.validated(tuner_, trial, setup_.early);
    for (std::size_t s = 0; s < ids.size(); ++s)
      finals.push_back({.trial = trial, .id = ids[s], .transform = setup_.transforms[s]});
  }
  return finals;
}

void Finalizer::make_ensemble(FinalMember const& winner, Result& result) {
  auto const trials = ensemble_library(setup_, tuner_);
  Selection const selection = select(trials);
  std::map<int, int> counts;  // by trial
  for (int const pick : selection.picks)
    ++counts[trials[static_cast<std::size_t>(pick)]];
  std::vector<int> chosen;
  for (auto const& [trial, count] : counts) {
    bool const at_hand = setup_.study.refit && trial == winner.trial;
    if (!at_hand) chosen.push_back(trial);
  }
  std::vector<FinalMember> finals = setup_.study.refit ? final_members(chosen) : bags(chosen);
  for (FinalMember const& each : finals)
    result.ensemble_epochs += each.refit_epochs;
  if (setup_.study.refit && counts.contains(winner.trial)) finals.push_back(winner);
  std::stable_sort(finals.begin(), finals.end(),
                   [](FinalMember const& a, FinalMember const& b) { return a.trial < b.trial; });

  std::vector<std::pair<MemberId, int>> parts;
  double picks = 0;
  for (FinalMember const& each : finals) {
    int const count = counts.at(each.trial);
    result.ensemble.parts.push_back({each.trial, count, model_of(each)});
    parts.emplace_back(each.id, count);
    picks += count;
  }
  result.ensemble_valid = selection.score;
  auto const& rows = *setup_.splits.test;
  if (rows.empty()) return;
  std::vector<double> sum(rows.size() * static_cast<std::size_t>(setup_.data.outputs()), 0.0);
  std::vector<float> own(sum.size());
  for (auto const& [id, count] : parts) {
    members_.population().forward({&id, 1}, rows, own);
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] += count * static_cast<double>(own[i]);
  }
  for (std::size_t i = 0; i < sum.size(); ++i)
    own[i] = static_cast<float>(sum[i] / picks);
  Truth const truth(setup_.data.table(), rows);
  result.ensemble_test = truth.score(setup_.metric, setup_.data.task(), own);
  result.ensemble_test_metrics = truth.scores(setup_.data.task(), own);
}

}  // namespace brood
