// SPDX-License-Identifier: Apache-2.0
#include "files/export/protobuf.hpp"

#include <bit>

namespace brood::files {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they stand");

constexpr unsigned kVarint = 0, kFixed64 = 1, kDelimited = 2, kFixed32 = 5;  // wire types

template <class T>
void append(std::string& bytes, T const& value) {
  bytes.append(reinterpret_cast<char const*>(&value), sizeof(value));
}

}  // namespace

void Message::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    bytes_ += static_cast<char>(value | 0x80);
  bytes_ += static_cast<char>(value);
}

void Message::tag(int field, unsigned wire_type) {
  varint(static_cast<std::uint64_t>(field) << 3 | wire_type);
}

Message& Message::whole(int field, std::int64_t value) {
  tag(field, kVarint);
  varint(static_cast<std::uint64_t>(value));
  return *this;
}

Message& Message::wholes(int field, std::span<std::int64_t const> values) {
  Message packed;
  for (std::int64_t const value : values)
    packed.varint(static_cast<std::uint64_t>(value));
  return message(field, packed);
}

Message& Message::real(int field, float value) {
  tag(field, kFixed32);
  append(bytes_, value);
  return *this;
}

Message& Message::real(int field, double value) {
  tag(field, kFixed64);
  append(bytes_, value);
  return *this;
}

Message& Message::text(int field, std::string_view bytes) {
  tag(field, kDelimited);
  varint(bytes.size());
  bytes_ += bytes;
  return *this;
}

}  // namespace brood::files
