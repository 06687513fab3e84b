// SPDX-License-Identifier: Apache-2.0
#include "study/out_of_fold.hpp"

#include <algorithm>

#include "study/fit_calibration.hpp"

namespace brood {

OutOfFold::OutOfFold(StudySetup const& setup) : setup_(setup) {
  for (auto const& split : splits())
    truths_.emplace_back(setup.data.table(), *split.valid);
}

std::span<Split const> OutOfFold::splits() const {
  return std::span(setup_.splits.splits).first(setup_.early);  // which all trials have
}

std::vector<std::vector<float>> OutOfFold::predictions(
    Population& population, std::span<std::vector<MemberId> const> candidates) const {
  std::vector<std::vector<float>> all(candidates.size());
  for (std::size_t s = 0; s < truths_.size(); ++s) {
    auto const& rows = *splits()[s].valid;
    std::vector<MemberId> members;
    for (auto const& own : candidates)
      members.push_back(own[s]);
    std::size_t const each = rows.size() * static_cast<std::size_t>(setup_.data.outputs());
    std::vector<float> predictions(members.size() * each);
    population.forward(members, rows, predictions);
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      auto const own = std::span(predictions).subspan(c * each, each);
      all[c].insert(all[c].end(), own.begin(), own.end());
    }
  }
  return all;
}

double OutOfFold::score(std::span<float const> predictions) const {
  double sum = 0;
  std::size_t begin = 0;
  for (Truth const& truth : truths_) {
    std::size_t const each =
        static_cast<std::size_t>(truth.rows) * static_cast<std::size_t>(setup_.data.outputs());
    sum += truth.score(setup_.metric, setup_.data.task(), predictions.subspan(begin, each));
    begin += each;
  }
  return sum / static_cast<double>(truths_.size());
}

Calibration OutOfFold::calibration(std::span<float const> predictions) const {
  Truth all = truths_.front();
  std::vector<std::int32_t> rows = *splits().front().valid;
  for (std::size_t s = 1; s < truths_.size(); ++s) {
    all.append(truths_[s]);
    rows.insert(rows.end(), splits()[s].valid->begin(), splits()[s].valid->end());
  }
  std::sort(rows.begin(), rows.end());
  auto const distinct = std::unique(rows.begin(), rows.end()) - rows.begin();

  Task const task = setup_.data.task();
  Calibrate const& asked = setup_.study.calibrate;
  std::vector<float> calibrated(predictions.begin(), predictions.end());
  PredictedRows const predicted = all.predicted(task, calibrated);
  Calibration calibration;
  if (asked.temperature) calibration.temperature = fit_temperature(predicted, distinct);
  calibration.apply(task, setup_.data.outputs(), calibrated);
  calibration.threshold = fit_threshold(predicted, asked.threshold);
  if (asked.intervals) calibration.intervals = fit_intervals(predicted);
  return calibration;
}

}  // namespace brood
