// SPDX-License-Identifier: Apache-2.0
// Parzen estimator (Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011)
// with Optuna's kernels, those of 4.9 and later: a mixture with one kernel for each observation and
// one for the prior. A kernel is a product over the axes of truncated normals, normalised between
// the ends, of their masses around the steps, or of category probabilities.
#pragma once

#include <span>
#include <vector>

#include "search/samplers/axis.hpp"
#include "search/samplers/random.hpp"

namespace brood {

// Optuna's default weights of n observations, the oldest first: a ramp from 1 / n to 1, then 25
// ones.
std::vector<double> parzen_weights(int n);

class ParzenEstimator {
 public:
  // `axes` outlives the estimator.
  ParzenEstimator(std::span<Axis const> axes, bool consider_endpoints);

  // Observations are numbered from the oldest. They come and go in any order: what is there then
  // decides, to the last bit.
  std::size_t observations() const { return weights_.size() - 1; }
  void assign(std::span<double const> points);  // (observations, axes)
  void insert(std::size_t place, std::span<double const> point);
  void remove(std::size_t place);
  bool is_at(std::size_t place, std::span<double const> point) const;

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
    double least = 0;        // no sigma is smaller
    // By category, as logarithms: the probability by the prior, and by the kernel of an observation
    // of the same or of another category.
    struct Category {
      double of_prior, of_same, of_other;
    };
    std::vector<Category> categories;
  };
  Kernels const& kernels(std::size_t axis) const { return kernels_[axis]; }

 private:
  void weigh();
  void widen_around(std::size_t axis, std::size_t rank, std::size_t count);
  void widen(std::size_t axis, std::size_t first, std::size_t last);
  void set_sigma(std::size_t axis, std::size_t kernel, double sigma);
  bool set_least(std::size_t axis);
  double category_probability(std::size_t axis, std::size_t category, bool observed) const;
  void add_steps(std::size_t axis, double coordinate, std::size_t first,
                 std::span<double> sums) const;
  std::vector<double> log_steps(std::span<double const> point) const;
  void log_kernels(std::span<double const> point, std::size_t first, std::span<double> sums) const;

  std::span<Axis const> axes_;
  bool consider_endpoints_;
  std::vector<Kernels> kernels_;   // by axis
  std::vector<double> weights_;    // by kernel; sum 1
  std::vector<double> log_scale_;  // by kernel: the sum over the axes
};

}  // namespace brood
