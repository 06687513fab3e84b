// SPDX-License-Identifier: Apache-2.0
// IDX, the format of MNIST (http://yann.lecun.com/exdb/mnist): two zero bytes, a type, the number
// of dimensions, each as 4 bytes, and the values, all big-endian; the first dimension is the rows.
#include <optional>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "files/io/text.hpp"
#include "files/table/numeric_array.hpp"

namespace brood::files {

namespace {

std::optional<NumberType> type_of(unsigned char code) {
  switch (code) {
    case 0x08:
      return NumberType::u8;
    case 0x09:
      return NumberType::i8;
    case 0x0b:
      return NumberType::i16;
    case 0x0c:
      return NumberType::i32;
    case 0x0d:
      return NumberType::f32;
    case 0x0e:
      return NumberType::f64;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::vector<Column> parse_idx(std::string_view bytes, std::string const& name) {
  auto const problem = [&](std::size_t at, std::string const& what) {
    return UsageError(at_byte(name, static_cast<std::int64_t>(at), what));
  };
  auto const byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  if (bytes.size() < 4) {
    throw problem(bytes.size(), "the file ends inside the 4 bytes that begin an idx file");
  }
  if (byte(0) != 0 || byte(1) != 0) {
    throw problem(0, "not an idx file, which begins with two zero bytes");
  }
  auto const type = type_of(byte(2));
  if (!type) {
    throw problem(2, "idx type " + std::to_string(byte(2)) +
                         " is not known; the types are 8, 9, 11, 12, 13 and 14");
  }
  std::size_t const dimensions = byte(3);
  if (dimensions == 0) throw problem(3, "the array has no dimensions");
  std::size_t const header = 4 + 4 * dimensions;
  if (bytes.size() < header) {
    throw problem(bytes.size(),
                  "the file ends inside the sizes of its " + counted(byte(3), "dimension"));
  }

  NumericArray array;
  array.type = *type;
  array.big_endian = true;
  array.columns = 1;
  for (std::size_t i = 0; i < dimensions; ++i) {
    std::int64_t size = 0;
    for (std::size_t at = 4 + 4 * i; at < 8 + 4 * i; ++at)
      size = size * 256 + byte(at);
    if (i == 0) {
      array.rows = size;
    } else {
      array.columns = saturated_product(array.columns, size);
      array.shape += " x ";
    }
    array.shape += std::to_string(size);
  }
  array.bytes = bytes.substr(header);
  array.offset = static_cast<std::int64_t>(header);
  return to_columns(array, name, "p");
}

}  // namespace brood::files
