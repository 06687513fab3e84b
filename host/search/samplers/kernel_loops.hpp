// SPDX-License-Identifier: Apache-2.0
// The loops over the kernels of a Parzen estimator in which its time goes. They are compiled for
// wider vectors too; the machine takes its best. Every element is computed for itself and without
// fused operations, so the bits are the same.
#pragma once

#include <cstddef>
#include <span>

namespace brood {

// sums[k] -= ((x - mean[k]) inverse_width[k])^2
void subtract_squares(std::span<double> sums, double x, double const* mean,
                      double const* inverse_width);

// sums[k] += category[k] == x ? same : other
void add_by_category(std::span<double> sums, double x, double const* category, double same,
                     double other);

// The sum of weight[k] e^log[k], -700 <= log[k] <= 0, in eight strands. Each exponential is as
// fdlibm's e_exp.c: to an ulp.
double weighted_sum_of_exponentials(std::span<double const> logs, double const* weight);

// The largest of each group of kGroup; sums.size() is a multiple of it.
inline constexpr std::size_t kGroup = 16;
void largest_of_groups(std::span<double const> sums, double* largest);

}  // namespace brood
