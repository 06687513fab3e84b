// SPDX-License-Identifier: Apache-2.0
#include "study/ensemble.hpp"

#include <algorithm>
#include <cmath>

#include "brood/search.hpp"

namespace brood {

Selection select_ensemble(std::span<std::vector<float> const> candidates, int size, bool maximize,
                          std::function<double(std::span<float const>)> const& score) {
  Selection selection;
  if (candidates.empty()) return selection;
  std::vector<double> sum(candidates.front().size(), 0.0);
  std::vector<float> mean(sum.size());
  std::vector<int> picks;
  std::size_t best_size = 0;
  for (int step = 0; step < size; ++step) {
    int picked = -1;
    double picked_score = 0;
    for (std::size_t c = 0; c < candidates.size(); ++c) {
      for (std::size_t i = 0; i < sum.size(); ++i) {
        mean[i] = static_cast<float>((sum[i] + static_cast<double>(candidates[c][i])) / (step + 1));
      }
      double const own = score(mean);
      auto const id = static_cast<int>(c);
      bool const better = picked < 0 || ranks_before(own, id, picked_score, picked, maximize);
      if (!std::isfinite(own) || !better) continue;
      picked = id;
      picked_score = own;
    }
    if (picked < 0) break;
    picks.push_back(picked);
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] += static_cast<double>(candidates[static_cast<std::size_t>(picked)][i]);
    bool const improves = best_size == 0 || (maximize ? picked_score > selection.score
                                                      : picked_score < selection.score);
    if (!improves) continue;
    best_size = picks.size();
    selection.score = picked_score;
  }
  picks.resize(best_size);
  selection.picks = std::move(picks);
  return selection;
}

}  // namespace brood
