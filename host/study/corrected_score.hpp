// SPDX-License-Identifier: Apache-2.0
// What predicts, scored on the rows that chose it, and corrected for that: OutOfFoldScore says how.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "study/out_of_fold.hpp"

namespace brood {

// What was chosen, and from what.
struct Choice {
  // Predictions out of fold, of as many views, the best candidate first.
  std::span<std::vector<float> const> candidates;
  std::vector<int> picked = {};              // candidates, some more than once
  int picks = 1;                             // at most; 1: the best candidate by itself
  std::span<std::int64_t const> bytes = {};  // as select_ensemble() has them
};

// How often rows are drawn, and of how many candidates the choice is made again: of as many as keep
// the work within a bound, the first ones. `numbers`: that are added up to score a candidate.
struct Redrawing {
  int draws = 0;
  std::size_t candidates = 0;
};
Redrawing redrawing(int picks, std::size_t candidates, std::int64_t numbers);
// Of a candidate: log loss of classes is of the probability of what is true alone.
std::int64_t judged_numbers(StudySetup const& setup, std::int64_t predictions);

// The same at any number of threads. Nothing is drawn where rows follow each other in time, or
// where a choice or a score cannot be had of half of the draws.
OutOfFoldScore corrected_score(StudySetup const& setup, OutOfFold const& out_of_fold,
                               Choice const& choice, int threads);
// Of predictions that nothing was chosen by.
OutOfFoldScore uncorrected_score(StudySetup const& setup, OutOfFold const& out_of_fold,
                                 std::span<float const> predictions);

}  // namespace brood
