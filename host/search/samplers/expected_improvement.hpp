// SPDX-License-Identifier: Apache-2.0
// The logarithm of expected improvement, exact where the improvement itself underflows (Ament et
// al., "Unexpected improvements to expected improvement for Bayesian optimization", NeurIPS 2023,
// equations 8 and 9), and its derivatives.
#pragma once

namespace brood {

struct LogEi {
  double value = 0;
  double by_mean = 0, by_sigma = 0;  // derivatives
};

// Of a value with law normal(mean, sigma) over `best`, to be exceeded; sigma > 0.
LogEi log_expected_improvement(double mean, double sigma, double best);

}  // namespace brood
