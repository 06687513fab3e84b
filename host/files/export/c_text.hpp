// SPDX-License-Identifier: Apache-2.0
// Names, texts, comments and tables of numbers as C99 has them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace brood::files {

// A literal that any compiler reads back to the same bytes: what is not plain ASCII is octal.
std::string c_string(std::string_view text);
// The same for a comment, which it cannot end.
std::string c_comment(std::string_view text);
// Members of a structure for columns of these names: each an identifier, no two alike, none a word
// or a usual macro of C.
std::vector<std::string> c_members(std::vector<std::string> const& columns);

std::string c_number(double value);
// "static const float NAME[3] = {...};"
std::string c_table(std::string const& name, std::span<float const> values);
std::string c_table(std::string const& name, std::span<int const> values);
// "static const char *const NAME[3] = {...};"
std::string c_table(std::string const& name, std::span<std::string const> texts);

}  // namespace brood::files
