// SPDX-License-Identifier: Apache-2.0
// From the texts of a command line to Options. Everything is checked here, and everything that is
// wrong is said at once.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tools/commands/commands.hpp"

namespace brood::tools {

// A command line, taken apart but not understood.
struct Arguments {
  std::string command;
  std::vector<std::string> words;             // not options
  std::map<std::string, std::string> values;  // "--seed": "7"
  std::set<std::string> flags;                // "--json"
};

// Throws UsageError with every problem.
Options checked_options(Arguments const& arguments);

// A text that a shell reads as one word.
std::string shell_word(std::string const& text);

}  // namespace brood::tools
