// SPDX-License-Identifier: Apache-2.0
// Permutation importance of a table's columns, within a bound on its work.
#pragma once

#include <span>
#include <vector>

#include "brood/inspection.hpp"

namespace brood {

// Those rows of a matrix, dense.
std::vector<float> rows_of(Matrix const& x, std::span<std::int32_t const> rows);

// So many of these rows, evenly chosen.
std::vector<std::int32_t> chosen(std::span<std::int32_t const> rows, std::int64_t count);
// Multiplications that a row takes.
double work_of(Model const& model);
double work_of(Ensemble const& ensemble);

// Adds the importance of columns by these rows, if it can be had (Inspection).
void measure_columns(Inspected const& inspected, Table const& table,
                     std::span<std::int32_t const> rows, int threads, Inspection& inspection);

}  // namespace brood
