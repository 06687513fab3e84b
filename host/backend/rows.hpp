// SPDX-License-Identifier: Apache-2.0
// What backends check and work out about a member's rows and transform before they use them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/describe.hpp"
#include "brood/table.hpp"

namespace brood {

std::int64_t size_of(Rows const& rows);
// 0 .. count - 1.
std::vector<std::int32_t> all_rows(std::int64_t count);

// Rows to predict on, as a table without targets for members on tables of this shape.
Table table_to_predict(Matrix x, TableShape const& shape);

// Throws UsageError for the first of `rows` that the table does not have; `what` names them.
void check_rows(std::span<std::int32_t const> rows, std::int64_t table_rows, char const* what);

// Throws UsageError if a transform is not one for tables of this shape. Null is the identity.
void check_transform(Transform const* transform, TableShape const& shape);

// Weight of each class, so that all classes weigh the same over `rows`; 0 for a class without rows.
// labels: the table's class indices.
std::vector<float> balanced_weights(std::span<float const> labels,
                                    std::span<std::int32_t const> rows, int classes);

}  // namespace brood
