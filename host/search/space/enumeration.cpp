// SPDX-License-Identifier: Apache-2.0
// Enumeration: the numbers are those of the tree of configurations.
#include "search/space/enumeration.hpp"

#include <limits>

namespace brood {

Enumeration::Enumeration(SearchSpace const& space)
    : tree_(space.parameters()), size_(tree_.size()) {
  if (size_ == 1 || size_ == std::numeric_limits<std::int64_t>::max()) size_ = 0;
}

std::optional<std::int64_t> Enumeration::number_of(Config const& config) const {
  if (size_ == 0) return std::nullopt;
  return tree_.number_of(config);
}

}  // namespace brood
