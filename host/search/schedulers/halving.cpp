// SPDX-License-Identifier: Apache-2.0
// Successive halving's rungs and the order of scores.
#include "search/schedulers/halving.hpp"

#include <algorithm>
#include <cmath>

namespace brood {
namespace {

// As wandb/sweeps has them (hyperband_stopping.py): int(max_iter / eta^i), each once and none
// below 1.
std::vector<int> band_epochs(SuccessiveHalving const& halving) {
  std::vector<int> epochs = {halving.max_epochs};
  int band = halving.bands_of.value_or(halving.max_epochs);
  for (int i = 0; i < *halving.bands && band > 1; ++i) {
    band = std::max(1, band / halving.eta);
    if (band < halving.max_epochs) epochs.insert(epochs.begin(), band);
  }
  return epochs;
}

// Epochs at which rungs end: min_epochs * eta^k below max_epochs, then max_epochs itself. The last
// of the former is left out if it is nearer than a factor of eta / 2 to max_epochs, that is if
// 2 max_epochs < eta * its epochs; the first stays, for min_epochs was asked for.
std::vector<int> rung_epochs(SuccessiveHalving const& halving) {
  if (halving.bands) return band_epochs(halving);
  std::int64_t const max = halving.max_epochs, eta = halving.eta;
  std::vector<int> epochs;
  for (std::int64_t epoch = halving.min_epochs; epoch < max; epoch *= eta) {
    bool const near_the_end = 2 * max < eta * epoch;
    if (near_the_end && !epochs.empty()) break;
    epochs.push_back(static_cast<int>(epoch));
  }
  epochs.push_back(halving.max_epochs);
  return epochs;
}

int survivors_of(int trials, SuccessiveHalving const& halving) {
  int const kept = trials / halving.eta;
  bool const one_more =
      halving.survivors == SuccessiveHalving::Survivors::ceil && trials % halving.eta != 0;
  return std::max(1, kept + (one_more ? 1 : 0));
}

}  // namespace

std::vector<Rung> halving_rungs(SuccessiveHalving const& halving, int trials) {
  std::vector<Rung> rungs;
  for (int const epoch : rung_epochs(halving)) {
    std::size_t const rung = rungs.size();
    rungs.push_back({trials, epoch});
    trials = rung < halving.promoted.size() ? std::min(trials, halving.promoted[rung])
                                            : survivors_of(trials, halving);
    if (trials == 0) break;
  }
  return rungs;
}

bool ranks_before(double a, int id_a, double b, int id_b, bool maximize) {
  bool const finite_a = std::isfinite(a), finite_b = std::isfinite(b);
  if (finite_a != finite_b) return finite_a;
  if (finite_a && a != b) return maximize ? a > b : a < b;
  return id_a < id_b;
}

std::vector<int> survivors(std::vector<Ranked> trials, int keep, bool maximize) {
  std::erase_if(trials, [](Ranked const& trial) { return !std::isfinite(trial.score); });
  auto const kept = std::min(trials.size(), static_cast<std::size_t>(std::max(keep, 0)));
  std::partial_sort(trials.begin(), trials.begin() + static_cast<std::ptrdiff_t>(kept),
                    trials.end(), [&](Ranked const& a, Ranked const& b) {
                      return ranks_before(a.score, a.id, b.score, b.id, maximize);
                    });
  std::vector<int> ids;
  for (std::size_t i = 0; i < kept; ++i)
    ids.push_back(trials[i].id);
  return ids;
}

}  // namespace brood
