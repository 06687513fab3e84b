// SPDX-License-Identifier: Apache-2.0
#include "search/sampler.hpp"

#include "search/random.hpp"

namespace brood {

std::vector<Config> propose(SamplerChoice const& sampler, SearchSpace const& space,
                            std::uint64_t seed, int first_trial, int count,
                            std::span<Observation const>, bool) {
  std::vector<Config> configs;
  for (int i = 0; i < count; ++i)
    configs.push_back(
        space.decode(point_of(std::get<Random>(sampler), space, seed, first_trial + i)));
  return configs;
}

int ask_batch(SamplerChoice const&) {
  return std::numeric_limits<int>::max();
}

std::vector<std::string> problems(SamplerChoice const&, SearchSpace const&) {
  return {};
}

int most_trials(SamplerChoice const&, SearchSpace const&) {
  return std::numeric_limits<int>::max();
}

}  // namespace brood
