// SPDX-License-Identifier: Apache-2.0
// The options of `brood bench` alone, from texts to numbers.
#pragma once

#include <string>
#include <vector>

#include "tools/options.hpp"

namespace brood::tools {

// Appends what is wrong to `problems`.
BenchOptions read_bench_options(Arguments const& arguments, std::vector<std::string>& problems);

}  // namespace brood::tools
