// SPDX-License-Identifier: Apache-2.0
// Grid: the enumeration of a finite space, without the configurations that were hand-picked.
#include <algorithm>
#include <vector>

#include "search/distribution.hpp"
#include "search/points.hpp"
#include "search/proposals.hpp"

namespace brood {

void propose(Grid const& sampler, Request const& request, Proposals& proposals) {
  Enumeration const enumeration(request.space);
  std::vector<std::int64_t> picked;
  int const first = static_cast<int>(sampler.first.size());
  for (int trial = 0; trial < first; ++trial) {
    auto const config = completed(sampler.first[static_cast<std::size_t>(trial)], request.space,
                                  request.seed, trial);
    if (auto const number = enumeration.number_of(config)) picked.push_back(*number);
  }
  std::sort(picked.begin(), picked.end());
  picked.erase(std::unique(picked.begin(), picked.end()), picked.end());

  // One configuration has no number, and is the whole grid.
  std::int64_t const size = request.space.size();
  while (!proposals.full()) {
    std::int64_t number = proposals.next_trial() - first;
    for (std::int64_t const before : picked)
      number += before <= number;
    if (number >= size) return;
    proposals.add(size == 1 ? completed({}, request.space, request.seed, 0)
                            : enumeration.config(number));
  }
}

std::vector<std::string> own_problems(Grid const&, SearchSpace const& space) {
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
