// SPDX-License-Identifier: Apache-2.0
// Bayesian optimization with a Gaussian process (as Optuna's GPSampler): the point with the largest
// expected improvement, found among Sobol points and by local searches from the best of them.
// Pending trials are taken to score what the process expects of them (the Kriging believer of
// Ginsbourger, Le Riche & Carraro 2010), so that proposals made at once keep apart. Diverged trials
// count as the worst score.
// Of a parameter that is not there in a configuration the process is told a value of its own.
#include <algorithm>
#include <cmath>
#include <limits>

#include "search/samplers/expected_improvement.hpp"
#include "search/samplers/gaussian_process.hpp"
#include "search/samplers/history.hpp"
#include "search/samplers/kernel_fit.hpp"
#include "search/samplers/lbfgs.hpp"
#include "search/samplers/proposals.hpp"
#include "search/samplers/random.hpp"
#include "search/samplers/sobol.hpp"

namespace brood {
namespace {

using Point = std::vector<double>;

constexpr int kSobolPoints = 1024;
constexpr std::size_t kLocalSearches = 10;
constexpr int kLocalRounds = 10;
constexpr double kLocalTolerance = 1e-4;     // of the logarithm of the expected improvement
constexpr double kGradientTolerance = 1e-3;  // of the same, by lengths of the kernel
constexpr int kLocalIterations = 200;
constexpr double kLeastVariance = 1e-12;
// With no more values than these a local search tries each; more are searched like reals.
constexpr double kFewSteps = 32;

// An axis as the process sees it: [0, 1], or the index of a category.
double normalised(Axis const& axis, double coordinate) {
  if (axis.kind == Axis::Kind::category) return coordinate;
  return (coordinate - axis.low) / (axis.high - axis.low);
}

// Of a parameter that is not there: a number lies in the middle, so that trials without it are
// alike in it and not far from the others; a category is one of its own.
double absent(Axis const& axis) {
  return axis.kind == Axis::Kind::category ? -1 : 0.5;
}

double coordinate_of(Axis const& axis, double x) {
  if (axis.kind == Axis::Kind::category) return x;
  return snapped(axis, axis.low + x * (axis.high - axis.low));
}

bool is_searched_by_gradient(Axis const& axis) {
  return axis.kind == Axis::Kind::real ||
         (axis.kind == Axis::Kind::steps && axis.last - axis.first >= kFewSteps);
}

// What a local search tries on an axis: the normalised coordinate of every value.
std::vector<double> values_of(Axis const& axis) {
  std::vector<double> values;
  if (axis.kind == Axis::Kind::category) {
    for (std::size_t i = 0; i < axis.prior.size(); ++i) {
      if (axis.prior[i] > 0) values.push_back(static_cast<double>(i));
    }
  } else {
    for (double k = axis.first; k <= axis.last; ++k)
      values.push_back(normalised(axis, axis.log ? std::log(k) : k));
  }
  return values;
}

class Search {
 public:
  Search(ModelSpace const& space, std::span<Record const> records)
      : space_(space), process_(fitted(space, records)) {
    for (auto const& record : records) {
      if (record.state == Record::State::pending) add_pending(record.point);
    }
  }

  // At a point of snapped coordinates.
  void add_pending(std::span<double const> point) {
    Point const x = normalised_point(point);
    double const believed = process_.posterior({&x, 1}).front().mean;
    process_.add_exact(x, believed);
    best_ = std::max(best_, believed);
  }

  // The points to propose, best first: what the local searches ended in, then the Sobol points.
  std::vector<Point> candidates(SearchSpace const& space, std::uint64_t seed, int trial) const {
    CandidateDraws draws(seed, trial);
    std::vector<Point> points;
    auto shift = std::vector<std::uint64_t>(static_cast<std::size_t>(space.dimensions()));
    for (auto& word : shift)
      word = static_cast<std::uint64_t>(draws.next() * 0x1p52) << 12;
    SobolSequence sequence(std::move(shift));
    for (std::uint64_t i = 0; i < kSobolPoints; ++i) {
      if (auto const point = space_.point_of(space.decode(sequence.point(i)))) {
        points.push_back(normalised_point(*point));
      }
    }
    auto const posteriors = process_.posterior(points);
    std::vector<double> values;
    for (auto const& [mean, variance] : posteriors) {
      values.push_back(
          log_expected_improvement(mean, std::sqrt(variance + kLeastVariance), best_).value);
    }

    std::vector<Point> starts = roulette(points, values, draws);
    starts.push_back(best_point_);
    for (auto const& start : starts) {
      Point found = local_search(start);
      values.push_back(improvement(found));
      points.push_back(std::move(found));
    }
    return sorted(points, values);
  }

