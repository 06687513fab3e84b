// SPDX-License-Identifier: Apache-2.0
// Survey: the draws are those of one seed whatever the study's, so that a space is found to have
// what is allowed in every study or in none.
#include "search/samplers/survey.hpp"

#include "search/samplers/random.hpp"
#include "search/space/config_tree.hpp"

namespace brood {
namespace {

constexpr std::int64_t kMaxEnumerated = 65536;
constexpr std::int64_t kDraws = 10000;

bool is_small(SearchSpace const& space) {
  return space.size() > 0 && space.size() <= kMaxEnumerated;
}

}  // namespace

Survey survey(SearchSpace const& space, Allowed const& allowed) {
  Survey survey{.complete = is_small(space)};
  std::int64_t const most = survey.complete ? space.size() : kDraws;
  ConfigTree const tree(space.parameters());
  while (survey.seen < most && !survey.found) {
    auto const number = survey.seen++;
    survey.found = allowed(
        survey.complete ? tree.config(number)
                        : space.decode(point_of(Random{}, space, 0, static_cast<int>(number))));
  }
  return survey;
}

std::optional<std::int64_t> count_allowed(SearchSpace const& space, Allowed const& allowed) {
  if (!is_small(space)) return std::nullopt;
  ConfigTree const tree(space.parameters());
  std::int64_t count = 0;
  for (std::int64_t number = 0; number < tree.size(); ++number)
    count += allowed(tree.config(number));
  return count;
}

}  // namespace brood
