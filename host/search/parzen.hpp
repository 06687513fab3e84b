// SPDX-License-Identifier: Apache-2.0
// Parzen estimator (Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011)
// with Optuna's kernels, those of 4.9 and later: a mixture with one kernel for each observation and
// one for the prior. A kernel is a product over the axes of truncated normals, normalised between
// the ends, of their masses around the steps, or of category probabilities.
#pragma once

#include <span>
#include <vector>

#include "search/axis.hpp"
#include "search/random.hpp"

namespace brood {

// Optuna's default weights of n observations, the oldest first: a ramp from 1 / n to 1, then 25
// ones.
std::vector<double> parzen_weights(int n);

class ParzenEstimator {
 public:
  // `axes` outlives the estimator.
  ParzenEstimator(std::span<Axis const> axes, bool consider_endpoints);

  // Observations come from the oldest to the newest; prepare() after the last one.
  void add(std::span<double const> point);
  void prepare();

  // One point, of snapped coordinates.
  std::vector<double> sample(CandidateDraws& draws) const;
  // The logarithm of the density (of the mass, where there are steps or categories) at each point.
  std::vector<double> log_density(std::span<std::vector<double> const> points) const;

  // One axis' kernels: the prior's first, then the observations'. For a category axis the means are
  // the categories.
  struct Kernels {
    std::vector<double> mean, sigma;
    std::vector<double> inverse_width;  // 1 / (sigma sqrt(2)), where there is a density
    std::vector<double> log_scale;      // what a kernel is divided by, as a logarithm
    std::vector<int> order;             // the observations' kernels, by their means
    // Masses of steps, by width: a width and, for each distance from the mean, the logarithm.
    std::vector<std::pair<double, std::vector<double>>> tables;
    std::vector<int> table;  // by kernel
  };
  Kernels const& kernels(std::size_t axis) const { return kernels_[axis]; }

 private:
  void prepare_numbers(Axis const& axis, Kernels& kernels) const;
  double category_probability(Axis const& axis, Kernels const& kernels, std::size_t kernel,
                              std::size_t category) const;
  void add_categories(std::size_t axis, double category, std::span<double> log_kernels) const;
  void add_steps(std::size_t axis, double coordinate, std::span<double> log_kernels) const;

  std::span<Axis const> axes_;
  bool consider_endpoints_;
  std::vector<Kernels> kernels_;      // by axis
  std::vector<double> weights_;       // by kernel; sum 1
  std::vector<double> log_constant_;  // by kernel: of the weight, and less every log_scale
};

}  // namespace brood
