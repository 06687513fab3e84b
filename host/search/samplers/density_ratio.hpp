// SPDX-License-Identifier: Apache-2.0
// The two densities of TPE over some of the axes, whose parameters are there together: they are
// made of the trials that have them (Optuna's group decomposition).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "search/samplers/axis.hpp"
#include "search/samplers/parzen.hpp"
#include "search/samplers/random.hpp"

namespace brood {

class DensityRatio {
 public:
  // Trials are known by their numbers, which are places here. None: not of the space.
  using Points = std::span<std::optional<std::vector<double>> const>;

  DensityRatio(ModelSpace const& space, std::vector<std::size_t> places, bool consider_endpoints);

  // Of the axes, in the space.
  std::vector<std::size_t> const& places() const { return places_; }

  // The densities become those of these trials, in ascending order. What has not changed since the
  // last time is not computed again.
  void set(std::span<std::size_t const> good, std::span<std::size_t const> other, Points points);
  // A trial that is about to be, with a number above all others, joins the others.
  void add_pending(std::size_t trial, std::span<double const> point);

  // So many points drawn from the good trials' density, the best ratio first.
  std::vector<std::vector<double>> candidates(int count, CandidateDraws& draws) const;

 private:
  struct Part {
    ParzenEstimator density;
    std::vector<std::size_t> trials = {};  // by observation
    std::size_t pending = 0;               // the last so many
  };

  bool has_parameters(std::span<double const> point) const;
  std::vector<double> part_of(std::span<double const> point) const;
  void set(Part& part, std::span<std::size_t const> trials, Points points);
  void forget_pending(Part& part, Points points);

  std::vector<std::size_t> places_;
  std::unique_ptr<std::vector<Axis> const> axes_;  // to which the densities refer
  Part good_, other_;
};

}  // namespace brood
