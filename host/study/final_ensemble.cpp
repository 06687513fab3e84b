// SPDX-License-Identifier: Apache-2.0
// What a study makes of an ensemble. Candidates are judged by predictions of rows that they were
// not trained on: each fold's member predicts the rows that it is validated on.
#include <algorithm>
#include <map>
#include <numeric>

#include "study/constraints.hpp"
#include "study/corrected_score.hpp"
#include "study/finalizer.hpp"
#include "study/plan.hpp"

namespace brood {

std::vector<std::vector<float>> Finalizer::candidates_of(Library const& library) const {
  auto const repeats = static_cast<std::size_t>(setup_.splits.splits[setup_.early - 1].repeat) + 1;
  auto const common = static_cast<std::ptrdiff_t>(repeats * out_of_fold_.numbers_of_view());
  std::vector<std::vector<float>> candidates;
  for (auto const& each : library.predictions) {
    candidates.push_back(is_bagged() ? out_of_fold_.together(each)
                                     : std::vector<float>(each.begin(), each.begin() + common));
  }
  return candidates;
}

// What a candidate is in the ensemble: its networks of all folds and repeats, or the one that is
// trained again.
std::vector<std::int64_t> Finalizer::bytes_of(std::vector<int> const& trials) {
  std::vector<std::int64_t> bytes;
  for (int const trial : trials) {
    Config const config = member_config(tuner_.segments(trial).back().config, setup_.study);
    std::size_t const networks =
        is_bagged() ? member_scores_[static_cast<std::size_t>(trial)].size() : 1;
    bytes.push_back(static_cast<std::int64_t>(networks) *
                    parameter_count(config, setup_.data.shape()) *
                    static_cast<std::int64_t>(sizeof(float)));
  }
  return bytes;
}

std::vector<Finalizer::FinalMember> Finalizer::bags(std::vector<int> const& trials) {
  std::vector<FinalMember> finals;
  for (int const trial : trials) {
    auto const ids = validated(trial);
    Config const config = last_config(trial);
    for (std::size_t s = 0; s < ids.size(); ++s) {
      finals.push_back(
          {.trial = trial, .id = ids[s], .transform = setup_.transforms.of_split(config, s)});
    }
  }
  return finals;
}

// Where some have more networks than others, all of a pick weigh the same.
std::map<int, int> Finalizer::counts_of(std::map<int, int> const& picks) {
  std::map<int, int> repeats;
  int common = 1;
  for (auto const& [trial, count] : picks) {
    std::size_t const members =
        is_bagged() ? member_scores_[static_cast<std::size_t>(trial)].size() : setup_.early;
    repeats[trial] = setup_.splits.splits[members - 1].repeat + 1;
    common = std::lcm(common, repeats[trial]);
  }
  std::map<int, int> counts = picks;
  for (auto& [trial, count] : counts)
    count *= common / repeats[trial];
  // So few as say the same.
  int divisor = 0;
  for (auto const& [trial, count] : counts)
    divisor = std::gcd(divisor, count / picks.at(trial));
  for (auto& [trial, count] : counts)
    count /= divisor;
  return counts;
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

std::vector<Finalizer::FinalMember> Finalizer::make_ensemble(FinalMember const& winner,
                                                             Library const& library,
                                                             Result& result) {
  auto const candidates = candidates_of(library);
  auto const bytes = bytes_of(library.trials);
  Selection const selection = select_ensemble(
      candidates, setup_.study.ensemble, setup_.maximize,
      [&](std::span<float const> predictions) { return out_of_fold_.score(predictions); },
      host_threads(), bytes);
  std::map<int, int> picks;  // by trial
  for (int const pick : selection.picks)
    ++picks[library.trials[static_cast<std::size_t>(pick)]];
  auto const counts = counts_of(picks);
  bool const refits = setup_.study.refit != Refit::no;
  std::vector<int> chosen;
  for (auto const& [trial, count] : counts) {
    bool const at_hand = refits && trial == winner.trial;
    if (!at_hand) chosen.push_back(trial);
  }
  std::vector<FinalMember> finals = refits ? final_members(chosen) : bags(chosen);
  for (FinalMember const& each : finals)
    result.ensemble_epochs += each.refit_epochs;
  if (refits && counts.contains(winner.trial)) finals.push_back(winner);
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
  if (rows.empty() && !selection.picks.empty()) {
    result.out_of_fold = corrected_score(setup_, out_of_fold_,
                                         {.candidates = candidates,
                                          .picked = selection.picks,
                                          .picks = setup_.study.ensemble,
                                          .bytes = bytes},
                                         host_threads());
    result.judged = validated_networks(picks, winner.trial);
  }
  if (rows.empty()) return finals;
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
  return finals;
}

}  // namespace brood
