// SPDX-License-Identifier: Apache-2.0
// Random search: independent uniform draws, by Philox with the `sample` counters of
// core/philox.hpp. The name hash in there is 64-bit FNV-1a (Fowler, Noll, Vo), its halves
// exclusive-or-ed to 32 bits; one block, word index 0, serves a draw.
#include "search/random.hpp"

#include "core/philox.hpp"

namespace brood {
namespace {

constexpr std::uint32_t name_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (char const letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x00000100000001b3u;
  }
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

}  // namespace

double uniform_draw(std::uint64_t seed, int trial, std::string_view name) {
  PhiloxBlock const counter{{static_cast<std::uint32_t>(trial), 0, name_hash(name),
                             static_cast<std::uint32_t>(Purpose::sample)}};
  PhiloxBlock const drawn = philox(counter, philox_key(seed));
  // 52 bits, in the middle of their cell: exact in double, and neither 0 nor 1.
  std::uint64_t const bits = (std::uint64_t{drawn.word[0]} << 20) | (drawn.word[1] >> 12);
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

std::vector<double> point_of(Random const&, SearchSpace const& space, std::uint64_t seed,
                             int trial) {
  std::vector<double> point;
  point.reserve(space.parameters().size());
  for (auto const& parameter : space.parameters()) {
    if (parameter.distribution == Distribution::constant) continue;
    point.push_back(uniform_draw(seed, trial, parameter.name));
  }
  return point;
}

}  // namespace brood
