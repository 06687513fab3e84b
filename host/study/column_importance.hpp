// SPDX-License-Identifier: Apache-2.0
// Permutation importance of a table's columns, within a bound on its work.
#pragma once

#include <span>
#include <vector>

#include "brood/inspection.hpp"
#include "study/row_predictor.hpp"

namespace brood {

// So many of these rows, evenly chosen.
std::vector<std::int32_t> chosen(std::span<std::int32_t const> rows, std::int64_t count);

// Adds the importance of columns by these rows, if it can be had (Inspection).
void measure_columns(Inspected const& inspected, RowPredictor const& predictor, Table const& table,
                     std::span<std::int32_t const> rows, Inspection& inspection);

}  // namespace brood
