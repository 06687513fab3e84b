// SPDX-License-Identifier: Apache-2.0
// NPY and NPZ: every version, type and order; what is refused, and where it lies.
#include <gtest/gtest.h>
#include <zlib.h>

#include <bit>
#include <cmath>
#include <optional>

#include "brood/files/columns.hpp"
#include "files/reading.hpp"

namespace brood::files {
namespace {

using Floats = std::vector<float>;
using Numbers = std::vector<double>;

// ---- building files

std::string npy_with_header(std::string const& header, std::string const& values, int version = 1) {
  return "\x93NUMPY" + little(static_cast<std::uint64_t>(version), 2) +
         little(header.size(), version == 1 ? 2 : 4) + header + values;
}

// As numpy writes it.
std::string npy(std::string const& type, std::string const& shape, std::string const& values,
                bool fortran_order = false) {
  std::string header = "{'descr': '" + type +
                       "', 'fortran_order': " + (fortran_order ? "True" : "False") +
                       ", 'shape': " + shape + ", }";
  while ((10 + header.size() + 1) % 64 != 0)
    header += ' ';
  return npy_with_header(header + '\n', values);
}

std::string floats(Floats const& values) {
  std::string bytes;
  for (float const value : values)
    bytes += little(std::bit_cast<std::uint32_t>(value), 4);
  return bytes;
}

std::string deflated(std::string const& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
  std::string packed(bytes.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// A member and what its zip entries say of it; the defaults tell the truth.
struct Member {
  std::string name, contents;
  int method = 0;
  int flags = 0;
  std::optional<std::uint32_t> crc = {}, packed_size = {}, size = {}, offset = {};
  std::string local_name = {};  // empty: as `name`
  bool local_zip64 = false;     // as numpy.savez marks every member
};

std::string zip(std::vector<Member> const& members, std::string const& comment = "") {
  std::string bytes, directory;
  for (Member const& member : members) {
    std::string const packed = member.method == 8 ? deflated(member.contents) : member.contents;
    std::uint32_t const crc = member.crc.value_or(
        static_cast<std::uint32_t>(crc32(0, reinterpret_cast<Bytef const*>(member.contents.data()),
                                         static_cast<uInt>(member.contents.size()))));
    std::uint64_t const packed_size = member.packed_size.value_or(packed.size());
    std::uint64_t const size = member.size.value_or(member.contents.size());
    std::string const common = little(static_cast<std::uint64_t>(member.flags), 2) +
                               little(static_cast<std::uint64_t>(member.method), 2) + little(0, 4) +
                               little(crc, 4);
    std::string const& local_name = member.local_name.empty() ? member.name : member.local_name;
    std::string const extra =
        member.local_zip64 ? little(1, 2) + little(16, 2) + little(size, 8) + little(packed_size, 8)
                           : "";
    std::size_t const offset = member.offset.value_or(bytes.size());
    directory += "PK\1\2" + little(20, 2) + little(20, 2) + common + little(packed_size, 4) +
                 little(size, 4) + little(member.name.size(), 2) + little(0, 12) +
                 little(offset, 4) + member.name;
    bytes += "PK\3\4" + little(20, 2) + common +
             (member.local_zip64 ? little(0xffffffffffffffff, 8)
                                 : little(packed_size, 4) + little(size, 4)) +
             little(local_name.size(), 2) + little(extra.size(), 2) + local_name + extra + packed;
  }
  std::size_t const at = bytes.size();
  return bytes + directory + "PK\5\6" + little(0, 4) + little(members.size(), 2) +
         little(members.size(), 2) + little(directory.size(), 4) + little(at, 4) +
         little(comment.size(), 2) + comment;
}

std::string with_bytes(std::string bytes, std::size_t at_from_end, std::string const& replacement) {
  return bytes.replace(bytes.size() - at_from_end, replacement.size(), replacement);
}

std::string const kX = npy("<f4", "(2, 3)", floats({1, 2, 3, 4, 5, 6}));
std::string const kY = npy("<i8", "(2,)", little(7, 8) + little(9, 8));

// ---- npy

TEST(Npy, ReadsRowsAndColumns) {
  auto const columns = parse_npy(kX, "file.npy");
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_EQ(columns[0].name, "c1");
  EXPECT_EQ(columns[2].name, "c3");
  EXPECT_EQ(columns[0].numbers, (Numbers{1, 4}));
  EXPECT_EQ(columns[2].numbers, (Numbers{3, 6}));
}

TEST(Npy, ReadsFortranOrder) {
  auto const columns =
      parse_npy(npy("<f4", "(2, 3)", floats({1, 4, 2, 5, 3, 6}), true), "file.npy");
  ASSERT_EQ(columns.size(), 3u);
  EXPECT_EQ(columns[0].numbers, (Numbers{1, 4}));
  EXPECT_EQ(columns[2].numbers, (Numbers{3, 6}));
}

TEST(Npy, ReadsOneDimensionAsOneColumn) {
  auto const columns = parse_npy(kY, "file.npy");
  ASSERT_EQ(columns.size(), 1u);
  EXPECT_EQ(columns[0].numbers, (Numbers{7, 9}));
}

TEST(Npy, ReadsEveryType) {
  auto const first = [](std::string const& type, std::string const& value) {
    return parse_npy(npy(type, "(1,)", value), "file.npy")[0].numbers[0];
  };
  EXPECT_EQ(first("|b1", "\1"), 1);
  EXPECT_EQ(first("|i1", "\xfe"), -2);
  EXPECT_EQ(first("|u1", "\xfe"), 254);
  EXPECT_EQ(first("<i2", "\xfe\xff"), -2);
  EXPECT_EQ(first("<u2", "\xfe\xff"), 65534);
  EXPECT_EQ(first("<i4", "\xfe\xff\xff\xff"), -2);
  EXPECT_EQ(first("<u4", little(4294967040, 4)), 4294967040.0f);
  EXPECT_EQ(first("<i8", little(static_cast<std::uint64_t>(-3), 8)), -3);
  EXPECT_EQ(first("<u8", little(std::uint64_t{1} << 63, 8)), 9223372036854775808.0f);
  EXPECT_EQ(first("<f4", floats({-1.5f})), -1.5f);
  EXPECT_EQ(first("=f4", floats({-1.5f})), -1.5f);
  EXPECT_EQ(first("<f8", little(std::bit_cast<std::uint64_t>(0.1), 8)), 0.1);
  EXPECT_TRUE(std::isnan(first("<f4", floats({NAN}))));
}

TEST(Npy, ReadsVersionsTwoAndThree) {
  std::string const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }\n";
  for (int const version : {1, 2, 3}) {
    auto const columns = parse_npy(npy_with_header(header, floats({8}), version), "file.npy");
    EXPECT_EQ(columns[0].numbers, (Numbers{8})) << version;
  }
}

TEST(Npy, ReadsKeysInAnyOrderAndQuotes) {
  auto const columns =
      parse_npy(npy_with_header("{ \"shape\":(1 ,2),\"descr\" : \"<f4\",'fortran_order':False}",
                                floats({8, 9})),
                "file.npy");
  ASSERT_EQ(columns.size(), 2u);
  EXPECT_EQ(columns[1].numbers, (Numbers{9}));
}

class MalformedNpy : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedNpy, IsRefusedWithItsPlace) {
  expect_message(GetParam(), message_of([&] { parse_npy(GetParam().bytes, "file.npy"); }));
}

// The header begins at byte 10, the type at byte 20, the shape at byte 60.
std::string typed(std::string const& type) {
  return npy(type, "(1,)", "\1");
}
std::string shaped(std::string const& shape) {
  return npy("|u1", shape, "x");
}
std::string headed(std::string const& header) {
  return npy_with_header(header, "x");
}

INSTANTIATE_TEST_SUITE_P(
    Npy, MalformedNpy,
    testing::Values(
        Malformed{"Empty", "", "file.npy: byte 0: ", "not a npy file"},
        Malformed{"Text", "a,b\n1,2\n", "file.npy: byte 0: ", "not a npy file"},
        Malformed{"CutAfterMagic", "\x93NUMPY", "file.npy: byte 6: ", "ends inside its version"},
        Malformed{"CutInVersion", "\x93NUMPY\1", "file.npy: byte 7: ", "ends inside its version"},
        Malformed{"CutInHeaderSize", raw("\x93NUMPY\1\0\1"),
                  "file.npy: byte 9: ", "size of its header"},
        Malformed{"CutInLongHeaderSize", raw("\x93NUMPY\2\0\1\0\0"),
                  "file.npy: byte 11: ", "size of its header"},
        Malformed{"Version4", npy_with_header("{}", "", 4), "file.npy: byte 6: ", "version 4.0"},
        Malformed{"Version0", npy_with_header("{}", "", 0), "file.npy: byte 6: ", "version 0.0"},
        Malformed{"Version255", raw("\x93NUMPY\xff\xff\0\0\0\0"),
                  "file.npy: byte 6: ", "version 255.255"},
        Malformed{"HeaderBeyondFile", kX.substr(0, 100), "file.npy: byte 8: ", "118 bytes"},
        Malformed{"HugeHeader", raw("\x93NUMPY\2\0\xff\xff\xff\xff{}"),
                  "file.npy: byte 8: ", "4294967295 bytes"},
        Malformed{"EmptyHeader", headed(""), "file.npy: byte 10: ", "its end"},
        Malformed{"NoDict", headed("[]"), "file.npy: byte 10: ", "should have '{' here, not '[]'"},
        Malformed{"NoKeys", headed("{}"), "file.npy: byte 12: ", "no 'descr'"},
        Malformed{"NoShape", headed("{'descr': '|u1', 'fortran_order': False}"),
                  "file.npy: byte 50: ", "no 'shape'"},
        Malformed{"UnknownKey", headed("{'type': '|u1'}"),
                  "file.npy: byte 11: ", "unknown key 'type'"},
        Malformed{"KeyTwice", headed("{'descr': '|u1', 'descr': '|u1'}"),
                  "file.npy: byte 27: ", "'descr' twice"},
        Malformed{"KeyWithoutQuotes", headed("{descr: '|u1'}"), "file.npy: byte 11: ", "a key"},
        Malformed{"UnclosedQuote", headed("{'descr': '|u1"), "file.npy: byte 20: ", "never closed"},
        Malformed{"NoColon", headed("{'descr' '|u1'}"), "file.npy: byte 19: ", "':'"},
        Malformed{"UnclosedDict", headed("{'descr': '|u1', "), "file.npy: byte 27: ", "a key"},
        Malformed{"TextAfterDict", npy("|u1", "(1,)}; import os", "x"),
                  "file.npy: byte 65: ", "nothing more"},
        Malformed{"BadOrder", headed("{'fortran_order': 1}"),
                  "file.npy: byte 28: ", "True or False"},
        Malformed{"ScalarShape", shaped("()"), "file.npy: byte 60: ", "0 dimensions"},
        Malformed{"ThreeDimensions", shaped("(1, 1, 1)"), "file.npy: byte 60: ", "3 dimensions"},
        Malformed{"ShapeWithoutComma", shaped("(1)"), "file.npy: byte 62: ", "a comma"},
        Malformed{"ShapeNegative", shaped("(-1,)"), "file.npy: byte 61: ", "a size"},
        Malformed{"ShapeOfWords", shaped("(one,)"), "file.npy: byte 61: ", "a size"},
        Malformed{"ShapeFraction", shaped("(1.5,)"), "file.npy: byte 62: ", "a comma"},
        Malformed{"ShapeTwoCommas", shaped("(1,,1)"), "file.npy: byte 63: ", "a size"},
        Malformed{"ShapeBeyond2To63", shaped("(9223372036854775808,)"),
                  "file.npy: byte 61: ", "below 2^63"},
        Malformed{"ShapeList", shaped("[1]"), "file.npy: byte 60: ", "'('"},
        Malformed{"Objects", typed("|O"), "file.npy: byte 20: ", "Python objects"},
        Malformed{"ObjectsOf8Bytes", typed("<O8"), "file.npy: byte 20: ", "Python objects"},
        Malformed{"BigEndian", typed(">f4"), "file.npy: byte 20: ", "big-endian"},
        Malformed{"Half", typed("<f2"), "file.npy: byte 20: ", "'<f2'"},
        Malformed{"Complex", typed("<c16"), "file.npy: byte 20: ", "'<c16'"},
        Malformed{"Strings", typed("<U5"), "file.npy: byte 20: ", "'<U5'"},
        Malformed{"Dates", typed("<M8[ns]"), "file.npy: byte 20: ", "'<M8[ns]'"},
        Malformed{"TypeWithoutOrder", typed("f4"), "file.npy: byte 20: ", "'f4'"},
        Malformed{"NoOrderOfManyBytes", typed("|f4"), "file.npy: byte 20: ", "'|f4'"},
        Malformed{"EmptyType", typed(""), "file.npy: byte 20: ", "type ''"},
        Malformed{"Structured",
                  headed("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}"),
                  "file.npy: byte 20: ", "structured"},
        Malformed{"NoRows", npy("<f4", "(0, 3)", ""), "file.npy: byte 128: ", "no values"},
        Malformed{"NoColumns", npy("<f4", "(3, 0)", ""), "file.npy: byte 128: ", "no values"},
        Malformed{"TooShort", kX.substr(0, kX.size() - 1), "file.npy: byte 128: ",
                  "(2 x 3) of 4 bytes a value needs more than the 23 bytes"},
        Malformed{"TooLong", kX + "x", "file.npy: byte 128: ", "needs less than the 25 bytes"},
        Malformed{"Claims2To40", npy("<f8", "(1099511627776,)", "x"),
                  "file.npy: byte 128: ", "needs more than the 1 byte that follows"},
        Malformed{"ProductWraps", npy("<f8", "(4294967296, 4294967296)", ""),
                  "file.npy: byte 128: ", "needs more"},
        Malformed{"BytesWrap", npy("<f8", "(2305843009213693952, 1)", ""),
                  "file.npy: byte 128: ", "needs more"},
        Malformed{"Infinity", npy("<f4", "(2, 1)", floats({0, -INFINITY})),
                  "file.npy: byte 132: ", "infinity"},
        Malformed{"BoolOf2", npy("|b1", "(2,)", "\1\2"),
                  "file.npy: byte 129: ", "neither 0 nor 1"}),
    test_name);

TEST(Npy, SurvivesMutation) {
  for (std::string const& valid : {kX, npy("<f8", "(4, 2)", std::string(64, '\x3f'), true)}) {
    // In the header all but a few mutations tell; the values are a seventh to a third of the file.
    int const refused = refused_mutations(
        valid, 2000, [](std::string const& bytes) { return parse_npy(bytes, "file.npy"); });
    EXPECT_GT(refused, 1000);
    EXPECT_LT(refused, 2000);
  }
}

// ---- npz

std::vector<Column> parse(std::string const& bytes) {
  return parse_npz(bytes, "file.npz");
}

TEST(Npz, ReadsInputsAndLabels) {
  for (int const method : {0, 8}) {
    auto const columns = parse(zip({{"x.npy", kX, method}, {"y.npy", kY, method}}));
    ASSERT_EQ(columns.size(), 4u);
    EXPECT_EQ(columns[0].name, "c1");
    EXPECT_EQ(columns[1].numbers, (Numbers{2, 5}));
    EXPECT_EQ(columns[3].name, "label");
    EXPECT_EQ(columns[3].numbers, (Numbers{7, 9}));
  }
}

TEST(Npz, ReadsTwoDimensionalTargets) {
  auto columns = parse(zip({{"y.npy", kX}, {"x.npy", kX}}));
  ASSERT_EQ(columns.size(), 6u);
  EXPECT_EQ(columns[2].name, "c3");
  EXPECT_EQ(columns[3].name, "y1");
  EXPECT_EQ(columns[5].name, "y3");
  columns = parse(zip({{"x.npy", kX}, {"y.npy", npy("|u1", "(2, 1)", "ab")}}));
  EXPECT_EQ(columns[3].name, "y1");
}

TEST(Npz, ReadsInputsAlone) {
  EXPECT_EQ(parse(zip({{"x.npy", kX}})).size(), 3u);
}

TEST(Npz, IgnoresOtherMembersWhateverTheyHold) {
  Member encrypted{"secret.npy", "abc"};
  encrypted.flags = 1;
  Member strange{"notes.txt", "abc", 99};
  EXPECT_EQ(parse(zip({encrypted, {"x.npy", kX}, strange}, "a comment")).size(), 3u);
}

TEST(Npz, ReadsTheZip64MarksThatNumpyWrites) {
  Member x{"x.npy", kX};
  x.local_zip64 = true;
  Member y{"y.npy", kY, 8};
  y.local_zip64 = true;
  EXPECT_EQ(parse(zip({x, y})).size(), 4u);
}

class MalformedNpz : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedNpz, IsRefusedWithItsPlace) {
  expect_message(GetParam(), message_of([&] { parse(GetParam().bytes); }));
}

template <typename Change>
std::string changed(int method, Change change) {
  Member x{"x.npy", kX, method};
  change(x);
  return zip({x});
}

// A stored x.npy takes 30 + 5 bytes and kX's 152; its directory entry begins at byte 187 and takes
// 46 + 5 bytes; the end record begins at byte 238.
std::string const kStored = zip({{"x.npy", kX}});

INSTANTIATE_TEST_SUITE_P(
    Npz, MalformedNpz,
    testing::Values(
        Malformed{"Empty", "", "file.npz: byte 0: ", "not a zip file"},
        Malformed{"Text", std::string(100, 'a'), "file.npz: byte 100: ", "not a zip file"},
        Malformed{"CutShort", kStored.substr(0, 200), "file.npz: byte 200: ", "cut short"},
        Malformed{"NoMembers", zip({}), "file.npz: byte 0: ", "no array named x"},
        Malformed{"NoX", zip({{"a.npy", kX}, {"y.npy", kY}}),
                  "file.npz: byte 366: ", "no array named x, but 'a.npy' and 1 more"},
        Malformed{"XTwice", zip({{"x.npy", kX}, {"x.npy", kX}}),
                  "file.npz: byte 425: ", "two members named 'x.npy'"},
        Malformed{"Zip64Count", with_bytes(kStored, 12, "\xff\xff"),
                  "file.npz: byte 238: ", "zip64"},
        Malformed{"Zip64Offset", with_bytes(kStored, 6, "\xff\xff\xff\xff"),
                  "file.npz: byte 238: ", "zip64"},
        Malformed{"Zip64Member", changed(0, [](Member& x) { x.size = x.packed_size = 0xffffffff; }),
                  "file.npz: byte 207: ", "zip64"},
        Malformed{"SeveralDisks", with_bytes(kStored, 18, "\1"), "file.npz: byte 242: ", "parts"},
        Malformed{"DirectoryBeyondFile", with_bytes(kStored, 6, "\xff\xff"),
                  "file.npz: byte 250: ", "reaches beyond"},
        Malformed{"DirectoryElsewhere", with_bytes(kStored, 6, "\x01"),
                  "file.npz: byte 1: ", "no entry of the zip directory"},
        Malformed{"DirectoryTooLong", with_bytes(kStored, 10, "\x32"),
                  "file.npz: byte 215: ", "beyond the zip directory"},
        Malformed{"FewerEntriesThanBytes",
                  with_bytes(with_bytes(kStored, 12, raw("\0\0")), 14, raw("\0\0")),
                  "file.npz: byte 250: ", "longer than its entries"},
        Malformed{"MoreEntriesThanBytes", with_bytes(with_bytes(kStored, 12, "\2"), 14, "\2"),
                  "file.npz: byte 238: ", "no entry"},
        Malformed{"Encrypted", changed(0, [](Member& x) { x.flags = 1; }),
                  "file.npz: byte 195: ", "encrypted"},
        Malformed{"Bzip2", changed(12, [](Member&) {}), "file.npz: byte 197: ", "method 12"},
        Malformed{"WrongChecksum", changed(0, [](Member& x) { x.crc = 1; }),
                  "file.npz: byte 35: ", "checksum"},
        Malformed{"WrongChecksumDeflated", changed(8, [](Member& x) { x.crc = 1; }),
                  "file.npz: byte 35: ", "checksum"},
        Malformed{"SizesOfStoredDiffer", changed(0, [](Member& x) { x.size = 7; }),
                  "file.npz: byte 207: ", "sizes differ"},
        Malformed{"MemberBeyondFile", changed(0, [](Member& x) { x.size = x.packed_size = 9999; }),
                  "file.npz: byte 207: ", "reaches beyond the file"},
        Malformed{"HeaderBeyondFile", changed(0, [](Member& x) { x.offset = 9999; }),
                  "file.npz: byte 229: ", "should begin at byte 9999"},
        Malformed{"HeaderElsewhere", changed(0, [](Member& x) { x.offset = 3; }),
                  "file.npz: byte 229: ", "should begin at byte 3"},
        Malformed{"NamedOtherwise", changed(0, [](Member& x) { x.local_name = "z.npy"; }),
                  "file.npz: byte 30: ", "named otherwise"},
        Malformed{"UnpacksToMore", changed(8, [](Member& x) { x.size = 151; }), "file.npz: byte ",
                  "more than 151 bytes"},
        Malformed{"UnpacksToLess", changed(8, [](Member& x) { x.size = 153; }), "file.npz: byte ",
                  "to 152 bytes, not to the 153"},
        Malformed{"Claims4GiB", changed(8, [](Member& x) { x.size = 0xfffffffe; }),
                  "file.npz: byte ", "not to the 4294967294"},
        Malformed{"PackedCutShort", changed(8, [](Member& x) { x.packed_size = 20; }),
                  "file.npz: byte 55: ", "cut short"},
        Malformed{"NotDeflated",
                  changed(0, [](Member& x) { x.contents = "\x07" + x.contents; })
                      .replace(8, 2, raw("\x08\0"))
                      .replace(188 + 10, 2, raw("\x08\0")),
                  "file.npz: byte ", "damaged"},
        Malformed{"NoArrayInX", zip({{"x.npy", "abc"}}),
                  "file.npz:x.npy: byte 0: ", "not a npy file"},
        Malformed{"BadShapeInX", zip({{"x.npy", npy("<f8", "(1099511627776,)", "")}}),
                  "file.npz:x.npy: byte 128: ", "needs more"},
        Malformed{"NoArrayInY", zip({{"x.npy", kX}, {"y.npy", ""}}),
                  "file.npz:y.npy: byte 0: ", "not a npy file"},
        Malformed{"RowsDiffer", zip({{"x.npy", kX}, {"y.npy", npy("|u1", "(3,)", "abc")}}),
                  "file.npz: byte 404: ", "y has 3 rows, but x has 2"}),
    test_name);

TEST(Npz, SurvivesMutation) {
  for (int const method : {0, 8}) {
    std::string const valid = zip({{"x.npy", kX, method}, {"y.npy", kY, method}});
    int const refused = refused_mutations(valid, 2000, parse);
    // What is left: times, versions and the local sizes, which nobody reads.
    EXPECT_GT(refused, 1400);
    EXPECT_LT(refused, 2000);
  }
}

}  // namespace
}  // namespace brood::files
