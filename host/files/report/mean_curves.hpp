// SPDX-License-Identifier: Apache-2.0
// Learning curves of trials: the mean over the folds and repeats of each.
#pragma once

#include <string>
#include <vector>

#include "files/report/reported_run.hpp"

namespace brood::files {

struct MeanPoint {
  int trial = 0, epoch = 0;
  int members = 0;  // that the mean is over
  double train_loss = 0, valid_loss = 0, metric = 0;
};

// By trial and epoch.
std::vector<MeanPoint> mean_curves(Result const& result);

// Of the points of one trial, at most so many: the first, the last, and as evenly as may be.
std::vector<MeanPoint> thinned(std::vector<MeanPoint> const& points, std::size_t most);

// The spread of all trials at an epoch: the quantiles 0.1, 0.5 and 0.9.
struct Spread {
  int epoch = 0;
  double low = 0, middle = 0, high = 0;
};
enum class CurveOf { metric, valid_loss };
// At no more than 64 epochs, those at which at least two trials have a number.
std::vector<Spread> spreads(std::vector<MeanPoint> const& curves, CurveOf which);

}  // namespace brood::files
