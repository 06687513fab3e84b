// SPDX-License-Identifier: Apache-2.0
// List: hand-picked points and nothing else.
#include "search/samplers/points.hpp"
#include "search/samplers/proposals.hpp"

namespace brood {

void propose(List const& sampler, Request const& request, Proposals& proposals) {
  while (!proposals.full()) {
    int const trial = proposals.next_trial();
    if (trial >= static_cast<int>(sampler.configs.size())) return;
    proposals.add(*allowed_point(sampler.configs[static_cast<std::size_t>(trial)], request, trial));
  }
}

std::vector<std::string> space_problems(List const& sampler, SearchSpace const& space) {
  if (sampler.configs.empty()) return {"The list is empty; give at least one point."};
  std::vector<std::string> all;
  for (std::size_t i = 0; i < sampler.configs.size(); ++i) {
    auto const where = "Point " + std::to_string(i + 1) + " of the list";
    for (auto& problem : problems_of_point(sampler.configs[i], space, where, /*in_full=*/true))
      all.push_back(std::move(problem));
  }
  return all;
}

}  // namespace brood
