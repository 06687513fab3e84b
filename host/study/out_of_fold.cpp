// SPDX-License-Identifier: Apache-2.0
#include "study/out_of_fold.hpp"

#include <algorithm>

#include "study/fit_calibration.hpp"

namespace brood {

namespace {

// Every repeat validates the same.
std::vector<std::int32_t> validated_rows(std::span<Split const> splits) {
  std::vector<std::int32_t> rows;
  for (Split const& split : splits) {
    if (split.repeat == 0) rows.insert(rows.end(), split.valid->begin(), split.valid->end());
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

OutOfFold::OutOfFold(StudySetup const& setup)
    : setup_(setup),
      rows_(validated_rows(setup.splits.splits)),
      truth_(setup.data.table(), rows_, setup.quantile) {}

std::vector<std::vector<float>> OutOfFold::predictions(
    Population& population, std::span<std::vector<MemberId> const> candidates) const {
  auto const& splits = setup_.splits.splits;
  auto const outputs = static_cast<std::size_t>(setup_.data.outputs());
  std::vector<std::vector<float>> all(candidates.size());
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    auto const views = static_cast<std::size_t>(splits[candidates[c].size() - 1].repeat) + 1;
    all[c].resize(views * numbers_of_view());
  }
  for (std::size_t s = 0; s < splits.size(); ++s) {
    std::vector<std::size_t> predicting;
    std::vector<MemberId> members;
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      if (s >= candidates[c].size()) continue;
      predicting.push_back(c);
      members.push_back(candidates[c][s]);
    }
    if (members.empty()) break;
    auto const& valid = *splits[s].valid;
    std::size_t const each = valid.size() * outputs;
    std::vector<float> predictions(members.size() * each);
    population.forward(members, valid, predictions);
    std::size_t const view = static_cast<std::size_t>(splits[s].repeat) * numbers_of_view();
    for (std::size_t i = 0; i < valid.size(); ++i) {
      auto const place = static_cast<std::size_t>(
          std::lower_bound(rows_.begin(), rows_.end(), valid[i]) - rows_.begin());
      for (std::size_t m = 0; m < members.size(); ++m) {
        std::copy_n(predictions.data() + m * each + i * outputs, outputs,
                    all[predicting[m]].data() + view + place * outputs);
      }
    }
  }
  return all;
}

std::vector<float> OutOfFold::together(std::span<float const> predictions) const {
  std::size_t const each = numbers_of_view(), views = predictions.size() / each;
  std::vector<float> mean(each);
  for (std::size_t i = 0; i < each; ++i) {
    double sum = 0;
    for (std::size_t v = 0; v < views; ++v)
      sum += static_cast<double>(predictions[v * each + i]);
    mean[i] = static_cast<float>(sum / static_cast<double>(views));
  }
  return mean;
}

double OutOfFold::score(std::span<float const> predictions) const {
  std::size_t const each = numbers_of_view(), views = predictions.size() / each;
  double sum = 0;
  for (std::size_t v = 0; v < views; ++v)
    sum += truth_.score(setup_.metric, setup_.data.task(), predictions.subspan(v * each, each));
  return sum / static_cast<double>(views);
}

Calibration OutOfFold::calibration(std::span<float const> predictions) const {
  Truth all = truth_;
  for (std::size_t v = 1; v < predictions.size() / numbers_of_view(); ++v)
    all.append(truth_);
  return fit_calibration(setup_.study.calibrate, setup_.data.task(), all, predictions,
                         std::ssize(rows_));
}

}  // namespace brood
