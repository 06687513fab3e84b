// SPDX-License-Identifier: Apache-2.0
// The sections `parameters` (searched), `network` and `train` (fixed) of a sweep file, as a search
// space. Every value, and both ends of every range, is one that its hyperparameter may have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "brood/space.hpp"
#include "files/io/problems.hpp"
#include "files/io/yaml.hpp"

namespace brood::files {

struct SpaceOfSweep {
  // Parameters in their order, then network's, then train's. One number of epochs is the
  // scheduler's and is taken out; where they are searched, they are each trial's own.
  SearchSpace space;
  std::optional<std::int64_t> epochs;  // the most
  Place epochs_place;
};

// Notes what is wrong; one line for each reading that another tool's user might not expect.
SpaceOfSweep read_space(Node const& root, Problems& problems, std::vector<std::string>& notes);

}  // namespace brood::files
