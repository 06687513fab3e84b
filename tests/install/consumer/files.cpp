// SPDX-License-Identifier: Apache-2.0
// Reads a table with brood::files; exits with 0 if it is what was written.
#include <brood/brood.hpp>
#include <brood/files/columns.hpp>
#include <cstdio>

int main() {
  auto const columns = brood::files::parse_csv("size,colour\n1.5,red\n2.5,blue\n", "two.csv");
  for (brood::Column const& column : columns)
    std::printf("%s %s\n", column.name.c_str(), column.categorical ? "text" : "number");
  return columns.size() == 2 && columns[1].categorical && columns[0].numbers[1] == 2.5f ? 0 : 1;
}
