// SPDX-License-Identifier: Apache-2.0
// The metric of a quantile; see prediction_metric.hpp.
#include <algorithm>

#include "study/prediction_metric.hpp"

namespace brood {

double pinball(PredictedRows const& p) {
  double const quantile = p.quantile.value_or(0.5);
  double sum = 0, weight = 0;
  for (std::int64_t r = 0; r < p.rows; ++r) {
    double const w = p.weight(r);
    if (w == 0) continue;
    weight += w;
    for (int k = 0; k < p.targets; ++k) {
      double const error = double{p.target(r, k)} - double{p.prediction(r, k)};
      sum += w * std::max(quantile * error, (quantile - 1) * error);
    }
  }
  return sum / (weight * p.targets);
}

}  // namespace brood
