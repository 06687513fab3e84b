// SPDX-License-Identifier: Apache-2.0
// Population based training: everybody goes on, the worst as copies of the best.
#include <algorithm>
#include <cmath>

#include "search/schedulers/explore.hpp"
#include "search/schedulers/synchronous.hpp"

namespace brood {
namespace {

class Rounds : public Synchronous {
 public:
  Rounds(TunerOptions const& options, std::vector<std::vector<Rung>> brackets)
      : Synchronous(std::move(brackets), options.maximize, options.ranking),
        options_(std::get<PopulationBased>(options.scheduler)),
        space_(options.space),
        seed_(options.seed),
        allowed_(options.allowed) {}

 private:
  // How many of so many trials copy and are copied. A product that should be whole may come out
  // larger by 2^-53 of it, far less than 1e-6.
  int copies_of(int trials) const {
    auto const share = static_cast<int>(std::ceil(options_.quantile * trials - 1e-6));
    return std::min(share, trials / 2);
  }

  std::vector<int> who_goes_on(Tuner::State& state, std::vector<Ranked> ranked,
                               Rung const&) const override {
    int const trials = static_cast<int>(ranked.size());
    std::vector<int> diverged;
    for (Ranked const& each : ranked) {
      if (!std::isfinite(each.score)) diverged.push_back(each.id);
    }
    std::vector<int> ids = ranking_(std::move(ranked), trials, maximize_);
    int const finite = static_cast<int>(ids.size());
    if (finite == 0) return {};

    int const sources = std::clamp(copies_of(trials), 1, finite);
    int const losing =
        std::clamp(copies_of(trials) - static_cast<int>(diverged.size()), 0, finite - sources);
    std::vector<int> losers(ids.end() - losing, ids.end());
    losers.insert(losers.end(), diverged.begin(), diverged.end());
    ids.insert(ids.end(), diverged.begin(), diverged.end());
    for (int const id : losers) {
      int const round = state.trials[static_cast<std::size_t>(id)].rung;
      int const place = drawn_source(seed_, id, round, sources);
      copy(state, id, ids[static_cast<std::size_t>(place)], round);
    }
    return ids;
  }

  void copy(Tuner::State& state, int id, int from, int round) const {
    TunerTrial& trial = state.trials[static_cast<std::size_t>(id)];
    Config& config = state.configs[static_cast<std::size_t>(id)];
    Config after = explored(state.configs[static_cast<std::size_t>(from)], options_, space_, seed_,
                            id, round, allowed_);
    trial.epoch = state.trials[static_cast<std::size_t>(from)].epoch;
    trial.state = TrialState::waiting;
    state.lineage.push_back({id, from, trial.epoch, config, after});
    config = std::move(after);
  }

  PopulationBased const options_;
  SearchSpace const space_;
  std::uint64_t const seed_;
  Allowed const allowed_;
};

}  // namespace

std::shared_ptr<Schedule const> make_population_based(TunerOptions const& options,
                                                      std::vector<std::vector<Rung>> brackets) {
  return std::make_shared<Rounds>(options, std::move(brackets));
}

}  // namespace brood
