// SPDX-License-Identifier: Apache-2.0
// Columns of texts that are dates or times.
#pragma once

#include <string>
#include <vector>

#include "brood/data.hpp"

namespace brood::files {

// Makes a column of texts one of numbers if all its texts that do not stand for a missing value
// (missing[level]) are dates of one format. Where two are possible, as of 01/02/2020, it takes that
// by which the rows are in order, else that of day_first; a note says so.
void find_dates(std::vector<bool> const& missing, bool day_first, Column& column,
                std::vector<std::string>& notes);

}  // namespace brood::files
