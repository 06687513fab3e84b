// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "files/run/run_files.hpp"

namespace brood::files {

// The files of a run, and the report that `brood report` would make of its directory.
std::vector<RunFile> files_with_report(std::string const& directory, Sweep const& sweep,
                                       Result const& result, Encoding const& encoding,
                                       RunFacts const& facts);

}  // namespace brood::files
