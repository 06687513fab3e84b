// SPDX-License-Identifier: Apache-2.0
// An array of numbers as it lies in a binary file, and its way into columns. Its claimed shape is
// held against the bytes that are there before anything is allocated.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "brood/data.hpp"

namespace brood::files {

// Of any data file: more rows cannot be numbered (Rows is 32 bits), more columns are no table.
inline constexpr std::int64_t kMaxRows = 2147483647;
inline constexpr std::int64_t kMaxColumns = std::int64_t{1} << 20;

enum class NumberType { boolean, u8, i8, u16, i16, u32, i32, u64, i64, f32, f64 };

int size_of(NumberType type);  // in bytes

struct NumericArray {
  NumberType type = NumberType::u8;
  bool big_endian = false;
  bool column_major = false;
  std::int64_t rows = 0, columns = 0;  // as claimed; saturated, if that overflows
  std::string shape;                   // as claimed, for messages: "10000 x 28 x 28"
  std::string_view bytes;              // all that follows the file's header
  std::int64_t offset = 0;             // of `bytes` in the file, for messages
};

// a * b for two counts; the largest int64 if that is more.
std::int64_t saturated_product(std::int64_t a, std::int64_t b);

// The columns prefix1 .. prefixN. NaN is missing. Throws UsageError `name: byte N: ...` if the
// array has no values, too many, not as many as bytes, or holds one that is not a float.
std::vector<Column> to_columns(NumericArray const& array, std::string const& name,
                               std::string const& prefix);

}  // namespace brood::files
