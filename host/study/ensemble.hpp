// SPDX-License-Identifier: Apache-2.0
// Ensemble selection (Caruana, Niculescu-Mizil, Crew & Ksikes 2004: Ensemble Selection from
// Libraries of Models): greedy forward selection with replacement by a score of the mean of the
// predictions.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace brood {

// So many trials are candidates at most, as in auto-sklearn (Feurer et al. 2015); fewer where their
// predictions are so many numbers that the selection would take longer than the training.
inline constexpr int kLibrary = 50;
int library_size(int picks, std::int64_t predictions);

struct Selection {
  std::vector<int> picks;  // candidates in the order picked, some more than once
  double score = 0;        // of the mean of their predictions
};

// Each of `size` steps picks the candidate that makes the best mean with those picked before, the
// first among equals; what is returned ends where the score was best (the first time). Candidates'
// predictions are of the same rows. None is picked if no score is finite. `score` is called by so
// many threads at a time. `bytes`: of each candidate's networks (empty: not counted); beside the
// first, none is picked with which those picked would take more than kEnsembleBytes.
inline constexpr std::int64_t kEnsembleBytes = std::int64_t{64} << 20;
Selection select_ensemble(std::span<std::vector<float> const> candidates, int size, bool maximize,
                          std::function<double(std::span<float const>)> const& score,
                          int threads = 1, std::span<std::int64_t const> bytes = {});

}  // namespace brood
