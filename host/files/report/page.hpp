// SPDX-License-Identifier: Apache-2.0
// The page of a report: one file that asks nothing of a network.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "files/report/run_analysis.hpp"

namespace brood::files {

// What stands in the body of a page: each an element's HTML, that of `main` by its id.
struct PageParts {
  std::string header, nav;  // what these elements hold
  std::vector<std::pair<std::string, std::string>> main;
};
PageParts page_parts(std::span<RunAnalysis const> runs);

// Of one run in full; of several what they have in common, one over the other.
std::string page_html(std::span<RunAnalysis const> runs);

// A page without data, which fetches data.json from beside it again and again, and nothing else.
std::string live_page_html(std::string const& name);

}  // namespace brood::files
