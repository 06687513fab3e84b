// SPDX-License-Identifier: Apache-2.0
#include "files/report/range_edges.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "search/samplers/axis.hpp"
#include "search/space/distribution.hpp"

namespace brood::files {

namespace {

constexpr double kEnd = 0.1;  // of the axis
constexpr double kChance = 1e-3;

// The probability of `hits` or more of n, each with probability p.
double binomial_tail(int hits, int n, double p) {
  if (p <= 0) return hits > 0 ? 0 : 1;
  if (p >= 1) return 1;
  double tail = 0;
  for (int k = hits; k <= n; ++k) {
    double const log_choices =
        std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0);
    tail += std::exp(log_choices + k * std::log(p) + (n - k) * std::log1p(-p));
  }
  return tail;
}

// How far along its axis a value lies, 0 .. 1.
double place(Axis const& axis, double coordinate) {
  return (coordinate - axis.low) / (axis.high - axis.low);
}

struct Count {
  int near = 0, all = 0;
};

Count count_near(Axis const& axis, std::vector<double> const& coordinates, bool upper) {
  Count count;
  for (double const coordinate : coordinates) {
    double const at = place(axis, coordinate);
    ++count.all;
    count.near += upper ? at >= 1 - kEnd : at <= kEnd;
  }
  return count;
}

}  // namespace

std::vector<RangeEdge> range_edges(ReportedRun const& run) {
  std::vector<RangeEdge> edges;
  SearchSpace const& searched = run.sweep.study.space;
  ModelSpace const space(searched);
  std::vector<std::vector<double>> points;  // of the trials with a rank, from the best on
  for (TrialResult const* const trial : by_rank(run)) {
    if (trial->rank == 0) continue;
    if (auto point = space.point_of(trial->config)) points.push_back(std::move(*point));
  }
  constexpr std::size_t kFewest = 5;
  std::size_t const best = std::max(points.size() / 10, kFewest);
  if (points.size() < 2 * kFewest) return edges;
  for (std::size_t a = 0; a < space.axes().size(); ++a) {
    Axis const& axis = space.axes()[a];
    Parameter const& parameter = *searched.find(space.names()[a]);
    bool const ends =
        axis.kind != Axis::Kind::category && parameter.distribution != Distribution::ordinal;
    if (!ends) continue;
    std::vector<double> all, top;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (std::isnan(points[i][a])) continue;
      all.push_back(points[i][a]);
      if (i < best) top.push_back(points[i][a]);
    }
    for (bool const upper : {false, true}) {
      Count const near = count_near(axis, top, upper), usual = count_near(axis, all, upper);
      if (near.all == 0 || 2 * near.near < near.all) continue;
      double const share = (usual.near + 1.0) / (usual.all + 2.0);
      if (binomial_tail(near.near, near.all, share) >= kChance) continue;
      auto const range = range_of(parameter);
      double const end = upper ? range.max : range.min;
      bool const exponent = parameter.distribution == Distribution::log_normal;
      edges.push_back({parameter.name, upper, exponent ? std::exp(end) : end, near.near, near.all});
    }
  }
  return edges;
}

}  // namespace brood::files
