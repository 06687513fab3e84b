// SPDX-License-Identifier: Apache-2.0
// Uniform draws by Philox, and the points of the unit cube that Random proposes.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "brood/search.hpp"
#include "core/philox.hpp"

namespace brood {

// What tells the parameters' counters apart (core/philox.hpp).
std::uint32_t name_hash(std::string_view name);

// The coordinate of the parameter `name` in trial `trial`: uniform on (0, 1), a pure function of
// its arguments. So a parameter keeps its draws when others are added, removed or reordered.
double uniform_draw(std::uint64_t seed, int trial, std::string_view name,
                    std::uint32_t attempt = 0);

// The point of trial `trial`, one coordinate for each dimension of the space.
std::vector<double> point_of(Random const& sampler, SearchSpace const& space, std::uint64_t seed,
                             int trial, std::uint32_t attempt = 0);

// The draws of one trial for samplers that need many, one after the other: uniform on (0, 1).
class CandidateDraws {
 public:
  CandidateDraws(std::uint64_t seed, int trial) : seed_(seed), trial_(trial) {}
  double next();

 private:
  std::uint64_t seed_;
  int trial_;
  std::uint32_t calls_ = 0;
  double spare_ = 0;  // of the last call, if calls_ is odd
};

}  // namespace brood
