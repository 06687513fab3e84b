// SPDX-License-Identifier: Apache-2.0
// Names and what is said of them, as wide as the terminal: a column of names, beside it text that
// wraps.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace brood::tools {

struct Definition {
  std::string name;
  std::vector<std::string> texts;  // each begins a line; those that are empty are left out
};

// No line is wider than `width`, unless a word is.
std::string definition_list(std::vector<Definition> const& definitions, std::size_t width);

}  // namespace brood::tools
