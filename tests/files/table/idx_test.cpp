// SPDX-License-Identifier: Apache-2.0
// IDX: every type and shape that the format has, and what its header may not claim.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>

#include "brood/files/columns.hpp"
#include "files/reading.hpp"

namespace brood::files {
namespace {

using Numbers = std::vector<double>;

std::string idx(int type, std::vector<std::uint32_t> const& sizes, std::string const& values) {
  std::string bytes = big(0, 2) + big(static_cast<std::uint64_t>(type), 1) + big(sizes.size(), 1);
  for (std::uint32_t const size : sizes)
    bytes += big(size, 4);
  return bytes + values;
}

TEST(Idx, ReadsImagesAsOneColumnForEachPixel) {
  auto const columns = parse_idx(idx(8, {2, 1, 3}, "\x01\x02\x03\xff\x05\x06"), "file.idx");
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_EQ(columns[0].name, "p1");
  EXPECT_EQ(columns[2].name, "p3");
  EXPECT_FALSE(columns[0].categorical);
  EXPECT_EQ(columns[0].numbers, (Numbers{1, 255}));
  EXPECT_EQ(columns[2].numbers, (Numbers{3, 6}));
}

TEST(Idx, ReadsOneDimensionAsOneColumn) {
  auto const columns = parse_idx(idx(8, {3}, "\x07\x08\x09"), "file.idx");
  ASSERT_EQ(columns.size(), 1u);
  EXPECT_EQ(columns[0].numbers, (Numbers{7, 8, 9}));
}

TEST(Idx, ReadsEveryType) {
  auto const first = [](int type, std::string const& value) {
    return parse_idx(idx(type, {1}, value), "file.idx")[0].numbers[0];
  };
  EXPECT_EQ(first(0x08, "\xfe"), 254);
  EXPECT_EQ(first(0x09, "\xfe"), -2);
  EXPECT_EQ(first(0x0b, raw("\xff\x00")), -256);
  EXPECT_EQ(first(0x0c, raw("\x00\x01\x00\x02")), 65538);
  EXPECT_EQ(first(0x0d, big(std::bit_cast<std::uint32_t>(-1.5f), 4)), -1.5f);
  EXPECT_EQ(first(0x0e, big(std::bit_cast<std::uint64_t>(0.1), 8)), 0.1);
  EXPECT_TRUE(std::isnan(first(0x0d, big(0x7fc00000, 4))));
}

TEST(Idx, KeepsManyRowsAndColumnsInPlace) {
  // More rows than are decoded at once, and not a multiple of them.
  std::string values;
  for (int i = 0; i < 37 * 5; ++i)
    values += big(static_cast<std::uint64_t>(i), 2);
  auto const columns = parse_idx(idx(0x0b, {37, 5}, values), "file.idx");
  for (int column = 0; column < 5; ++column) {
    for (int row = 0; row < 37; ++row) {
      ASSERT_EQ(columns[column].numbers[row], static_cast<float>(5 * row + column));
    }
  }
}

class MalformedIdx : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedIdx, IsRefusedWithItsPlace) {
  expect_message(GetParam(), message_of([&] { parse_idx(GetParam().bytes, "file.idx"); }));
}

std::string const kInfinity = big(std::bit_cast<std::uint32_t>(INFINITY), 4);

INSTANTIATE_TEST_SUITE_P(
    Idx, MalformedIdx,
    testing::Values(
        Malformed{"Empty", "", "file.idx: byte 0: ", "ends inside"},
        Malformed{"ThreeBytes", raw("\0\0\x08"), "file.idx: byte 3: ", "ends inside"},
        Malformed{"BadMagic", raw("\0\1\x08\1\0\0\0\1x"), "file.idx: byte 0: ", "two zero bytes"},
        Malformed{"Text", "a,b\n1,2\n", "file.idx: byte 0: ", "not an idx file"},
        Malformed{"UnknownType", idx(0x0a, {1}, "x"), "file.idx: byte 2: ", "type 10"},
        Malformed{"NoDimensions", idx(8, {}, "x"), "file.idx: byte 3: ", "no dimensions"},
        Malformed{"CutInsideSizes", idx(8, {1, 2}, "").substr(0, 9),
                  "file.idx: byte 9: ", "2 dimensions"},
        Malformed{"ManyDimensionsOfNothing", raw("\0\0\x08\xff\0\0\0\1"),
                  "file.idx: byte 8: ", "255 dimensions"},
        Malformed{"NoRows", idx(8, {0, 3}, ""), "file.idx: byte 12: ", "(0 x 3) holds no values"},
        Malformed{"NoColumns", idx(8, {3, 0}, ""), "file.idx: byte 12: ", "no values"},
        Malformed{"NoColumnsOfMany", idx(8, {3, 0xffffffff, 0xffffffff, 0xffffffff, 0}, ""),
                  "file.idx: byte 24: ", "no values"},
        Malformed{"TooShort", idx(8, {2, 2}, "abc"),
                  "file.idx: byte 12: ", "needs more than the 3 bytes that follow"},
        Malformed{"TooLong", idx(8, {2, 2}, "abcde"),
                  "file.idx: byte 12: ", "needs less than the 5 bytes that follow"},
        Malformed{"TooShortForItsType", idx(0x0e, {2}, std::string(15, 'x')),
                  "file.idx: byte 8: ", "of 8 bytes a value"},
        Malformed{"NoValues", idx(8, {1}, ""), "file.idx: byte 8: ", "the 0 bytes"},
        Malformed{"Claims2To64", idx(8, {0xffffffff, 0xffffffff}, "x"),
                  "file.idx: byte 12: ", "(4294967295 x 4294967295)"},
        Malformed{"ProductWrapsToOneByte",
                  // (2^32-1)^2 * 4294967297 ... = 1 mod 2^64 would pass a wrapping product.
                  idx(8, {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, "x"),
                  "file.idx: byte 20: ", "needs more"},
        Malformed{"ProductWrapsToZero", idx(8, {0x10000, 0x10000, 0x10000, 0x10000}, ""),
                  "file.idx: byte 20: ", "needs more"},
        Malformed{"BytesWrap", idx(0x0e, {0x40000000, 0x80000000}, ""),
                  "file.idx: byte 12: ", "needs more"},
        Malformed{"TooManyColumns", idx(8, {1, 1 << 21}, std::string(1 << 21, 'x')),
                  "file.idx: byte 12: ", "more columns than 1048576"},
        Malformed{"Infinity", idx(0x0d, {2}, big(0, 4) + kInfinity),
                  "file.idx: byte 12: ", "infinity"}),
    test_name);

TEST(Idx, SurvivesMutation) {
  std::string values;
  for (int i = 0; i < 24; ++i)
    values += big(std::bit_cast<std::uint32_t>(0.5f * i), 4);
  for (std::string const& valid :
       {idx(8, {4, 3, 2}, std::string(24, '\x11')), idx(0x0d, {8, 3}, values)}) {
    int const refused = refused_mutations(
        valid, 1500, [](std::string const& bytes) { return parse_idx(bytes, "file.idx"); });
    EXPECT_GT(refused, 500);
    EXPECT_LT(refused, 1500);
  }
}

TEST(Idx, ReadsMnist) {
  std::string const images = BROOD_TEST_TABLES "/t10k-images-idx3-ubyte.gz";
  if (!std::filesystem::exists(images)) {
    GTEST_SKIP() << "the MNIST test set is not in BROOD_TEST_TABLES (tests/README.md)";
  }
  ReadOptions options;
  options.labels = BROOD_TEST_TABLES "/t10k-labels-idx1-ubyte.gz";
  auto const columns = read_columns(images, options);
  ASSERT_EQ(columns.size(), 785u);
  EXPECT_EQ(columns[783].name, "p784");
  EXPECT_EQ(columns[784].name, "label");
  for (Column const& column : columns)
    ASSERT_EQ(column.numbers.size(), 10000u);
  // Facts of the published files: the first test digit is a 7; there are 980 zeros.
  EXPECT_FALSE(columns[784].categorical);
  EXPECT_EQ(columns[784].numbers[0], 7);
  EXPECT_EQ(std::count(columns[784].numbers.begin(), columns[784].numbers.end(), 0.0f), 980);
  // The mean pixel of the test set is 33.7912 (0.13251 of 255).
  double sum = 0;
  for (int i = 0; i < 784; ++i) {
    sum = std::accumulate(columns[i].numbers.begin(), columns[i].numbers.end(), sum);
  }
  EXPECT_NEAR(sum / 7840000, 33.791, 0.001);
}

}  // namespace
}  // namespace brood::files
