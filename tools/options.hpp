// SPDX-License-Identifier: Apache-2.0
// From the texts of a command line to Options. Everything is checked here, and everything that is
// wrong is said at once.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "files/io/text.hpp"
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

using files::shell_word;

}  // namespace brood::tools
