// SPDX-License-Identifier: Apache-2.0
// Reports of finished runs, made of their files alone: the same text for the same files.
#pragma once

#include <string>
#include <vector>

#include "brood/files/run_record.hpp"

namespace brood::files {

// One self-contained page, at most about a megabyte: of one run in full, of several what can be
// compared, one over the other. Throws UsageError if there is no run, or if several were scored by
// different metrics.
std::string report_html(std::vector<RunRecord> const& runs);
// The same as Markdown, without the pictures.
std::string report_markdown(std::vector<RunRecord> const& runs);

}  // namespace brood::files
