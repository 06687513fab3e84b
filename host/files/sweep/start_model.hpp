// SPDX-License-Identifier: Apache-2.0
// `start:` of a sweep: the trained network that every trial starts from.
#pragma once

#include <span>
#include <string>

#include "brood/files/sweep.hpp"
#include "files/sweep/section.hpp"

namespace brood::files {

// The key `start`, and the places of what only the network can contradict.
void read_start(Section const& top, std::string const& directory, Sweep& sweep);

// Reads the network of sweep.start_path into sweep.study, with its shape as constants of the space,
// and encodes the inputs of `dataset` as that network's were. Where classes or targets are others,
// the last layer starts anew; a note of the sweep says so. Throws UsageError if there is no such
// model, or its inputs are other columns.
void take_start(Sweep& sweep, std::span<Column const> columns, Dataset& dataset);

}  // namespace brood::files
