// SPDX-License-Identifier: Apache-2.0
// Proposals: the numbers of the configurations proposed so far, and what comes in place of one that
// was proposed before.
#include "search/samplers/proposals.hpp"

#include <algorithm>

#include "search/samplers/points.hpp"
#include "search/samplers/random.hpp"

namespace brood {
namespace {

// Draws before the space is searched in order. While half of it is left, as many in a row fail with
// probability 2^-64.
constexpr std::uint32_t kAttempts = 64;
// Where few configurations are allowed: one in ten thousand is missed with probability 2^-14.
constexpr std::uint32_t kMaxAttempts = 100000;

}  // namespace

Proposals::Proposals(Request const& request) : request_(request), enumeration_(request.space) {
  SamplerMemory& memory = request.memory;
  for (; memory.counted < request.seen.size(); ++memory.counted) {
    Observation const& observation = request.seen[memory.counted];
    if (observation.trial < 0) continue;  // it may be proposed here
    auto const number = enumeration_.number_of(*observation.config);
    if (number) memory.used.insert(*number);
  }
}

bool Proposals::is_used(std::int64_t number) const {
  return used_.count(number) > 0 || request_.memory.used.count(number) > 0;
}

bool Proposals::is_new(Config const& config) const {
  auto const number = enumeration_.number_of(config);
  return !number || !is_used(*number);
}

void Proposals::add(Config config) {
  auto const number = enumeration_.number_of(config);
  if (number && !is_used(*number)) used_.insert(*number);
  configs_.push_back(std::move(config));
}

bool Proposals::is_allowed(Config const& config) const {
  return !request_.allowed || request_.allowed(config);
}

bool Proposals::add_if_new(Config config) {
  if (!is_new(config) || !is_allowed(config)) return false;
  add(std::move(config));
  return true;
}

bool Proposals::add_other() {
  auto const size = enumeration_.size();
  if (size > 0 && static_cast<std::int64_t>(request_.memory.used.size() + used_.size()) == size)
    return false;
  int const trial = next_trial();
  std::vector<double> point;
  for (std::uint32_t attempt = 1; attempt <= (size > 0 ? kAttempts : kMaxAttempts); ++attempt) {
    point = point_of(Random{}, request_.space, request_.seed, trial, attempt);
    if (add_if_new(request_.space.decode(point))) return true;
  }
  if (size == 0) return false;
  // What follows the last draw in the enumeration.
  std::int64_t number = *enumeration_.number_of(request_.space.decode(point));
  for (std::int64_t step = 0; step < std::min<std::int64_t>(size, kMaxAttempts); ++step) {
    number = (number + 1) % size;
    if (!is_used(number) && add_if_new(enumeration_.config(number))) return true;
  }
  return false;
}

std::optional<Config> allowed_point(Config const& point, Request const& request, int trial) {
  for (std::uint32_t attempt = 0; attempt <= kAttempts; ++attempt) {
    Config config = completed(point, request.space, request.seed, trial, attempt);
    if (!request.allowed || request.allowed(config)) return config;
  }
  return std::nullopt;
}

}  // namespace brood
