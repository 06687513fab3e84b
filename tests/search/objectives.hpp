// SPDX-License-Identifier: Apache-2.0
// Two functions that optimisers are compared on (Dixon & Szegoe, "Towards global optimisation 2",
// 1978), and the medians that a sampler reaches on them.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "search/asking.hpp"

namespace brood {

struct Objective {
  SearchSpace space = {};
  double (*value)(std::vector<double> const& x) = nullptr;  // minimised
};

// Three global minima of 0.397887.
inline Objective branin() {
  Objective made;
  made.space.uniform("x0", -5, 10).uniform("x1", 0, 15);
  made.value = [](std::vector<double> const& x) {
    constexpr double pi = std::numbers::pi;
    double const hill = x[1] - 5.1 / (4 * pi * pi) * x[0] * x[0] + 5 / pi * x[0] - 6;
    return hill * hill + 10 * (1 - 1 / (8 * pi)) * std::cos(x[0]) + 10;
  };
  return made;
}

// One global minimum of -3.32237, five local ones.
inline Objective hartmann6() {
  Objective made;
  for (int i = 0; i < 6; ++i)
    made.space.uniform("x" + std::to_string(i), 0, 1);
  made.value = [](std::vector<double> const& x) {
    double const alpha[] = {1.0, 1.2, 3.0, 3.2};
    double const a[][6] = {{10, 3, 17, 3.5, 1.7, 8},
                           {0.05, 10, 17, 0.1, 8, 14},
                           {3, 3.5, 1.7, 10, 17, 8},
                           {17, 8, 0.05, 10, 0.1, 14}};
    double const p[][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                           {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                           {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                           {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
    double sum = 0;
    for (int i = 0; i < 4; ++i) {
      double distance = 0;
      for (int j = 0; j < 6; ++j) {
        double const difference = x[static_cast<std::size_t>(j)] - p[i][j];
        distance += a[i][j] * difference * difference;
      }
      sum -= alpha[i] * std::exp(-distance);
    }
    return sum;
  };
  return made;
}

// The least value after `trials` trials, asked for `batch` at a time.
inline double least_value(SamplerChoice const& sampler, Objective const& objective, int trials,
                          std::uint64_t seed, int batch = 1) {
  auto const asked = ask_all({.sampler = sampler,
                              .space = objective.space,
                              .trials = trials,
                              .batch = batch,
                              .seed = seed,
                              .score = [&](Config const& config) {
                                std::vector<double> x;
                                for (auto const& entry : config)
                                  x.push_back(std::get<double>(entry.second));
                                return objective.value(x);
                              }});
  return *std::min_element(asked.scores.begin(), asked.scores.end());
}

// Of the seeds 0 .. seeds - 1, in ascending order.
inline std::vector<double> least_values(SamplerChoice const& sampler, Objective const& objective,
                                        int trials, int batch = 1, int seeds = 20) {
  std::vector<double> values;
  for (int seed = 0; seed < seeds; ++seed)
    values.push_back(
        least_value(sampler, objective, trials, static_cast<std::uint64_t>(seed), batch));
  std::sort(values.begin(), values.end());
  return values;
}

// Over an even number of seeds.
inline double median_least_value(SamplerChoice const& sampler, Objective const& objective,
                                 int trials, int batch = 1, int seeds = 20) {
  auto const values = least_values(sampler, objective, trials, batch, seeds);
  auto const middle = values.size() / 2;
  return 0.5 * (values[middle - 1] + values[middle]);
}

}  // namespace brood
