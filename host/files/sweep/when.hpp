// SPDX-License-Identifier: Apache-2.0
// `when` of an entry of `parameters`: the conditions on which the hyperparameter is searched, each
// the name of an earlier entry and the value or values that it must have.
#pragma once

#include <string>
#include <vector>

#include "brood/space.hpp"
#include "files/io/problems.hpp"
#include "files/io/yaml.hpp"

namespace brood::files {

// What comes of the parameter: searched with its conditions, left out (the command line has fixed
// what it depends on at another value, which is said in a note), or not usable, which is noted as a
// problem.
enum class WhenResult { searched, left_out, wrong };

// Reads the conditions into `parameter`. `space` has the parameters before it; `root` is the file.
WhenResult read_when(Node const& when, Parameter& parameter, SearchSpace const& space,
                     Node const& root, Problems& problems, std::vector<std::string>& notes);

}  // namespace brood::files
