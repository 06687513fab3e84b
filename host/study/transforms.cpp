// SPDX-License-Identifier: Apache-2.0
#include "study/transforms.hpp"

#include <tuple>

#include "study/start.hpp"

namespace brood {

bool Transforms::Before::operator()(Decides const& a, Decides const& b) const {
  auto const key = [](Decides const& each) {
    Numbers const& n = each.first;
    return std::make_tuple(n.scaling, n.pieces, n.periodic, n.periodic_sigma, each.second);
  };
  return key(a) < key(b);
}

Transforms::Transforms(Study const& study, Table const& table, Splits const& splits)
    : study_(study), table_(table) {
  for (Split const& split : splits.splits)
    by_split_.push_back({.rows = split.train});
}

SharedTransform Transforms::of_split(Config const& config, std::size_t split) {
  return of(by_split_.at(split), config);
}

SharedTransform Transforms::of_rows(Config const& config, Rows const& rows) {
  return of(by_rows_.try_emplace(rows, Fitted{.rows = rows}).first->second, config);
}

SharedTransform Transforms::of(Fitted& fitted, Config const& config) {
  TargetScaling const targets = target_scaling_of(config);
  SharedTransform& plain = fitted.plain[targets];
  if (plain == nullptr) {
    plain = std::make_shared<Transform const>(transform_for(study_, table_, *fitted.rows, targets));
  }
  Numbers const numbers = numbers_of(config);
  if (numbers.is_plain() || study_.start.model != nullptr) return plain;
  auto& known = fitted.of_numbers[{numbers, targets}];
  SharedTransform transform = known.lock();
  if (transform != nullptr) return transform;
  if (!fitted.summaries) fitted.summaries = number_summaries(table_, *fitted.rows);
  transform = std::make_shared<Transform const>(
      with_numbers(*plain, *fitted.summaries, table_, numbers, study_.seed));
  known = transform;
  return transform;
}

}  // namespace brood
