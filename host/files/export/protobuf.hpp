// SPDX-License-Identifier: Apache-2.0
// Messages of protocol buffers (https://protobuf.dev/programming-guides/encoding), written. A field
// is added where it is called for, so that the same calls give the same bytes; one that has its
// default is not to be added.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace brood::files {

class Message {
 public:
  // int32, int64, bool and enumerations.
  Message& whole(int field, std::int64_t value);
  // A repeated field of them, packed.
  Message& wholes(int field, std::span<std::int64_t const> values);
  Message& real(int field, float value);
  Message& real(int field, double value);
  // string and bytes.
  Message& text(int field, std::string_view bytes);
  Message& message(int field, Message const& inner) { return text(field, inner.bytes()); }

  std::string const& bytes() const { return bytes_; }

 private:
  void tag(int field, unsigned wire_type);
  void varint(std::uint64_t value);
  std::string bytes_;
};

}  // namespace brood::files
