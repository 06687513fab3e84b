// SPDX-License-Identifier: Apache-2.0
// How the cells of a text file are separated and its numbers written, found from its first lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brood::files {

// A cell that the first line of names lacks, where all others have one more: of the first column,
// as R writes the names of rows, or of the last, where all other lines end with a separator.
enum class Lacks { nothing, first, last };

struct CsvDialect {
  char separator = ',';      // ' ' stands for any run of spaces and tabs
  char decimal = '.';        // or ','
  std::int64_t columns = 0;  // that most of the first lines have; 0: not known
  Lacks header_lacks = Lacks::nothing;
};

// What is given is taken, and the rest found. A separator is one that parts at least nine of ten
// lines into as many cells, two or more; of several, that which leaves most cells numbers. Spaces
// are one only where nothing else is, and most cells are numbers. Else it is the comma.
CsvDialect find_dialect(std::string_view bytes, std::optional<char> separator,
                        std::optional<char> decimal);

// "comma", "semicolon", "tab", "pipe", "space", or the character itself.
std::string separator_name(char separator);
// Of its name or itself; nothing for what can be none: quotes, letters, digits, line ends and what
// numbers are written with.
std::optional<char> separator_named(std::string_view name);

// The text of a number with a decimal comma or with groups of three digits (1,234,567.5; with a
// decimal comma 1.234.567,5) as from_chars wants it; empty if it is not written so.
std::string plain_number(std::string_view text, char decimal);

}  // namespace brood::files
