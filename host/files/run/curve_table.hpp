// SPDX-License-Identifier: Apache-2.0
// curves.csv of a run, read back.
#pragma once

#include <string>
#include <vector>

#include "brood/study.hpp"

namespace brood::files {

// Of a run by that metric. Throws UsageError if there is no such file, StorageError if it is
// damaged.
std::vector<CurvePoint> read_curves(std::string const& path, std::string const& metric);

}  // namespace brood::files
