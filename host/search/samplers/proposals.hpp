// SPDX-License-Identifier: Apache-2.0
// What every sampler is written against: the request, and the proposals made for it so far. Here
// lies the rule that a finite space's configuration is proposed once.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "brood/search.hpp"
#include "search/samplers/sampler.hpp"
#include "search/samplers/sampler_memory.hpp"
#include "search/space/enumeration.hpp"

namespace brood {

// The arguments of propose(), as in sampler.hpp.
struct Request {
  SearchSpace const& space;
  std::uint64_t seed;
  int first_trial;
  int count;
  std::span<Observation const> seen;
  bool maximize;
  Allowed const& allowed;  // empty: everything
  SamplerMemory& memory;
};

// A hand-picked point of trial `trial` with what it leaves out drawn until it is allowed; nothing
// if no draw is.
std::optional<Config> allowed_point(Config const& point, Request const& request, int trial);

class Proposals {
 public:
  explicit Proposals(Request const& request);

  bool full() const { return static_cast<int>(configs_.size()) == request_.count; }
  int next_trial() const { return request_.first_trial + static_cast<int>(configs_.size()); }

  // Whether no trial before has this configuration; true in a space that is not finite.
  bool is_new(Config const& config) const;
  bool is_used(std::int64_t number) const;
  bool is_allowed(Config const& config) const;
  void add(Config config);
  // And allowed.
  bool add_if_new(Config config);
  // Adds a configuration that is new and allowed, drawn as Random would; false if none is left, or
  // a hundred thousand draws find none.
  bool add_other();

  std::vector<Config> const& configs() const { return configs_; }
  Config const& last() const { return configs_.back(); }
  std::vector<Config> take() { return std::move(configs_); }

 private:
  Request request_;
  Enumeration enumeration_;
  // Numbers of the enumeration that this call has used; the memory has those before.
  std::set<std::int64_t> used_;
  std::vector<Config> configs_;
};

// Each sampler's own file. They are called with first_trial after the hand-picked points.
void propose(Random const& sampler, Request const& request, Proposals& proposals);
void propose(List const& sampler, Request const& request, Proposals& proposals);
void propose(Grid const& sampler, Request const& request, Proposals& proposals);
void propose(Sobol const& sampler, Request const& request, Proposals& proposals);
void propose(Tpe const& sampler, Request const& request, Proposals& proposals);
void propose(Bayes const& sampler, Request const& request, Proposals& proposals);

// What is wrong beside the hand-picked points. One complete sentence each.
template <class Sampler>
std::vector<std::string> space_problems(Sampler const&, SearchSpace const&) {
  return {};
}
std::vector<std::string> space_problems(List const& sampler, SearchSpace const& space);
std::vector<std::string> space_problems(Grid const& sampler, SearchSpace const& space);
std::vector<std::string> space_problems(Sobol const& sampler, SearchSpace const& space);

}  // namespace brood
