// SPDX-License-Identifier: Apache-2.0
// FNV-1a, 128 bits (draft-eastlake-fnv): a checksum that two machines agree on, byte by byte; not a
// cryptographic hash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace brood {

class Fnv1a128 {
 public:
  void add_byte(std::uint8_t byte) {
    // The prime is 2^88 + 0x13b.
    hash_ ^= byte;
    hash_ = (hash_ << 88) + hash_ * 0x13b;
  }

  void add_bytes(std::string_view bytes) {
    for (char const byte : bytes)
      add_byte(static_cast<std::uint8_t>(byte));
  }

  // Eight bytes a step, for much that lies in memory; another value than that of add_bytes(). A
  // last word that is short is filled with zeros, so the length is added, too.
  void add_words(std::string_view bytes) {
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8)
      add_word(bytes.data() + at, 8);
    add_word(bytes.data() + at, bytes.size() - at);
    add(static_cast<std::uint64_t>(bytes.size()));
  }

  // Least significant byte first, whatever the machine's own order.
  void add(std::uint32_t word) {
    for (int shift = 0; shift < 32; shift += 8)
      add_byte(static_cast<std::uint8_t>(word >> shift));
  }
  void add(std::uint64_t word) {
    add(static_cast<std::uint32_t>(word));
    add(static_cast<std::uint32_t>(word >> 32));
  }

  // 32 lower-case hex digits, most significant first.
  std::string hex() const {
    std::string text;
    for (int shift = 124; shift >= 0; shift -= 4) {
      text += "0123456789abcdef"[static_cast<int>(hash_ >> shift) & 15];
    }
    return text;
  }

 private:
  void add_word(char const* bytes, std::size_t count) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < count; ++i)
      word |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
    hash_ ^= word;
    hash_ = (hash_ << 88) + hash_ * 0x13b;
  }

  unsigned __int128 hash_ =
      (static_cast<unsigned __int128>(0x6c62272e07bb0142ULL) << 64) | 0x62b821756295c58dULL;
};

}  // namespace brood
