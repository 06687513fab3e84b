// SPDX-License-Identifier: Apache-2.0
// Gaussian process regression (Rasmussen & Williams, "Gaussian processes for machine learning",
// 2006, algorithm 2.1) with a Matern 5/2 kernel that has a length of its own for each axis.
// Points lie in [0, 1]; on a category axis two points are 0 or 1 apart.
#pragma once

#include <span>
#include <vector>

namespace brood {

struct KernelParameters {
  std::vector<double> inverse_squared_length;  // by axis
  double scale = 1;                            // the variance of the function
  double noise = 1;                            // the variance of an observation
};

// The least noise with which any covariance is positive definite.
inline constexpr double kLeastNoise = 1e-6;

// The kernel at a squared distance, scale 1.
double matern52(double squared_distance);

struct Posterior {
  double mean = 0, variance = 0;
};

class GaussianProcess {
 public:
  using Points = std::vector<std::vector<double>>;

  // y: standardised observations. Throws std::domain_error if the covariance is not positive
  // definite; it is where noise is a millionth of scale or more.
  GaussianProcess(std::vector<bool> is_category, Points const& x, std::vector<double> y,
                  KernelParameters parameters);

  // An observation without noise (the least that keeps the covariance definite), of an unchanged
  // kernel.
  void add_exact(std::vector<double> const& x, double y);

  KernelParameters const& parameters() const { return parameters_; }
  // Without its constant, -n / 2 log(2 pi).
  double log_marginal_likelihood() const;

  std::vector<Posterior> posterior(std::span<std::vector<double> const> points) const;
  // At one point; d mean / d x and d variance / d x, zero along category axes.
  Posterior posterior(std::span<double const> point, std::span<double> mean_gradient,
                      std::span<double> variance_gradient) const;

 private:
  std::vector<double> squared_distances(std::span<double const> point) const;
  std::vector<double> covariances(std::span<double const> point) const;

  std::vector<bool> is_category_;
  std::vector<std::vector<double>> coordinates_;  // of the observations, by axis
  std::vector<double> y_;
  KernelParameters parameters_;
  std::vector<double> cholesky_;  // (n, n) lower, column by column
  std::vector<double> weights_;   // the inverse covariance times y
};

}  // namespace brood