 private:
  Point normalised_point(std::span<double const> point) const {
    Point x;
    for (std::size_t i = 0; i < point.size(); ++i)
      x.push_back(std::isnan(point[i]) ? absent(space_.axes()[i])
                                       : normalised(space_.axes()[i], point[i]));
    return x;
  }

  // What a point means where parameters have conditions: those that are not there are absent(), and
  // one that has come to be there begins where it was. By axis, whether it is there.
  std::vector<bool> settle(Point& x) const {
    std::vector<bool> active(x.size(), true);
    if (!space_.is_conditional()) return active;
    Point coordinates(x.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < x.size(); ++i) {
      Axis const& axis = space_.axes()[i];
      active[i] = space_.is_active(i, coordinates);
      if (!active[i]) {
        x[i] = absent(axis);
      } else if (axis.kind == Axis::Kind::category && x[i] == absent(axis)) {
        auto const likely = std::max_element(axis.prior.begin(), axis.prior.end());
        x[i] = static_cast<double>(likely - axis.prior.begin());
      }
      if (active[i]) coordinates[i] = coordinate_of(axis, x[i]);
    }
    return active;
  }

  // Sets best_ and best_point_ too.
  GaussianProcess fitted(ModelSpace const& space, std::span<Record const> records) {
    std::vector<bool> is_category;
    for (auto const& axis : space.axes())
      is_category.push_back(axis.kind == Axis::Kind::category);
    // In units of the largest loss, so that no square or sum overflows.
    double unit = 0;
    for (auto const& record : records) {
      if (record.state == Record::State::scored) unit = std::max(unit, std::abs(record.loss));
    }
    if (unit == 0) unit = 1;
    double mean = 0, squares = 0, worst = -1, scored = 0;
    for (auto const& record : records) {
      if (record.state != Record::State::scored) continue;
      mean += record.loss / unit;
      worst = std::max(worst, record.loss / unit);
      ++scored;
    }
    mean /= std::max(scored, 1.0);
    for (auto const& record : records) {
      if (record.state == Record::State::scored) squares += std::pow(record.loss / unit - mean, 2);
    }
    double const deviation = std::sqrt(squares / std::max(scored, 1.0));
    GaussianProcess::Points x;
    std::vector<double> y;
    for (auto const& record : records) {
      if (record.state == Record::State::pending) continue;
      double const loss = record.state == Record::State::scored ? record.loss / unit : worst;
      x.push_back(normalised_point(record.point));
      y.push_back(deviation > 0 ? (mean - loss) / deviation : 0);
    }
    auto const best = std::max_element(y.begin(), y.end());
    best_ = *best;
    best_point_ = x[static_cast<std::size_t>(best - y.begin())];
    auto parameters = fit_kernel(is_category, x, y);
    return GaussianProcess(is_category, x, y, std::move(parameters));
  }

  double improvement(Point const& x) const {
    auto const [mean, variance] = process_.posterior({&x, 1}).front();
    return log_expected_improvement(mean, std::sqrt(variance + kLeastVariance), best_).value;
  }

  // The best point, and others drawn without replacement in proportion to their improvement.
  std::vector<Point> roulette(std::vector<Point> const& points, std::vector<double> const& values,
                              CandidateDraws& draws) const {
    auto const best = std::max_element(values.begin(), values.end());
    std::vector<double> shares;
    double total = 0;
    for (double const value : values)
      shares.push_back(std::exp(value - *best));
    auto next = static_cast<std::size_t>(best - values.begin());
    std::vector<Point> starts;
    while (true) {
      starts.push_back(points[next]);
      shares[next] = 0;
      total = 0;
      for (double const share : shares)
        total += share;
      if (starts.size() + 1 == kLocalSearches || !(total > 0)) return starts;
      double rest = draws.next() * total;
      std::size_t last_possible = 0;
      for (next = 0; next < shares.size(); ++next) {
        if (shares[next] > 0) last_possible = next;
        if (rest < shares[next]) break;
        rest -= shares[next];
      }
      next = last_possible;
    }
  }

  // In turns along the gradient and, axis by axis, through the values of the others.
  Point local_search(Point x) const {
    double value = improvement(x);
    for (int round = 0; round < kLocalRounds; ++round) {
      double const before = value;
      auto active = settle(x);
      value = search_by_gradient(x, value, active);
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (!active[i] || is_searched_by_gradient(space_.axes()[i])) continue;
        value = search_values(x, i, value);
        active = settle(x);
      }
      if (!(value > before + kLocalTolerance)) break;
    }
    auto const active = settle(x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      Axis const& axis = space_.axes()[i];
      if (active[i]) x[i] = normalised(axis, coordinate_of(axis, x[i]));
    }
    return x;
  }

