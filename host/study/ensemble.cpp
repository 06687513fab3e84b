// SPDX-License-Identifier: Apache-2.0
#include "study/ensemble.hpp"

#include <algorithm>
#include <cmath>

#include "brood/search.hpp"
#include "study/in_parallel.hpp"

namespace brood {

namespace {

// The score of each candidate's mean with those picked before, whose sum is `sum`.
std::vector<double> scores_with(std::span<std::vector<float> const> candidates,
                                std::vector<double> const& sum, int picks,
                                std::function<double(std::span<float const>)> const& score,
                                int threads) {
  std::vector<double> scores(candidates.size());
  in_parallel(candidates.size(), threads, [&](std::size_t c) {
    std::vector<float> mean(sum.size());
    for (std::size_t i = 0; i < sum.size(); ++i)
      mean[i] = static_cast<float>((sum[i] + static_cast<double>(candidates[c][i])) / picks);
    scores[c] = score(mean);
  });
  return scores;
}

}  // namespace

int library_size(int picks, std::int64_t predictions) {
  constexpr std::int64_t kMost = 2'000'000'000;  // numbers that are added up and scored
  std::int64_t const each = std::max<std::int64_t>(1, picks * predictions);
  return static_cast<int>(std::clamp<std::int64_t>(kMost / each, 5, kLibrary));
}

Selection select_ensemble(std::span<std::vector<float> const> candidates, int size, bool maximize,
                          std::function<double(std::span<float const>)> const& score, int threads,
                          std::span<std::int64_t const> bytes) {
  Selection selection;
  if (candidates.empty()) return selection;
  std::vector<double> sum(candidates.front().size(), 0.0);
  std::vector<int> picks;
  std::size_t best_size = 0;
  std::vector<bool> in(candidates.size(), false);
  std::int64_t taken = 0;  // bytes
  auto const fits = [&](int c) {
    auto const i = static_cast<std::size_t>(c);
    return bytes.empty() || taken == 0 || in[i] || taken + bytes[i] <= kEnsembleBytes;
  };
  for (int step = 0; step < size; ++step) {
    auto const scores = scores_with(candidates, sum, step + 1, score, threads);
    int picked = -1;
    double picked_score = 0;
    for (int c = 0; c < static_cast<int>(scores.size()); ++c) {
      double const own = scores[static_cast<std::size_t>(c)];
      bool const better = picked < 0 || ranks_before(own, c, picked_score, picked, maximize);
      if (!std::isfinite(own) || !better || !fits(c)) continue;
      picked = c;
      picked_score = own;
    }
    if (picked < 0) break;
    picks.push_back(picked);
    auto const place = static_cast<std::size_t>(picked);
    if (!bytes.empty() && !in[place]) taken += bytes[place];
    in[place] = true;
    for (std::size_t i = 0; i < sum.size(); ++i)
      sum[i] += static_cast<double>(candidates[place][i]);
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
