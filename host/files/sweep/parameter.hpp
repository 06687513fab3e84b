// SPDX-License-Identifier: Apache-2.0
// One hyperparameter of a sweep file: a fixed value, or an entry of `parameters` with the law that
// its values are drawn by. What is returned is sound: values that the hyperparameter may have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "brood/member.hpp"
#include "brood/space.hpp"
#include "files/io/problems.hpp"
#include "files/io/yaml.hpp"

namespace brood::files {

// Nothing if the node is no value that the hyperparameter may have, which is noted.
std::optional<Value> read_value(HyperparameterInfo const& info, Node const& node,
                                Problems& problems);

// The node is a map: value | values (and probabilities) | min, max | distribution and its keys.
std::optional<Parameter> read_parameter(HyperparameterInfo const& info, Node const& node,
                                        Problems& problems, std::vector<std::string>& notes);

}  // namespace brood::files
