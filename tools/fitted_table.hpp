// SPDX-License-Identifier: Apache-2.0
// Tables that fit the terminal, whatever its width: no line is broken. (output_width(): where there
// is no terminal, COLUMNS or 80.)
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace brood::tools {

// How a table is made to fit. Columns are named by the header.
struct Fit {
  std::size_t width = 80;
  std::vector<std::string> always = {};     // columns that stay
  std::vector<std::string> first_out = {};  // and those that go before all others
  int indent = 0;
};

// A table with a header, see table(). Where it is too wide, columns go that are the same in all
// rows, then long texts are shortened, then columns go from the right, and then texts are shortened
// to what is left; lines below say which columns went. Where what stays is too wide for itself,
// and where there is one row, each row is a block of lines with all of its cells.
std::string fitted_table(std::vector<std::vector<std::string>> rows, Fit const& fit);

// Rows without a header, everything to the left, the text of the last column on as many lines as it
// needs.
std::string wrapped_table(std::vector<std::vector<std::string>> const& rows, std::size_t width,
                          int indent = 0);

// Lines of whole words; those after the first begin with `indent` spaces. Ends in a line end.
std::string paragraph(std::string_view text, std::size_t width, int indent = 0);

}  // namespace brood::tools
