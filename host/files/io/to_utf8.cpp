// SPDX-License-Identifier: Apache-2.0
#include "files/io/to_utf8.hpp"

#include <algorithm>
#include <cstdint>

#include "files/io/utf8.hpp"

namespace brood::files {

namespace {

void append(std::uint32_t code, std::string& text) {
  auto const add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xc0 | code >> 6);
    add(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    add(0xe0 | code >> 12);
    add(0x80 | (code >> 6 & 0x3f));
    add(0x80 | (code & 0x3f));
  } else {
    add(0xf0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3f));
    add(0x80 | (code >> 6 & 0x3f));
    add(0x80 | (code & 0x3f));
  }
}

// 0x80 to 0x9f, as the Encoding Standard has them
// (encoding.spec.whatwg.org/index-windows-1252.txt).
constexpr std::uint16_t kWindows1252[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

std::uint32_t code_of(char byte) {
  auto const value = static_cast<unsigned char>(byte);
  return value >= 0x80 && value < 0xa0 ? kWindows1252[value - 0x80] : value;
}

// Nothing if a surrogate is alone or half a unit is left.
std::optional<std::string> from_utf16(std::string_view bytes, bool big_endian) {
  if (bytes.size() % 2 != 0) return std::nullopt;
  auto const unit = [&](std::size_t i) -> std::uint32_t {
    auto const first = static_cast<unsigned char>(bytes[i]);
    auto const second = static_cast<unsigned char>(bytes[i + 1]);
    return big_endian ? first << 8 | second : second << 8 | first;
  };
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    std::uint32_t code = unit(i);
    if (code >= 0xd800 && code < 0xe000) {
      if (code >= 0xdc00 || i + 2 >= bytes.size()) return std::nullopt;
      std::uint32_t const low = unit(i += 2);
      if (low < 0xdc00 || low >= 0xe000) return std::nullopt;
      code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
    }
    append(code, text);
  }
  return text;
}

// Control characters but tabs and line ends: no text.
bool is_control(char c) {
  auto const byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

}  // namespace

std::optional<Recoded> to_utf8(std::string_view bytes) {
  for (bool const big_endian : {false, true}) {
    if (!bytes.starts_with(big_endian ? "\xfe\xff" : "\xff\xfe")) continue;
    auto text = from_utf16(bytes.substr(2), big_endian);
    if (!text) return std::nullopt;
    return Recoded{std::move(*text), "the file is read as UTF-16"};
  }
  if (std::any_of(bytes.begin(), bytes.end(), is_control)) return std::nullopt;
  Recoded result;
  std::int64_t line = 1;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    if (bytes[at] == '\n') ++line;
    std::size_t const size = character_size(bytes.substr(at));
    if (size > 0) {
      at += size;
      continue;
    }
    result.text += bytes.substr(copied, at - copied);
    std::string character;
    append(code_of(bytes[at]), character);
    result.text += character;
    if (result.note.empty()) {
      result.note = "bytes that are not UTF-8, such as 0x" + hex(bytes[at]) + " in line " +
                    std::to_string(line) + ", are read as Windows-1252 (" + character +
                    "); if that is wrong, save the file as UTF-8";
    }
    copied = ++at;
  }
  if (result.note.empty()) return std::nullopt;
  result.text += bytes.substr(copied);
  return result;
}

}  // namespace brood::files
