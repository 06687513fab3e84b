// SPDX-License-Identifier: Apache-2.0
// Grid: the enumeration of a finite space, without the configurations that were hand-picked.
#include <set>
#include <vector>

#include "search/samplers/points.hpp"
#include "search/samplers/proposals.hpp"
#include "search/space/distribution.hpp"

namespace brood {

void propose(Grid const& sampler, Request const& request, Proposals& proposals) {
  Enumeration const enumeration(request.space);
  std::set<std::int64_t> picked;
  int const first = static_cast<int>(sampler.first.size());
  for (int trial = 0; trial < first; ++trial) {
    auto const config =
        *allowed_point(sampler.first[static_cast<std::size_t>(trial)], request, trial);
    if (auto const number = enumeration.number_of(config)) picked.insert(*number);
  }

  // Of the numbers that were not picked and are allowed, those of the trials that are asked for.
  ConfigTree const tree(request.space.parameters());
  std::int64_t const size = tree.size();
  std::int64_t number = 0;
  int trial = first;
  if (!request.allowed) {  // what comes before need not be looked at
    number = proposals.next_trial() - first;
    for (std::int64_t const before : picked)
      number += before <= number;
    trial = proposals.next_trial();
  }
  for (; number < size && !proposals.full(); ++number) {
    if (picked.count(number) > 0) continue;
    Config config = tree.config(number);
    if (!proposals.is_allowed(config)) continue;
    if (trial++ == proposals.next_trial()) proposals.add(std::move(config));
  }
}

std::vector<std::string> space_problems(Grid const&, SearchSpace const& space) {
  std::vector<std::string> found;
  for (auto const& parameter : space.parameters()) {
    if (cardinality(parameter) > 0) continue;
    found.push_back(parameter.name + ": " + std::string(name_of(parameter.distribution)) +
                    " has no step, and a grid takes every value; give values, int_uniform or a q_ "
                    "distribution.");
  }
  return found;
}

}  // namespace brood
