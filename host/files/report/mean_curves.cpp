// SPDX-License-Identifier: Apache-2.0
#include "files/report/mean_curves.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace brood::files {

namespace {

constexpr std::size_t kMostEpochs = 64;

// Adds the means of the points of one trial, which it sorts.
void add_means(std::vector<CurvePoint>& own, std::vector<MeanPoint>& means) {
  std::stable_sort(own.begin(), own.end(),
                   [](CurvePoint const& a, CurvePoint const& b) { return a.epoch < b.epoch; });
  for (std::size_t begin = 0; begin < own.size();) {
    MeanPoint mean{.trial = own[begin].trial, .epoch = own[begin].epoch};
    std::size_t end = begin;
    for (; end < own.size() && own[end].epoch == mean.epoch; ++end) {
      mean.train_loss += own[end].train_loss;
      mean.valid_loss += own[end].valid_loss;
      mean.metric += own[end].valid_metric;
    }
    mean.members = static_cast<int>(end - begin);
    mean.train_loss /= mean.members;
    mean.valid_loss /= mean.members;
    mean.metric /= mean.members;
    means.push_back(mean);
    begin = end;
  }
}

double quantile(std::vector<double>& values, double share) {
  auto const at = values.begin() + static_cast<std::ptrdiff_t>(
                                       std::lround(share * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

std::vector<MeanPoint> mean_curves(Result const& result) {
  std::vector<MeanPoint> means;
  means.reserve(result.curves.size());
  std::vector<CurvePoint> own;
  for (CurvePoint const& point : result.curves) {
    if (!own.empty() && own.front().trial != point.trial) {
      add_means(own, means);
      own.clear();
    }
    own.push_back(point);
  }
  if (!own.empty()) add_means(own, means);
  return means;
}

std::vector<MeanPoint> thinned(std::vector<MeanPoint> const& points, std::size_t most) {
  if (points.size() <= most) return points;
  std::vector<MeanPoint> kept;
  for (std::size_t i = 0; i < most; ++i)
    kept.push_back(points[i * (points.size() - 1) / (most - 1)]);
  return kept;
}

std::vector<Spread> spreads(std::vector<MeanPoint> const& curves, CurveOf which) {
  std::map<int, std::vector<double>> values;  // by epoch
  for (MeanPoint const& point : curves) {
    double const value = which == CurveOf::metric ? point.metric : point.valid_loss;
    if (std::isfinite(value)) values[point.epoch].push_back(value);
  }
  std::erase_if(values, [](auto const& each) { return each.second.size() < 2; });
  std::size_t const count = std::min(values.size(), kMostEpochs);
  std::vector<Spread> spreads;
  std::size_t index = 0;
  for (auto& [epoch, own] : values) {
    std::size_t const next = count < 2 ? 0 : spreads.size() * (values.size() - 1) / (count - 1);
    if (index++ != next) continue;
    spreads.push_back({epoch, quantile(own, 0.1), quantile(own, 0.5), quantile(own, 0.9)});
  }
  return spreads;
}

}  // namespace brood::files
