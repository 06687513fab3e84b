// SPDX-License-Identifier: Apache-2.0
// Columns that say something of rows and are no inputs: from the one that validation goes by to
// Table::keys, and row weights. Used by make_dataset, with columns whose cells can be read.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brood/data.hpp"
#include "data/cells.hpp"

namespace brood {

// The option that names such a column, and the name; both empty if there is none. The first one if
// there are several, which is a problem.
struct KeyOption {
  std::string option = {};  // "validation.group"
  std::string column = {};
};
KeyOption key_option(DatasetOptions const& options, Problems& problems);

// Reports cells that are missing or cannot be read; then the keys are of no use.
std::vector<std::int32_t> row_keys(Column const& column, KeyOption const& option,
                                   Problems& problems);

// Reports weights that are no weights.
std::vector<float> row_weights(Column const& column, Problems& problems);

}  // namespace brood
