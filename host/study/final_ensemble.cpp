// SPDX-License-Identifier: Apache-2.0
// What a study makes of an ensemble. Candidates are judged by predictions of rows that they were
// not trained on: each fold's member predicts the rows that it is validated on.
#include <algorithm>
#include <map>
#include <thread>

#include "study/constraints.hpp"
#include "study/finalizer.hpp"
#include "study/plan.hpp"

namespace brood {

namespace {

// Those of the CPU backend, or all that there are.
int host_threads(BackendInfo const& info) {
  return info.name == "cpu" ? info.parallel_members
                            : static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

Selection Finalizer::select(std::vector<int> const& trials,
                            std::vector<std::vector<float>> const& candidates) {
  // What a candidate is in the ensemble: its networks of all folds, or the one that is trained
  // again.
  std::vector<std::int64_t> bytes;
  for (int const trial : trials) {
    Config const config = member_config(tuner_.segments(trial).back().config, setup_.study);
    std::int64_t const networks = setup_.study.refit ? 1 : static_cast<std::int64_t>(setup_.early);
    bytes.push_back(networks * parameter_count(config, setup_.data.shape()) *
                    static_cast<std::int64_t>(sizeof(float)));
  }
  return select_ensemble(
      candidates, setup_.study.ensemble, setup_.maximize,
      [&](std::span<float const> predictions) { return out_of_fold_.score(predictions); },
      host_threads(setup_.engine.info()), bytes);
}

std::vector<Finalizer::FinalMember> Finalizer::bags(std::vector<int> const& trials) {
  std::vector<FinalMember> finals;
  for (int const trial : trials) {
    auto const ids = members_.validated(tuner_, trial, setup_.early);
    Config const config = last_config(trial);
    for (std::size_t s = 0; s < ids.size(); ++s) {
      finals.push_back(
          {.trial = trial, .id = ids[s], .transform = setup_.transforms.of_split(config, s)});
    }
  }
  return finals;
}

namespace {

// The mean of predictions that each count so often.
class Mean {
 public:
  explicit Mean(std::size_t size) : sum_(size, 0.0) {}
  void add(std::span<float const> predictions, int count) {
    for (std::size_t i = 0; i < sum_.size(); ++i)
      sum_[i] += count * static_cast<double>(predictions[i]);
    count_ += count;
  }
  std::vector<float> value() const {
    std::vector<float> mean;
    mean.reserve(sum_.size());
    for (double const each : sum_)
      mean.push_back(static_cast<float>(each / count_));
    return mean;
  }

 private:
  std::vector<double> sum_;
  double count_ = 0;
};

}  // namespace

void Finalizer::make_ensemble(FinalMember const& winner, std::vector<int> const& trials,
                              std::vector<std::vector<float>> const& candidates, Result& result) {
  Selection const selection = select(trials, candidates);
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
  for (FinalMember const& each : finals)
    result.ensemble.parts.push_back({each.trial, counts.at(each.trial), model_of(each)});

  result.ensemble_valid = selection.score;
  if (!selection.picks.empty()) {
    Mean mean(candidates.front().size());
    for (int const pick : selection.picks)
      mean.add(candidates[static_cast<std::size_t>(pick)], 1);
    result.ensemble.calibration = out_of_fold_.calibration(mean.value());
  }
  auto const& rows = *setup_.splits.test;
  if (rows.empty()) return;
  std::vector<float> own(rows.size() * static_cast<std::size_t>(setup_.data.outputs()));
  Mean mean(own.size());
  for (FinalMember const& each : finals) {
    members_.population().forward({&each.id, 1}, rows, own);
    mean.add(own, counts.at(each.trial));
  }
  TestScores const test = scorer_.test_of_predictions(mean.value(), result.ensemble.calibration);
  result.ensemble_test = test.score;
  result.ensemble_test_metrics = test.metrics;
  result.ensemble_test_coverage = test.coverage;
}

}  // namespace brood
