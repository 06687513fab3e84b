// SPDX-License-Identifier: Apache-2.0
// Numbers of any type and byte order into columns of doubles.
#include "files/table/numeric_array.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "brood/error.hpp"
#include "files/io/text.hpp"

namespace brood::files {

namespace {

static_assert(std::endian::native == std::endian::little);

template <typename T>
T load(char const* from, bool big_endian) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, from, sizeof(T));
  if (big_endian) std::reverse(bytes, bytes + sizeof(T));
  return std::bit_cast<T>(bytes);
}

void check_shape(NumericArray const& array, std::string const& name) {
  auto const problem = [&](std::string const& what) {
    throw UsageError(at_byte(name, array.offset, what));
  };
  std::string const shape = "the array (" + array.shape + ")";
  if (array.rows == 0 || array.columns == 0) problem(shape + " holds no values");
  auto const present = static_cast<std::int64_t>(array.bytes.size());
  std::int64_t const bytes =
      saturated_product(saturated_product(array.rows, array.columns), size_of(array.type));
  if (bytes != present) {
    problem(shape + " of " + counted(size_of(array.type), "byte") + " a value needs " +
            (bytes > present ? "more" : "less") + " than the " + counted(present, "byte") +
            " that follow" + (present == 1 ? "s" : ""));
  }
  if (array.rows > kMaxRows) {
    problem(shape + " has more rows than " + std::to_string(kMaxRows));
  }
  if (array.columns > kMaxColumns) {
    problem(shape + " has more columns than " + std::to_string(kMaxColumns));
  }
}

// What is wrong with a value, if anything.
template <typename T>
char const* problem_of(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isinf(value)) return "infinity is not a value (a missing one is NaN)";
  }
  return nullptr;
}

template <typename T, bool IsBoolean = false>
void decode(NumericArray const& array, std::string const& name, std::vector<Column>& columns) {
  std::int64_t const row_step = array.column_major ? 1 : array.columns;
  std::int64_t const column_step = array.column_major ? array.rows : 1;
  // 16 rows at a time, so that a whole cache line of a column is written at once.
  constexpr std::int64_t kBlock = 16;
  for (std::int64_t first = 0; first < array.rows; first += kBlock) {
    std::int64_t const last = std::min(first + kBlock, array.rows);
    for (std::int64_t column = 0; column < array.columns; ++column) {
      double* const numbers = columns[static_cast<std::size_t>(column)].numbers.data();
      for (std::int64_t row = first; row < last; ++row) {
        std::int64_t const at =
            (row * row_step + column * column_step) * static_cast<std::int64_t>(sizeof(T));
        T const value = load<T>(array.bytes.data() + at, array.big_endian);
        char const* problem = problem_of(value);
        if (IsBoolean && value > 1) problem = "bool that is neither 0 nor 1";
        if (problem) throw UsageError(at_byte(name, array.offset + at, problem));
        numbers[row] = static_cast<double>(value);
      }
    }
  }
}

}  // namespace

int size_of(NumberType type) {
  switch (type) {
    case NumberType::boolean:
    case NumberType::u8:
    case NumberType::i8:
      return 1;
    case NumberType::u16:
    case NumberType::i16:
      return 2;
    case NumberType::u32:
    case NumberType::i32:
    case NumberType::f32:
      return 4;
    case NumberType::u64:
    case NumberType::i64:
    case NumberType::f64:
      return 8;
  }
  return 0;
}

std::int64_t saturated_product(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (a == 0 || b == 0) return 0;
  return a > kMax / b ? kMax : a * b;
}

std::vector<Column> to_columns(NumericArray const& array, std::string const& name,
                               std::string const& prefix) {
  check_shape(array, name);
  std::vector<Column> columns(static_cast<std::size_t>(array.columns));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i].name = prefix + std::to_string(i + 1);
    columns[i].numbers.resize(static_cast<std::size_t>(array.rows));
  }
  switch (array.type) {
    case NumberType::boolean:
      decode<std::uint8_t, true>(array, name, columns);
      break;
    case NumberType::u8:
      decode<std::uint8_t>(array, name, columns);
      break;
    case NumberType::i8:
      decode<std::int8_t>(array, name, columns);
      break;
    case NumberType::u16:
      decode<std::uint16_t>(array, name, columns);
      break;
    case NumberType::i16:
      decode<std::int16_t>(array, name, columns);
      break;
    case NumberType::u32:
      decode<std::uint32_t>(array, name, columns);
      break;
    case NumberType::i32:
      decode<std::int32_t>(array, name, columns);
      break;
    case NumberType::u64:
      decode<std::uint64_t>(array, name, columns);
      break;
    case NumberType::i64:
      decode<std::int64_t>(array, name, columns);
      break;
    case NumberType::f32:
      decode<float>(array, name, columns);
      break;
    case NumberType::f64:
      decode<double>(array, name, columns);
      break;
  }
  return columns;
}

}  // namespace brood::files
