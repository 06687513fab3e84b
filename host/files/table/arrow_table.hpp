// SPDX-License-Identifier: Apache-2.0
// Parquet and Arrow files (Feather is one) through libarrow, in builds that have it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "brood/data.hpp"

namespace brood::files {

// Numbers, truth values (0 and 1), dates, times, texts and dictionaries of texts; a note names the
// columns of other types, which are left out.
std::vector<Column> parse_arrow(std::string_view bytes, std::string const& name,
                                std::vector<std::string>& notes);

}  // namespace brood::files
