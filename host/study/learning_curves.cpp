// SPDX-License-Identifier: Apache-2.0
#include "study/learning_curves.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "study/scorer.hpp"

namespace brood {

void LearningCurves::record(Ask const& ask, std::span<MemberMetrics const> metrics,
                            std::span<double const> scores) {
  bool const predicted = setup_.takes_predictions(ask.config);
  for (std::size_t s = 0; s < metrics.size(); ++s) {
    int const from = s < setup_.early ? ask.from_epoch : 0;
    for (Evaluation const& e : metrics[s].history) {
      if (e.epoch <= from) continue;
      bool const last = &e == &metrics[s].history.back();
      double const value = !predicted ? setup_.value_of(e, s) : last ? scores[s] : std::nan("");
      points_.push_back({ask.trial, setup_.splits.splits[s].fold, setup_.splits.splits[s].repeat,
                         e.epoch, e.train_loss, e.loss, value});
    }
    member_epochs_ += std::max(0, metrics[s].epoch - from);
  }
}

void LearningCurves::keep(Ask const& ask, std::vector<CurvePoint> const& points) {
  std::map<std::pair<int, int>, int> last;  // epoch, by fold and repeat
  for (CurvePoint const& point : points)
    last[{point.fold, point.repeat}] = point.epoch;
  for (std::size_t s = 0; s < setup_.splits.splits.size(); ++s) {
    Split const& split = setup_.splits.splits[s];
    auto const found = last.find({split.fold, split.repeat});
    if (found != last.end())
      member_epochs_ += found->second - (s < setup_.early ? ask.from_epoch : 0);
  }
  points_.insert(points_.end(), points.begin(), points.end());
}

std::vector<CurvePoint> LearningCurves::sorted() const {
  std::vector<CurvePoint> points = points_;
  auto order = [](CurvePoint const& p) { return std::tie(p.trial, p.fold, p.repeat, p.epoch); };
  std::sort(points.begin(), points.end(),
            [&](CurvePoint const& a, CurvePoint const& b) { return order(a) < order(b); });
  return points;
}

int LearningCurves::scored_epochs(int trial, Config const& config, int trained) const {
  if (!is_patient(config)) return trained;
  Value const* const min_delta = config.find("min_delta");
  double const least = min_delta == nullptr ? 0 : number_of(*min_delta).value_or(0);
  double sum = 0;
  std::map<std::pair<int, int>, std::pair<double, int>> best;  // by fold and repeat: loss, epoch
  for (auto const& point : points_) {
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

}  // namespace brood
