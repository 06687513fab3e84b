// SPDX-License-Identifier: Apache-2.0
// Ensembles: the selection, and what a study makes of it. Candidates are judged by predictions of
// rows that they were not trained on: each fold's member predicts the rows that it is validated on.
#include "study/ensemble.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "brood/search.hpp"
#include "study/plan.hpp"
#include "study/study_run.hpp"
#include "study/truth.hpp"

namespace brood {

Selection select_ensemble(std::span<std::vector<float> const> candidates, int size, bool maximize,
                          std::function<double(std::span<float const>)> const& score) {
  Selection selection;
  if (candidates.empty()) return selection;
  std::vector<double> sum(candidates.front().size(), 0.0);
  std::vector<float> mean(sum.size());
  std::vector<int> picks;
  std::size_t best_size = 0;
  for (int step = 0; step < size; ++step) {
    int picked = -1;
    double picked_score = 0;
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      for (std::size_t i = 0; i < sum.size(); ++i) {
        mean[i] = static_cast<float>((sum[i] + static_cast<double>(candidates[c][i])) / (step + 1));
      }
      double const own = score(mean);
      auto const id = static_cast<int>(c);
      bool const better = picked < 0 || ranks_before(own, id, picked_score, picked, maximize);
      if (!std::isfinite(own) || !better) continue;
      picked = id;
      picked_score = own;
    }
    if (picked < 0) break;
    picks.push_back(picked);
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] += static_cast<double>(candidates[static_cast<std::size_t>(picked)][i]);
    bool const improves = best_size == 0 || (maximize ? picked_score > selection.score
                                                      : picked_score < selection.score);
    if (!improves) continue;
    best_size = picks.size();
    selection.score = picked_score;
  }
  picks.resize(best_size);
  selection.picks = std::move(picks);
  return selection;
}

// ---- of a study

std::vector<int> StudyRun::Impl::library() const {
  if (study.ensemble == 0) return {};
  return leaderboard(kLibrary);
}

Selection StudyRun::Impl::select(std::vector<int> const& trials) {
  auto const outputs = static_cast<std::size_t>(data.outputs());
  std::vector<std::vector<MemberId>> ids;
  for (int const trial : trials)
    ids.push_back(validated(trial, early));
  std::vector<std::vector<float>> candidates(trials.size());
  auto const judged = std::span(splits.splits).first(early);  // which all of them have
  for (std::size_t s = 0; s < judged.size(); ++s) {
    auto const& rows = *judged[s].valid;
    for (std::size_t c = 0; c < trials.size(); ++c) {
      std::size_t const begin = candidates[c].size();
      candidates[c].resize(begin + rows.size() * outputs);
      population.forward({&ids[c][s], 1}, rows, std::span(candidates[c]).subspan(begin));
    }
  }
  std::vector<Truth> truths;
  for (auto const& split : judged)
    truths.emplace_back(data.table(), *split.valid);
  return select_ensemble(
      candidates, study.ensemble, maximize, [&](std::span<float const> predictions) {
        double sum = 0;
        std::size_t begin = 0;
        for (std::size_t s = 0; s < truths.size(); ++s) {
          std::size_t const rows = judged[s].valid->size();
          sum += truths[s].score(metric, data.task(), predictions.subspan(begin, rows * outputs));
          begin += rows * outputs;
        }
        return sum / static_cast<double>(truths.size());
      });
}

std::vector<StudyRun::Impl::FinalMember> StudyRun::Impl::bags(std::vector<int> const& trials) {
  std::vector<FinalMember> members;
  for (int const trial : trials) {
    auto const ids = validated(trial, early);
    for (std::size_t s = 0; s < ids.size(); ++s)
      members.push_back({.trial = trial, .id = ids[s], .transform = transforms[s]});
  }
  return members;
}

void StudyRun::Impl::make_ensemble(FinalMember const& winner, Result& result) {
  auto const trials = library();
  Selection const selection = select(trials);
  std::map<int, int> counts;  // by trial
  for (int const pick : selection.picks)
    ++counts[trials[static_cast<std::size_t>(pick)]];
  std::vector<int> chosen;
  for (auto const& [trial, count] : counts) {
    bool const at_hand = study.refit && trial == winner.trial;
    if (!at_hand) chosen.push_back(trial);
  }
  std::vector<FinalMember> finals = study.refit ? final_members(chosen) : bags(chosen);
  for (FinalMember const& each : finals)
    result.ensemble_epochs += each.refit_epochs;
  if (study.refit && counts.contains(winner.trial)) finals.push_back(winner);
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
  auto const& rows = *splits.test;
  if (rows.empty()) return;
  std::vector<double> sum(rows.size() * static_cast<std::size_t>(data.outputs()), 0.0);
  std::vector<float> own(sum.size());
  for (auto const& [id, count] : parts) {
    population.forward({&id, 1}, rows, own);
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] += count * static_cast<double>(own[i]);
  }
  for (std::size_t i = 0; i < sum.size(); ++i)
    own[i] = static_cast<float>(sum[i] / picks);
  Truth const truth(data.table(), rows);
  result.ensemble_test = truth.score(metric, data.task(), own);
  result.ensemble_test_metrics = truth.scores(data.task(), own);
}

}  // namespace brood
