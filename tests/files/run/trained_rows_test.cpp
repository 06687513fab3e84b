// SPDX-License-Identifier: Apache-2.0
// trained_rows.npy: the bytes that numpy writes, and nothing else is read.
#include "files/run/trained_rows.hpp"

#include <gtest/gtest.h>

#include "brood/error.hpp"

namespace brood::files {
namespace {

// np.save of np.array([1, 2**40 + 3], '<u8'), numpy 1.24.
std::string numpys() {
  std::string text("\x93NUMPY\x01\x00v\x00", 10);
  text += "{'descr': '<u8', 'fortran_order': False, 'shape': (2,), }";
  text.append(127 - text.size(), ' ');
  text += '\n';
  text += std::string("\x01\0\0\0\0\0\0\0\x03\0\0\0\0\x01\0\0", 16);
  return text;
}

TEST(TrainedRows, AreAsNumpyWritesThem) {
  std::vector<std::uint64_t> const rows = {1, (std::uint64_t{1} << 40) + 3};
  EXPECT_EQ(to_npy(rows), numpys());
  EXPECT_EQ(from_npy(numpys(), "file"), rows);
  for (std::size_t count : {0, 1, 9, 10, 99, 1000, 100000}) {
    std::vector<std::uint64_t> const many(count, 7);
    EXPECT_EQ(to_npy(many).size() % 64, 8 * count % 64);
    EXPECT_EQ(from_npy(to_npy(many), "file"), many);
  }
}

TEST(TrainedRows, RefuseWhatTheyDidNotWrite) {
  std::string const good = numpys();
  std::vector<std::string> bad = {"", good.substr(0, 64), good.substr(0, good.size() - 1),
                                  good + "x", good + std::string(8, '\0')};
  for (std::size_t at : {0, 6, 9, 20, 60, 100, 127})
    (bad.emplace_back(good))[at] ^= 4;
  std::string unsorted = good;
  unsorted[128 + 7] = 1;
  bad.push_back(unsorted);
  for (std::string const& bytes : bad) {
    try {
      from_npy(bytes, "file");
      ADD_FAILURE() << bytes.size();
    } catch (StorageError const& error) {
      EXPECT_EQ(std::string(error.what()).find("file: is damaged"), 0u);
    }
  }
}

}  // namespace
}  // namespace brood::files
