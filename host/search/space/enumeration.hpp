// SPDX-License-Identifier: Apache-2.0
// The configurations of a finite space, numbered: the last parameter fastest, a parameter's values
// in their order.
#pragma once

#include <cstdint>
#include <optional>

#include "brood/space.hpp"
#include "search/space/config_tree.hpp"

namespace brood {

class Enumeration {
 public:
  explicit Enumeration(SearchSpace const& space);

  // Number of configurations. 0, and no configuration has a number, if there is one only (then
  // trials differ by their seeds alone), or they are not finite or 2^63 - 1 or more in number (then
  // two draws that agree are as good as impossible).
  std::int64_t size() const { return size_; }
  // Nothing for a configuration that the space does not give.
  std::optional<std::int64_t> number_of(Config const& config) const;
  // 0 <= number < size().
  Config config(std::int64_t number) const { return tree_.config(number); }

 private:
  ConfigTree tree_;
  std::int64_t size_ = 0;
};

}  // namespace brood
