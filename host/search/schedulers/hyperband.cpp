// SPDX-License-Identifier: Apache-2.0
// Hyperband's brackets (Li et al., JMLR 2018, Alg. 1), on integers: no logarithm, and
// floor(floor(n / eta) / eta) = floor(n / eta^2).
#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "search/schedulers/halving.hpp"

namespace brood {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<int>::max();

// Epochs at which rungs end, R / eta^i for i = s_max .. 0: the last s + 1 of them are bracket s's.
std::vector<int> rung_epochs(Hyperband const& hyperband) {
  std::vector<int> epochs;
  for (int epoch = hyperband.max_epochs; epoch >= 1; epoch /= hyperband.eta)
    epochs.insert(epochs.begin(), epoch);
  return epochs;
}

// Trials of the brackets s_max .. 0, each at most the largest int.
std::vector<int> bracket_sizes(Hyperband const& hyperband) {
  auto const count = static_cast<std::int64_t>(rung_epochs(hyperband).size());  // s_max + 1 <= 31
  std::vector<int> sizes;
  std::int64_t power = 1;  // eta^s
  for (std::int64_t s = 0; s < count; ++s) {
    std::int64_t const trials = (count * power + s) / (s + 1);
    sizes.push_back(static_cast<int>(std::min(trials, kMax)));
    power = std::min(power * hyperband.eta, kMax);
  }
  std::reverse(sizes.begin(), sizes.end());
  return sizes;
}

}  // namespace

int trials_of_a_pass(Hyperband const& hyperband) {
  std::int64_t trials = 0;
  for (int const size : bracket_sizes(hyperband))
    trials += size;
  return static_cast<int>(std::min(trials, kMax));
}

std::vector<std::vector<Rung>> hyperband_brackets(Hyperband const& hyperband, int trials) {
  auto const sizes = bracket_sizes(hyperband);
  auto const epochs = rung_epochs(hyperband);
  std::vector<std::vector<Rung>> brackets;
  for (std::size_t i = 0; trials > 0; i = (i + 1) % sizes.size()) {
    int size = std::min(sizes[i], trials);
    trials -= size;
    auto& rungs = brackets.emplace_back();
    for (std::size_t rung = i; rung < epochs.size(); ++rung) {
      rungs.push_back({size, epochs[rung]});
      size = std::max(1, size / hyperband.eta);
    }
  }
  return brackets;
}

}  // namespace brood
