// SPDX-License-Identifier: Apache-2.0
// DensityRatio: few trials change sides between two calls, so they come and go one by one.
#include "search/samplers/density_ratio.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace brood {
namespace {

// More changes than so many, and an eighth of the trials, are made anew.
constexpr std::size_t kManyChanges = 16;

std::unique_ptr<std::vector<Axis> const> axes_at(ModelSpace const& space,
                                                 std::vector<std::size_t> const& places) {
  std::vector<Axis> axes;
  for (std::size_t const place : places)
    axes.push_back(space.axes()[place]);
  return std::make_unique<std::vector<Axis> const>(std::move(axes));
}

}  // namespace

DensityRatio::DensityRatio(ModelSpace const& space, std::vector<std::size_t> places,
                           bool consider_endpoints)
    : places_(std::move(places)),
      axes_(axes_at(space, places_)),
      good_{ParzenEstimator(*axes_, consider_endpoints)},
      other_{ParzenEstimator(*axes_, consider_endpoints)} {}

bool DensityRatio::has_parameters(std::span<double const> point) const {
  return !std::isnan(point[places_.front()]);
}

// The coordinates that the densities are over.
std::vector<double> DensityRatio::part_of(std::span<double const> point) const {
  std::vector<double> part;
  for (std::size_t const place : places_)
    part.push_back(point[place]);
  return part;
}

void DensityRatio::set(std::span<std::size_t const> good, std::span<std::size_t const> other,
                       Points points) {
  set(good_, good, points);
  set(other_, other, points);
}

void DensityRatio::set(Part& part, std::span<std::size_t const> trials, Points points) {
  forget_pending(part, points);
  ParzenEstimator& density = part.density;
  auto& before = part.trials;
  std::vector<std::size_t> now, gone, come;
  for (std::size_t const trial : trials) {
    if (has_parameters(*points[trial])) now.push_back(trial);
  }
  std::set_difference(before.begin(), before.end(), now.begin(), now.end(),
                      std::back_inserter(gone));
  std::set_difference(now.begin(), now.end(), before.begin(), before.end(),
                      std::back_inserter(come));
  if (gone.size() + come.size() > kManyChanges + now.size() / 8) {
    std::vector<double> coordinates;
    for (std::size_t const trial : now) {
      auto const part_of_it = part_of(*points[trial]);
      coordinates.insert(coordinates.end(), part_of_it.begin(), part_of_it.end());
    }
    density.assign(coordinates);
  } else {
    auto const place_of = [&](std::size_t trial) {
      return std::lower_bound(before.begin(), before.end(), trial) - before.begin();
    };
    for (std::size_t const trial : gone) {
      auto const place = place_of(trial);
      density.remove(static_cast<std::size_t>(place));
      before.erase(before.begin() + place);
    }
    for (std::size_t const trial : come) {
      auto const place = place_of(trial);
      density.insert(static_cast<std::size_t>(place), part_of(*points[trial]));
      before.insert(before.begin() + place, trial);
    }
  }
  before = std::move(now);
}

// Pending ones stay if the trials with their numbers came to be at their points.
void DensityRatio::forget_pending(Part& part, Points points) {
  auto& [density, trials, pending] = part;
  for (; pending > 0; --pending) {
    std::size_t const place = trials.size() - pending, trial = trials[place];
    bool const came = trial < points.size() && points[trial] && has_parameters(*points[trial]) &&
                      density.is_at(place, part_of(*points[trial]));
    if (came) continue;
    density.remove(place);
    trials.erase(trials.begin() + static_cast<std::ptrdiff_t>(place));
  }
}

void DensityRatio::add_pending(std::size_t trial, std::span<double const> point) {
  if (!has_parameters(point)) return;
  other_.density.insert(other_.density.observations(), part_of(point));
  other_.trials.push_back(trial);
  ++other_.pending;
}

std::vector<std::vector<double>> DensityRatio::candidates(int count, CandidateDraws& draws) const {
  std::vector<std::vector<double>> points;
  for (int i = 0; i < count; ++i)
    points.push_back(good_.density.sample(draws));
  auto const log_good = good_.density.log_density(points);
  auto const log_other = other_.density.log_density(points);
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
    return log_good[i] - log_other[i] > log_good[j] - log_other[j];
  });
  std::vector<std::vector<double>> sorted;
  for (std::size_t const i : order)
    sorted.push_back(std::move(points[i]));
  return sorted;
}

}  // namespace brood
