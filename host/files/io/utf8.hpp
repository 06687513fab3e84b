// SPDX-License-Identifier: Apache-2.0
// Characters of UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF), and
// bytes in hex.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace brood::files {

// Bytes of the character that `text` begins with; 0 if it begins with none.
std::size_t character_size(std::string_view text);
// Whether a byte is one of a character's later ones.
constexpr bool continues_character(char byte) {
  return (byte & 0xc0) == 0x80;
}
// Two lower-case digits.
std::string hex(char byte);

}  // namespace brood::files
