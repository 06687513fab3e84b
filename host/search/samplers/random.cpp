// SPDX-License-Identifier: Apache-2.0
// Random search: independent uniform draws, by Philox with the `sample` counters of
// core/philox.hpp. The name hash in there is 64-bit FNV-1a (Fowler, Noll, Vo), its halves
// exclusive-or-ed to 32 bits; one block serves a draw.
#include "search/samplers/random.hpp"

#include "search/samplers/proposals.hpp"

namespace brood {
namespace {

// 52 bits, in the middle of their cell: exact in double, and neither 0 nor 1.
double unit_interval(std::uint32_t high, std::uint32_t low) {
  std::uint64_t const bits = (std::uint64_t{high} << 20) | (low >> 12);
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

}  // namespace

std::uint32_t name_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (char const letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x00000100000001b3u;
  }
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

double uniform_draw(std::uint64_t seed, int trial, std::string_view name, std::uint32_t attempt) {
  PhiloxBlock const counter{{static_cast<std::uint32_t>(trial), attempt, name_hash(name),
                             static_cast<std::uint32_t>(Purpose::sample)}};
  PhiloxBlock const drawn = philox(counter, philox_key(seed));
  return unit_interval(drawn.word[0], drawn.word[1]);
}

std::vector<double> point_of(Random const&, SearchSpace const& space, std::uint64_t seed, int trial,
                             std::uint32_t attempt) {
  std::vector<double> point;
  point.reserve(space.parameters().size());
  for (auto const& parameter : space.parameters()) {
    if (parameter.distribution == Distribution::constant) continue;
    point.push_back(uniform_draw(seed, trial, parameter.name, attempt));
  }
  return point;
}

double CandidateDraws::next() {
  std::uint32_t const call = calls_++;
  if (call % 2 == 1) return spare_;
  PhiloxBlock const counter{{static_cast<std::uint32_t>(trial_), call / 2, 0,
                             static_cast<std::uint32_t>(Purpose::candidate)}};
  PhiloxBlock const drawn = philox(counter, philox_key(seed_));
  spare_ = unit_interval(drawn.word[2], drawn.word[3]);
  return unit_interval(drawn.word[0], drawn.word[1]);
}

void propose(Random const& sampler, Request const& request, Proposals& proposals) {
  while (!proposals.full()) {
    int const trial = proposals.next_trial();
    Config config = request.space.decode(point_of(sampler, request.space, request.seed, trial));
    if (!proposals.add_if_new(std::move(config)) && !proposals.add_other()) return;
  }
}

}  // namespace brood
