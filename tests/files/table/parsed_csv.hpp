// SPDX-License-Identifier: Apache-2.0
// A text as a csv file, for the tests of its reader.
#pragma once

#include <string>
#include <vector>

#include "brood/files/columns.hpp"

namespace brood::files {

// The columns, and what is said of them.
struct ParsedCsv {
  std::vector<Column> columns;
  TextLayout layout;
};
inline ParsedCsv read(std::string const& text, ReadOptions const& options = {}) {
  ParsedCsv parsed;
  parsed.columns = parse_csv(text, "file.csv", options, &parsed.layout);
  return parsed;
}

}  // namespace brood::files