  // Changes x if that is better; returns the value at x.
  double search_values(Point& x, std::size_t axis, double value) const {
    auto const values = values_of(space_.axes()[axis]);
    std::vector<Point> points(values.size(), x);
    for (std::size_t i = 0; i < values.size(); ++i) {
      points[i][axis] = values[i];
      settle(points[i]);
    }
    auto const posteriors = process_.posterior(points);
    for (std::size_t i = 0; i < values.size(); ++i) {
      double const sigma = std::sqrt(posteriors[i].variance + kLeastVariance);
      double const other = log_expected_improvement(posteriors[i].mean, sigma, best_).value;
      if (!(other > value)) continue;
      value = other;
      x = points[i];
    }
    return value;
  }

  // Variables are in units of the axes' lengths, so that the function is about as steep in each.
  double search_by_gradient(Point& x, double value, std::vector<bool> const& active) const {
    std::vector<std::size_t> axes;
    Point lengths, start;
    Box box;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!active[i] || !is_searched_by_gradient(space_.axes()[i])) continue;
      axes.push_back(i);
      lengths.push_back(1 / std::sqrt(process_.parameters().inverse_squared_length[i]));
      start.push_back(x[i] / lengths.back());
      box.low.push_back(0);
      box.high.push_back(1 / lengths.back());
    }
    if (axes.empty()) return value;
    Point mean_gradient(x.size()), variance_gradient(x.size()), at = x;
    auto const minimum = minimise(
        [&](std::span<double const> variables, std::span<double> gradient) {
          for (std::size_t i = 0; i < axes.size(); ++i)
            at[axes[i]] = variables[i] * lengths[i];
          auto const [mean, variance] = process_.posterior(at, mean_gradient, variance_gradient);
          double const sigma = std::sqrt(variance + kLeastVariance);
          auto const ei = log_expected_improvement(mean, sigma, best_);
          for (std::size_t i = 0; i < axes.size(); ++i) {
            gradient[i] = -lengths[i] * (ei.by_mean * mean_gradient[axes[i]] +
                                         ei.by_sigma * variance_gradient[axes[i]] / (2 * sigma));
          }
          return -ei.value;
        },
        std::move(start), box, kGradientTolerance, kLocalIterations);
    if (!(-minimum.value > value)) return value;
    for (std::size_t i = 0; i < axes.size(); ++i)
      x[axes[i]] = std::clamp(minimum.x[i] * lengths[i], 0.0, 1.0);
    return -minimum.value;
  }

  std::vector<Point> sorted(std::vector<Point> const& points,
                            std::vector<double> const& values) const {
    std::vector<std::size_t> order(points.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t i, std::size_t j) { return values[i] > values[j]; });
    std::vector<Point> made;
    for (std::size_t const place : order) {
      Point point;
      for (std::size_t i = 0; i < space_.axes().size(); ++i)
        point.push_back(coordinate_of(space_.axes()[i], points[place][i]));
      made.push_back(std::move(point));
    }
    return made;
  }

  ModelSpace const& space_;
  double best_ = 0;  // the largest standardised observation, and where it was made
  Point best_point_;
  GaussianProcess process_;  // after best_, which its construction sets
};

bool propose_one(Request const& request, ModelSpace const& space, Search& search,
                 Proposals& proposals) {
  auto const points = search.candidates(request.space, request.seed, proposals.next_trial());
  bool const added = std::any_of(points.begin(), points.end(), [&](Point const& point) {
    return proposals.add_if_new(space.config_at(point));
  });
  if (!added && !proposals.add_other()) return false;
  // As a later call would read it: a logarithm and its exponential have rounded.
  if (auto const point = space.point_of(proposals.last())) search.add_pending(*point);
  return true;
}

}  // namespace

void propose(Bayes const& sampler, Request const& request, Proposals& proposals) {
  if (proposals.full()) return;
  ModelSpace const space(request.space);
  int const enough = std::max(sampler.startup, static_cast<int>(space.axes().size()) + 1);
  History const history = history_of(request.seen, space, request.maximize, enough, request.memory);
  if (space.axes().empty() || history.told < sampler.startup) {
    propose(Random{}, request, proposals);
    return;
  }
  Search search(space, history.records);
  for (auto const& config : proposals.configs()) {  // hand-picked, in this call
    if (auto const point = space.point_of(config)) search.add_pending(*point);
  }
  while (!proposals.full() && propose_one(request, space, search, proposals)) {
  }
}

}  // namespace brood
