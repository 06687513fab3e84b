// SPDX-License-Identifier: Apache-2.0
// Median stopping: who goes on is not worse than the median, by the best score that it had so far.
#include <algorithm>
#include <numeric>

#include "search/schedulers/synchronous.hpp"

namespace brood {
namespace {

class Median : public Synchronous {
 public:
  Median(MedianStopping const& median, std::vector<std::vector<Rung>> brackets, bool maximize,
         Ranking ranking)
      : Synchronous(std::move(brackets), maximize, std::move(ranking)),
        startup_trials_(median.startup_trials) {}

 private:
  std::vector<int> who_goes_on(Tuner::State& state, std::vector<Ranked> ranked,
                               Rung const& next) const override {
    std::vector<int> ids = ranking_(std::move(ranked), next.trials, maximize_);
    if (static_cast<int>(ids.size()) < startup_trials_) return ids;
    auto trial = [&](int id) -> TunerTrial const& {
      return state.trials[static_cast<std::size_t>(id)];
    };
    double const upper = trial(ids[(ids.size() - 1) / 2]).score;
    double const lower = trial(ids[ids.size() / 2]).score;
    double const median = std::midpoint(upper, lower);
    std::erase_if(ids, [&](int id) {
      double const best = trial(id).best_score;
      return maximize_ ? best < median : best > median;
    });
    return ids;
  }

  int const startup_trials_;
};

}  // namespace

std::shared_ptr<Schedule const> make_median(MedianStopping const& median,
                                            std::vector<std::vector<Rung>> brackets, bool maximize,
                                            Ranking ranking) {
  return std::make_shared<Median>(median, std::move(brackets), maximize, std::move(ranking));
}

}  // namespace brood
