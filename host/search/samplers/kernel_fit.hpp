// SPDX-License-Identifier: Apache-2.0
// The kernel of a Gaussian process that is most probable given the observations, by Optuna's
// priors.
#pragma once

#include <span>
#include <vector>

#include "search/samplers/gaussian_process.hpp"

namespace brood {

// From all ones.
KernelParameters fit_kernel(std::vector<bool> const& is_category, GaussianProcess::Points const& x,
                            std::vector<double> const& y);

// What fit_kernel minimises.
class KernelLoss {
 public:
  KernelLoss(std::vector<bool> const& is_category, GaussianProcess::Points const& x,
             std::vector<double> y);

  // The negative of the logarithm of the posterior, and its gradient by the logarithms of the
  // inverse squared lengths, the scale, and the noise above its least value.
  double operator()(std::span<double const> logarithms, std::span<double> gradient) const;

 private:
  std::vector<double> y_;
  // By axis, of every pair of points: the square of their difference. Pairs are the elements of a
  // matrix below its diagonal, column by column.
  std::vector<std::vector<double>> squares_;
};

}  // namespace brood
