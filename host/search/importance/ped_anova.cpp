// SPDX-License-Identifier: Apache-2.0
#include "search/importance/ped_anova.hpp"

#include <algorithm>
#include <cmath>

#include "search/normal_mass.hpp"
#include "search/samplers/axis.hpp"

namespace brood {
namespace {

constexpr double kBest = 0.1;       // the share of trials whose place is compared
constexpr int kMostCells = 50;      // of the grid of a number
constexpr double kPriorWeight = 1;  // of a kernel as wide as the grid
constexpr int kFewestOfRegime = 2;  // trials where the parameter is there, or is not
constexpr double kDensityFloor = 1e-12;

// Trials in each cell of an axis' grid.
using Counts = std::vector<double>;

int cells_of(Axis const& axis) {
  if (axis.kind == Axis::Kind::category) return static_cast<int>(axis.prior.size());
  if (axis.kind == Axis::Kind::real) return kMostCells;
  double const steps = axis.last - axis.first + 1;
  double const wanted = axis.log ? std::ceil(std::log(steps) / std::log(2.0)) + 1 : steps;
  return static_cast<int>(std::min<double>(wanted, kMostCells));
}

// The grid's first and last cell lie at the ends of the axis; halfway between two cells is the
// lower one's.
int cell_of(Axis const& axis, int cells, double coordinate) {
  if (axis.kind == Axis::Kind::category) return static_cast<int>(coordinate);
  bool const steps = axis.kind == Axis::Kind::steps;
  double low = steps ? axis.first : axis.low, high = steps ? axis.last : axis.high;
  if (steps && axis.log) {
    low = std::log(low);
    high = std::log(high);
  }
  double const width = (high - low) / (cells - 1);
  return std::clamp(static_cast<int>(std::ceil((coordinate - low) / width - 0.5)), 0, cells - 1);
}

// The observed cells, each with its trials, as a list of numbers that were drawn.
struct Observed {
  std::vector<double> cell, count, cumulated;
};

Observed observed_of(Counts const& counts) {
  Observed observed;
  double sum = 0;
  for (std::size_t cell = 0; cell < counts.size(); ++cell) {
    if (counts[cell] == 0) continue;
    observed.cell.push_back(static_cast<double>(cell));
    observed.count.push_back(counts[cell]);
    observed.cumulated.push_back(sum += counts[cell]);
  }
  return observed;
}

// Scott's rule (Multivariate Density Estimation, 1992) with the smaller of deviation and quartile
// distance; no kernel is so narrow that less than 90 % of it lies in its cell.
double bandwidth(Observed const& observed) {
  double const total = observed.cumulated.back();
  double mean = 0, squares = 0;
  for (std::size_t i = 0; i < observed.cell.size(); ++i)
    mean += observed.cell[i] * observed.count[i];
  mean /= total;
  for (std::size_t i = 0; i < observed.cell.size(); ++i)
    squares += (observed.cell[i] - mean) * (observed.cell[i] - mean) * observed.count[i];
  double const deviation = std::sqrt(squares / std::max(1.0, total - 1));
  auto const& cumulated = observed.cumulated;
  auto const first = std::lower_bound(cumulated.begin(), cumulated.end(), std::floor(total / 4)) -
                     cumulated.begin();
  auto const third =
      std::min(std::upper_bound(cumulated.begin(), cumulated.end(), std::floor(total * 3 / 4)) -
                   cumulated.begin(),
               std::ssize(cumulated) - 1);
  double const quartiles = observed.cell[static_cast<std::size_t>(third)] -
                           observed.cell[static_cast<std::size_t>(first)];
  constexpr double kScott = 1.059, kNormalQuartiles = 1.34, kLeast = 0.5 / 1.64;
  double const width =
      kScott * std::min(quartiles / kNormalQuartiles, deviation) * std::pow(total, -0.2);
  return std::max(width, kLeast);
}

// A mixture of normals around the observed cells, and one in the middle that is as wide as the
// grid; each is cut off at the ends, and gives a cell the mass within half a cell around it.
std::vector<double> density_of_numbers(Counts const& counts) {
  Observed const observed = observed_of(counts);
  double const last = static_cast<double>(counts.size()) - 1;
  double const total = observed.cumulated.back() + kPriorWeight;
  std::vector<double> density(counts.size(), 0.0);
  auto const add = [&](double mean, double sigma, double weight) {
    double const inside = normal_mass((-0.5 - mean) / sigma, (last + 0.5 - mean) / sigma);
    for (std::size_t cell = 0; cell < density.size(); ++cell) {
      double const distance = static_cast<double>(cell) - mean;
      density[cell] +=
          weight / total * normal_mass((distance - 0.5) / sigma, (distance + 0.5) / sigma) / inside;
    }
  };
  double const sigma = bandwidth(observed);
  for (std::size_t i = 0; i < observed.cell.size(); ++i)
    add(observed.cell[i], sigma, observed.count[i]);
  add(last / 2, last + 1, kPriorWeight);
  return density;
}

// The same of categories: an observed one's kernel gives a little to the others.
std::vector<double> density_of_categories(Counts const& counts) {
  Observed const observed = observed_of(counts);
  auto const categories = static_cast<double>(counts.size());
  double const spread = kPriorWeight / (static_cast<double>(observed.cell.size()) + 1);
  double const total = observed.cumulated.back() + kPriorWeight, own = categories * spread + 1;
  std::vector<double> density(
      counts.size(),
      (observed.cumulated.back() * spread / own + kPriorWeight / categories) / total);
  for (std::size_t i = 0; i < observed.cell.size(); ++i)
    density[static_cast<std::size_t>(observed.cell[i])] += observed.count[i] / own / total;
  return density;
}

std::vector<double> density_of(Axis const& axis, Counts const& counts) {
  return axis.kind == Axis::Kind::category ? density_of_categories(counts)
                                           : density_of_numbers(counts);
}

double pearson_divergence(std::vector<double> const& best, std::vector<double> const& all) {
  double sum = 0;
  for (std::size_t cell = 0; cell < all.size(); ++cell) {
    double const of_all = all[cell] + kDensityFloor;
    double const ratio = (best[cell] + kDensityFloor) / of_all - 1;
    sum += of_all * ratio * ratio;
  }
  return sum;
}

// Where a trial lies, and whether it is one of the best.
struct Place {
  std::vector<double> point;
  bool is_best = false;
};

double importance_of(Axis const& axis, std::size_t index, std::vector<Place> const& places,
                     double best_in_all) {
  Counts best(static_cast<std::size_t>(cells_of(axis)), 0.0), all = best;
  double best_there = 0, there = 0;
  for (Place const& place : places) {
    double const coordinate = place.point[index];
    if (std::isnan(coordinate)) continue;  // the parameter is not there
    auto const cell =
        static_cast<std::size_t>(cell_of(axis, static_cast<int>(all.size()), coordinate));
    all[cell] += 1;
    there += 1;
    if (!place.is_best) continue;
    best[cell] += 1;
    best_there += 1;
  }
  if (there < kFewestOfRegime || best_there == 0) return 0;
  double const of_best = best_there / best_in_all;
  double const of_all = there / static_cast<double>(places.size());
  return of_best * of_best / of_all *
         pearson_divergence(density_of(axis, best), density_of(axis, all));
}

std::vector<Place> places_of(ModelSpace const& space, std::span<JudgedTrial const> trials) {
  std::vector<Place> places;
  std::vector<double> values;
  for (JudgedTrial const& trial : trials) {
    auto point = space.point_of(*trial.config);
    if (!point) continue;
    places.push_back({std::move(*point)});
    values.push_back(trial.value);
  }
  if (values.empty()) return places;
  std::vector<double> ordered = values;
  auto const cut =
      ordered.begin() +
      static_cast<std::ptrdiff_t>(std::ceil(kBest * static_cast<double>(values.size()))) - 1;
  std::nth_element(ordered.begin(), cut, ordered.end());
  for (std::size_t i = 0; i < places.size(); ++i)
    places[i].is_best = values[i] <= *cut;
  return places;
}

}  // namespace

std::vector<ParameterImportance> ped_anova(SearchSpace const& space,
                                           std::span<JudgedTrial const> trials) {
  ModelSpace const model(space);
  std::vector<Place> const places = places_of(model, trials);
  double best = 0;
  for (Place const& place : places)
    best += place.is_best;
  double const share = best / static_cast<double>(places.size());
  std::vector<ParameterImportance> importances;
  double sum = 0;
  for (std::size_t i = 0; i < model.axes().size(); ++i) {
    double const divergence =
        places.size() < 2 ? 0.0 : share * share * importance_of(model.axes()[i], i, places, best);
    importances.push_back({model.names()[i], divergence});
    sum += divergence;
  }
  for (ParameterImportance& each : importances)
    each.share = sum > 0 ? each.divergence / sum : 0;
  return importances;
}

}  // namespace brood
