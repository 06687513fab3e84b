// SPDX-License-Identifier: Apache-2.0
// What all samplers have in common: hand-picked points come first, then the sampler's own file
// proposes. A new sampler is a row in SamplerChoice, one in proposals.hpp, and its file.
#include "search/samplers/sampler.hpp"

#include <algorithm>
#include <climits>
#include <set>
#include <type_traits>

#include "search/samplers/points.hpp"
#include "search/samplers/proposals.hpp"
#include "search/samplers/survey.hpp"
#include "search/space/settings_check.hpp"

namespace brood {
namespace {

constexpr int kModelBatch = 64;

// The points before the sampler's own: none of a List, which is nothing else.
std::vector<Config> const& first_points(SamplerChoice const& sampler) {
  static std::vector<Config> const none;
  return std::visit(
      [](auto const& chosen) -> std::vector<Config> const& {
        if constexpr (requires { chosen.first; }) {
          return chosen.first;
        } else {
          return none;
        }
      },
      sampler);
}

}  // namespace

std::string_view name_of(SamplerChoice const& sampler) {
  return std::visit([](auto const& chosen) { return chosen.kName; }, sampler);
}

std::vector<Config> propose(SamplerChoice const& sampler, SearchSpace const& space,
                            std::uint64_t seed, int first_trial, int count,
                            std::span<Observation const> seen, bool maximize,
                            Allowed const& allowed) {
  SamplerMemory memory;
  return propose(sampler, space, seed, first_trial, count, seen, maximize, allowed, memory);
}

std::vector<Config> propose(SamplerChoice const& sampler, SearchSpace const& space,
                            std::uint64_t seed, int first_trial, int count,
                            std::span<Observation const> seen, bool maximize,
                            Allowed const& allowed, SamplerMemory& memory) {
  Request const request{space, seed, first_trial, count, seen, maximize, allowed, memory};
  Proposals proposals(request);
  auto const& first = first_points(sampler);
  while (!proposals.full() && proposals.next_trial() < static_cast<int>(first.size())) {
    int const trial = proposals.next_trial();
    proposals.add(*allowed_point(first[static_cast<std::size_t>(trial)], request, trial));
  }
  std::visit([&](auto const& chosen) { propose(chosen, request, proposals); }, sampler);
  return proposals.take();
}

int ask_batch(SamplerChoice const& sampler) {
  bool const model = std::holds_alternative<Tpe>(sampler) || std::holds_alternative<Bayes>(sampler);
  return model ? kModelBatch : INT_MAX;
}

std::vector<std::string> problems(SamplerChoice const& sampler, SearchSpace const& space) {
  if (!space.problems().empty()) return {};  // of which nothing more can be said
  auto all = std::visit(
      [&](auto const& chosen) {
        auto found = settings_problems(chosen, std::string(chosen.kName) + ": ");
        for (auto& problem : space_problems(chosen, space))
          found.push_back(std::move(problem));
        return found;
      },
      sampler);
  auto const& first = first_points(sampler);
  for (std::size_t i = 0; i < first.size(); ++i) {
    auto const where = "First point " + std::to_string(i + 1);
    for (auto& problem : problems_of_point(first[i], space, where, /*in_full=*/false))
      all.push_back(std::move(problem));
  }
  return all;
}

std::vector<std::string> problems_of_what_is_allowed(TunerOptions const& options) {
  if (!options.allowed) return {};
  Survey const found = survey(options.space, options.allowed);
  if (!found.found) {
    return {"No configuration of the search space is allowed: none of " +
            (found.complete ? "all " + std::to_string(found.seen)
                            : std::to_string(found.seen) + " that were drawn") +
            "; allow more, or change the space."};
  }
  SamplerMemory memory;
  Request const request{options.space,    options.seed,    0,     0, {},
                        options.maximize, options.allowed, memory};
  auto const* list = std::get_if<List>(&options.sampler);
  auto const& points = list != nullptr ? list->configs : first_points(options.sampler);
  std::vector<std::string> all;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (allowed_point(points[i], request, static_cast<int>(i))) continue;
    all.push_back((list != nullptr ? "Point " : "First point ") + std::to_string(i + 1) +
                  " is not allowed, whatever it leaves out; change it.");
  }
  return all;
}

int most_trials(SamplerChoice const& sampler, SearchSpace const& space, Allowed const& allowed) {
  if (auto const* list = std::get_if<List>(&sampler)) return static_cast<int>(list->configs.size());
  Enumeration const enumeration(space);
  bool const grid = std::holds_alternative<Grid>(sampler);
  std::int64_t trials = grid ? space.size() : enumeration.size();
  if (allowed && trials > 0) trials = count_allowed(space, allowed).value_or(trials);
  if (trials == 0) return INT_MAX;
  // A point that is picked twice, or that the sampler would never draw, comes on top. What a point
  // leaves out is taken to make it a new one.
  std::set<std::int64_t> numbers;
  for (auto const& point : first_points(sampler)) {
    bool const in_full = problems_of_point(point, space, "", /*in_full=*/true).empty();
    auto const number = enumeration.number_of(completed(point, space, 0, 0));
    if (in_full && trials < INT_MAX && !(number && numbers.insert(*number).second)) ++trials;
  }
  return static_cast<int>(std::min<std::int64_t>(trials, INT_MAX));
}

}  // namespace brood
