// SPDX-License-Identifier: Apache-2.0
// fingerprint: the whole of a table, fed through FNV-1a. Two tables with the same numbers have the
// same fingerprint, whichever of the many NaNs stands for their missing values.
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

#include "brood/data.hpp"
#include "data/fnv1a.hpp"

namespace brood {
namespace {

constexpr std::uint32_t kMissingBits = 0x7fc00000;

void add_matrix(Fnv1a128& hash, Matrix const& matrix) {
  hash.add(static_cast<std::uint64_t>(matrix.rows));
  hash.add(static_cast<std::uint64_t>(matrix.columns));
  std::int64_t const count = matrix.rows * matrix.columns;
  for (std::int64_t i = 0; i < count; ++i) {
    float const value = matrix.data[i];
    hash.add(std::isnan(value) ? kMissingBits : std::bit_cast<std::uint32_t>(value));
  }
}

}  // namespace

std::string fingerprint(Table const& table) {
  Fnv1a128 hash;
  hash.add(static_cast<std::uint32_t>(table.task));
  hash.add(static_cast<std::uint32_t>(table.classes));
  add_matrix(hash, table.x);
  add_matrix(hash, table.y);
  add_matrix(hash, table.weights);
  // An empty list and a list of false mean the same.
  for (int column = 0; column < table.x.columns; ++column) {
    auto const index = static_cast<std::size_t>(column);
    hash.add_byte(index < table.as_is.size() && table.as_is[index] ? 1 : 0);
  }
  for (std::int32_t const key : table.keys)
    hash.add(static_cast<std::uint32_t>(key));
  return hash.hex();
}

}  // namespace brood
