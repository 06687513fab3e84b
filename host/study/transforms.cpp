// SPDX-License-Identifier: Apache-2.0
#include "study/transforms.hpp"

#include <tuple>

#include "study/start.hpp"

namespace brood {

bool Transforms::Before::operator()(Numbers const& a, Numbers const& b) const {
  auto const key = [](Numbers const& n) {
    return std::make_tuple(n.scaling, n.pieces, n.periodic, n.periodic_sigma);
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
  if (fitted.plain == nullptr) {
    fitted.plain = std::make_shared<Transform const>(transform_for(study_, table_, *fitted.rows));
  }
  Numbers const numbers = numbers_of(config);
  if (numbers.is_plain() || study_.start.model != nullptr) return fitted.plain;
  auto& known = fitted.of_numbers[numbers];
  SharedTransform transform = known.lock();
  if (transform != nullptr) return transform;
  if (!fitted.summaries) fitted.summaries = number_summaries(table_, *fitted.rows);
  transform = std::make_shared<Transform const>(
      with_numbers(*fitted.plain, *fitted.summaries, table_, numbers, study_.seed));
  known = transform;
  return transform;
}

}  // namespace brood
