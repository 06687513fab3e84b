// SPDX-License-Identifier: Apache-2.0
// Files on disk: reading them whole, unpacking gzip, telling formats by name, labels in a file of
// their own, and kinds for the columns of binary files.
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "brood/files/columns.hpp"
#include "files/io/inflate.hpp"
#include "files/reading.hpp"
#include "files/temporary_folder.hpp"

namespace brood::files {
namespace {

using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

std::string gzipped(std::string const& bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// Bytes as idx with one row for each of the first size.
std::string idx(std::vector<std::uint32_t> const& sizes, std::string const& values) {
  std::string bytes = raw("\0\0\x08") + static_cast<char>(sizes.size());
  for (std::uint32_t const size : sizes)
    bytes += big(size, 4);
  return bytes + values;
}

std::string npy(std::string const& type, std::string const& shape, std::string const& values) {
  std::string const header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + "}\n";
  return raw("\x93NUMPY\1\0") + little(header.size(), 2) + header + values;
}

// A folder of its own for each test.
class Files : public testing::Test {
 protected:
  std::string path(std::string const& name) const { return folder_.path(name); }
  std::string write(std::string const& name, std::string const& bytes) const {
    return folder_.write(name, bytes);
  }

  TemporaryFolder folder_;
};

// ---- read_file

using ReadFile = Files;

TEST_F(ReadFile, GivesTheBytes) {
  std::string const bytes = raw("a\0b\r\n\xff");
  EXPECT_EQ(read_file(write("a.bin", bytes)), bytes);
  EXPECT_EQ(read_file(write("empty", "")), "");
}

TEST_F(ReadFile, UnpacksWhatBeginsLikeGzipWhateverItsName) {
  std::string const text(1000000, 'a');
  EXPECT_EQ(read_file(write("a.csv", gzipped(text))), text);
  EXPECT_EQ(read_file(write("b.csv.gz", "plain")), "plain");
  EXPECT_EQ(read_file(write("c.gz", gzipped(""))), "");
  EXPECT_EQ(read_file(write("d.gz", gzipped("one ") + gzipped("two"))), "one two");
}

TEST_F(ReadFile, RefusesWhatIsNoFile) {
  std::string const missing = path("missing.csv");
  EXPECT_EQ(message_of([&] { read_file(missing); }), missing + ": there is no such file");
  EXPECT_EQ(message_of([&] { read_file(folder_.root().string()); }),
            folder_.root().string() + ": is a directory; a file is expected");
  // A device: it would never end.
  EXPECT_EQ(message_of([] { read_file("/dev/zero"); }),
            "/dev/zero: is a pipe or a device; a regular file is expected");
  EXPECT_EQ(message_of([] { read_file(""); }), ": there is no such file");
  std::string const below = write("file", "x") + "/below";
  EXPECT_EQ(message_of([&] { read_file(below); }).substr(0, below.size() + 2), below + ": ");
}

TEST_F(ReadFile, RefusesWhatItMayNotRead) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read every file";
  std::string const file = write("locked.csv", "a\n1\n");
  std::filesystem::permissions(file, std::filesystem::perms::none);
  EXPECT_EQ(message_of([&] { read_file(file); }), file + ": cannot be opened: Permission denied");
}

TEST_F(ReadFile, RefusesMoreThanTheLimit) {
  std::string const file = write("a.csv", "12345");
  EXPECT_EQ(read_file(file, 5), "12345");
  EXPECT_EQ(message_of([&] { read_file(file, 4); }), file + ": has 5 bytes; at most 4 are read");
}

TEST_F(ReadFile, StopsUnpackingAtTheLimit) {
  // 64 MiB of zeros in 64 KiB: would be 1000 times what is allowed.
  std::string const bomb = write("bomb.gz", gzipped(std::string(64 << 20, '\0')));
  std::string const what = message_of([&] { read_file(bomb, 1 << 17); });
  EXPECT_EQ(what.substr(0, bomb.size() + 7), bomb + ": byte ");
  EXPECT_NE(what.find("unpacks to more than 131072 bytes"), std::string::npos) << what;

  std::string const exact = write("exact.gz", gzipped(std::string(1000, 'x')));
  EXPECT_EQ(read_file(exact, 1000).size(), 1000u);
  EXPECT_NE(message_of([&] { read_file(exact, 999); }), "");
}

TEST_F(ReadFile, RefusesEveryCutAndDamagedGzip) {
  std::string const whole = gzipped("name,age\nann,31\nbob,32\n");
  for (std::size_t size = 2; size < whole.size(); ++size) {
    std::string const file = write("cut.gz", whole.substr(0, size));
    EXPECT_EQ(message_of([&] { read_file(file); }),
              file + ": byte " + std::to_string(size) + ": the compressed data is cut short");
  }
  std::string damaged = whole;
  damaged[damaged.size() - 6] ^= 1;  // its checksum
  std::string file = write("damaged.gz", damaged);
  EXPECT_NE(message_of([&] { read_file(file); }).find("incorrect data check"), std::string::npos);
  damaged = whole;
  damaged[12] ^= 0x10;
  file = write("damaged.gz", damaged);
  EXPECT_EQ(message_of([&] { read_file(file); }).substr(0, file.size() + 7), file + ": byte ");
  file = write("longer.gz", whole + "xyz");
  EXPECT_EQ(message_of([&] { read_file(file); }),
            file + ": byte " + std::to_string(whole.size()) +
                ": 3 bytes after the end of the compressed data");
}

// ---- formats

using ReadColumns = Files;

TEST_F(ReadColumns, TellsTheFormatByTheName) {
  std::string const csv = "a,b\n1,2\n", image = idx({1, 2}, "\1\2"),
                    array = npy("|u1", "(1, 2)", "\1\2");
  struct Case {
    std::string name, bytes, first;
  };
  for (Case const& c : {Case{"a.csv", csv, "a"}, Case{"a.CSV.gz", gzipped(csv), "a"},
                        Case{"a.data", csv, "a"}, Case{"a.txt", csv, "a"},
                        Case{"a.idx", image, "p1"}, Case{"t10k-images-idx3-ubyte", image, "p1"},
                        Case{"t10k-images.idx3-ubyte.gz", gzipped(image), "p1"},
                        Case{"a.npy", array, "c1"}, Case{"a.npy.gz", gzipped(array), "c1"}}) {
    auto const columns = read_columns(write(c.name, c.bytes));
    ASSERT_EQ(columns.size(), 2u) << c.name;
    EXPECT_EQ(columns[0].name, c.first) << c.name;
    EXPECT_EQ(columns[1].numbers, (Numbers{2})) << c.name;
  }
}

TEST_F(ReadColumns, TakesTheFormatThatIsGiven) {
  ReadOptions options;
  options.format = "idx";
  EXPECT_EQ(read_columns(write("images", idx({1, 2}, "ab")), options).size(), 2u);
  options.format = "npy";
  EXPECT_EQ(read_columns(write("a.csv", npy("|u1", "(1, 2)", "ab")), options).size(), 2u);
  options.format = "csv";
  EXPECT_EQ(read_columns(write("a.npy", "a,b\n1,2\n"), options).size(), 2u);
}

TEST_F(ReadColumns, RefusesAFormatThatItDoesNotKnow) {
  std::string const file = write("a.bin", "x");
  EXPECT_EQ(message_of([&] { read_columns(file); }),
            file + ": the name does not tell the format; say data.format=csv, idx or npy");
  ReadOptions options;
  options.format = "excel";
  EXPECT_EQ(message_of([&] { read_columns(file, options); }),
            file + ": data.format=excel; the formats are csv, idx and npy");
}

TEST_F(ReadColumns, PassesOptionsOnToCsv) {
  ReadOptions options;
  options.header = false;
  options.kinds["c1"] = ColumnKind::categorical;
  auto const columns = read_columns(write("a.csv", "1,2\n"), options);
  EXPECT_EQ(columns[0].levels, (Texts{"1"}));
}

TEST_F(ReadColumns, BeginsMessagesWithThePath) {
  std::string const file = write("a.csv.gz", gzipped("a,b\n1,2\n3\n"));
  EXPECT_EQ(message_of([&] { read_columns(file); }),
            file + ":3:2: row has 1 cell, the first has 2");
}

TEST_F(ReadColumns, RefusesOptionsOfOtherFormats) {
  ReadOptions options;
  options.header = true;
  std::string const array = write("a.npy", npy("|u1", "(1,)", "a"));
  EXPECT_NE(message_of([&] { read_columns(array, options); }).find("data.header is for csv"),
            std::string::npos);
  options = {};
  options.labels = array;
  EXPECT_NE(message_of([&] {
              read_columns(write("a.csv", "a\n1\n"), options);
            }).find("data.labels is for idx and npy"),
            std::string::npos);
  EXPECT_NE(message_of([&] { read_columns(path("a.npz"), options); }).find("as the array y"),
            std::string::npos);
}

// ---- labels

TEST_F(ReadColumns, AddsLabelsAsTheLastColumn) {
  std::string const images = write("images.idx.gz", gzipped(idx({3, 1, 2}, "abcdef")));
  std::string const npy_labels = npy("<i8", "(3,)", little(4, 8) + little(0, 8) + little(2, 8));
  struct Case {
    std::string name, bytes;
  };
  for (Case const& c : {Case{"labels.idx", idx({3}, raw("\4\0\2"))}, Case{"labels.npy", npy_labels},
                        Case{"labels", idx({3, 1}, raw("\4\0\2"))}}) {
    ReadOptions options;
    options.labels = write(c.name, c.bytes);
    auto const columns = read_columns(images, options);
    ASSERT_EQ(columns.size(), 3u) << c.name;
    EXPECT_EQ(columns[2].name, "label") << c.name;
    EXPECT_FALSE(columns[2].categorical) << c.name;
    EXPECT_EQ(columns[2].numbers, (Numbers{4, 0, 2})) << c.name;
  }
}

TEST_F(ReadColumns, RefusesLabelsThatDoNotFit) {
  std::string const images = write("images.idx", idx({3, 2}, "abcdef"));
  ReadOptions options;
  options.labels = write("labels.idx", idx({2}, "ab"));
  EXPECT_EQ(message_of([&] { read_columns(images, options); }),
            options.labels + ": has 2 labels, but " + images + " has 3 rows");
  options.labels = write("labels.idx", idx({3, 2}, "abcdef"));
  EXPECT_EQ(message_of([&] { read_columns(images, options); }),
            options.labels + ": has 2 values in each row; labels are one value in each row");
  options.labels = write("labels.csv", "a\n1\n2\n3\n");
  EXPECT_NE(message_of([&] { read_columns(images, options); }).find("an idx or npy file"),
            std::string::npos);
  options.labels = path("nowhere.idx");
  EXPECT_EQ(message_of([&] { read_columns(images, options); }),
            options.labels + ": there is no such file");
}

// ---- kinds of binary columns

TEST_F(ReadColumns, MakesBinaryColumnsCategoricalWhereAsked) {
  std::string const values = little(0x40200000, 4) + little(0x7fc00000, 4) + little(0x40e00000, 4) +
                             little(0x40200000, 4);  // 2.5, NaN, 7, 2.5
  std::string const file = write("a.npy", npy("<f4", "(4,)", values));
  ReadOptions options;
  options.kinds["c1"] = ColumnKind::categorical;
  auto const columns = read_columns(file, options);
  ASSERT_TRUE(columns[0].categorical);
  EXPECT_EQ(columns[0].levels, (Texts{"2.5", "7"}));
  EXPECT_EQ(columns[0].codes, (std::vector<std::int32_t>{0, -1, 1, 0}));
  EXPECT_TRUE(columns[0].numbers.empty());
}

TEST_F(ReadColumns, RefusesAnOverrideForAnUnknownBinaryColumn) {
  std::string const file = write("a.npy", npy("|u1", "(1, 2)", "ab"));
  ReadOptions options;
  options.kinds["c3"] = ColumnKind::numeric;
  EXPECT_EQ(message_of([&] { read_columns(file, options); }).substr(0, file.size() + 54),
            file + ": data.columns.c3: there is no column of this name; di");
}

// ---- mutation

TEST(Gunzip, SurvivesMutation) {
  std::string const valid = gzipped("name,age\nann,31\nbob,32\ncarla,33\n");
  int const refused = refused_mutations(valid, 2000, [](std::string const& bytes) {
    return parse_csv(gunzip(bytes, "file.csv.gz", 1 << 20), "file.csv.gz");
  });
  // What is left: the time and the system that gzip's header names.
  EXPECT_GT(refused, 1400);
  EXPECT_LT(refused, 2000);
}

}  // namespace
}  // namespace brood::files
