// SPDX-License-Identifier: Apache-2.0
// Which lines of a csv file are names of columns, and what the columns are called.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brood/files/columns.hpp"
#include "files/table/cell_reader.hpp"
#include "files/table/csv_cells.hpp"

namespace brood::files {

// Whether a cell of rows first to last is a number.
bool has_number(CsvCells const& cells, CellReader const& reader, std::int64_t first_row,
                std::int64_t last_row);

// How many lines at the top are names: none, one, or two where the second has words (units, say) in
// columns that hold numbers; why, where that is not plain to see.
std::int64_t header_lines(CsvCells const& cells, CellReader const& reader,
                          ReadOptions const& options, std::vector<std::string>& notes);

// c1 .. cN
std::vector<std::string> numbered_names(std::int64_t columns);
// Those without a name are called as in a file without a header, unless another one is; of those of
// the same name the later ones as pandas calls them: x.1, x.2.
std::vector<std::string> header_names(CsvCells const& cells, CsvProblems& problems,
                                      std::vector<std::string>& notes);

}  // namespace brood::files
