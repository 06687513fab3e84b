// SPDX-License-Identifier: Apache-2.0
#include "files/io/utf8.hpp"

#include <gtest/gtest.h>

namespace brood::files {
namespace {

TEST(Utf8, SizesAreThoseOfRfc3629) {
  struct Case {
    std::string_view text;
    std::size_t size;
  };
  for (auto const& [text, size] : {Case{"", 0},
                                   {std::string_view("\0", 1), 1},
                                   {"a", 1},
                                   {"\x7f", 1},
                                   {"\xc2\x80", 2},
                                   {"\xdf\xbf.", 2},
                                   {"\xe0\xa0\x80", 3},
                                   {"\xed\x9f\xbf", 3},
                                   {"\xee\x80\x80", 3},
                                   {"\xf0\x90\x80\x80", 4},
                                   {"\xf4\x8f\xbf\xbf", 4},
                                   // Continued, cut, or with another letter in the middle.
                                   {"\x80", 0},
                                   {"\xc3", 0},
                                   {"\xe2\x82", 0},
                                   {"\xe2\x82z", 0},
                                   {"\xf0\x90\x80", 0},
                                   // Overlong, a surrogate, beyond U+10FFFF.
                                   {"\xc0\x80", 0},
                                   {"\xc1\xbf", 0},
                                   {"\xe0\x9f\xbf", 0},
                                   {"\xf0\x8f\xbf\xbf", 0},
                                   {"\xed\xa0\x80", 0},
                                   {"\xf4\x90\x80\x80", 0},
                                   {"\xf5\x80\x80\x80", 0},
                                   {"\xff", 0}}) {
    EXPECT_EQ(character_size(text), size) << text;
  }
}

TEST(Utf8, BytesInHex) {
  EXPECT_EQ(hex('\0'), "00");
  EXPECT_EQ(hex('\x1b'), "1b");
  EXPECT_EQ(hex('\xff'), "ff");
}

}  // namespace
}  // namespace brood::files
