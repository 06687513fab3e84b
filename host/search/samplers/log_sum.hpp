// SPDX-License-Identifier: Apache-2.0
// The logarithm of a weighted sum whose terms come as logarithms, block by block.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "search/samplers/kernel_loops.hpp"

namespace brood {

class LogSum {
 public:
  // Kernels that are summed at a time, at every point: six axes of them stay in L1.
  static constexpr std::size_t kBlock = 256;

  // Beyond the weights the logarithms are -infinity, up to a whole group.
  void add(std::span<double const> logs, std::span<double const> weights) {
    std::array<double, kBlock / kGroup> group;
    std::size_t const groups = logs.size() / kGroup;
    largest_of_groups(logs, group.data());
    double const before = largest_;
    for (std::size_t g = 0; g < groups; ++g)
      largest_ = std::max(largest_, group[g]);
    if (largest_ > before) sum_ *= std::exp(before - largest_);

    double const least = largest_ - kNegligible;
    std::array<double, kBlock> kept, kept_weights;
    std::size_t count = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      if (!(group[g] > least)) continue;
      for (std::size_t k = g * kGroup; k < std::min((g + 1) * kGroup, weights.size()); ++k) {
        kept[count] = logs[k] - largest_;
        kept_weights[count] = weights[k];
        count += logs[k] > least;
      }
    }
    sum_ += weighted_sum_of_exponentials({kept.data(), count}, kept_weights.data());
  }
  double log() const { return largest_ + std::log(sum_); }

 private:
  // What is smaller than the largest by e^-40 does not reach the last digits of the sum, but for
  // weights: n terms of weight 1 / n or more may lack n^2 e^-40 of it, 4e-10 at ten thousand.
  static constexpr double kNegligible = 40;

  double largest_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;  // of the terms divided by the largest
};

}  // namespace brood
