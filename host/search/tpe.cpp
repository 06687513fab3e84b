// SPDX-License-Identifier: Apache-2.0
// Tree-structured Parzen estimator: one density of the good trials, one of the others; of
// candidates drawn from the first, the one with the largest ratio of the two is proposed (Bergstra
// et al. 2011, section 4). Pending trials count among the others, so that proposals made at once
// keep apart (a constant liar).
#include "search/tpe.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/history.hpp"
#include "search/parzen.hpp"
#include "search/proposals.hpp"

namespace brood {
namespace {

// Rounds of candidates before a finite space's configuration is drawn in another way.
constexpr int kRounds = 4;

// The two densities over some of the axes, whose parameters are there together: they are made of
// the trials that have them (Optuna's group decomposition).
class Ratio {
 public:
  Ratio(Tpe const& sampler, ModelSpace const& space, std::vector<std::size_t> places,
        std::span<Record const> records, std::vector<bool> const& good)
      : places_(std::move(places)),
        axes_(axes_at(space, places_)),
        good_(axes_, sampler.consider_endpoints),
        other_(axes_, sampler.consider_endpoints) {
    for (std::size_t i = 0; i < records.size(); ++i)
      add(good[i] ? good_ : other_, records[i].point);
    good_.prepare();
    other_.prepare();
  }
  Ratio(Ratio const&) = delete;
  Ratio& operator=(Ratio const&) = delete;
  Ratio(Ratio&&) = default;  // the axes stay where they are
  Ratio& operator=(Ratio&&) = delete;
  ~Ratio() = default;

  std::vector<std::size_t> const& places() const { return places_; }

  void add_pending(std::span<double const> point) {
    if (add(other_, point)) other_.prepare();
  }

  // Candidates, best ratio first.
  std::vector<std::vector<double>> candidates(int count, CandidateDraws& draws) const {
    std::vector<std::vector<double>> points;
    for (int i = 0; i < count; ++i)
      points.push_back(good_.sample(draws));
    auto const log_good = good_.log_density(points), log_other = other_.log_density(points);
    std::vector<std::size_t> order(points.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) {
      return log_good[i] - log_other[i] > log_good[j] - log_other[j];
    });
    std::vector<std::vector<double>> sorted;
    for (std::size_t const i : order)
      sorted.push_back(std::move(points[i]));
    return sorted;
  }

 private:
  static std::vector<Axis> axes_at(ModelSpace const& space,
                                   std::vector<std::size_t> const& places) {
    std::vector<Axis> axes;
    for (std::size_t const place : places)
      axes.push_back(space.axes()[place]);
    return axes;
  }

  // False for a trial that does not have the parameters.
  bool add(ParzenEstimator& density, std::span<double const> point) const {
    std::vector<double> part;
    for (std::size_t const place : places_)
      part.push_back(point[place]);
    if (std::isnan(part.front())) return false;
    density.add(part);
    return true;
  }

  std::vector<std::size_t> places_;  // of the axes
  std::vector<Axis> axes_;
  ParzenEstimator good_, other_;
};

std::vector<Ratio> ratios(Tpe const& sampler, ModelSpace const& space,
                          std::span<Record const> records) {
  auto const ranked = ranking(records);
  std::vector<bool> good(records.size(), false);
  for (int i = 0; i < good_trials(static_cast<int>(ranked.size())); ++i)
    good[ranked[static_cast<std::size_t>(i)]] = true;
  std::vector<Ratio> made;
  if (sampler.multivariate) {
    for (auto const& group : space.groups())
      made.emplace_back(sampler, space, group, records, good);
  } else {
    for (std::size_t axis = 0; axis < space.axes().size(); ++axis)
      made.emplace_back(sampler, space, std::vector{axis}, records, good);
  }
  return made;
}

// The points that a round of candidates offers, best first: the best of every ratio, then the
// second best of every ratio, and so on; of densities of each axis for itself the first one only.
std::vector<std::vector<double>> offers(Tpe const& sampler, std::vector<Ratio> const& ratios,
                                        std::size_t axes, CandidateDraws& draws) {
  auto const count = static_cast<std::size_t>(sampler.multivariate ? sampler.candidates : 1);
  std::vector<std::vector<double>> points(count, std::vector<double>(axes));
  for (auto const& ratio : ratios) {
    auto const candidates = ratio.candidates(sampler.candidates, draws);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = 0; j < ratio.places().size(); ++j)
        points[i][ratio.places()[j]] = candidates[i][j];
    }
  }
  return points;
}

bool add_candidate(Tpe const& sampler, Request const& request, ModelSpace const& space,
                   std::vector<Ratio> const& ratios, Proposals& proposals) {
  CandidateDraws draws(request.seed, proposals.next_trial());
  for (int round = 0; round < kRounds; ++round) {
    for (auto const& point : offers(sampler, ratios, space.axes().size(), draws)) {
      if (proposals.add_if_new(space.config_at(point))) return true;
    }
  }
  return false;
}

// As a later call would read the configuration: a logarithm and its exponential have rounded.
void add_pending(Config const& config, ModelSpace const& space, std::vector<Ratio>& ratios) {
  auto const point = space.point_of(config);
  if (!point) return;
  for (auto& ratio : ratios)
    ratio.add_pending(*point);
}

}  // namespace

int good_trials(int n) {
  return std::min((n + 9) / 10, 25);
}

void propose(Tpe const& sampler, Request const& request, Proposals& proposals) {
  ModelSpace const space(request.space);
  auto const& axes = space.axes();
  int const enough = std::max(sampler.startup, static_cast<int>(axes.size()) + 1);
  History const history = history_of(request.seen, space, request.maximize, enough);
  if (axes.empty() || history.told < sampler.startup) {
    propose(Random{}, request, proposals);
    return;
  }
  auto made = ratios(sampler, space, history.records);
  for (auto const& config : proposals.configs())  // hand-picked, in this call
    add_pending(config, space, made);
  while (!proposals.full()) {
    if (!add_candidate(sampler, request, space, made, proposals) && !proposals.add_other()) return;
    add_pending(proposals.last(), space, made);
  }
}

std::vector<std::string> own_problems(Tpe const& sampler, SearchSpace const&) {
  std::vector<std::string> found;
  for (auto const& [name, value] :
       {std::pair{"startup", sampler.startup}, {"candidates", sampler.candidates}}) {
    if (value >= 1) continue;
    found.push_back("tpe: " + std::string(name) + " is " + std::to_string(value) +
                    "; it must be at least 1.");
  }
  return found;
}

}  // namespace brood
