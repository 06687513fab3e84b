// SPDX-License-Identifier: Apache-2.0
// Tree-structured Parzen estimator: one density of the good trials, one of the others; of
// candidates drawn from the first, the one with the largest ratio of the two is proposed (Bergstra
// et al. 2011, section 4). Pending trials count among the others, so that proposals made at once
// keep apart (a constant liar).
#include "search/samplers/tpe.hpp"

#include <algorithm>

#include "search/samplers/density_ratio.hpp"
#include "search/samplers/history.hpp"
#include "search/samplers/proposals.hpp"
#include "search/samplers/sampler_memory.hpp"

namespace brood {
namespace {

// Rounds of candidates before a finite space's configuration is drawn in another way.
constexpr int kRounds = 4;

std::vector<DensityRatio> ratios_of(Tpe const& sampler, ModelSpace const& space) {
  std::vector<DensityRatio> made;
  if (sampler.multivariate) {
    for (auto const& group : space.groups())
      made.emplace_back(space, group, sampler.consider_endpoints);
  } else {
    for (std::size_t axis = 0; axis < space.axes().size(); ++axis)
      made.emplace_back(space, std::vector{axis}, sampler.consider_endpoints);
  }
  return made;
}

// Divides the trials between the densities.
void divide(std::vector<DensityRatio>& ratios, std::span<Record const> records,
            SamplerMemory const& memory) {
  auto const told = std::count_if(records.begin(), records.end(), [](Record const& record) {
    return record.state != Record::State::pending;
  });
  std::vector<bool> is_good(records.size(), false);
  for (std::size_t const place : ranking(records, good_trials(static_cast<int>(told))))
    is_good[place] = true;
  std::vector<std::size_t> good, other;
  for (std::size_t i = 0; i < records.size(); ++i)
    (is_good[i] ? good : other).push_back(records[i].trial);
  for (auto& ratio : ratios)
    ratio.set(good, other, memory.points);
}

// The points that a round of candidates offers, best first: the best of every ratio, then the
// second best of every ratio, and so on; of densities of each axis for itself the first one only.
std::vector<std::vector<double>> offers(Tpe const& sampler, std::vector<DensityRatio> const& ratios,
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
                   std::vector<DensityRatio> const& ratios, Proposals& proposals) {
  CandidateDraws draws(request.seed, proposals.next_trial());
  for (int round = 0; round < kRounds; ++round) {
    for (auto const& point : offers(sampler, ratios, space.axes().size(), draws)) {
      if (proposals.add_if_new(space.config_at(point))) return true;
    }
  }
  return false;
}

// As a later call would read the configuration: a logarithm and its exponential have rounded.
void add_pending(std::size_t trial, Config const& config, ModelSpace const& space,
                 std::vector<DensityRatio>& ratios) {
  auto const point = space.point_of(config);
  if (!point) return;
  for (auto& ratio : ratios)
    ratio.add_pending(trial, *point);
}

}  // namespace

int good_trials(int n) {
  return std::min((n + 9) / 10, 25);
}

void propose(Tpe const& sampler, Request const& request, Proposals& proposals) {
  ModelSpace const space(request.space);
  auto const& axes = space.axes();
  int const enough = std::max(sampler.startup, static_cast<int>(axes.size()) + 1);
  SamplerMemory& memory = request.memory;
  History const history = history_of(request.seen, space, request.maximize, enough, memory);
  if (axes.empty() || history.told < sampler.startup) {
    propose(Random{}, request, proposals);
    return;
  }
  auto& ratios = memory.ratios;
  if (ratios.empty()) ratios = ratios_of(sampler, space);
  divide(ratios, history.records, memory);
  std::size_t trial = request.seen.size();
  for (auto const& config : proposals.configs())  // hand-picked, in this call
    add_pending(trial++, config, space, ratios);
  while (!proposals.full()) {
    if (!add_candidate(sampler, request, space, ratios, proposals) && !proposals.add_other())
      return;
    add_pending(trial++, proposals.last(), space, ratios);
  }
}

}  // namespace brood
