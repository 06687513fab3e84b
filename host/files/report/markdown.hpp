// SPDX-License-Identifier: Apache-2.0
// A report as Markdown: for a terminal, a pull request, a notebook. It says in tables what the page
// says in tables, and leaves the pictures out.
#pragma once

#include <span>
#include <string>

#include "files/report/run_analysis.hpp"

namespace brood::files {

std::string markdown_text(std::span<RunAnalysis const> runs);

}  // namespace brood::files
