// SPDX-License-Identifier: Apache-2.0
// Tree-structured Parzen estimator: one density of the good trials, one of the others; of
// candidates drawn from the first, the one with the largest ratio of the two is proposed (Bergstra
// et al. 2011, section 4). Pending trials count among the others, so that proposals made at once
// keep apart (a constant liar).
#include "search/tpe.hpp"

#include <algorithm>
#include <numeric>

#include "search/history.hpp"
#include "search/parzen.hpp"
#include "search/proposals.hpp"

namespace brood {
namespace {

// Rounds of candidates before a finite space's configuration is drawn in another way.
constexpr int kRounds = 4;

// The two densities over some of the axes.
class Ratio {
 public:
  Ratio(Tpe const& sampler, std::span<Axis const> axes, std::size_t first_axis,
        std::span<Record const> records, std::vector<bool> const& good)
      : first_axis_(first_axis),
        axes_(axes.size()),
        good_(axes, sampler.consider_endpoints),
        other_(axes, sampler.consider_endpoints) {
    for (std::size_t i = 0; i < records.size(); ++i)
      (good[i] ? good_ : other_).add(part_of(records[i].point));
    good_.prepare();
    other_.prepare();
  }

  void add_pending(std::span<double const> point) {
    other_.add(part_of(point));
    other_.prepare();
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
  std::span<double const> part_of(std::span<double const> point) const {
    return point.subspan(first_axis_, axes_);
  }

  std::size_t first_axis_, axes_;
  ParzenEstimator good_, other_;
};

std::vector<Ratio> ratios(Tpe const& sampler, std::span<Axis const> axes,
                          std::span<Record const> records) {
  auto const ranked = ranking(records);
  std::vector<bool> good(records.size(), false);
  for (int i = 0; i < good_trials(static_cast<int>(ranked.size())); ++i)
    good[ranked[static_cast<std::size_t>(i)]] = true;
  std::vector<Ratio> made;
  std::size_t const width = sampler.multivariate ? axes.size() : 1;
  for (std::size_t first = 0; first < axes.size(); first += width)
    made.emplace_back(sampler, axes.subspan(first, width), first, records, good);
  return made;
}

// The points that a round of candidates offers, best first: of the joint densities every candidate,
// of densities of each axis for itself the combination of the best.
std::vector<std::vector<double>> offers(std::vector<Ratio> const& ratios, int candidates,
                                        CandidateDraws& draws) {
  if (ratios.size() == 1) return ratios.front().candidates(candidates, draws);
  std::vector<double> point;
  for (auto const& ratio : ratios)
    point.push_back(ratio.candidates(candidates, draws).front().front());
  return {point};
}

bool add_candidate(Tpe const& sampler, Request const& request, ModelSpace const& space,
                   std::vector<Ratio> const& ratios, Proposals& proposals) {
  CandidateDraws draws(request.seed, proposals.next_trial());
  for (int round = 0; round < kRounds; ++round) {
    for (auto const& point : offers(ratios, sampler.candidates, draws)) {
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
  auto made = ratios(sampler, axes, history.records);
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
