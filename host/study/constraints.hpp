// SPDX-License-Identifier: Apache-2.0
// Study::constraints as what the samplers go by, who know no network: whether a configuration is
// allowed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brood/study.hpp"

namespace brood {

// Weights and biases of the network that a configuration asks for.
std::int64_t parameter_count(Config const& config, TableShape const& shape);

// Without data: bounds that are none.
std::vector<std::string> problems(Constraints const& constraints);

// Empty without constraints. Refers to the engine and the data.
Allowed allowed_by(Constraints const& constraints, Engine& engine, Data const& data,
                   Study const& study);

// Throws UsageError if no configuration of the study's space is allowed, with the smallest value of
// each bound that none keeps.
void check_constraints(Engine& engine, Data const& data, Study const& study);

}  // namespace brood
