// SPDX-License-Identifier: Apache-2.0
// What columns' numbers come to over some rows, in double, in two passes over them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "brood/table.hpp"

namespace brood {

struct ColumnStats {
  std::int64_t count = 0;  // of non-missing values
  float least = 0, most = 0;
  double mean = 0;
  double deviation = 0;  // of the population
};

std::vector<ColumnStats> column_stats(Matrix const& matrix, std::span<std::int32_t const> rows);

// Whether standardised values would say nothing: all values equal, or so near to each other that
// rounding the mean to fp32 (by up to 2^-24 of it) moves every value by half a deviation or more,
// or a deviation below the normal fp32 numbers, which the backends flush to zero.
bool is_constant(ColumnStats const& column);

// 1 / deviation.
float scale_of(ColumnStats const& column, float if_constant);

}  // namespace brood
