// SPDX-License-Identifier: Apache-2.0
#include "files/export/write_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "files/temporary_folder.hpp"

namespace brood::files {
namespace {

std::vector<std::string> names_in(TemporaryFolder const& folder) {
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(folder.root()))
    names.push_back(std::filesystem::relative(entry.path(), folder.root()).string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(WriteFolder, ReplacesTheWholeFolder) {
  TemporaryFolder const folder;
  replace_folder(folder.path("board"), {{"a", "1"}, {"in/b", "2"}});
  EXPECT_EQ(names_in(folder),
            (std::vector<std::string>{"board", "board/a", "board/in", "board/in/b"}));
  replace_folder(folder.path("board/"), {{"c", "3"}});
  EXPECT_EQ(names_in(folder), (std::vector<std::string>{"board", "board/c"}));
  EXPECT_EQ(read_file(folder.path("board/c")), "3");
}

TEST(WriteFolder, LeavesNothingWhereItCannotBeMade) {
  TemporaryFolder const folder;
  folder.write("file", "");
  EXPECT_THROW(replace_folder(folder.path("file/board"), {{"a", "1"}}), StorageError);
  EXPECT_EQ(names_in(folder), std::vector<std::string>{"file"});
}

TEST(WriteFolder, FindsNamesWithoutAWord) {
  TemporaryFolder const folder;
  replace_folder(folder.path("board"), {{"x.tfevents.1", ""}, {"in/y.tfevents.2", ""}});
  EXPECT_EQ(name_without(folder.path("board"), "tfevents"), "");
  folder.write("board/in/mine.txt", "");
  EXPECT_EQ(name_without(folder.path("board"), "tfevents"), "mine.txt");
}

}  // namespace
}  // namespace brood::files
