// SPDX-License-Identifier: Apache-2.0
// Calibrations, fitted on predictions of rows by networks that were not trained on them.
#pragma once

#include <span>
#include <vector>

#include "brood/calibration.hpp"
#include "study/predicted_rows.hpp"
#include "study/truth.hpp"

namespace brood {

// All that is asked for, each on what comes of those before it. The predictions are of the rows of
// `truth`, one after the other, of which so many are distinct: each may be there several times.
Calibration fit_calibration(Calibrate const& asked, Task task, Truth const& truth,
                            std::span<float const> predictions, std::int64_t distinct);

// The temperature at which the mean log loss over the rows is least, with a normal prior of
// deviation 0.5 on its logarithm: of few rows without a mistake it would be near 0. 1 where fewer
// than 200 rows are distinct, or where the gain over 1 is less than chance would give (1.92 nats in
// all, half the 95th percentile of chi squared). `distinct`: rows of the table, of which each may
// have been predicted several times.
double fit_temperature(PredictedRows const& predicted, std::int64_t distinct);

// The threshold at which a metric is best: among those half-way between neighbours of 255 quantiles
// of the probabilities, and 0.5, which stays where none is better. Nothing for `none`, and where
// there are more than two classes.
std::optional<double> fit_threshold(PredictedRows const& predicted, ThresholdBy by);

// The least half-widths that hold the weight (1 + 1/n) coverage of n rows' absolute errors, for
// each target by itself; coverages that n rows cannot tell are left out.
std::vector<Interval> fit_intervals(PredictedRows const& predicted);

// The share of the rows' targets, by weight and over all targets, that each interval holds.
std::vector<double> coverage(std::span<Interval const> intervals, PredictedRows const& predicted);

}  // namespace brood
