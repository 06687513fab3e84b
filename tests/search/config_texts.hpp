// SPDX-License-Identifier: Apache-2.0
// Configurations as texts, for sets of them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "brood/value.hpp"

namespace brood {

inline std::set<std::string> texts(std::vector<Config> const& configs) {
  std::set<std::string> all;
  for (auto const& config : configs) {
    std::string text;
    for (auto const& [name, value] : config)
      text += name + "=" + to_text(value) + " ";
    all.insert(text);
  }
  return all;
}

}  // namespace brood
